"""Alterations of what an audit has read: one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from unit.audit.life import Life
from unit.ledger.actors import CUMULUS, private_key, sign

from orchestrator.audit import Evidence
from orchestrator.audit.objects import Objects
from orchestrator.commitment.checkpoints import checkpoint_digest, head_of
from orchestrator.ledger.records import Record
from orchestrator.ledger.state import replay
from orchestrator.storage import MemoryStore
from orchestrator.types import Digest

Alter = Callable[[Life, Evidence], Evidence]
OTHER = Digest("0x" + "ab" * 32)


def flipped(data: bytes, at: int = -1) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def with_record(evidence: Evidence, kind: str, change: Callable[[Record], Record], place: int = 0) -> Evidence:
    records = list(evidence.private.records)
    index = [number for number, record in enumerate(records) if record.kind == kind][place]
    records[index] = change(records[index])
    return replace(evidence, private=replace(evidence.private, records=tuple(records)))


def with_field(kind: str, name: str, value: Any, place: int = 0) -> Alter:
    def alter(life: Life, evidence: Evidence) -> Evidence:
        def change(record: Record) -> Record:
            outer, _, inner = name.rpartition(".")
            fields_ = dict(record.fields)
            if outer:
                fields_[outer] = {**fields_[outer], inner: value}
            else:
                fields_[name] = value
            return replace(record, fields=fields_)

        return with_record(evidence, kind, change, place)

    return alter


def with_object(cid: Callable[[Life, Evidence], str], at: int = -1, *, gone: bool = False) -> Alter:
    """Another object under the same CID, or none."""

    def alter(life: Life, evidence: Evidence) -> Evidence:
        store = MemoryStore()
        name = cid(life, evidence)
        store.objects = dict(life.store.objects)
        store.objects[name] = flipped(store.objects[name], at)  # type: ignore[index]
        if gone:
            del store.objects[name]  # type: ignore[arg-type]
        return replace(evidence, objects=Objects(store))

    return alter


def with_public(change: Callable[[Evidence], Mapping[str, Any]]) -> Alter:
    def alter(life: Life, evidence: Evidence) -> Evidence:
        return replace(evidence, public=replace(evidence.public, **change(evidence)))

    return alter


def with_anchored(place: int, **changes: Any) -> Alter:
    def change(evidence: Evidence) -> Mapping[str, Any]:
        anchored = list(evidence.public.anchored)
        anchored[place] = replace(anchored[place], **changes)
        return {"anchored": tuple(anchored)}

    return with_public(change)


def with_award(kind: type, **changes: Any) -> Alter:
    def change(evidence: Evidence) -> Mapping[str, Any]:
        awards = list(evidence.public.awards)
        index = next(number for number, item in enumerate(awards) if isinstance(item, kind))
        awards[index] = replace(awards[index], **changes)
        return {"awards": tuple(awards)}

    return with_public(change)


def with_attestation(change: Callable[[Any], Any]) -> Alter:
    def alter(life: Life, evidence: Evidence) -> Evidence:
        attestations = list(evidence.private.attestations)
        attestations[-1] = change(attestations[-1])
        return replace(evidence, private=replace(evidence.private, attestations=tuple(attestations)))

    return alter


def of_update(name: str) -> Callable[[Life, Evidence], str]:
    """An object of an update that nobody revoked."""

    def cid(life: Life, evidence: Evidence) -> str:
        updates = replay(evidence.private.records).updates.values()
        return str(getattr(next(item for item in updates if item.organisation != CUMULUS), name))

    return cid


def of_record(kind: str, *path: str) -> Callable[[Life, Evidence], str]:
    def cid(life: Life, evidence: Evidence) -> str:
        value: Any = next(item for item in evidence.private.records if item.kind == kind).fields
        for name in path:
            value = value[name]
        return str(value)

    return cid


def relay_signature(life: Life, evidence: Evidence) -> Evidence:
    anchored = evidence.public.anchored[0]
    call = evidence.public.calls[anchored.place.transaction]
    calls = {**evidence.public.calls, anchored.place.transaction: replace(call, data=flipped(call.data, -40))}
    return replace(evidence, public=replace(evidence.public, calls=calls))


def equivocation(life: Life, evidence: Evidence) -> Evidence:
    """A member's genuine signature of another content for the same sequence."""
    attestation = evidence.private.attestations[-1]
    other = replace(evidence.public.anchored[-1].checkpoint, manifest_digest=OTHER)
    anchor = evidence.public.deployment.address("CheckpointAnchor")
    message = checkpoint_digest(other, evidence.public.chain_id, anchor)
    signature = sign(private_key("delegate", attestation.organisation), message)
    twin = replace(attestation, head=head_of(other), signature=signature)
    attestations = (*evidence.private.attestations, twin)
    return replace(evidence, private=replace(evidence.private, attestations=attestations))


def dropped_record(life: Life, evidence: Evidence) -> Evidence:
    records = tuple(item for item in evidence.private.records if item.kind != "PrekeyPublished")
    return replace(evidence, private=replace(evidence.private, records=records))


def reveal_data(life: Life, evidence: Evidence) -> Evidence:
    hash_, call = next(iter(evidence.private.calls.items()))
    calls = {**evidence.private.calls, hash_: replace(call, data=flipped(call.data, 99))}
    return replace(evidence, private=replace(evidence.private, calls=calls))


def of_record_at(evidence: Evidence, place: int, name: str) -> Any:
    return [item for item in evidence.private.records if item.kind == "ShredReceiptRecorded"][place].fields[name]
