"""What can be searched for, in small files by the first digits of a digest or the last letters of a CID."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestrator.audit.site.material import Material
from orchestrator.ledger.records import Record

_HEX = re.compile(r"0x[0-9a-f]{40}|0x[0-9a-f]{64}")
_CID = re.compile(r"(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{20,})")

Target = tuple[str, str]
"""What it is, and the page's address of it."""


def shard_of(key: str) -> str:
    """The file that a word is in; the page computes the same."""
    return key[2:4] if key.startswith("0x") else key[-2:].lower()


def search_shards(material: Material) -> dict[str, dict[str, list[Target]]]:
    """By shard and word: where it occurs."""
    shards: dict[str, dict[str, list[Target]]] = defaultdict(dict)
    for key, target in _all(material):
        found = shards[shard_of(key)].setdefault(key, [])
        if target not in found and len(found) < 12:
            found.append(target)
    return shards


def _all(material: Material) -> Iterator[tuple[str, Target]]:
    for item in material.anchored:
        target = (f"checkpoint {item.sequence}", f"#/checkpoint/{item.sequence}")
        values = (item.head, item.place.transaction, item.checkpoint.records_root, item.checkpoint.awards_root)
        yield from ((value, target) for value in values)
        manifest = (f"manifest of checkpoint {item.sequence}", f"#/model/{item.sequence}")
        yield item.checkpoint.manifest_digest, manifest
    for event in material.award_events:
        yield event.place.transaction, (f"awards of checkpoint {event.sequence}", "#/tokens")
    for signed in (item for items in material.signatures.values() for item in items if item.chain == "private"):
        yield signed.transaction, (f"a signature of {signed.organisation}", "#/members")
    for index, record in enumerate(material.records):
        yield from _of_record(record, index)


def _of_record(record: Record, index: int) -> Iterator[tuple[str, Target]]:
    yield record.transaction, (f"record {index}: {record.kind}", f"#/record/{index}")
    target = _target(record, index)
    for key in _words(record.fields.values()):
        yield key, target


def _target(record: Record, index: int) -> Target:
    fields = record.fields
    if "round_id" in fields and "update_id" in fields:
        return (
            f"contribution to round {fields['round_id']}",
            f"#/contribution/{fields['round_id']}/{fields['update_id']}",
        )
    if "round_id" in fields:
        return f"round {fields['round_id']}", f"#/round/{fields['round_id']}"
    if "request_id" in fields:
        return "a revocation", f"#/revocation/{fields['request_id']}"
    return f"record {index}: {record.kind}", f"#/record/{index}"


def _words(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            if _HEX.fullmatch(value) or _CID.fullmatch(value):
                yield value
        elif isinstance(value, Mapping):
            yield from _words(value.values())
        elif isinstance(value, list | tuple):
            yield from _words(value)
