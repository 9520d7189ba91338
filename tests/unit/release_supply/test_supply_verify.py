"""A released folder is refused, by name, for whatever was done to it; and passes as it was."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unit.ledger.compacted import agree, rounds
from unit.release.signed_reports import report as report_of
from unit.release.signed_reports import signed as signed_by
from unit.release_supply.releasing import KEY, OTHER, WEIGHTS, chosen_of, played, released

from orchestrator.export.record import NAME as RECORD
from orchestrator.export.record import SIGNATURE, files_of, read_record, write_record
from orchestrator.ledger.canonical import sha256
from orchestrator.release.supply.bill import NAME as BOM
from orchestrator.release.supply.bill import blinded, root_of
from orchestrator.release.supply.bom_reader import read_bom
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.release.supply.signing import sign
from orchestrator.release.supply.verify import verify
from orchestrator.types import Digest

ANOTHER = Digest("0x" + "5a" * 32)
Change = Callable[[dict[str, Any]], object]


def refused(folder: Path, key: Any = KEY, **options: Any) -> ModelRefused:
    with pytest.raises(ModelRefused) as caught:
        verify(folder, key.public_key(), **options)
    return caught.value


def signed_again(folder: Path, change: Change) -> None:
    """Change the bill, and let a careless signer put record and signature right."""
    document = json.loads((folder / BOM).read_bytes())
    change(document)
    (folder / BOM).write_text(json.dumps(document))
    resealed(folder)


def resealed(folder: Path, **changes: Any) -> None:
    record = read_record(folder)
    assert record is not None
    write_record({**record, **changes, "files": files_of(folder)}, folder)
    sign(folder, KEY)


def entries(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in document["components"] if item["bom-ref"].startswith("entry/")]


def put(component: dict[str, Any], name: str, value: str) -> None:
    next(item for item in component["properties"] if item["name"] == f"loranchor:{name}")["value"] = value


def test_a_whole_folder_passes_and_says_what_was_compared(tmp_path: Path) -> None:
    manifest = released(tmp_path / "m")
    found = verify(tmp_path / "m", KEY.public_key())
    assert (found.manifest, found.compared, found.bill.contributions) == (manifest, False, 3)
    assert set(found.files) == {BOM, RECORD, WEIGHTS, "config.json", "README.md"}
    assert verify(tmp_path / "m", KEY.public_key(), manifest=manifest).compared
    (tmp_path / "m").rename(tmp_path / "elsewhere")
    assert verify(tmp_path / "elsewhere", KEY.public_key()).files == found.files


@pytest.mark.parametrize("name", [WEIGHTS, "config.json", "README.md", RECORD, BOM])
def test_one_byte_changed(tmp_path: Path, name: str) -> None:
    released(tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    place = len(data) - 3
    data[place] = data[place] ^ 1 if name == WEIGHTS else ord(" ") if data[place] != ord(" ") else ord("\n")
    (tmp_path / name).write_bytes(bytes(data))
    found = refused(tmp_path)
    assert name in found.message and found.reason in (Reason.CHANGED, Reason.DAMAGED_TEXT)
    if name in (WEIGHTS, "README.md"):
        assert found.reason is Reason.CHANGED


def test_what_is_added_renamed_or_taken_away(tmp_path: Path) -> None:
    released(tmp_path)
    (tmp_path / "config.json").rename(tmp_path / "settings.json")
    assert (found := refused(tmp_path)).reason is Reason.MISSING and "config.json" in found.message
    (tmp_path / "settings.json").rename(tmp_path / "config.json")
    (tmp_path / "more.txt").write_text("more")
    assert (found := refused(tmp_path)).reason is Reason.EXTRA and "more.txt" in found.message
    (tmp_path / "more.txt").unlink()
    verify(tmp_path, KEY.public_key())


def test_a_pickle_in_the_folder_is_told_before_any_signature(tmp_path: Path) -> None:
    released(tmp_path)
    (tmp_path / "optimizer.pt").write_bytes(pickle.dumps({"a": 1}))
    assert refused(tmp_path).reason is Reason.PICKLE
    with pytest.raises(ModelRefused, match="pickle"):
        sign(tmp_path, KEY)


def test_weights_that_are_cut_short(tmp_path: Path) -> None:
    released(tmp_path)
    (tmp_path / WEIGHTS).write_bytes((tmp_path / WEIGHTS).read_bytes()[:20])
    assert (found := refused(tmp_path)).reason is Reason.DAMAGED_WEIGHTS and "cut short" in found.message


def test_signatures_of_nobody_and_of_somebody_else(tmp_path: Path) -> None:
    released(tmp_path)
    assert refused(tmp_path, OTHER).reason is Reason.ANOTHER_KEY
    bundle = json.loads((tmp_path / SIGNATURE).read_bytes())
    bundle["verificationMaterial"]["publicKey"]["hint"] = ""
    (tmp_path / SIGNATURE).write_text(json.dumps(bundle))
    verify(tmp_path, KEY.public_key())  # the hint is a hint
    assert refused(tmp_path, OTHER).reason is Reason.BAD_SIGNATURE
    (tmp_path / SIGNATURE).unlink()
    assert refused(tmp_path).reason is Reason.UNSIGNED


@pytest.mark.parametrize("text", ["{}", "[]", '{"mediaType": 5}', "[" * 60 + "]" * 60, "no JSON"])
def test_what_is_no_signature(tmp_path: Path, text: str) -> None:
    released(tmp_path)
    (tmp_path / SIGNATURE).write_text(text)
    assert refused(tmp_path).reason is Reason.BAD_SIGNATURE


def test_another_manifest(tmp_path: Path) -> None:
    manifest = released(tmp_path)
    found = refused(tmp_path, manifest=ANOTHER)
    assert found.reason is Reason.ANOTHER_MANIFEST and manifest in found.message and ANOTHER in found.message


def test_a_report_of_another_manifest(tmp_path: Path) -> None:
    manifest = released(tmp_path / "m")
    report = tmp_path / "report.json"

    def write(of: str, *, signed: bool) -> None:
        given = signed_by(report_of(manifest=Digest(of)))
        report.write_bytes((given if signed else given.report).to_bytes() + b"\n")

    write(manifest, signed=True)
    found = verify(tmp_path / "m", KEY.public_key(), report=report)
    assert found.report is not None and found.report["verdict"] == "pass"
    for signed in (False, True):
        write(ANOTHER, signed=signed)
        assert (told := refused(tmp_path / "m", report=report)).reason is Reason.REPORT_OF_ANOTHER
        assert ANOTHER in told.message and manifest in told.message
    other = json.dumps({"format": "loranchor/other", "manifest": manifest})
    forged = replace(signed_by(report_of(manifest=Digest(manifest))), signature=bytes(65)).to_bytes().decode()
    for text in ("{}", "[]", "no", '{"format": "loranchor/release-report", "manifest": 3}', other, forged):
        report.write_text(text)
        assert refused(tmp_path / "m", report=report).reason is Reason.BAD_REPORT
    assert refused(tmp_path / "m", report=tmp_path / "none").reason is Reason.BAD_REPORT


def test_a_bill_that_lacks_a_contribution_is_refused_although_it_is_signed(tmp_path: Path) -> None:
    released(tmp_path)
    signed_again(tmp_path, lambda document: document["components"].remove(entries(document)[1]))
    found = refused(tmp_path)
    assert found.reason is Reason.BOM_LACKS and "2 contributions of the 3" in found.message


def test_nor_does_it_help_to_count_one_less(tmp_path: Path) -> None:
    released(tmp_path)

    def drop(document: dict[str, Any]) -> None:
        document["components"].remove(entries(document)[2])
        put(document["metadata"]["component"], "count", "2")

    signed_again(tmp_path, drop)
    assert refused(tmp_path).reason is Reason.BOM_LACKS
    resealed(tmp_path, contributions=2)
    assert (found := refused(tmp_path)).reason is Reason.BOM_DIFFERS and "does not give manifest" in found.message


@pytest.mark.parametrize(
    "change",
    [
        lambda document: put(entries(document)[0], "leaf", "0x" + "11" * 32),
        lambda document: put(document["metadata"]["component"], "strategy", "average"),
        lambda document: put(document["metadata"]["component"], "manifest", ANOTHER),
        lambda document: put(document["metadata"]["component"], "consortium", ANOTHER),
        lambda document: put(entries(document)[0], "covered", "true"),
        lambda document: [put(entries(document)[n], "place", str(2 - n)) for n in range(3)],
        lambda document: next(c for c in document["components"] if c["name"] == WEIGHTS)["hashes"].clear(),
        lambda document: document["components"].append({"bom-ref": "file/x", "name": "x.safetensors", "hashes": []}),
    ],
    ids=["leaf", "strategy", "manifest", "consortium", "covered", "order", "hash", "file"],
)
def test_a_bill_that_says_something_else(tmp_path: Path, change: Change) -> None:
    released(tmp_path)
    signed_again(tmp_path, change)
    assert refused(tmp_path).reason in (Reason.BOM_DIFFERS, Reason.BOM_LACKS)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("metadata"),
        lambda document: document.update(bomFormat="other"),
        lambda document: document.update(components=[]),
        lambda document: put(entries(document)[0], "leaf", "short"),
        lambda document: put(entries(document)[0], "place", "-1"),
        lambda document: entries(document)[0].pop("properties"),
    ],
)
def test_what_is_no_bill(tmp_path: Path, change: Change) -> None:
    released(tmp_path)
    signed_again(tmp_path, change)
    assert refused(tmp_path).reason is Reason.BAD_BOM


def test_papers_that_are_missing_or_disagree(tmp_path: Path) -> None:
    released(tmp_path)
    (tmp_path / BOM).unlink()
    sign(tmp_path, KEY)
    assert (found := refused(tmp_path)).reason is Reason.BAD_RECORD and BOM in found.message
    resealed(tmp_path)
    assert refused(tmp_path).reason is Reason.BAD_BOM
    (tmp_path / RECORD).unlink()
    sign(tmp_path, KEY)
    assert refused(tmp_path).reason is Reason.BAD_RECORD


def test_a_compaction_and_what_it_stands_for(tmp_path: Path) -> None:
    history, _ = rounds(2)
    agree(history, 1)
    manifest = chosen_of(history).manifest
    assert manifest.compaction is not None and len(manifest.covered) == 3
    released(tmp_path, history)
    assert verify(tmp_path, KEY.public_key(), manifest=manifest.digest).bill.contributions == 6

    def swap(document: dict[str, Any]) -> None:
        mark = {"name": "loranchor:covered", "value": "true"}
        covered = [item for item in entries(document) if mark in item["properties"]]
        put(covered[1], "leaf", "0x" + "22" * 32)

    signed_again(tmp_path, swap)
    assert (found := refused(tmp_path)).reason is Reason.BOM_DIFFERS and "compaction" in found.message


def test_the_bill_is_read_back_and_names_nobody_unless_it_may(tmp_path: Path) -> None:
    history = played(2)
    manifest = chosen_of(history).manifest
    released(tmp_path / "silent", history)
    text = (tmp_path / "silent" / BOM).read_text()
    bill = read_bom(tmp_path / "silent")
    assert root_of(bill.items) == manifest.document["entries_root"]
    for update in history.state.updates.values():
        assert update.organisation not in text and update.id not in text and update.data_statement_digest not in text
        assert blinded(update.data_statement_digest, update.id) in text
    assert bill.licence == "Apache-2.0" and bill.base_hub == "sentence-transformers/all-MiniLM-L6-v2"
    released(tmp_path / "named", history, names=True)
    named = read_bom(tmp_path / "named")
    told = [(item.organisation, item.round, item.update) for item in named.items]
    assert told == [(entry.organisation, entry.round, entry.update_id) for entry in manifest.originals]
    assert {item.statement for item in named.items} == {
        update.data_statement_digest for update in history.state.updates.values()
    }


def test_all_members_write_the_same_bill_and_it_is_cyclonedx(tmp_path: Path) -> None:
    import cyclonedx.schema
    import jsonschema_rs
    from cyclonedx.model.bom import Bom

    history = played()
    released(tmp_path / "a", history)
    released(tmp_path / "b", history)
    data = (tmp_path / "a" / BOM).read_bytes()
    assert sha256(data) == sha256((tmp_path / "b" / BOM).read_bytes())
    found = Bom.from_json(json.loads(data))  # type: ignore[attr-defined]
    assert len(found.components) == 1 + 2 + 3 and found.metadata.component is not None
    assert found.metadata.component.version == chosen_of(history).manifest.digest
    schemas = Path(cyclonedx.schema.__file__).parent / "_res"
    names = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
    parts = [(f"http://cyclonedx.org/schema/{name}", json.loads((schemas / name).read_bytes())) for name in names]
    registry = jsonschema_rs.Registry(parts)
    schema = json.loads((schemas / "bom-1.6.SNAPSHOT.schema.json").read_bytes())
    jsonschema_rs.validator_for(schema, registry=registry).validate(json.loads(data))
