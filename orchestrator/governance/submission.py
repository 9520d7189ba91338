"""A signed ceremony goes to both chains. Whoever pays needs no right: the signatures are what counts."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.commitment.eip712 import MembershipChange, PauseChange
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.governance.ceremony import Ceremony, Standing, standing
from orchestrator.governance.contracts import Side, Sides
from orchestrator.governance.decisions import fields_of
from orchestrator.governance.present import Present, Stage, position
from orchestrator.governance.sending import Outcome, Payer, Wanted, send_to_both


def submit(
    ceremony: Ceremony, sides: Sides, payer: Payer, *, partial: bool, told: Callable[[Outcome], None]
) -> list[Outcome]:
    """Send a change of membership or a pause to every chain that lacks it.

    Raises:
        ConfigurationError: it is a decision on awards. ProtocolError: too few signatures, another consortium's, too
            late or too early; nothing was sent then. ChainError: see :func:`send_to_both`.
    """
    decision = governing(ceremony)

    def look(side: Side) -> Wanted:
        found = position(decision, side.present)
        if found.settled:
            return Wanted(None, found.words)
        if found.stage is not Stage.OPEN:
            raise ProtocolError(f"the {side.name} chain {found.words}", mend=_MENDS[found.stage])
        signed = standing_on(ceremony, side.present)
        if signed.missing:
            raise ProtocolError(
                f"{len(signed.signed)} of {signed.quorum} signatures that the {side.name} chain needs",
                mend=f"the authority of {', '.join(signed.waiting)} can sign: `loranchor consortium sign`",
            )
        signatures = ceremony.ordered(side.present.voters("authority"))
        fields = fields_of(decision)
        if isinstance(decision, MembershipChange):
            return Wanted(side.consortium.change_membership(fields, signatures), f"is in epoch {decision.epoch} now")
        words = "is paused now" if decision.paused else "runs again"
        return Wanted(side.consortium.set_paused(fields, signatures), words)

    return send_to_both(sides, look, payer, partial=partial, told=told)


def governing(ceremony: Ceremony) -> MembershipChange | PauseChange:
    """The decision, if it is one for the Consortium contracts; ``ConfigurationError`` otherwise."""
    decision = ceremony.decision
    if not isinstance(decision, MembershipChange | PauseChange):
        raise ConfigurationError(
            f"{ceremony.kind} is a decision on awards", mend="sign and send it with `loranchor award`"
        )
    return decision


def standing_on(ceremony: Ceremony, present: Present) -> Standing:
    """Who of a chain's present members has signed."""
    return standing(ceremony, present.voters(ceremony.role), present.quorum)


_MENDS = {
    Stage.FOREIGN: "is it the right file, and are these the right chains? Nothing was sent",
    Stage.EXPIRED: "if it is still wanted, propose it anew and have it signed again; for the other chain alone: --only",
    Stage.EARLY: "submit the ceremonies in the order of their epochs",
    Stage.REFUSED: "propose it anew",
}
