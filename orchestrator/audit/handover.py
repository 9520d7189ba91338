"""The handover: what a member gives to an auditor (docs/formats/handover.md).

It is made from the chains and IPFS alone, so any member makes the same bytes, and so can the auditor: whatever is
handed over is compared with what the auditor makes. Its index helps to carry it about and proves nothing.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.audit.collect import Sources, collect
from orchestrator.audit.evidence import Evidence
from orchestrator.audit.recomputed import Point, Recomputed
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.public_events import Anchored
from orchestrator.deployment import DeploymentRecord
from orchestrator.errors import AuditFailure, ConfigurationError, ObjectMissing, ProtocolError
from orchestrator.files import write_atomic
from orchestrator.ledger.canonical import canonical_bytes, sha256
from orchestrator.ledger.entities import Revocation
from orchestrator.ledger.manifest import Manifest

FORMAT = "loranchor/handover"
INDEX = "index.json"
RECORDS = "records.jsonl"
CHECKPOINTS = "checkpoints.json"


def write_handover(out: Path, sources: Sources) -> Path:
    """Write the handover of everything up to the chains' present blocks into a new or empty folder.

    Raises:
        ConfigurationError: there is something of that name. AuditFailure: the private chain contradicts itself.
        ChainError, StorageError: a chain or IPFS is down. Nothing is left half-written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"{out} exists and is no empty folder", mend="name a new folder for the handover")
    evidence = collect(sources)
    own = Recomputed(evidence)
    if not evidence.readable or own.contradiction or evidence.private.broken:
        why = own.contradiction or evidence.private.broken or "the contracts are not those of this release"
        raise AuditFailure(f"there is nothing sound to hand over: {why}", mend="see `loranchor audit verify`")
    _write(out, handover_files(own))
    return out


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    """All of it or nothing."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        draft = Path(scratch) / out.name
        for path, data in files.items():
            write_atomic(draft / path, data)
        draft.replace(out)


def handover_files(own: Recomputed) -> dict[str, bytes]:
    """Every file by its path. The same evidence gives the same bytes."""
    files = dict(_files(own))
    files[INDEX] = canonical_bytes(_index(own.evidence, files))
    return files


def _files(own: Recomputed) -> Iterator[tuple[str, bytes]]:
    for side in (own.evidence.public, own.evidence.private):
        yield f"deployments/{side.chain_id}.json", deployment_bytes(side.deployment)
    yield (
        RECORDS,
        b"".join(canonical_bytes({"record": record.document(), "salt": record.salt}) + b"\n" for record in own.records),
    )
    yield CHECKPOINTS, canonical_bytes(_checkpoints(own))
    for manifest in _manifests(own):
        yield f"manifests/{manifest.digest}.json", canonical_bytes(manifest_document(manifest))
    for digest, task in own.tasks.items():
        if task.spec is not None:
            yield f"tasks/{digest}.json", task.data
    for round_ in own.state.rounds.values():
        yield from _object(own, f"agreements/{round_.opening.agreement_digest}.json", round_.opening.agreement_cid)
    for point in own.points.values():
        if point.awards:
            yield f"awards/{point.due.sequence}.json", canonical_bytes(_awards(point))
    for revocation in own.state.revocations.values():
        yield from _revocation(own, revocation)


def deployment_bytes(deployment: Deployment) -> bytes:
    """A deployment in one form, whatever the file it was read from looked like."""
    record = DeploymentRecord(deployment.chain_id, deployment.side, deployment.consortium_id, deployment.contracts)
    return json.dumps(record.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def manifest_document(manifest: Manifest) -> dict[str, Any]:
    entries = [entry.document() for entry in manifest.entries]
    return {"format": f"{FORMAT}-manifest", "version": 1, "manifest": manifest.document, "entries": entries}


def _manifests(own: Recomputed) -> Iterator[Manifest]:
    """Those that rounds were opened with and those that checkpoints name."""
    for round_ in own.state.rounds.values():
        try:
            yield own.opening_manifest(round_)
        except ProtocolError:  # a task is missing: the check of the rounds says so
            continue
    for point in own.points.values():
        if point.manifest is not None:
            yield point.manifest


def _checkpoints(own: Recomputed) -> dict[str, Any]:
    signatures: dict[str, list[dict[str, str]]] = defaultdict(list)
    for item in own.evidence.private.attestations:
        signature = {"organisation": item.organisation, "signature": "0x" + item.signature.hex()}
        if signature not in signatures[item.head]:
            signatures[item.head].append(signature)
    entries = [_checkpoint(own, item, signatures.get(item.head, [])) for item in own.evidence.public.anchored]
    return {"format": f"{FORMAT}-checkpoints", "version": 1, "checkpoints": entries}


def _checkpoint(own: Recomputed, anchored: Anchored, signatures: list[dict[str, str]]) -> dict[str, Any]:
    epoch = own.public_membership.epochs.get(anchored.checkpoint.epoch)
    signers = None if epoch is None else epoch.organisations(anchored.signers)
    return {
        "checkpoint": anchored.checkpoint.document(),
        "head": anchored.head,
        "transaction": anchored.place.transaction,
        "signers": list(signers or ()),
        "attestations": sorted(signatures, key=lambda item: (item["organisation"], item["signature"])),
    }


def _awards(point: Point) -> dict[str, Any]:
    leaves = [
        {"index": award.index, "update_id": award.update_id, "account": award.account, "amount": str(award.amount)}
        for award in point.awards
    ]
    root = None if point.content is None else point.content.awards_root
    document = {"format": f"{FORMAT}-awards", "version": 1, "sequence": point.due.sequence}
    return {**document, "root": root, "leaves": leaves}


def _revocation(own: Recomputed, revocation: Revocation) -> Iterator[tuple[str, bytes]]:
    if revocation.certificate is None:
        return
    endorsements = [
        {"organisation": name, "certificate": item.certificate_digest, "signature": "0x" + item.signature.hex()}
        for name, item in sorted(revocation.endorsements.items())
    ]
    document = {"format": f"{FORMAT}-endorsements", "version": 1, "request_id": revocation.id}
    yield (
        f"certificates/{revocation.certificate}.signatures.json",
        canonical_bytes({**document, "endorsements": endorsements}),
    )
    for item in revocation.endorsements.values():
        if item.certificate_digest == revocation.certificate:
            yield from _object(own, f"certificates/{revocation.certificate}.json", item.certificate_cid)
            break
    for receipt in revocation.receipts.values():
        yield from _object(own, f"receipts/{receipt.receipt_digest}.json", receipt.receipt_cid)


def _object(own: Recomputed, path: str, cid: str) -> Iterator[tuple[str, bytes]]:
    """An object of IPFS as it is; nothing where it is absent, which some check reports."""
    try:
        yield path, own.evidence.objects.read(cid)
    except ObjectMissing:
        return


def _index(evidence: Evidence, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": 1,
        "public": {"chain_id": str(evidence.public.chain_id), "block": evidence.public.block},
        "private": {"chain_id": str(evidence.private.chain_id), "block": evidence.private.block},
        "files": [{"path": path, "size": len(data), "sha256": sha256(data)} for path, data in sorted(files.items())],
    }
