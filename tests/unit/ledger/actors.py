"""The members that tests are played by: names, keys that follow from them, and a task they agree on."""

from __future__ import annotations

import hashlib
from typing import Any

from coincurve import PrivateKey

from orchestrator.commitment.signatures import address_of
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Address, Cid, Digest, OrganisationId

AURORA, BOREALIS, CUMULUS = (OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))
MEMBERS = (AURORA, BOREALIS, CUMULUS)
CHAIN_ID = 1337
CONSORTIUM_ID = sha256(b"consortium")
CONTRACTS = {
    name: Address("0x" + hashlib.sha256(name.encode()).hexdigest()[:40])
    for name in ("Consortium", "KeyDirectory", "RoundLedger", "RevocationLedger", "ArtefactRegistry")
}
MODES = ("drop", "heal", "replay")


def word_of(*parts: object) -> Digest:
    """A digest that follows from its parts."""
    return sha256("/".join(map(str, parts)).encode())


def cid_of(*parts: object) -> Cid:
    return Cid("Qm" + word_of(*parts)[2:48])


def private_key(role: str, organisation: str, generation: int = 1) -> PrivateKey:
    """Key of a member; ``role`` is ``authority`` or ``delegate``."""
    return PrivateKey(hashlib.sha256(f"{role}/{organisation}/{generation}".encode()).digest())


def address_of_key(key: PrivateKey) -> Address:
    return address_of(key.public_key.format(compressed=False))


def authority(organisation: str) -> Address:
    return address_of_key(private_key("authority", organisation))


def delegate(organisation: str) -> Address:
    return address_of_key(private_key("delegate", organisation))


def sign(key: PrivateKey, message: bytes) -> bytes:
    """65 bytes with v 27 or 28, as wallets give it."""
    signature = key.sign_recoverable(message, hasher=None)
    return signature[:64] + bytes([signature[64] + 27])


def task_document(**changes: Any) -> dict[str, Any]:
    """A valid task object; ``changes`` replace its members."""
    document: dict[str, Any] = {
        "format": "loranchor/task",
        "version": 1,
        "name": "test",
        "base": {"digest": word_of("base"), "architecture": "llama", "kind": "causal_lm"},
        "adapter": {"modules": ["q_proj", "v_proj"], "ranks": [4, 8], "alpha": 16, "rslora": False, "dense": []},
        "training": {
            "steps": 12,
            "batch": 4,
            "length": 64,
            "learning_rate_nano": 1_000_000,
            "optimizer": "adamw",
            "seed": 7,
        },
        "privacy": {"policy": "none", "epsilon_cap": 0, "delta_inverse": 0},
        "strategy": {"name": "stack", "settings": {}},
        "lineage": "chained",
        "weights": "uniform",
        "verdict": {
            "policy": "validation",
            "filters": [],
            "minimum_score": 0,
            "max_norm": 10_000_000,
            "max_rank": 8,
        },
        "awards": {"per_round": "1000000000000000000"},
        "deadlines": {"submit": 20, "release": 10, "commit": 10, "reveal": 10},
        "minimum_updates": 1,
        "evaluation": {"metric": "loss", "shared": None, "scores": "leave-one-out"},
    }
    return {**document, **changes}


def private(epsilon_cap: int = 8_000_000, **changes: Any) -> dict[str, Any]:
    """The privacy part of a task with differential privacy; ``changes`` are of its settings."""
    settings = {
        "unit": "example",
        "clip_nano": 1_000_000_000,
        "noise_nano": 1_000_000_000,
        "rate_nano": 250_000_000,
        "accountant": "rdp",
        "generator": "secure",
    }
    return {"policy": "dp", "epsilon_cap": epsilon_cap, "delta_inverse": 100_000, "dp": {**settings, **changes}}


def task(**changes: Any) -> TaskSpec:
    return TaskSpec.from_document(task_document(**changes))
