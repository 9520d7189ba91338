"""A signed folder as `loranchor model export` and `model sign` leave it, with weights of four numbers."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from unit.ledger.actors import CONSORTIUM_ID, task
from unit.ledger.history import History

from orchestrator.export.facts import facts_of
from orchestrator.export.origins import PACKAGED
from orchestrator.export.record import Identity, record_of, write_record
from orchestrator.export.selection import Chosen
from orchestrator.ledger.view import manifest_of
from orchestrator.release.supply.bom import write_bom
from orchestrator.release.supply.making import bill_for
from orchestrator.release.supply.signing import sign
from orchestrator.types import Address, Digest

WEIGHTS = "model.safetensors"
PASSWORD = "of the key"
KEY = ec.derive_private_key(7, ec.SECP256R1())
OTHER = ec.derive_private_key(8, ec.SECP256R1())


def safetensors(header: dict[str, Any] | None = None, body: bytes = bytes(range(16))) -> bytes:
    """A whole file with one tensor, or with what is to be wrong with it."""
    told = {"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}} if header is None else header
    text = json.dumps(told).encode()
    return struct.pack("<Q", len(text)) + text + body


def played(rounds: int = 1) -> History:
    """Every member contributes to every round."""
    history = History()
    for _ in range(rounds):
        history.round()
    return history


def chosen_of(history: History) -> Chosen:
    return Chosen(manifest_of(history.state, history.tasks), task())


def write_plain(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(safetensors())
    (folder / "config.json").write_text('{"architectures": ["Little"]}')
    (folder / "README.md").write_text("# A card\n")


def write_papers(folder: Path, history: History, *, names: bool = False) -> Digest:
    """Bill and record, as an export writes them; the manifest they are of."""
    chosen = chosen_of(history)
    manifest = chosen.manifest
    facts = facts_of(
        history.state, chosen, consortium=CONSORTIUM_ID, anchored=(), chain_id=1, address=Address("0x" + "a2" * 20),
        names=names,
    )  # fmt: skip
    bill = bill_for(history.state, chosen, facts, PACKAGED["packaged:minilm-l6"], folder)
    write_bom(bill, folder)
    identity = Identity("merged", manifest.digest, manifest.base, 0, "fp32", names)
    told = {"consortium": CONSORTIUM_ID, "contributions": facts.contributions}
    write_record(record_of(identity, told, folder), folder)
    return manifest.digest


def released(folder: Path, history: History | None = None, *, names: bool = False) -> Digest:
    """The whole folder, signed with :data:`KEY`."""
    write_plain(folder)
    manifest = write_papers(folder, history or played(), names=names)
    sign(folder, KEY)
    return manifest


def pem(key: ec.EllipticCurvePrivateKey, password: str = PASSWORD) -> bytes:
    encryption = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
