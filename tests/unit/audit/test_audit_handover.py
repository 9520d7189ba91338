"""Every byte of a handover is compared, and hostile ones end as findings."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.audit.life import Life

from orchestrator.audit import Evidence, collect, handed_of, handover_files, read_handed, verify_evidence
from orchestrator.audit.checks.handover import check_handover
from orchestrator.audit.deployments import parse_deployment
from orchestrator.audit.plain_json import load_json
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.report import CheckResult
from orchestrator.audit.tally import Tally
from orchestrator.errors import ConfigurationError, FormatError

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="session")
def own(evidence: Evidence) -> Recomputed:
    return Recomputed(evidence)


@pytest.fixture(scope="session")
def files(own: Recomputed) -> dict[str, bytes]:
    return handover_files(own)


def compared(own: Recomputed, files: Mapping[str, bytes]) -> CheckResult:
    tally = Tally("handover", "")
    check_handover(own, handed_of(files), tally)
    return tally.result()


def first(files: Mapping[str, bytes], folder: str, ending: str = ".json") -> str:
    return next(path for path in sorted(files) if path.startswith(folder) and path.endswith(ending))


CASES = {
    "record": ("records.jsonl", b'"samples":100', b'"samples":101', "fields.submission.samples is 101, recomputed 100"),
    "salt": ("records.jsonl", b'"salt":"0x', b'"salt":"0y', "salt"),
    "manifest entry": ("manifests/", b'"round":1', b'"round":2', "entries[0].round is 2"),
    "manifest": ("manifests/", b'"strategy":"stack"', b'"strategy":"steck"', "manifest.strategy"),
    "checkpoint": ("checkpoints.json", b'"sequence":1', b'"sequence":7', "checkpoints[0].checkpoint.sequence is 7"),
    "attestation": ("checkpoints.json", b'"signature":"0x', b'"signature":"1x', "attestations[0].signature"),
    "award": ("awards/1.json", b'"index":0', b'"index":4', "leaves[0].index is 4"),
    "award root": ("awards/1.json", b'"root":"0x', b'"root":"1x', "root"),
    "certificate": ("certificates/", b'"before":3500000', b'"before":3500001', "figures[0].before is 3500001"),
    "endorsement": ("certificates/", b'"signature":"0x', b'"signature":"1x', "endorsements[0].signature"),
    "receipt": ("receipts/", b'"content_keys":2', b'"content_keys":3', "destroyed.content_keys is 3"),
    "task": ("tasks/", b'"steps":12', b'"steps":13', "training.steps is 13"),
    "agreement": ("agreements/", b"Be honest", b"Be hpnest", "terms[0]"),
    "deployment": ("deployments/31337.json", b'"role":"public"', b'"role":"public" ', "another form"),
    "deployment address": ("deployments/31337.json", b'"address":"0x', b'"address":"1x', "contracts"),
    "index": ("index.json", b'"version":1', b'"version":2', "version"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_altered_is_named(name: str, own: Recomputed, files: dict[str, bytes]) -> None:
    path, old, new, message = CASES[name]
    path = next(item for item in sorted(files) if item.startswith(path) and old in files[item])
    result = compared(own, {**files, path: files[path].replace(old, new, 1)})
    assert any(item.subject == path and message in item.message for item in result.findings), result.findings


def test_missing_and_surplus_files_are_named(own: Recomputed, files: dict[str, bytes]) -> None:
    less = {path: data for path, data in files.items() if path != "awards/1.json"}
    result = compared(own, {**less, "notes.txt": b"trust me"})
    assert {item.subject for item in result.findings} == {"awards/1.json", "notes.txt"}


def test_a_false_index_does_not_help(own: Recomputed, files: dict[str, bytes]) -> None:
    """Whoever alters a file can alter its hash as well; both are told."""
    path = first(files, "receipts/")
    altered = files[path].replace(b'"content_keys":2', b'"content_keys":9')
    index = json.loads(files["index.json"])
    entry = next(item for item in index["files"] if item["path"] == path)
    entry["sha256"] = "0x" + "00" * 32
    index_bytes = json.dumps(index, sort_keys=True, separators=(",", ":")).encode()
    result = compared(own, {**files, path: altered, "index.json": index_bytes})
    assert {item.subject for item in result.findings} == {path, "index.json"}


def test_a_handover_of_an_earlier_time_agrees(life: Life, evidence: Evidence) -> None:
    middle = evidence.public.anchored[0].place.block, evidence.private.due[0].block + 5
    earlier = handed_of(handover_files(Recomputed(evidence.as_of(*middle))))
    assert (earlier.public_block, earlier.private_block) == middle
    report = verify_evidence(evidence, earlier)
    assert report.ok, report.findings
    assert any("the chains go on" in note for note in report.result("handover").notes)


@relaxed
@given(data=st.data())
def test_no_flipped_byte_passes(data: st.DataObject, own: Recomputed, files: dict[str, bytes]) -> None:
    path = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[path]) - 1))
    changed = bytearray(files[path])
    changed[at] ^= data.draw(st.integers(1, 255))
    result = compared(own, {**files, path: bytes(changed)})
    assert any(item.subject == path for item in result.findings)


@relaxed
@given(data=st.data())
def test_a_false_deployment_is_found_without_another_one(
    data: st.DataObject, life: Life, files: dict[str, bytes]
) -> None:
    """The auditor has no deployment files of its own: everything in the given ones is compared with the chains."""
    path = data.draw(st.sampled_from(["deployments/31337.json", "deployments/1337.json"]))
    changed = bytearray(files[path])
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= data.draw(st.integers(1, 127))
    try:
        deployment = parse_deployment(load_json(bytes(changed)))
    except FormatError:
        return
    genuine = parse_deployment(load_json(files[path]))
    if deployment == genuine:
        return
    sources = life.sources
    side = "public_deployment" if deployment.side == "public" else "private_deployment"
    report = verify_evidence(collect(replace(sources, **{side: deployment})))
    assert not report.ok


@relaxed
@given(data=st.binary(max_size=300))
def test_any_bytes_end_as_findings(data: bytes, own: Recomputed, files: dict[str, bytes]) -> None:
    for path in ("index.json", "records.jsonl", "deployments/1337.json", "checkpoints.json"):
        assert compared(own, {**files, path: data}).findings


@pytest.mark.parametrize(
    "data",
    [b"[" * 1_000_000, b"1" * 1_000_000, b'{"a":1e999}', b'{"a":NaN}', b"\xff\xfe", b"", b'{"a":1,"a":2}'],
    ids=["deep", "long number", "float", "nan", "not utf-8", "empty", "twice"],
)
def test_hostile_json_ends_as_findings(data: bytes, own: Recomputed, files: dict[str, bytes]) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)  # as libraries do; deep input must not reach the parser at all
    try:
        for path in ("index.json", "records.jsonl", "deployments/1337.json", "awards/1.json"):
            assert compared(own, {**files, path: data}).findings
    finally:
        sys.setrecursionlimit(limit)


def test_links_and_odd_names_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not for the report")
    folder = tmp_path / "handover"
    (folder / "tasks" / "deeper").mkdir(parents=True)
    (folder / "link.json").symlink_to(secret)
    (folder / "awards").symlink_to(tmp_path)
    (folder / ".hidden").write_text("x")
    (folder / "a\nb").write_text("x")
    os.mkfifo(folder / "pipe")
    handed = read_handed(folder)
    assert handed.files == {}
    subjects = {item.subject for item in handed.problems}
    assert {"link.json", "awards", "'.hidden'", "'a\\nb'", "pipe", "tasks/deeper", "index.json"} <= subjects


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no handover folder"):
        read_handed(tmp_path / "absent")
