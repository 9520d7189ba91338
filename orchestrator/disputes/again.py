"""How far the rounds have come that a revocation asks for: a replay's, and those in which a heal recovers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.errors import ChainError, FormatError, ProtocolError, StorageError
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.entities import LedgerState, Mode
from orchestrator.ledger.replays import rounds_since, trained_again
from orchestrator.types import RequestId


def progress_of(state: LedgerState, tasks: Callable[[], Tasks]) -> Mapping[RequestId, Document]:
    """Of each ``replay`` and ``heal`` in effect, ``needed``, ``done`` and ``left``.

    Args:
        tasks: fetches those of all rounds that contributed; asked only where such a revocation is in effect.

    Returns:
        ``needed``: the members of each round to be trained again. ``done``: rounds closed since in their place, each
        with the members ``missing`` in it; with ``heal`` every round since. ``left``: rounds that are still to come.
        Only ``problem`` where the tasks are not to be had.
    """
    asking = [item for item in state.revocations.values() if item.effective is not None and item.mode is not Mode.DROP]
    if not asking:
        return {}
    try:
        known = tasks()
        found = trained_again(state, known)
        return {
            item.id: {
                "needed": [list(members) for members in found[item.id].needed],
                "done": [{"round": one.round, "missing": list(one.missing)} for one in found[item.id].done]
                if item.mode is Mode.REPLAY
                else [{"round": number, "missing": []} for number in rounds_since(state, item, known)],
                "left": found[item.id].left,
            }
            for item in asking
        }
    except (StorageError, FormatError, ProtocolError, ChainError) as error:
        return {item.id: {"problem": error.message} for item in asking}


def words_of(mode: Mode, progress: Document) -> str:
    """The same in a sentence."""
    if "problem" in progress:
        return f"which rounds are to be trained again is not known here: {progress['problem']}"
    done = ", ".join(_round(item["round"], item["missing"]) for item in progress["done"])
    if mode is Mode.HEAL:
        return f"rounds of recovery since: {done or 'none yet'}"
    count = len(progress["needed"])
    if not count:
        return "no round is to be trained again"
    told = f"{count} round{' is' if count == 1 else 's are'} to be trained again; since then: {done or 'none'}"
    return f"{told}; {progress['left']} left" if progress["left"] else told


def _round(number: int, missing: list[str]) -> str:
    return f"round {number}, without {' and '.join(missing)}" if missing else f"round {number}"
