"""The tampering campaign: whatever changes what a bundle says is rejected, and the altered part is named.

Each alteration is tried twice: as it is, where the last line no longer fits, and with a last line that its forger has
written anew, where only what is proven can tell. What nothing proves is left out of the second.
"""

from __future__ import annotations

import gzip
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.audit.bundles import Made, checked, collected, made, pack, sealed_again
from unit.audit.foundation import PUBLIC
from unit.audit.life import Life, whole_life
from unit.audit.mutations import Mutation, kind_of, mutated, named

from orchestrator.audit import Evidence
from orchestrator.audit.bundle.book import TrustAnchors
from orchestrator.audit.bundle.container import Limits, fast_canonical
from orchestrator.audit.bundle.verify import verify_stream
from orchestrator.types import Address, Digest

relaxed = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
CAMPAIGN = int(os.environ.get("LORANCHOR_MUTATIONS", "1200"))
ANCHORS = TrustAnchors(Digest("0x" + "11" * 32), PUBLIC, Address("0x" + "22" * 20))


@pytest.fixture(scope="module")
def longer() -> Evidence:
    """A life that goes on after the revocation, so that its receipts are anchored, too."""
    life, _ = whole_life()
    _LIVES.append(life)
    life.round()
    return collected(life)


_LIVES: list[Life] = []


@pytest.fixture(scope="module")
def bundle(longer: Evidence) -> Made:
    return made(_LIVES[-1], longer, "all")


@pytest.fixture(scope="module")
def partial(longer: Evidence) -> Made:
    return made(_LIVES[-1], longer, "round:1", "kind:ShredReceiptRecorded")


@pytest.fixture(scope="module")
def earlier(longer: Evidence) -> list[bytes]:
    """The lines of a bundle of an earlier time, honest then."""
    cut = longer.as_of(longer.public.anchored[0].place.block, longer.private.due[0].block)  # type: ignore[index]
    return made(_LIVES[-1], cut, "all").raw


def rejected(bundle: Made, mutation: Mutation) -> None:
    """As it is, and resealed where something proven was touched."""
    files = [pack([*mutation.altered, bundle.data_end])]
    if not mutation.told and not unproven(bundle, mutation):
        files.append(resealed(mutation.altered))
    for data in files:
        report = checked(data, bundle.anchors)
        assert not report.ok, mutation
        assert named(report, mutation), (mutation.kind, mutation.lines, mutation.places, report.findings)


def resealed(lines: list[bytes]) -> bytes:
    """A forger keeps the kinds of lines that are still readable."""
    try:
        return sealed_again(lines)
    except (IndexError, UnicodeDecodeError):
        return pack(lines)


def unproven(bundle: Made, mutation: Mutation) -> bool:
    """What a proven line has beside its proof (docs/formats/bundle.md): addresses that no record names, and how many
    members signed beside those that were counted."""
    if mutation.kind == "replay" and mutation.lines == ("attestations",):
        place = mutation.places[0] - 1
        before, after = (json.loads(lines[place]) for lines in (bundle.raw, mutation.altered))
        fewer = all(item in before["signatures"] for item in after["signatures"])
        return bool(fewer and before["sequence"] == after["sequence"])
    if mutation.kind != "byte" or mutation.lines != ("bundle",):
        return False
    before, after = bundle.raw[0], mutation.altered[0]
    at = next(place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
    names = ("AwardDistributor", "ContributionToken", "DisclosureRegistry", "CheckpointSchedule", "ArtefactRegistry")
    spans = [before.index(f'"{name}":"'.encode()) + len(name) + 4 for name in names]
    public = before.index(b'"public":')
    spans.append(before.index(b'"Consortium":"', public) + len("Consortium") + 4)
    return any(span <= at < span + 42 for span in spans)


def test_it_is_sound_before(bundle: Made, partial: Made) -> None:
    for item in (bundle, partial):
        assert [str(finding) for finding in checked(item.data, item.anchors).findings] == []


@pytest.mark.parametrize("seed", range(40))
def test_an_altered_bundle_is_rejected(seed: int, bundle: Made, earlier: list[bytes]) -> None:
    mutation = mutated(bundle.raw, earlier, seed)
    if mutation is not None:
        rejected(bundle, mutation)


@pytest.mark.slow
def test_the_campaign(bundle: Made, partial: Made, earlier: list[bytes]) -> None:
    """At least a thousand that change something, over both bundles; every kind of line and of alteration is there."""
    counts: dict[str, int] = {}
    for seed in range(1000, 1000 + CAMPAIGN):
        chosen = partial if seed % 4 == 3 else bundle
        mutation = mutated(chosen.raw, earlier, seed)
        if mutation is None:
            continue
        rejected(chosen, mutation)
        for name in (mutation.kind, *mutation.lines):
            counts[name] = counts.get(name, 0) + 1
    done = sum(counts[kind] for kind in ("byte", "swap", "drop", "duplicate", "replay"))
    print(f"\naltered bundles rejected: {done}; by kind: {counts}")
    assert done >= CAMPAIGN * 5 // 6
    assert {kind_of(line) for line in bundle.raw} <= counts.keys()


def test_an_earlier_bundle_does_not_pass_for_the_present(bundle: Made, earlier: list[bytes]) -> None:
    report = checked(resealed(earlier), bundle.anchors)
    assert "state" in {item.subject for item in report.findings}
    spliced = [bundle.raw[0], bundle.raw[1], *earlier[2:]]
    subjects = {item.subject for item in checked(resealed(spliced), bundle.anchors).findings}
    assert "the last checkpoint" in subjects


@pytest.mark.parametrize("name", ["block_hash", "anchor", "chain_id", "consortium_id", "private_chain_id"])
def test_the_anchors_are_the_auditors(name: str, bundle: Made) -> None:
    other = {"block_hash": ANCHORS.block_hash, "anchor": ANCHORS.anchor, "consortium_id": ANCHORS.block_hash}
    report = checked(bundle.data, replace(bundle.anchors, **{name: other.get(name, 7)}))
    assert not report.result("head").ok


def test_a_bomb_is_not_unpacked(bundle: Made) -> None:
    """64 MiB of zeros in 64 KiB: neither a line nor a file of that size is taken."""
    bomb = gzip.compress(bytes(1 << 26), compresslevel=1, mtime=0)
    report = checked(bomb, ANCHORS)
    assert "longer than" in str(report.findings[0])
    lines = gzip.compress(b"{}\n" * (1 << 20), compresslevel=1, mtime=0)
    report = verify_stream(io.BytesIO(bundle.data), bundle.anchors, limits=Limits(total=1 << 12))
    assert "more than 4096 bytes" in str(report.findings[0])
    assert not checked(lines, ANCHORS).ok


HOSTILE = {
    "deep list": b"[" * 1_000_000 + b"\n",
    "deep object": b'{"a":' * 1_000_000 + b"\n",
    "deep in a line": b'{"line":"bundle","x":' + b"[" * 1_000_000 + b"\n",
    "long number": b'{"line":"bundle","x":' + b"1" * 100_000 + b"}\n",
    "float": b'{"line":"bundle","x":1.5}\n',
    "nan": b'{"line":"bundle","x":NaN}\n',
    "twice": b'{"line":"bundle","line":"bundle"}\n',
    "surrogate": b'{"line":"bundle","x":"\\ud800"}\n',
    "not utf-8": b'{"line":"\xff"}\n',
    "number as kind": b'{"line":1}\n',
    "no object": b"[]\n",
    "empty line": b"\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_lines_end_as_findings(name: str) -> None:
    report = checked(pack([HOSTILE[name]]), ANCHORS)
    assert not report.result("file").ok


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b", b"PK\x03\x04", b"{}"], ids=["empty", "cut", "zip", "plain"])
def test_what_is_no_bundle_is_told(data: bytes) -> None:
    assert not checked(data, ANCHORS).result("file").ok


def test_two_files_in_one_are_refused(bundle: Made) -> None:
    report = checked(bundle.data + bundle.data, bundle.anchors)
    assert "something follows" in str(report.result("file").findings[0])
    assert not checked(bundle.data[:-9], bundle.anchors).ok


def test_a_bundle_names_no_path(bundle: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Names in it are compared and never opened."""
    opened: list[object] = []
    monkeypatch.setattr("builtins.open", lambda *given, **_: opened.append(given))
    monkeypatch.setattr(Path, "open", lambda *given, **_: opened.append(given))
    line = next(item for item in bundle.raw if kind_of(item) == "object")
    cid = line.split(b'"cid":"')[1].split(b'"')[0]
    lines = [item.replace(cid, b"../../../../etc/passwd") if item == line else item for item in bundle.raw]
    report = checked(resealed(lines), bundle.anchors)
    assert not report.ok and opened == []


@relaxed
@given(data=st.binary(max_size=2000))
def test_any_bytes_end_as_findings(data: bytes) -> None:
    assert not checked(data, ANCHORS).ok
    assert not checked(pack([data, b"\n"]), ANCHORS).ok


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@relaxed
@given(data=st.data())
def test_any_member_may_be_anything(data: st.DataObject, bundle: Made) -> None:
    """A line of each kind with any value in the place of any member is rejected, and crashes nothing."""
    lines = bundle.raw
    place = data.draw(st.sampled_from(range(len(lines))))
    document = json.loads(lines[place])
    name = data.draw(st.sampled_from(sorted(document)))
    document[name] = data.draw(TREES)
    try:
        altered = fast_canonical(document) + b"\n"
    except ValueError:
        return
    if altered == lines[place]:
        return
    assert not checked(pack([*lines[:place], altered, *lines[place + 1 :], bundle.data_end]), bundle.anchors).ok
