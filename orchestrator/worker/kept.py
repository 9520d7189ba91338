"""Where checkpoints of trainings lie, and how they go. Imports nothing of torch: the daemon removes them."""

from __future__ import annotations

from pathlib import Path

FOLDER = "training"
"""In an organisation's home; private, because a checkpoint holds what no policy has protected yet."""


def folder_of(home: Path) -> Path:
    return home / FOLDER


def book_of(home: Path) -> Path:
    """Where the book of stages of trainings in slices lies."""
    return home / "slices"


def checkpoint_path(folder: Path, round_number: int) -> Path:
    return folder / f"{round_number}.safetensors"


def discard(folder: Path, *, round_number: int | None = None, but: int | None = None) -> None:
    """Remove checkpoints, and drafts that a killed process has left.

    Args:
        round_number: of this round; of all rounds by default. but: except those of this round.
    """
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        of = _round_of(path)
        if of is not None and of != but and round_number in (None, of):
            path.unlink(missing_ok=True)


def _round_of(path: Path) -> int | None:
    number, dot, rest = path.name.lstrip(".").partition(".")
    return int(number) if dot and number.isdigit() and rest.startswith("safetensors") else None
