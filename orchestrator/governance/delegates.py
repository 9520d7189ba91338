"""What an authority does alone and at once: give its organisation another delegate on both chains, or none."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.errors import ConfigurationError, KeystoreError, ProtocolError
from orchestrator.governance.contracts import Side, Sides
from orchestrator.governance.seats import NO_ADDRESS
from orchestrator.governance.sending import Outcome, Payer, Wanted, send_to_both
from orchestrator.ledger.entities import Member
from orchestrator.types import Address, OrganisationId


def name_delegate(
    sides: Sides,
    me: OrganisationId,
    delegate: Address,
    payer: Payer,
    *,
    partial: bool,
    told: Callable[[Outcome], None],
) -> list[Outcome]:
    """Make ``delegate`` the delegate of ``me`` on every chain where it is not yet.

    Raises:
        KeystoreError: the payer is not the authority. ConfigurationError: ``me`` is no member.
        ProtocolError: the address cannot be a delegate. ChainError: see :func:`send_to_both`.
    """

    def look(side: Side) -> Wanted:
        member = seat_of(side, me, payer.signer.address)
        if member.delegate == delegate:
            return Wanted(None, f"has delegate {delegate} already")
        _demand_unused(side, delegate)
        return Wanted(side.consortium.rotate_delegate(me, delegate), f"has delegate {delegate} now")

    return send_to_both(sides, look, payer, partial=partial, told=told)


def revoke_delegate(
    sides: Sides, me: OrganisationId, payer: Payer, *, partial: bool, told: Callable[[Outcome], None]
) -> list[Outcome]:
    """Take the delegate of ``me`` away on every chain; raises as :func:`name_delegate`."""

    def look(side: Side) -> Wanted:
        if seat_of(side, me, payer.signer.address).delegate == NO_ADDRESS:
            return Wanted(None, f"has no delegate of {me} already")
        return Wanted(side.consortium.revoke_delegate(me), f"has no delegate of {me} any more")

    return send_to_both(sides, look, payer, partial=partial, told=told)


def check_authority(sides: Sides, me: OrganisationId, authority: Address) -> None:
    """Refuse whoever is not the authority on a chain that answers; raises as :func:`seat_of`."""
    for side in sides.found.values():
        seat_of(side, me, authority)


def seat_of(side: Side, me: OrganisationId, authority: Address) -> Member:
    """The organisation's seat on one chain, which ``authority`` must be that of."""
    member = side.present.member(me)
    if member is None:
        raise ConfigurationError(
            f"{me} is no member on the {side.name} chain", mend="its members add it: `loranchor consortium propose`"
        )
    if member.authority != authority:
        raise KeystoreError(
            f"{authority} is not the authority of {me} on the {side.name} chain, {member.authority} is",
            mend="use the home or the key file of that authority",
        )
    return member


def unusable(sides: Sides, me: OrganisationId, delegate: Address) -> str:
    """Why an address can never be the delegate of ``me`` on some chain that answers; empty where it is or can be."""
    for side in sides.found.values():
        member = side.present.member(me)
        if member is not None and member.delegate == delegate:
            continue
        if words := _used(side, delegate):
            return words
    return ""


def _demand_unused(side: Side, delegate: Address) -> None:
    if words := _used(side, delegate):
        raise ProtocolError(words, mend="make a new key: `loranchor consortium delegate rotate`")


def _used(side: Side, delegate: Address) -> str:
    """As the contract demands, in words: an address is a delegate once in its life, and never an authority."""
    if former := side.consortium.former_organisation_of(delegate):
        return f"{delegate} was a delegate of {former} before and cannot be one again on the {side.name} chain"
    if owner := side.present.voters("authority").get(delegate):
        return f"{delegate} is the authority of {owner} and cannot be a delegate"
    return ""
