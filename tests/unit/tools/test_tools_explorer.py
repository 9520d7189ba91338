"""The page's build and its browser: what is current is left alone, what cannot be had is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tools.setup import browser, explorer
from tools.setup.paths import SetupError


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of a page, whose npm writes what it would build."""
    folder = tmp_path / "tools" / "explorer"
    (folder / "src").mkdir(parents=True)
    for name in (*explorer._KEPT, "src/main.ts"):
        (folder / name).write_text(name)
    monkeypatch.setattr(explorer, "ROOT", tmp_path)
    monkeypatch.setattr(explorer, "SOURCES", folder)
    monkeypatch.setattr(explorer, "PAGE", tmp_path / "orchestrator" / "page")
    monkeypatch.setattr(explorer, "LIBRARY", tmp_path / "build" / "library")
    return folder


@pytest.fixture
def calls(sources: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []

    def run(_: str, command: Sequence[str], **__: Any) -> None:
        made.append(command[-1])
        for place in (explorer.PAGE / "index.html", explorer.LIBRARY / "verify.mjs"):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()

    monkeypatch.setattr(explorer, "run_logged", run)
    return made


def test_a_second_run_does_nothing(calls: list[str]) -> None:
    explorer.build_explorer()
    assert calls == ["--no-fund", "build", "library"]
    explorer.build_explorer()
    assert len(calls) == 3


@pytest.mark.parametrize("changed", ["src/main.ts", "vite.config.ts", "index.html"])
def test_it_is_built_again_when_a_source_changes(sources: Path, calls: list[str], changed: str) -> None:
    explorer.build_explorer()
    (sources / changed).write_text("other")
    explorer.build_explorer()
    assert calls[3:] == ["build", "library"]


def test_a_page_that_went_away_is_built_again_and_old_files_leave_the_wheel(calls: list[str], tmp_path: Path) -> None:
    explorer.build_explorer()
    (explorer.PAGE / "index.html").unlink()
    old = tmp_path / "build" / "lib" / "orchestrator" / "page" / "old.js"
    old.parent.mkdir(parents=True)
    old.touch()
    explorer.build_explorer()
    assert calls[3:] == ["build", "library"]
    assert not old.exists()


def test_other_modules_are_installed_again(sources: Path, calls: list[str]) -> None:
    explorer.build_explorer()
    (sources / "package-lock.json").write_text("other")
    explorer.build_explorer()
    assert calls[3:] == ["--no-fund", "build", "library"]


def test_a_browser_that_is_there_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "run_logged", lambda *_, **__: pytest.fail("nothing is to be installed"))
    monkeypatch.setenv("LORANCHOR_CHROMIUM", "/opt/mine")
    assert browser.chromium() == "/opt/mine"
    browser.bring_browser()


def test_without_one_and_without_apt_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LORANCHOR_CHROMIUM", raising=False)
    monkeypatch.setattr(browser.shutil, "which", lambda _: None)
    with pytest.raises(SetupError, match="apt-get install chromium"):
        browser.bring_browser()
