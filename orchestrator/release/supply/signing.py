"""Signatures over a whole folder, in the format of OpenSSF model signing 1.0, by a key that both sides know.

A Sigstore bundle with a DSSE envelope around an in-toto statement that names every file and its SHA-256
(https://github.com/sigstore/model-transparency). Written by hand: docs/decisions/0124-signatures-by-hand.md. The
published tools verify what is signed here, and the other way round; a test compares.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.export.record import SIGNATURE
from orchestrator.files import write_atomic
from orchestrator.ledger.canonical import check_nesting
from orchestrator.release.supply.keys import HASHES, fingerprint
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.release.supply.scan import files_of

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
MOST = 4 << 20
"""Bytes of a signature: a few hundred for each file."""


def sign(folder: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    """Write ``model.sig`` over all other files of a folder that passes the scan.

    Raises:
        ModelRefused: there is something in it that no receiver would take.
        ConfigurationError: the file cannot be written.
    """
    digests = {name: sha256_of(folder / name) for name in files_of(folder) if name != SIGNATURE}
    payload = json.dumps(_statement(folder.resolve().name, digests), indent=2).encode()
    signature = key.sign(_pae(payload), ec.ECDSA(HASHES[key.curve.name]))
    bundle = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": fingerprint(key.public_key())}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }
    try:
        write_atomic(folder / SIGNATURE, json.dumps(bundle).encode() + b"\n")
    except OSError as error:
        raise ConfigurationError(f"cannot write {folder / SIGNATURE}: {error.strerror}") from error
    return folder / SIGNATURE


def check_signature(folder: Path, names: list[str], key: ec.EllipticCurvePublicKey) -> Mapping[str, str]:
    """SHA-256 of every file but the signature, as that key signed it and as the files are.

    Args:
        names: of all files of the folder, which passed the scan.

    Raises:
        ModelRefused: there is no signature, it is of another key or of other content, or a file was changed, renamed,
            added or taken away since.
    """
    if SIGNATURE not in names:
        raise ModelRefused(Reason.UNSIGNED, f"{folder} holds no {SIGNATURE}")
    signed = _signed(_opened(folder / SIGNATURE, key))
    present = {name for name in names if name != SIGNATURE}
    for name in sorted(signed.keys() - present):
        raise ModelRefused(Reason.MISSING, f"{name} was signed and is not there")
    for name in sorted(present - signed.keys()):
        raise ModelRefused(Reason.EXTRA, f"{name} was not signed")
    for name in sorted(signed):
        if sha256_of(folder / name) != signed[name]:
            raise ModelRefused(Reason.CHANGED, f"{name} is not what was signed")
    return signed


def sha256_of(path: Path) -> str:
    """As the statement has it: hexadecimal, without a prefix."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _statement(model: str, digests: Mapping[str, str]) -> dict[str, Any]:
    """The root is over the raw digests in the order of the names."""
    resources = [{"name": name, "algorithm": "sha256", "digest": digests[name]} for name in sorted(digests)]
    return {
        "_type": STATEMENT,
        "subject": [{"name": model, "digest": {"sha256": _root(resources)}}],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [SIGNATURE],
            },
            "resources": resources,
        },
    }


def _root(resources: list[dict[str, str]]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(item["digest"]) for item in resources)).hexdigest()


def _pae(payload: bytes) -> bytes:
    """What is signed: https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)


def _opened(path: Path, key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
    """The statement of a bundle, once its signature is proven."""
    try:
        bundle = _parsed(path.read_bytes()[: MOST + 1])
        envelope, hint = bundle["dsseEnvelope"], bundle["verificationMaterial"]["publicKey"].get("hint")
        if bundle["mediaType"] != BUNDLE or envelope["payloadType"] != PAYLOAD:
            raise ValueError("another media type")
        payload = base64.b64decode(envelope["payload"], validate=True)
        (signature,) = (base64.b64decode(item["sig"], validate=True) for item in envelope["signatures"])
    except (ValueError, KeyError, TypeError, AttributeError, FormatError) as error:
        raise ModelRefused(Reason.BAD_SIGNATURE, f"{path.name} is no signature of a model by a key") from error
    if hint and hint != fingerprint(key):
        raise ModelRefused(
            Reason.ANOTHER_KEY, f"{path.name} is of key {hint[:16]}…, not of {fingerprint(key)[:16]}…",
            mend="ask whoever published the model which key is theirs",
        )  # fmt: skip
    try:
        key.verify(signature, _pae(payload), ec.ECDSA(HASHES[key.curve.name]))
    except InvalidSignature:
        raise ModelRefused(Reason.BAD_SIGNATURE, f"{path.name} is not what this key signed") from None
    return _parsed(payload)


def _signed(statement: dict[str, Any]) -> dict[str, str]:
    """Digests by name of a proven statement. Its signer may still be careless."""
    try:
        resources, serialization = statement["predicate"]["resources"], statement["predicate"]["serialization"]
        (subject,) = statement["subject"]
        known = (statement["_type"], statement["predicateType"]) == (STATEMENT, PREDICATE)
        by_file = (serialization["method"], serialization["hash_type"]) == ("files", "sha256")
        found = {str(item["name"]): str(item["digest"]) for item in resources if item["algorithm"] == "sha256"}
        whole = len(found) == len(resources) and subject["digest"]["sha256"] == _root(resources)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelRefused(Reason.BAD_SIGNATURE, f"{SIGNATURE} signs no list of files") from error
    if not (known and by_file and whole):
        raise ModelRefused(Reason.BAD_SIGNATURE, f"{SIGNATURE} signs no complete list of files by their SHA-256")
    return found


def _parsed(data: bytes) -> dict[str, Any]:
    if len(data) > MOST:
        raise FormatError(f"a signature has more than {MOST} bytes")
    check_nesting(data, SIGNATURE)
    try:
        found = json.loads(data.decode())
    except ValueError as error:
        raise FormatError("a signature is no JSON") from error
    if not isinstance(found, dict):
        raise FormatError("a signature is no JSON object")
    return found
