"""Checks of the consortium on both chains, and of this organisation's place in it."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.fees import fees_for
from orchestrator.chain.links import check_pair
from orchestrator.chain.structs import Member
from orchestrator.diagnosis.finding import Check, from_error, guarded
from orchestrator.errors import LoranchorError
from orchestrator.organisation import Organisation
from orchestrator.settings import Settings
from orchestrator.types import Address

FEW_TRANSACTIONS = 5_000_000
"""Gas of some transactions: below what they cost, an account is nearly empty."""
ETHER = 10**18
NOBODY = Address("0x" + "00" * 20)
Contracts = PublicContracts | PrivateContracts


def consortium(settings: Settings, public: PublicContracts, private: PrivateContracts) -> Iterator[Check]:
    """Everything about the consortium, and with a home about this member."""
    yield _pair(public, private)
    organisation = settings.organisation
    yield guarded("consortium", lambda: _membership(organisation, public, private))
    yield guarded("quorum", lambda: _quorum(private.consortium.members(), private.consortium.quorum()))
    yield guarded("paused", lambda: _paused(public, private))
    if organisation is None:
        return
    yield guarded("public balance", lambda: _balance("public", public, organisation))
    yield guarded("private balance", lambda: _balance("private", private, organisation))
    yield guarded("prekeys", lambda: _prekeys(organisation, private))
    yield guarded("second daemon", lambda: _second_daemon(organisation, private))


def _pair(public: PublicContracts, private: PrivateContracts) -> Check:
    """The contracts of each chain name the other one."""
    try:
        check_pair(public.consortium, private.consortium, public.anchor)
    except LoranchorError as error:
        return from_error("pair", error)
    return Check("pair", "ok", "the contracts of both chains name each other")


def _membership(organisation: Organisation | None, public: PublicContracts, private: PrivateContracts) -> Check:
    """Both chains name the same consortium, and this organisation is in it with its present delegate."""
    if public.consortium.consortium_id() != private.consortium.consortium_id():
        return Check("consortium", "broken", "the two chains have different consortia", "check the deployment files")
    if public.consortium.current() != private.consortium.current():
        told = "the two chains have different members, quorum or epoch"
        return Check("consortium", "warning", told, "`loranchor consortium show` says what mends it")
    members = private.consortium.members()
    present = f"{len(members)} members, quorum {private.consortium.quorum()}, epoch {private.consortium.epoch()}"
    if organisation is None:
        return Check("consortium", "ok", present)
    seat = next((member for member in members if member.organisation == organisation.name), None)
    if seat is None:
        return Check("consortium", "broken", f"{organisation.name} is not a member", "ask the members to add it")
    if seat.delegate != organisation.delegate:
        told = f"the delegate of {organisation.name} is {seat.delegate}, this home has {organisation.delegate}"
        return Check("consortium", "broken", told, "rotate the delegate, or use the home that holds it")
    return Check("consortium", "ok", f"{organisation.name} is one of {present}")


def _quorum(members: tuple[Member, ...], quorum: int) -> Check:
    """Enough members have a delegate that can sign."""
    silent = [member.organisation for member in members if member.delegate == NOBODY]
    able = len(members) - len(silent)
    if able < quorum:
        told = f"{able} members have a delegate, the quorum is {quorum}: nothing can be anchored or certified"
        mend = f"the authority of {', '.join(silent)} names one: `loranchor consortium delegate name`"
        return Check("quorum", "broken", told, mend)
    if silent:
        told = f"{', '.join(silent)} has no delegate; {able} that have one are enough for the quorum of {quorum}"
        return Check("quorum", "warning", told, "its authority names one: `loranchor consortium delegate name`")
    return Check("quorum", "ok", f"all {able} members have a delegate, the quorum is {quorum}")


def _paused(public: PublicContracts, private: PrivateContracts) -> Check:
    paused = [name for name, side in (("public", public), ("private", private)) if side.consortium.paused()]
    if paused:
        told = f"the consortium is paused on the {' and the '.join(paused)} chain"
        mend = "a quorum of authorities resumes it: `loranchor consortium propose --resume`"
        return Check("paused", "warning", told, mend)
    return Check("paused", "ok", "the consortium is not paused")


def _balance(side: str, contracts: Contracts, organisation: Organisation) -> Check:
    """The delegate can pay for its transactions."""
    name, chain, delegate = f"{side} balance", contracts.consortium.chain, organisation.delegate
    price = max(fees_for(chain).fields.get(key, 0) for key in ("maxFeePerGas", "gasPrice"))
    balance = chain.balance(delegate)
    if not price:
        return Check(name, "ok", "gas is free on this chain")
    found = f"delegate {delegate} has {balance / ETHER:.4g} ether"
    mend = f"`loranchor consortium fund --to {delegate} --chain {side}` by a member that has some"
    if not balance:
        return Check(name, "broken", f"{found}, and gas costs {price / 10**9:.4g} gwei", mend)
    if balance < price * FEW_TRANSACTIONS:
        return Check(name, "warning", f"{found}, enough for {balance // price:,} gas", mend)
    return Check(name, "ok", found)


def _prekeys(organisation: Organisation, private: PrivateContracts) -> Check:
    """A round that opens now is sealed to this member."""
    unused = private.keys.unused_prekeys(organisation.name)
    if not unused:
        told = f"{organisation.name} has no unused prekey: it could not open the updates of a round that opens now"
        return Check("prekeys", "warning", told, "start its daemon, which publishes some")
    return Check("prekeys", "ok", f"{unused} unused ones on the private chain")


def _second_daemon(organisation: Organisation, private: PrivateContracts) -> Check:
    """Two daemons of one organisation take back each other's prekeys again and again (decision 0087)."""
    from orchestrator.daemon.view import look

    last = look(private).state.discardings.get(organisation.name)
    if last is not None and last.streak > 1:
        told = (
            f"prekeys of {organisation.name} were taken back {last.streak} times in a row, last in block {last.block}"
        )
        mend = "stop the second daemon of this organisation; if there is none, rotate the delegate: its key is stolen"
        return Check("second daemon", "broken", told, mend)
    return Check("second daemon", "ok", "no sign of another daemon of this organisation")
