"""Every verb of the command line, as it is mounted: tests that go over all of them list none by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from orchestrator.cli import app


def verbs(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Groups and verbs, by the words that lead to them; the command line itself, ``()``, comes first."""
    command = command or typer.main.get_command(app)
    yield path
    for name, sub in getattr(command, "commands", {}).items():
        yield from verbs(sub, (*path, name))


def leaves() -> list[tuple[str, ...]]:
    """Only what does something: no groups."""
    found = list(verbs())
    return [path for path in found if not any(other[: len(path)] == path != other for other in found)]
