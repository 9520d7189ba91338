"""The book of stages: what each stage of a member's trainings has left, so that it is not trained again.

A stage's tensors lie in ``stages/<key>.safetensors`` under the key of all that decides their bits, and what a round's
training was made of in ``<round>.json``. Private (folder 0700, files 0600), each file whole or not there, and never
pickle. Imports nothing of torch, so that a request can be planned without it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import DataError
from orchestrator.files import write_atomic
from orchestrator.types import Digest
from orchestrator.withdrawn import Withdrawn

FORMAT, VERSION = "loranchor/slice-book", 1
FOR_REPLACEMENT = 0
"""In the place of a round: stages that wait for the training that takes the place of a withdrawn one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """One stage of a round's training: its key, the ids of the samples it could see, and its steps."""

    key: Digest
    samples: tuple[Digest, ...]
    steps: int


class SliceBook:
    """Stages by key, and pages by round.

    Args:
        folder: of this book alone; made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stage(self, key: Digest) -> bytes | None:
        """What a stage has left, if it was kept."""
        try:
            return self._stage(key).read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, key: Digest, data: bytes) -> None:
        """Keep a stage. A disk that is full costs the stage, not the training."""
        try:
            self._write(self._stage(key), data)
        except OSError as error:
            _log.warning("no stage could be kept: %s", error)

    def conclude(self, round_number: int, pages: Sequence[Page]) -> None:
        """Write down what a round's training was made of, and let go of stages that no round's has.

        What was kept for a replacement goes, too: it has served, or what comes now begins elsewhere.
        """
        self._set(round_number, pages)
        self.drop([FOR_REPLACEMENT])

    def rounds(self) -> dict[int, tuple[Page, ...]]:
        """The pages of every round that is in the book, in order; what waits for a replacement first.

        Raises:
            DataError: a page is damaged.
        """
        found = (path for path in self._folder.glob("*.json") if path.stem.isdigit()) if self._folder.is_dir() else ()
        return {int(path.stem): _read(path) for path in sorted(found, key=lambda path: int(path.stem))}

    def forget(self, withdrawn: Collection[Digest]) -> tuple[int, ...]:
        """Remove the pages of rounds that saw any of these samples, with every stage that did, or came after one.

        The stages before, of the first of these rounds, have never seen them: they are kept for its replacement.

        Returns:
            The rounds.
        """
        gone, pages = set(withdrawn), self.rounds()
        touched = [number for number, own in pages.items() if len(_before(own, gone)) < len(own)]
        if touched:
            self._set(FOR_REPLACEMENT, _before(pages[touched[0]], gone))
            self.drop(number for number in touched if number != FOR_REPLACEMENT)
        return tuple(number for number in touched if number != FOR_REPLACEMENT)

    def drop(self, rounds: Iterable[int]) -> None:
        """Remove the pages of rounds, and the stages that no other round has."""
        for number in rounds:
            self._page(number).unlink(missing_ok=True)
        self._sweep()

    def _set(self, round_number: int, pages: Sequence[Page]) -> None:
        listed = [{"key": page.key, "samples": list(page.samples), "steps": page.steps} for page in pages]
        document = {"format": FORMAT, "version": VERSION, "round": round_number, "stages": listed}
        self._write(self._page(round_number), json.dumps(document).encode())

    def _sweep(self) -> None:
        used = {page.key for pages in self.rounds().values() for page in pages}
        for path in (self._folder / "stages").glob("*"):  # drafts of a killed process, too
            if Digest(path.stem) not in used:
                path.unlink(missing_ok=True)

    def _stage(self, key: Digest) -> Path:
        return self._folder / "stages" / f"{key}.safetensors"

    def _page(self, round_number: int) -> Path:
        return self._folder / f"{round_number}.json"

    def _write(self, path: Path, data: bytes) -> None:
        for folder in (self._folder, path.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(path, data, mode=0o600)


def forget_withdrawn(book: SliceBook, withdrawn: Withdrawn | None) -> None:
    """Let go of what was kept of samples that were withdrawn while they were trained on."""
    if withdrawn is not None:
        seen = {sample for pages in book.rounds().values() for page in pages for sample in page.samples}
        book.forget({sample for sample in seen if sample in withdrawn})


def _before(pages: Sequence[Page], gone: set[Digest]) -> tuple[Page, ...]:
    for place, page in enumerate(pages):
        if not gone.isdisjoint(page.samples):
            return tuple(pages[:place])
    return tuple(pages)


def _read(path: Path) -> tuple[Page, ...]:
    try:
        document: Any = json.loads(path.read_bytes())
        if (document["format"], document["version"]) != (FORMAT, VERSION):
            raise ValueError("of another format or version")
        return tuple(
            Page(Digest(item["key"]), tuple(map(Digest, item["samples"])), int(item["steps"]))
            for item in document["stages"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"the page {path.name} of the book of stages cannot be read: {error}",
            mend=f"remove {path}: the next training is then done in full",
        ) from error
