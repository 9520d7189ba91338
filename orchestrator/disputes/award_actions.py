"""What a member does about awards by hand: publish a root, object to it, claim what is vested.

The daemon does the first and the last for itself; these are for when it does not, or for another's awards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.chain.codec import event_values
from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.port import Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import TransactionSender
from orchestrator.disputes.anchored import anchor_view
from orchestrator.disputes.awards_list import AwardList
from orchestrator.disputes.recount import Recount
from orchestrator.disputes.sheets import Book, Sheet, Stand
from orchestrator.errors import ConfigurationError, FormatError, ProtocolError, TransactionReverted
from orchestrator.ledger.awards import Award
from orchestrator.ledger.words import label_word
from orchestrator.types import ZERO_DIGEST, OrganisationId

BATCH = 50
"""Awards in one transaction: about 2.5 million gas."""


def check_reason(reason: str) -> str:
    """ConfigurationError unless it is a code that fits a word of the contract."""
    try:
        label_word(reason)
    except FormatError as error:
        raise ConfigurationError(f"--reason: {error.message}", mend="give a code such as SCORES or ROOT") from error
    if not reason:
        raise ConfigurationError("--reason is empty", mend="give a code such as SCORES or ROOT")
    return reason


def publication(public: PublicContracts, sequence: int) -> Call | None:
    """Carries the root of an anchored checkpoint to the distributor; None where that was done.

    Raises:
        ProtocolError: the checkpoint is not anchored, or awards nothing.
    """
    view = anchor_view(public, block=public.anchor.chain.block_number())
    chain = view.since(sequence)
    if chain[0].awards_root == ZERO_DIGEST:
        raise ProtocolError(f"checkpoint {sequence} awards nothing, so that there is nothing to publish")
    if public.awards.publication(sequence).claimable_from:
        return None
    return public.awards.publish(chain)


def objection(public: PublicContracts, me: OrganisationId, sheet: Sheet, block: int, reason: str) -> Call:
    """An objection, where the contract would take it.

    Raises:
        ProtocolError: nothing is published, the window is over, or this member has objected before.
    """
    in_window(sheet, block)
    if earlier := next((item for item in sheet.objections if item.organisation == me), None):
        raise ProtocolError(
            f"{me} objected to checkpoint {sheet.sequence} in block {earlier.place.block} already: {earlier.reason}",
            mend="one objection a member and checkpoint counts; k authorities decide",
        )
    return public.awards.raise_objection(sheet.sequence, reason)


def in_window(sheet: Sheet, block: int) -> None:
    """ProtocolError unless the next block still takes objections and replacements of the root."""
    published = sheet.publication
    if published is None:
        mend = f"publish it first: `loranchor award publish {sheet.sequence}`"
        nothing = sheet.stand in (Stand.NOTHING, Stand.NOT_ANCHORED)
        raise ProtocolError(
            f"checkpoint {sheet.sequence} has no published awards: {sheet.stand.value}", mend="" if nothing else mend
        )
    if block + 1 >= published.claimable_from:
        raise ProtocolError(
            f"the window of checkpoint {sheet.sequence} was open up to block {published.claimable_from - 1}, and the"
            f" chain is at block {block}",
            mend="what is not claimed yet can still be voided: `loranchor award propose-void`",
        )


@dataclass(frozen=True)
class Claim:
    """One award to claim, with the list whose tree proves it."""

    listed: AwardList
    award: Award
    organisation: OrganisationId | None


@dataclass(frozen=True)
class Claims:
    """What there is to claim of one organisation.

    Attributes:
        ready: to be claimed now. later: what is not, and why, a sentence each. unprovable: checkpoints whose list is
            not known here, so that nothing can be proven of them.
    """

    ready: tuple[Claim, ...]
    later: tuple[str, ...]
    unprovable: tuple[str, ...]


def claims_of(book: Book, recount: Recount, organisation: OrganisationId, sequence: int | None = None) -> Claims:
    """An organisation's unspent awards.

    Args:
        sequence: of this checkpoint alone.

    Raises:
        ProtocolError: there is no such checkpoint. ConfigurationError: nobody of that name was ever a member.
    """
    known = {name for found in recount.state.rounds.values() for name in found.members}
    if organisation not in known | recount.state.members.seats.keys():
        raise ConfigurationError(f"there is no member {organisation}", mend="see `loranchor consortium show`")
    chosen = book.sheets.values() if sequence is None else [book.sheet(sequence)]
    ready: list[Claim] = []
    later: list[str] = []
    unprovable: list[str] = []
    for sheet in chosen:
        own = _own(sheet, recount, organisation)
        if sheet.stand is Stand.PAYABLE and sheet.listed is None:
            assert sheet.publication is not None
            unprovable.append(_unprovable(sheet))
        elif sheet.stand is Stand.PAYABLE:
            ready += own
        elif own and sheet.stand in (Stand.WINDOW, Stand.VESTING):
            noun = "award" if len(own) == 1 else "awards"
            later.append(f"checkpoint {sheet.sequence}: {len(own)} {noun}, payable from block {sheet.vested_from}")
        elif sheet.stand is Stand.UNPUBLISHED:
            later.append(f"checkpoint {sheet.sequence} is not published: `loranchor award publish {sheet.sequence}`")
    return Claims(tuple(ready), tuple(later), tuple(unprovable))


def _unprovable(sheet: Sheet) -> str:
    assert sheet.publication is not None
    found = f"recomputed {sheet.recomputed.root}" if sheet.recomputed is not None else sheet.problem
    return (
        f"checkpoint {sheet.sequence} pays by root {sheet.publication.root}, whose list is not known here ({found});"
        " give the list that the authorities agreed on with --awards"
    )


def _own(sheet: Sheet, recount: Recount, organisation: OrganisationId) -> list[Claim]:
    listed = sheet.listed
    if listed is None:
        return []
    open_ = (award for award in listed.awards if award.index not in sheet.spent)
    claims = (Claim(listed, award, recount.owner(award.update_id)) for award in open_)
    return [claim for claim in claims if claim.organisation == organisation]


def claim_all(public: PublicContracts, sender: TransactionSender, claims: Sequence[Claim]) -> list[int]:
    """Amounts that were paid: a daemon, or anybody else, may have been faster with some.

    Raises:
        ChainError: the chain is down, or the contract refuses; what was paid before stays paid.
    """
    paid: list[int] = []
    for start in range(0, len(claims), BATCH):
        batch = claims[start : start + BATCH]
        try:
            paid += _paid_in(public, sender.send(_batch_call(public, batch)))
        except TransactionReverted as error:
            if error.error != "AwardDistributorNothingLeft":
                raise
    return paid


def _batch_call(public: PublicContracts, batch: Sequence[Claim]) -> Call:
    leaves = [claim.listed.leaf(claim.award) for claim in batch]
    return public.awards.claim_batch(leaves, [claim.listed.proof(claim.award) for claim in batch])


def _paid_in(public: PublicContracts, receipt: Receipt) -> list[int]:
    distributor = public.awards
    topic = distributor.artifact.topic("AwardClaimed")
    claimed = [log for log in receipt.logs if log.address == distributor.address and log.topics[0] == topic]
    return [int(event_values(distributor.artifact.events[topic], log.topics, log.data)["amount"]) for log in claimed]
