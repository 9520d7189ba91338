"""Steps that should have been taken by the blocks that were read, each in a sentence and with where to look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.audit.site.material import Material
from orchestrator.chain.public_events import AwardsPublication
from orchestrator.ledger.entities import LedgerState, Round
from orchestrator.ledger.revocations import receipts_missing
from orchestrator.types import ZERO_DIGEST


def overdue_steps(material: Material) -> list[dict[str, Any]]:
    """All of them, by topic."""
    found = (*_checkpoints(material), *_rounds(material), *_revocations(material.state), *_awards(material))
    return [{"kind": kind, "text": text, "route": route} for kind, text, route in found]


def _checkpoints(material: Material) -> Iterator[tuple[str, str, str]]:
    anchored = {item.sequence for item in material.anchored}
    for cut in material.cuts:
        if (number := cut.due.sequence) not in anchored:
            text = f"Checkpoint {number} fell due in private block {cut.due.block} and is not anchored."
            yield "checkpoint", text, f"#/checkpoint/{number}"


def last_block(round_: Round) -> int:
    """The last private block of a round's last phase, at the latest."""
    opening = round_.opening
    phases = opening.submit_blocks + opening.release_blocks + opening.commit_blocks + opening.reveal_blocks
    return round_.opened.block + phases


def _rounds(material: Material) -> Iterator[tuple[str, str, str]]:
    number = material.state.open_round
    if number is None:
        return
    end = last_block(material.state.rounds[number])
    if material.private.block > end:
        yield "round", f"Round {number} is open, and its last phase ended with block {end}.", f"#/round/{number}"


def _revocations(state: LedgerState) -> Iterator[tuple[str, str, str]]:
    for revocation in state.revocations.values():
        route = f"#/revocation/{revocation.id}"
        if revocation.approved is not None and revocation.replacement is None:
            yield "revocation", "An approved revocation has no new manifest, and no round opens before it has.", route
        elif revocation.replacement is not None and revocation.certificate is None:
            yield "revocation", "A revocation took effect and is not certified.", route
        elif revocation.certificate is not None and not revocation.shredded:
            names = ", ".join(receipts_missing(state, revocation)) or "nobody"
            yield "shredding", f"A certified revocation is not shredded: there is no receipt of {names}.", route


def _awards(material: Material) -> Iterator[tuple[str, str, str]]:
    published = {item.sequence for item in material.award_events if isinstance(item, AwardsPublication)}
    for item in material.anchored:
        if item.checkpoint.awards_root != ZERO_DIGEST and item.sequence not in published:
            text = f"The awards of checkpoint {item.sequence} are anchored and not published."
            yield "awards", text, f"#/checkpoint/{item.sequence}"
