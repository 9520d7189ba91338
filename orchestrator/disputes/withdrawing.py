"""Samples that an organisation wants out: read from a file, and traced to the contributions that saw them.

Needs the private chain's state, the tasks and the home, and never the samples' texts or a model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.daemon.disk import disk_errors
from orchestrator.errors import ChainError, ConfigurationError, LoranchorError, TransactionReverted
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.contributions import Tasks, live_contributions, task_of
from orchestrator.ledger.entities import LedgerState
from orchestrator.samples import sample_id
from orchestrator.types import Digest, OrganisationId, RequestId, UpdateId
from orchestrator.withdrawn import FILE, Withdrawn
from orchestrator.worker.kept import book_of
from orchestrator.worker.slice_book import Page, SliceBook

Pages = Mapping[int, tuple[Page, ...]]
"""The book of slices, by round."""

MOST_SAMPLES = 50_000
"""So many commitments, and the contributions, fit into one canonical object."""
_ID = re.compile("0x[0-9a-f]{64}")
_NEARLY = re.compile(r"\s*(0x)?[0-9a-f]{64}\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal of samples comes to.

    Attributes:
        updates: the own contributions that saw one of them, or may have, in order; in lineage ``isolated`` with those
            that were trained on top.
        unknown: rounds of those that no book tells about. chained: rounds that others have trained on top of.
        retrained: stages that the training in place of the first of them does again, of how many; None where no book
            tells.
        samples: their ids.
    """

    samples: tuple[Digest, ...]
    updates: tuple[UpdateId, ...]
    unknown: tuple[int, ...]
    chained: tuple[int, ...]
    retrained: tuple[int, int] | None

    def document(self) -> Document:
        """The withdrawal for programs; nothing that tells a sample."""
        again, whole = self.retrained or (None, None)
        lists = {name: list(getattr(self, name)) for name in ("updates", "unknown", "chained")}
        return {"samples": len(self.samples), **lists, "slices_again": again, "slices": whole}

    def lines(self) -> list[str]:
        """What it costs, in words."""
        lines = [f"{len(self.updates)} own contributions saw the samples, or were trained on top of one that did"]
        if self.unknown:
            rounds = ", ".join(map(str, self.unknown))
            lines.append(f"no book tells what round {rounds} was trained on: it counts as having seen them")
        if self.chained:
            rounds = ", ".join(map(str, self.chained))
            lines.append(
                f"round {rounds} has lineage chained: the whole contribution goes, and what others trained on top of it"
                " stays or goes by the mode"
            )
        elif self.retrained is None:
            lines.append("the next round's training takes their place; it is trained in full")
        else:
            again, whole = self.retrained
            lines.append(f"the next round's training takes their place; it trains {again} of {whole} slices again")
        return lines


def read_samples(path: Path) -> tuple[Digest, ...]:
    """The samples that a file names, one a line: an id, or the exact text of a document of one line.

    Raises:
        ConfigurationError: the file cannot be read, a line is empty or comes twice; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # a carriage return may be part of a text
            lines = file.read().split("\n")
    except OSError as error:
        raise ConfigurationError(f"cannot read the samples in {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        place = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{path}, line {place} is not UTF-8 text", mend="save the file as UTF-8") from error
    if lines[-1] == "":
        lines.pop()
    found: dict[Digest, int] = {}
    for number, line in enumerate((item.removesuffix("\r") for item in lines), start=1):
        if not line.strip():
            raise ConfigurationError(f"{path}, line {number} is empty", mend="write a sample's id or exact text")
        if _NEARLY.fullmatch(line) and not _ID.fullmatch(line):  # as a text it would withdraw nothing
            raise ConfigurationError(f"{path}, line {number} is no id", mend="write 0x and 64 lower-case digits")
        sample = Digest(line) if _ID.fullmatch(line) else sample_id(line)
        if sample in found:
            raise ConfigurationError(f"{path}, line {number} repeats line {found[sample]}", mend="name each once")
        found[sample] = number
    if not 0 < len(found) <= MOST_SAMPLES:
        raise ConfigurationError(f"{path} names {len(found)} samples", mend=f"name 1 to {MOST_SAMPLES:,}")
    return tuple(found)


def traced_samples(
    state: LedgerState,
    tasks: Tasks,
    me: OrganisationId,
    home: Path,
    file: Path,
    updates: Sequence[str] | None = None,
    round_number: int | None = None,
    of: Sequence[str] | None = None,
) -> Withdrawal:
    """What a file of samples comes to in a home.

    Raises:
        ConfigurationError: contributions are named in another way, too; or as for :func:`read_samples` and
            :func:`withdrawal`.
        DataError: the book of slices is damaged.
    """
    if updates or of or round_number is not None:
        raise ConfigurationError("contributions are named twice", mend="use --samples, or --update, --round and --of")
    return withdrawal(state, tasks, me, read_samples(file), SliceBook(book_of(home)).rounds())


def withdrawal(
    state: LedgerState, tasks: Tasks, me: OrganisationId, samples: Sequence[Digest], pages: Pages
) -> Withdrawal:
    """Trace samples to the own live contributions that are not being revoked yet.

    Args:
        samples: in the order of the file's lines.

    Raises:
        ConfigurationError: there is no contribution, or a sample was seen by none and the books tell of all.
    """
    held = {item for found in state.revocations.values() if found.approved for item in found.updates}
    own = [
        item for item in live_contributions(state, tasks) if state.updates[item].organisation == me and item not in held
    ]
    if not own:
        raise ConfigurationError(f"{me} has no live contribution", mend="see `loranchor round status`")
    rounds = {item: state.updates[item].round for item in own}
    unknown = [number for number in rounds.values() if number not in pages]
    if not unknown:
        _check_seen(samples, [page for number in rounds.values() for page in pages[number]])
    gone = set(samples)
    seen = [item for item in own if rounds[item] not in pages or _saw(pages[rounds[item]], gone)]
    isolated = {item for item in own if task_of(state.rounds[rounds[item]], tasks).lineage == "isolated"}
    taken = tuple(item for item in own if item in seen or (item in isolated and _follows(state, tasks, item, seen)))
    chained = tuple(rounds[item] for item in taken if item not in isolated)
    first = pages.get(rounds[taken[0]])
    return Withdrawal(
        tuple(samples),
        taken,
        tuple(number for number in unknown if number in {rounds[item] for item in taken}),
        chained,
        None if first is None or chained else (len(first) - _clean(first, gone), len(first)),
    )


def withdraw(home: Path, samples: Sequence[Digest], send: Callable[[tuple[Digest, ...]], RequestId]) -> RequestId:
    """Put samples on the home's list, ask, and let go of what was kept of them: all of it, or nothing.

    The list comes first, so that no training can use them once the request is on the chain. Where it is not known
    whether the request has arrived, the samples stay on the list.

    Args:
        send: records a request with these commitments.

    Raises:
        LoranchorError: as ``send`` raised it.
    """
    former = Withdrawn.read(home)
    listed = (former or Withdrawn.empty()).with_samples(samples)
    with disk_errors():
        listed.write(home)
    try:
        request = send(tuple(sorted(map(listed.commitment, samples))))
    except LoranchorError as error:
        if isinstance(error, TransactionReverted) or not isinstance(error, ChainError):
            _restore(home, former)
        raise
    SliceBook(book_of(home)).forget(samples)
    return request


def _restore(home: Path, former: Withdrawn | None) -> None:
    if former is None:
        (home / FILE).unlink(missing_ok=True)
    else:
        former.write(home)


def _check_seen(samples: Sequence[Digest], pages: Sequence[Page]) -> None:
    known = {sample for page in pages for sample in page.samples}
    for number, sample in enumerate(samples, start=1):
        if sample not in known:
            raise ConfigurationError(
                f"line {number} of the samples is nothing that a live contribution was trained on",
                mend="write the exact text of a training document, or its id",
            )


def _follows(state: LedgerState, tasks: Tasks, item: UpdateId, seen: Sequence[UpdateId]) -> bool:
    """Whether an own contribution was trained on top of one of these."""
    mine = state.rounds[state.updates[item].round]
    base = task_of(mine, tasks).base.digest
    earlier = (state.rounds[state.updates[other].round] for other in seen)
    return any(other.id < mine.id and task_of(other, tasks).base.digest == base for other in earlier)


def _saw(pages: Sequence[Page], gone: set[Digest]) -> bool:
    return _clean(pages, gone) < len(pages)


def _clean(pages: Sequence[Page], gone: set[Digest]) -> int:
    return next((place for place, page in enumerate(pages) if not gone.isdisjoint(page.samples)), len(pages))
