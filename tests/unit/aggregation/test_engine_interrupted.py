"""A fold that is killed goes on after its whole shards; one that fails leaves no half-written file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.aggregation import shards
from orchestrator.aggregation.engine import fold_folder
from orchestrator.aggregation.source import DeltaSource, MappedFile, Source
from orchestrator.errors import DataError, LoranchorError
from orchestrator.types import UpdateId
from tests.unit.aggregation.folders import base_folder, held, plain, sealed, stored
from tests.unit.aggregation.make import contributions, entries_of

ROOT = Path(__file__).parents[3]
DEADLINE = 120


def test_after_sigkill_it_goes_on_where_it_was(tmp_path: Path) -> None:
    deltas = contributions(rounds=2)
    entries, out = entries_of(list(deltas)), tmp_path / "out"
    base_folder(tmp_path / "base")
    sources = plain(deltas, tmp_path / "updates")
    command = [sys.executable, "-m", "tests.unit.aggregation.slow_fold", tmp_path / "base", tmp_path / "updates", out]
    child = subprocess.Popen(command, cwd=ROOT)
    try:
        first = wait_for(lambda: list(out.glob("*.safetensors")))[0]
        wait_for(lambda: list(out.glob(".*.part")))
    finally:
        child.kill()
        child.wait()
    state = first.stat()
    assert not (out / "loranchor-fold.json").exists()

    base = stored(tmp_path / "base")
    report = fold_folder(base, entries, sources, out, threads=1)
    assert report.made == 1, "the whole shard was kept"
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (state.st_ino, state.st_mtime_ns)
    straight = fold_folder(base, entries, sources, tmp_path / "straight", threads=1)
    assert report.shards == straight.shards
    assert sorted(path.name for path in out.iterdir()) == sorted(
        path.name for path in (tmp_path / "straight").iterdir()
    )


def test_killed_between_a_shard_and_its_record_it_goes_on_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each of the moments at which the record is written, as if the process ended there."""
    deltas = contributions(rounds=1)
    entries, base = entries_of(list(deltas)), stored(base_folder(tmp_path / "base"))
    straight = fold_folder(base, entries, held(deltas), tmp_path / "straight")
    writes = 0
    honest = shards.write_json
    for moment in range(1, 6):
        writes = 0

        def dying(path: Path, document: object, last: int = moment) -> None:
            nonlocal writes
            writes += 1
            if writes == last:
                raise KeyboardInterrupt
            honest(path, document)

        out = tmp_path / f"out{moment}"
        with monkeypatch.context() as patch:
            patch.setattr(shards, "write_json", dying)
            with pytest.raises(KeyboardInterrupt):
                fold_folder(base, entries, held(deltas), out)
        assert fold_folder(base, entries, held(deltas), out).shards == straight.shards
        assert sorted(leftovers(out)) == sorted(leftovers(tmp_path / "straight"))
    assert writes == 5, "the record was written so many times in all"


def wait_for(look: Callable[[], list[Path]]) -> list[Path]:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("the fold made nothing to look at")


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


@pytest.mark.parametrize(
    ("make", "way", "message"),
    [
        (plain, "flipped", "recorded is"),
        (plain, "truncated", r"shorter than|not the canonical bytes|within the file"),
        (plain, "empty", "0 bytes are no safetensors"),
        (sealed, "flipped", "tampered"),
    ],
)
def test_a_damaged_contribution_stops_the_fold_before_a_shard_is_written(
    tmp_path: Path, make: Callable[..., dict[UpdateId, Source]], way: str, message: str
) -> None:
    deltas = contributions(rounds=1)
    sources = make(deltas, tmp_path / "updates")
    victim = tmp_path / "updates" / "1-borealis"
    if way == "flipped":
        overwrite(victim, range(len(victim.read_bytes()) // 2, len(victim.read_bytes()), 500))
    else:
        data = victim.read_bytes()
        victim.unlink()  # the old one is mapped: a file that shrinks under a map kills the process
        victim.write_bytes(data[: len(data) // 2] if way == "truncated" else b"")
        sources[UpdateId("1-borealis")] = DeltaSource(MappedFile(victim))
    with pytest.raises(LoranchorError, match=message):
        fold_folder(stored(base_folder(tmp_path / "base")), entries_of(list(deltas)), sources, tmp_path / "out")
    assert leftovers(tmp_path / "out") == []


def overwrite(file: Path, places: range) -> None:
    """Flip a bit at some places of a file, also for those who have mapped it."""
    data = bytearray(file.read_bytes())
    for place in places:
        data[place] ^= 1
    with file.open("r+b") as handle:
        handle.write(data)


def test_a_contribution_that_breaks_under_way_leaves_whole_shards_only(tmp_path: Path) -> None:
    """Sealed chunks prove genuine each time they are read, also after the first pass."""
    deltas = contributions(rounds=1)
    sources = sealed(deltas, tmp_path / "updates")

    class Breaking(DeltaSource):
        def prove(self) -> None:
            super().prove()
            victim = tmp_path / "updates" / "1-borealis"
            overwrite(victim, range(20, victim.stat().st_size, 500))

    sources[UpdateId("1-borealis")].__class__ = Breaking
    with pytest.raises(LoranchorError, match="tampered"):
        fold_folder(stored(base_folder(tmp_path / "base")), entries_of(list(deltas)), sources, tmp_path / "out")
    assert leftovers(tmp_path / "out") == [".loranchor-fold.json"], "no shard, no draft, and nothing in the record"


@pytest.mark.parametrize("cut", [4, 40, 3000])
def test_a_damaged_base_is_told_in_one_line(tmp_path: Path, cut: int) -> None:
    folder = base_folder(tmp_path / "base")
    victim = sorted(folder.iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"damaged|cut short"):
        stored(folder)


def test_other_peoples_files_are_not_overwritten(tmp_path: Path) -> None:
    deltas = contributions(rounds=1)
    base = stored(base_folder(tmp_path / "base"))
    with pytest.raises(DataError, match="another origin"):
        fold_folder(base, entries_of(list(deltas)), held(deltas), tmp_path / "base")
    assert len(list((tmp_path / "base").iterdir())) == 2
