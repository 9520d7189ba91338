"""A decision in words: what somebody reads before signing it. Plain lines, without any styling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.commitment.eip712 import MembershipChange, PauseChange, Seat
from orchestrator.governance.ceremony import Ceremony, Standing
from orchestrator.governance.decisions import AwardVoid, Decision, PayoutCapChange, RootReplacement
from orchestrator.governance.present import Present
from orchestrator.types import ZERO_DIGEST


def title_of(decision: Decision) -> str:
    """The decision in one line."""
    if isinstance(decision, MembershipChange):
        return f"change of membership to epoch {decision.epoch}"
    if isinstance(decision, PauseChange):
        return f"{'pause' if decision.paused else 'resumption'} in epoch {decision.epoch}"
    if isinstance(decision, RootReplacement):
        return f"another awards root for checkpoint {decision.sequence}"
    if isinstance(decision, AwardVoid):
        return f"voiding of {_count(len(decision.indices), 'award')} of checkpoint {decision.sequence}"
    return "another payout cap"


def describe(decision: Decision) -> list[str]:
    """Everything the decision says, without looking at any chain."""
    if isinstance(decision, MembershipChange | PauseChange):
        pair = decision.pair
        return [
            *(_membership(decision) if isinstance(decision, MembershipChange) else _pause(decision)),
            f"consortium {pair.consortium_id}",
            f"public chain {pair.public_chain_id}, contract {pair.public_address}",
            f"private chain {pair.private_chain_id}, contract {pair.private_address}",
        ]
    return [*_award(decision), f"public chain {decision.chain_id}, contract {decision.contract}"]


def difference(change: MembershipChange, present: Present) -> list[str]:
    """What the change does to the membership of one chain: who comes, goes, or gets another key."""
    before = {seat.organisation: seat.authority for seat in present.seats}
    after = {seat.organisation: seat.authority for seat in change.seats}
    lines = [f"+ {name} joins; authority {key}" for name, key in after.items() if name not in before]
    lines += [f"- {name} leaves; authority {key}" for name, key in before.items() if name not in after]
    lines += [
        f"~ {name} gets a new authority: {key} in place of {before[name]}"
        for name, key in after.items()
        if name in before and before[name] != key
    ]
    if change.quorum != present.quorum:
        lines.append(f"~ quorum {change.quorum} in place of {present.quorum}")
    if len(after) != len(before):
        lines.append(f"~ {len(after)} members in place of {len(before)}")
    return lines or ["= the same members and quorum in a new epoch"]


def progress(ceremony: Ceremony, found: Standing) -> list[str]:
    """Who has signed, who can still, and whose signatures do not count."""
    done = ", ".join(found.signed) or "nobody"
    lines = [f"signed by {done} ({len(found.signed)} of {found.quorum} needed)"]
    if found.missing:
        keys = "delegate" if ceremony.role == "delegate" else "authority"
        lines.append(f"{_count(found.missing, 'signature')} missing; the {keys} of {', '.join(found.waiting)} can sign")
    lines += [f"signature of {stranger} does not count: no present {ceremony.role}" for stranger in found.strangers]
    return lines


def _membership(change: MembershipChange) -> Iterator[str]:
    count = len(change.seats)
    yield f"from epoch {change.epoch} on the consortium has {_count(count, 'member')}, of whom {change.quorum} decide:"
    yield from _rows(change.seats)
    yield f"it freezes for ever {frozen_by(count, change.quorum)}"


def frozen_by(members: int, quorum: int) -> str:
    """What nobody can mend: with fewer authorities than the quorum, nothing can be decided any more."""
    if members == quorum:
        return f"when one of its {members} authorities is lost"
    return f"when more than {members - quorum} of its {members} authorities are lost"


def _rows(seats: Sequence[Seat]) -> Iterator[str]:
    width = max(len(seat.organisation) for seat in seats)
    return (f"  {seat.organisation:{width}}  authority {seat.authority}" for seat in seats)


def _pause(change: PauseChange) -> Iterator[str]:
    if change.paused:
        yield "no new round is opened and no checkpoint is anchored until the consortium resumes"
    else:
        yield "rounds may be opened and checkpoints anchored again"
    yield f"good in epoch {change.epoch} only, and once (nonce {change.nonce})"


def _award(decision: RootReplacement | AwardVoid | PayoutCapChange) -> Iterator[str]:
    if isinstance(decision, RootReplacement):
        yield f"awards root of checkpoint {decision.sequence}: {decision.root} in place of {decision.previous_root}"
        if decision.root == ZERO_DIGEST:
            yield "nothing is paid for this checkpoint"
    elif isinstance(decision, AwardVoid):
        listed = ", ".join(map(str, decision.indices))
        yield f"never paid under root {decision.root} of checkpoint {decision.sequence}: awards number {listed}"
    else:
        yield f"a round that is published later pays at most {decision.cap}, in place of {decision.previous_cap}"
        yield f"in the token's smallest unit; change number {decision.nonce}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
