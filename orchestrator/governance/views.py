"""The consortium and its ceremonies as people and programs see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.commitment.eip712 import MembershipChange, PauseChange
from orchestrator.governance.ceremony import Ceremony, Standing
from orchestrator.governance.contracts import Sides
from orchestrator.governance.drift import Drift, drift, older_pauses
from orchestrator.governance.present import Present, Stage, position
from orchestrator.governance.seats import NO_ADDRESS
from orchestrator.governance.submission import standing_on
from orchestrator.governance.wording import describe, difference, frozen_by, progress, title_of


def consortium_document(sides: Sides) -> dict[str, Any]:
    """For programs: each chain, or why it could not be read, every drift, and what may be worth a look."""
    return {
        **{present.side: _side_document(present) for present in sides.presents},
        **{name: {"error": error.message, "mend": error.mend} for name, error in sides.failed.items()},
        "drift": [{"name": item.name, "message": item.words, "mend": item.mend} for item in drifts(sides)],
        "hints": [{"name": item.name, "message": item.words, "mend": item.mend} for item in hints(sides)],
    }


def drifts(sides: Sides) -> tuple[Drift, ...]:
    """Every difference; none while one of the chains does not answer."""
    return () if sides.failed else drift(*(side.present for side in sides.both()))


def hints(sides: Sides) -> tuple[Drift, ...]:
    """What holds nothing up and may be harmless; none while one of the chains does not answer."""
    return () if sides.failed else older_pauses(*(side.present for side in sides.both()))


def consortium_lines(sides: Sides) -> Iterator[str]:
    """For people: both chains side by side, members, and what they disagree on."""
    presents = sides.presents
    if presents:
        yield f"consortium {presents[0].consortium_id}"
        yield from _columns(presents)
        same = all(present.members == presents[0].members for present in presents)
        for present in presents[:1] if same else presents:
            yield "members" if same else f"members on the {present.side} chain"
            yield from _members(present)
    found = drifts(sides)
    for kind, items in (("DRIFT", found), ("HINT", hints(sides))):
        for item in items:
            yield f"{kind} ({item.name}): {item.words}"
            yield f"  {item.mend}"
    if len(presents) == 2 and not found:
        yield f"The two chains agree. The consortium freezes {frozen_by(len(presents[0].members), presents[0].quorum)}."


def ceremony_document(ceremony: Ceremony, sides: Sides | None) -> dict[str, Any]:
    """For programs: the ceremony, and where it stands on each chain."""
    rows = {present.side: _standing_document(ceremony, present) for present in _asked(ceremony, sides)}
    words = [title_of(ceremony.decision), *_words(ceremony, sides)]
    return {"ceremony": ceremony.document(), "words": words, "chains": rows}


def ceremony_lines(ceremony: Ceremony, sides: Sides | None) -> Iterator[str]:
    """For people: what is decided, and who has signed."""
    asked = _asked(ceremony, sides)
    yield f"{title_of(ceremony.decision)}, signed by {'delegates' if ceremony.role == 'delegate' else 'authorities'}"
    yield from (f"  {line}" for line in _words(ceremony, sides))
    yield f"digest {ceremony.digest}"
    for present in asked:
        if isinstance(ceremony.decision, MembershipChange | PauseChange):
            yield f"the {present.side} chain {position(ceremony.decision, present).words}"
    if sides is not None:
        yield from (f"the {name} chain is not looked at: {error.message}" for name, error in sides.failed.items())
    if not asked:
        yield "not compared with any chain"
        yield from (f"signature of {signer}" for signer in ceremony.signatures)
        return
    yield from _counted(ceremony, asked)


def counted(ceremony: Ceremony, sides: Sides) -> Iterator[str]:
    """Who has signed and how many are missing, on each chain where they differ."""
    return _counted(ceremony, _asked(ceremony, sides))


def _counted(ceremony: Ceremony, asked: list[Present]) -> Iterator[str]:
    standings = {present.side: standing_on(ceremony, present) for present in asked if _still(ceremony, present)}
    if len(set(standings.values())) == 1:
        yield from progress(ceremony, next(iter(standings.values())))
        return
    for side, found in standings.items():
        yield from (f"{side} chain: {line}" for line in progress(ceremony, found))


def _still(ceremony: Ceremony, present: Present) -> bool:
    """Whether signatures matter on a chain: not where it has the decision, or will never take it."""
    decision = ceremony.decision
    if not isinstance(decision, MembershipChange | PauseChange):
        return True
    return position(decision, present).stage in (Stage.OPEN, Stage.EARLY)


def _asked(ceremony: Ceremony, sides: Sides | None) -> list[Present]:
    """The chains whose word counts: both for governance, the public one for awards."""
    if sides is None:
        return []
    governs = isinstance(ceremony.decision, MembershipChange | PauseChange)
    return [present for present in sides.presents if governs or present.side == "public"]


def _words(ceremony: Ceremony, sides: Sides | None) -> Iterator[str]:
    decision, asked = ceremony.decision, _asked(ceremony, sides)
    if isinstance(decision, MembershipChange):
        # a chain that has the change already would show no difference
        before = [present for present in asked if present.epoch < decision.epoch]
        lines = {tuple(difference(decision, present)): present.side for present in before}
        for found, side in lines.items():
            yield from (line if len(lines) == 1 else f"{side} chain: {line}" for line in found)
        yield from dict.fromkeys(_hot(decision, sides) if sides is not None else ())
    yield from describe(decision)


def _hot(change: MembershipChange, sides: Sides) -> Iterator[str]:
    """New authorities that are, or were, somebody's delegate: named so by somebody else, or no cold keys."""
    for side in sides.found.values():
        old, present = side.present.voters("authority"), side.present.voters("delegate")
        for seat in change.seats if side.present.epoch < change.epoch else ():
            if seat.authority in old or not (owner := side.consortium.former_organisation_of(seat.authority)):
                continue
            loses = f"; {owner} has no delegate afterwards" if seat.authority in present else ""
            named = f"! {owner} has named {seat.authority} its delegate{loses}"
            yield f"{named}. Does {seat.organisation} alone hold its key?"


def _standing_document(ceremony: Ceremony, present: Present) -> dict[str, Any]:
    found: Standing = standing_on(ceremony, present)
    document: dict[str, Any] = {
        "signed": list(found.signed),
        "waiting": list(found.waiting),
        "strangers": list(found.strangers),
        "quorum": found.quorum,
        "missing": found.missing,
    }
    if isinstance(ceremony.decision, MembershipChange | PauseChange):
        at = position(ceremony.decision, present)
        document |= {"stage": at.stage.value, "message": at.words}
    return document


def _side_document(present: Present) -> dict[str, Any]:
    return {
        "chain_id": present.chain_id,
        "contract": present.address,
        "consortium_id": present.consortium_id,
        "bound": present.pair is not None,
        "epoch": present.epoch,
        "quorum": present.quorum,
        "paused": present.paused,
        "consortium_digest": present.digest,
        "members": [
            {
                "organisation": member.organisation,
                "authority": member.authority,
                "delegate": None if member.delegate == NO_ADDRESS else member.delegate,
            }
            for member in present.members
        ],
    }


def _columns(presents: list[Present]) -> Iterator[str]:
    rows: list[tuple[str, list[str]]] = [
        ("chain", [f"{present.side}, id {present.chain_id}" for present in presents]),
        ("epoch", [str(present.epoch) for present in presents]),
        ("quorum", [f"{present.quorum} of {len(present.members)}" for present in presents]),
        ("state", ["paused" if present.paused else "running" for present in presents]),
        ("contract", [present.address for present in presents]),
        ("digest", [f"{present.digest[:18]}…{present.digest[-8:]}" for present in presents]),
    ]
    return (f"  {label:10}" + "".join(f"{value:46}" for value in values).rstrip() for label, values in rows)


def _members(present: Present) -> Iterator[str]:
    width = max(len(member.organisation) for member in present.members)
    for member in present.members:
        delegate = "none" if member.delegate == NO_ADDRESS else member.delegate
        yield f"  {member.organisation:{width}}  authority {member.authority}  delegate {delegate}"
