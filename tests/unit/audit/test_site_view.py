"""What the page reads is what the chains say, in the same bytes each time, and can be put together again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from unit.audit.site_world import busy_material, long_material
from unit.ledger.actors import CUMULUS, MEMBERS

from orchestrator.audit.site.manifests import change, manifest_steps
from orchestrator.audit.site.material import Material
from orchestrator.audit.site.overdue import overdue_steps
from orchestrator.audit.site.rows import Places, segment_rows
from orchestrator.audit.site.search import shard_of
from orchestrator.audit.site.segments import Frontier, segments
from orchestrator.audit.site.view import PACK, view_files
from orchestrator.ledger.merkle import node_hash
from orchestrator.types import Digest


@pytest.fixture(scope="module")
def material() -> Material:
    return busy_material()


@pytest.fixture(scope="module")
def files(material: Material) -> dict[str, bytes]:
    return dict(view_files(material))


@pytest.fixture(scope="module")
def index(files: Mapping[str, bytes]) -> Any:
    return json.loads(files["index.json"])


def test_the_same_material_gives_the_same_bytes(material: Material, files: Mapping[str, bytes]) -> None:
    assert dict(view_files(material)) == files


def test_rows_say_what_the_ledger_says(material: Material, index: Any) -> None:
    assert [(row["id"], row["status"]) for row in index["rounds"]] == [(1, "closed"), (2, "closed"), (3, "failed")]
    assert [row["accepted"] for row in index["rounds"]] == [3, 3, 0]
    assert index["rounds"][2]["failure"] == "too_few_updates"
    assert index["failed"] == [{"id": 3, "reason": "too_few_updates", "block": index["rounds"][2]["ended"]}]
    assert [(row["organisation"], row["status"]) for row in index["revocations"]] == [
        ("cumulus", "shredded"),
        ("borealis", "requested"),
    ]
    assert [row["sequence"] for row in index["revocations"]] == [3, None]
    assert [row["checkpoint"]["sequence"] for row in index["checkpoints"]] == [1, 2, 3]


def test_an_equivocation_comes_with_both_signatures(index: Any) -> None:
    (row,) = index["equivocations"]
    assert row["organisation"] in MEMBERS
    assert row["sequence"] == 3
    assert len({item["head"] for item in row["signatures"]}) == 2
    assert not row["proven"]


def test_every_record_is_in_one_segment(material: Material, files: Mapping[str, bytes]) -> None:
    rows = list(segment_rows(material))
    told = [json.loads(files[f"segments/{number}.json"]) for number in range(len(rows))]
    assert [item["record"] for one in told for item in one["records"]] == [
        record.document() for record in material.records
    ]
    assert [one["first"] for one in told][1:] == [one["size"] for one in told][:-1]


def test_peaks_and_new_leaves_make_the_anchored_root(material: Material) -> None:
    roots = {item.sequence: item.checkpoint.records_root for item in material.anchored}
    compared = 0
    for one in segments(material):
        hashes = [bytes.fromhex(value[2:]) for value in one["peaks"]]
        frontier = Frontier()
        for place in range(one["first"]):
            frontier.append(material.tree.leaf(place))
        assert frontier.peaks == hashes
        for place in range(one["first"], one["size"]):
            frontier.append(material.tree.leaf(place))
        if one["sequence"] in roots:
            *rest, root = frontier.peaks
            for peak in reversed(rest):
                root = node_hash(peak, root)
            assert "0x" + root.hex() == roots[one["sequence"]]
            compared += 1
    assert compared == 3


def test_changes_of_manifests_make_every_manifest(material: Material) -> None:
    entries: list[Any] = []
    for step in manifest_steps(material.manifests):
        entries = [entry for place, entry in enumerate(entries) if place not in set(step["remove"])]
        for place, entry in step["add"]:
            entries.insert(place, entry)
        assert entries == [entry.document() for entry in material.manifests[step["sequence"]].entries]
    assert len(entries) == 4


def test_a_change_names_what_goes_and_what_comes(material: Material) -> None:
    first, last = material.manifests[1].entries, material.manifests[3].entries
    assert change(first, first) == ([], [])
    remove, add = change(first, last)
    assert remove and [place for place, _ in add] == sorted(place for place, _ in add)


@pytest.mark.parametrize("kind", ["head", "transaction", "update", "cid", "ciphertext", "task", "private transaction"])
def test_what_is_searched_for_is_found(material: Material, files: Mapping[str, bytes], kind: str) -> None:
    update = next(item for item in material.state.updates.values() if item.organisation == CUMULUS and item.released)
    anchored = material.anchored[1]
    route = f"#/contribution/{update.round}/{update.id}"
    wanted = {
        "head": (anchored.head, "#/checkpoint/2"),
        "transaction": (anchored.place.transaction, "#/checkpoint/2"),
        "update": (update.id, route),
        "cid": (str(update.payload_cid), route),
        "ciphertext": (update.ciphertext_digest, route),
        "task": (material.state.rounds[1].opening.task_digest, "#/round/1"),
        "private transaction": (material.records[50].transaction, "#/record/50"),
    }
    word, expected = wanted[kind]
    found = json.loads(files[f"search/{shard_of(word)}.json"])[word]
    assert expected in [target for _, target in found]


def test_objects_are_there_under_their_digests(material: Material, files: Mapping[str, bytes]) -> None:
    listed = json.loads(files["objects.json"])
    assert listed == {digest: len(files[f"objects/{digest}"]) for digest in listed}
    certificate = next(item.certificate for item in material.state.revocations.values() if item.certificate)
    assert certificate in listed


def test_nothing_is_overdue_where_all_is_done(material: Material) -> None:
    assert [item["kind"] for item in overdue_steps(material)] == []


def test_overdue_steps_are_told(material: Material) -> None:
    fewer = replace(material, anchored=material.anchored[:-1], award_events=())
    assert [item["kind"] for item in overdue_steps(fewer)] == ["checkpoint", "awards", "awards"]
    request = next(iter(material.state.revocations.values()))
    waiting = replace(request, shredded=False, receipts={})
    state = replace(material.state, revocations={request.id: waiting}, open_round=3)
    late = replace(material, state=state, private=replace(material.private, block=10_000))
    found = overdue_steps(late)
    assert [item["kind"] for item in found] == ["round", "shredding"]
    assert "aurora, borealis, cumulus" in found[1]["text"]


def test_manifest_changes_of_many_rounds_are_packed() -> None:
    material = long_material(PACK + 5)
    files = dict(view_files(material))
    index = json.loads(files["index.json"])
    closed = len(index["checkpoints"])
    assert index["manifest_packs"] == -(-closed // PACK)
    packs = [json.loads(files[f"manifests/{number}.json"]) for number in range(index["manifest_packs"])]
    assert [step["sequence"] for pack in packs for step in pack] == list(range(1, closed + 1))
    assert all(len(step["add"]) == 3 for pack in packs for step in pack)


def test_places_know_the_segment_of_each_record(material: Material) -> None:
    places = Places(material)
    assert places.of_round(2) == [1]
    assert places.of_round(3) == [3]
    assert places.of_round(99) == []
    request = Digest(next(iter(material.state.revocations)))
    assert places.of_request(request) == [2, 3]
