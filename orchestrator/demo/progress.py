"""What a person sees while a demo runs: one line for each organisation, kept up to date."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

_WIDTH = 24


class Board:
    """A live table of what each organisation's daemon says it is doing; plain lines where there is no terminal."""

    def __init__(self, console: Console, homes: dict[str, Path]) -> None:
        self._console, self._homes = console, homes
        self._live: Live | None = None
        self._last: dict[str, str] = {}

    def __enter__(self) -> Board:
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def refresh(self, headline: str) -> None:
        """Show the present status of everybody under ``headline``."""
        table = Table.grid(padding=(0, 2))
        for name, home in self._homes.items():
            text, bar = describe(_status(home))
            table.add_row("", name, bar, text)
            if self._live is None and text.split(",")[0] != self._last.get(name):
                self._last[name] = text.split(",")[0]
                self._console.print(f"    {name}: {text}", highlight=False)
        if self._live is not None:
            whole = Table.grid()
            whole.add_row(headline)
            whole.add_row(table)
            self._live.update(whole)


def describe(status: dict[str, object]) -> tuple[str, str]:
    """What a status says, and its progress bar."""
    stage, steps = str(status.get("stage", "starting")), status.get("steps")
    where = f" round {status['round']}" if "round" in status else ""
    if not isinstance(steps, int) or not steps:
        return f"{stage}{where}", ""
    step = int(str(status.get("step", 0)))
    full = _WIDTH * step // steps
    return f"{stage}{where}, step {step} of {steps}", "█" * full + "░" * (_WIDTH - full)


def _status(home: Path) -> dict[str, object]:
    path = home / "status.json"
    if not path.exists():
        return {}
    return dict(json.loads(path.read_text()))
