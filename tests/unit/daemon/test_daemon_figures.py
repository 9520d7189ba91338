"""Figures of a home, as threads write them."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from orchestrator.daemon.figures import Figures


def test_figures_are_whole_when_two_threads_write_them(tmp_path: Path) -> None:
    figures, errors = Figures(tmp_path), []

    def write(name: str) -> None:
        try:
            for number in range(40):
                figures.held_out(f"{name}/{number}", 1.0, 1)
        except RuntimeError as error:  # a dictionary that changed while it was written
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(json.loads((tmp_path / "figures.json").read_text())["held_out"]) == 80
    assert Figures(tmp_path).has("one/39") and not Figures(tmp_path).has("one/40")
