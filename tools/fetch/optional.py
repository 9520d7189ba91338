"""Data that only a benchmark needs: asked for once, and the set-up goes on where it cannot be had."""

from __future__ import annotations

from pathlib import Path

from tools.fetch.items import bring, is_there
from tools.fetch.sources import Source
from tools.setup.command import say, step
from tools.setup.paths import SetupError, cache_dir, is_current, write_stamp


def bring_where_possible(*sources: Source) -> None:
    """What was asked for in vain is not asked for again by every set-up: :mod:`tools.fetch.__main__` does that."""
    for source in sources:
        if is_there(source):
            continue
        if is_current(_stamp(source), source.sha256):
            say(f"{source.name} is left out, as before; {_again(source)}")
            continue
        try:
            fetch(source)
        except SetupError as error:
            say(f"{str(error).splitlines()[0]}\nset-up: {source.name} is left out, all else works; {_again(source)}")


def fetch(source: Source) -> None:
    """Ask for it now.

    Raises:
        SetupError: it cannot be had, or is not what is pinned.
    """
    write_stamp(_stamp(source), source.sha256)
    with step(source.name, f"fetch-{source.name}"):
        bring(source)
    _stamp(source).unlink()


def _stamp(source: Source) -> Path:
    return cache_dir() / f".{source.name}.tried"


def _again(source: Source) -> str:
    return f"`.venv/bin/python -m tools.fetch {source.name}` tries again"
