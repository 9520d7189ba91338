"""What the two Consortium contracts disagree on, by name, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.governance.present import Present, leave_and_return, misplaced
from orchestrator.governance.seats import NO_ADDRESS
from orchestrator.types import OrganisationId


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. ``name`` is stable, for programs."""

    name: str
    words: str
    mend: str


def drift(public: Present, private: Present) -> tuple[Drift, ...]:
    """Every difference between the two contracts; empty when there is none."""
    broken = tuple(_pairing(public, private))
    return broken or (*_membership(public, private), *_pause(public, private), *_delegates(public, private))


def older_pauses(public: Present, private: Present) -> tuple[Drift, ...]:
    """A chain that lacks a pause or resumption of the other one, though both are in the same state; a hint.

    An older decision of this epoch may still be good there. If the epoch has changed since, none is; the contracts keep
    the nonce over epochs, so they do not tell, and this is no drift: nothing is held up.
    """
    apart = tuple(_pairing(public, private)) or public.epoch != private.epoch or public.paused != private.paused
    if apart or public.pause_nonce == private.pause_nonce:
        return ()
    behind = public if public.pause_nonce < private.pause_nonce else private
    verb = "--pause" if public.paused else "--resume"
    return (
        Drift(
            "older-pause",
            f"the {behind.side} chain lacks a pause or resumption that the other one has. If it was made in epoch"
            f" {behind.epoch}, an older one may still be sent to the {behind.side} chain, by whoever has its file",
            f"submit the last pause or resumption there, too, or `propose {verb}` anew for both",
        ),
    )


def _pairing(public: Present, private: Present) -> Iterator[Drift]:
    careful = "do not use them; compare the deployment files with the other members"
    if public.consortium_id != private.consortium_id:
        yield Drift("other-consortium", "the contracts are of two consortia", careful)
        return
    for side in (public, private):
        if side.pair is None:
            words = f"the {side.side} contract is bound to no partner"
            yield Drift("not-bound", words, "whoever deployed it runs `brownie run deploy` again")
        elif (
            side.pair.public_chain_id,
            side.pair.public_address,
            side.pair.private_chain_id,
            side.pair.private_address,
        ) != (public.chain_id, public.address, private.chain_id, private.address):
            yield Drift("other-pair", f"the {side.side} contract is bound to another pair", careful)


def _membership(public: Present, private: Present) -> Iterator[Drift]:
    if public.epoch == private.epoch and public.digest != private.digest:
        yield _fork(public, private)
    elif public.epoch != private.epoch:
        ahead, behind = (public, private) if public.epoch > private.epoch else (private, public)
        yield Drift(
            "epoch",
            f"the {ahead.side} chain is in epoch {ahead.epoch}, the {behind.side} chain in epoch {behind.epoch}:"
            f" a change of membership has not reached the {behind.side} chain",
            f"submit the ceremony of epoch {behind.epoch + 1} again (lost: `propose --again`; not taken there, or"
            f" several are missing: `propose --only {behind.side}`); until then no checkpoint is anchored",
        )


def _fork(public: Present, private: Present) -> Drift:
    until = "until then no checkpoint is anchored"
    if late := misplaced(public.names, private.names):
        words = f"both chains are in epoch {public.epoch} with members in another order: two changes were signed"
        return Drift("fork", words, f"no single change ends it: {_one_authority(public, private, late)}; {until}")
    words = f"both chains are in epoch {public.epoch} with different members or quorum: two changes were signed"
    return Drift("fork", words, f"propose one change to the next epoch, which both chains take; {until}")


def _one_authority(public: Present, private: Present, late: Sequence[OrganisationId]) -> str:
    """What ends a fork by order. A name comes back under its last authority only: first that is one on both chains."""
    known = {member.organisation: member.authority for member in public.members}
    apart = [member.organisation for member in private.members if known.get(member.organisation) != member.authority]
    if not (named := [f"--authority {name}={known[name]}" for name in apart if name in late]):
        return leave_and_return(late)
    return f"`propose --only private {' '.join(named)}`, `propose --only public`, {leave_and_return(late)}"


def _pause(public: Present, private: Present) -> Iterator[Drift]:
    if public.paused != private.paused:
        paused, other = (public, private) if public.paused else (private, public)
        yield Drift(
            "pause",
            f"the {paused.side} chain is paused, the {other.side} chain is not",
            "submit the ceremony again, or propose --pause or --resume anew for both",
        )


def _delegates(public: Present, private: Present) -> Iterator[Drift]:
    for member in public.members:
        other = private.member(member.organisation)
        if other is not None and other.delegate != member.delegate:
            hot = [_hot(member.delegate), _hot(other.delegate)]
            yield Drift(
                "delegate",
                f"{member.organisation} has {hot[0]} on the public chain and {hot[1]} on the private chain",
                f"{member.organisation} repeats `loranchor consortium delegate rotate` (or `name`, or `revoke`)",
            )


def _hot(delegate: str) -> str:
    return "no delegate" if delegate == NO_ADDRESS else f"delegate {delegate}"
