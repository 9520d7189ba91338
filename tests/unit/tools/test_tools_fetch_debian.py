"""Data from a Debian package: by apt as the machine has it, checked, and left out where it cannot be had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tools.fetch import __main__ as verb
from tools.fetch import debian, items, optional
from tools.fetch.sources import FASHION, OPTIONAL, SOURCES, Source
from tools.setup.paths import SetupError

APT = """#!/bin/sh
echo "$@" >> {calls}
case "$*" in
  *update*) touch {lists} ;;
  *download*) {condition} || exit 100; touch dataset-fashion-mnist_1_all.deb ;;
esac
"""
DPKG = """#!/bin/sh
mkdir -p "$3/usr/share/datasets/fashion-mnist" && cp {files}/* "$3/usr/share/datasets/fashion-mnist"
"""


class Machine:
    """Programs of its own in front of the path, and a cache of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.calls, self.files = folder, folder / "calls", folder / "files"
        self.programs = folder / "programs"
        for place in (self.files, self.programs):
            place.mkdir()
        for name in FASHION.files:
            (self.files / name).write_bytes(name.encode())
        patch.setenv("LORANCHOR_CACHE", str(folder / "cache"))
        patch.setenv("PATH", f"{self.programs}:/usr/bin:/bin")
        patch.setattr(debian, "INSTALLED", folder / "installed")
        self._program("dpkg-deb", DPKG.format(files=self.files))

    @property
    def source(self) -> Source:
        return replace(FASHION, sha256=items.files_digest(self.files, FASHION.files))

    def apt(self, condition: str) -> None:
        """apt-get gives the package where this shell condition holds."""
        self._program("apt-get", APT.format(calls=self.calls, lists=self.folder / "lists", condition=condition))

    def asked(self) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [next(word for word in ("update", "download") if word in line) for line in lines]

    def _program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_package_is_fetched_checked_and_kept(machine: Machine) -> None:
    machine.apt("true")
    items.bring(machine.source)
    assert items.is_there(machine.source) and machine.asked() == ["download"]
    place = items.cache_dir() / FASHION.place
    assert {path.name: path.read_bytes() for path in place.iterdir()} == {n: n.encode() for n in FASHION.files}
    assert sorted(path.name for path in items.cache_dir().iterdir()) == ["data", "index.json", "logs"]


def test_a_machine_without_lists_reads_its_own_and_leaves_none(machine: Machine) -> None:
    machine.apt(f"test -e {machine.folder / 'lists'}")
    items.bring(machine.source)
    assert items.is_there(machine.source) and machine.asked() == ["download", "update", "download"]
    last = machine.calls.read_text().splitlines()[-1]
    assert f"Dir::State::Lists={items.cache_dir()}" in last


def test_what_the_machine_has_installed_is_not_fetched(machine: Machine) -> None:
    source = machine.source
    (machine.folder / "installed").mkdir()
    machine.files.rename(machine.folder / "installed" / "fashion-mnist")
    items.bring(source)
    assert items.is_there(source) and machine.asked() == []


def test_other_bytes_than_the_pinned_ones_are_refused(machine: Machine) -> None:
    machine.apt("true")
    with pytest.raises(SetupError, match="not the pinned"):
        items.bring(FASHION)
    assert not items.is_there(FASHION) and not (items.cache_dir() / "data").exists()


def test_a_package_without_the_files_is_told(machine: Machine) -> None:
    machine.apt("true")
    source = machine.source
    (machine.files / FASHION.files[2]).unlink()
    with pytest.raises(SetupError, match="came without train-images"):
        items.bring(source)


@pytest.mark.parametrize("program", ["apt-get", "dpkg-deb"])
def test_a_machine_of_another_kind_is_told(machine: Machine, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.apt("true")
    (machine.programs / program).unlink()
    monkeypatch.setenv("PATH", str(machine.programs))
    with pytest.raises(SetupError, match=f"needs {program}"):
        items.bring(machine.source)


def test_the_set_up_goes_on_without_a_mirror_and_asks_once(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    machine.apt("false")
    optional.bring_where_possible(machine.source)
    told = capfd.readouterr().err
    assert "fashion-mnist is left out, all else works" in told and "tools.fetch fashion-mnist" in told
    asked = machine.asked()
    optional.bring_where_possible(machine.source)
    assert machine.asked() == asked and "left out, as before" in capfd.readouterr().err


def test_asking_again_brings_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verb, "OPTIONAL", (machine.source,))
    machine.apt("false")
    assert verb.main(["fashion-mnist"]) == 3
    machine.apt("true")
    assert verb.main(["fashion-mnist"]) == 0 and items.is_there(machine.source)
    asked = machine.asked()
    optional.bring_where_possible(machine.source)
    assert verb.main(["fashion-mnist"]) == 0 and machine.asked() == asked
    assert "fashion-mnist is there" in capfd.readouterr().err


def test_what_only_a_benchmark_needs_is_not_among_what_tests_need() -> None:
    assert not set(OPTIONAL) & set(SOURCES)
    assert all(len(bytes.fromhex(source.sha256)) == 32 for source in OPTIONAL)


def test_the_set_up_brings_all_that_tests_need() -> None:
    from tools.setup.__main__ import TITLES

    assert set(TITLES) == set(SOURCES)
