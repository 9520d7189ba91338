"""Decisions about awards for a quorum to sign: another root, awards that are void, another cap on what a round pays."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.chain.contracts import PublicContracts
from orchestrator.disputes.award_actions import in_window
from orchestrator.disputes.awards_list import AwardList
from orchestrator.disputes.recount import Recount
from orchestrator.disputes.sheets import Sheet
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.governance.decisions import AwardVoid, PayoutCapChange, RootReplacement
from orchestrator.ledger.ids import round_of_subject
from orchestrator.types import UpdateId

MOST = 2**96 - 1
_AMOUNT = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,18}))?(wei)?")


def replacement(public: PublicContracts, sheet: Sheet, block: int, wanted: AwardList) -> RootReplacement:
    """A decision for another root.

    Raises:
        ProtocolError: the window is over, or that root is on chain already.
    """
    in_window(sheet, block)
    assert sheet.publication is not None
    if wanted.root == sheet.publication.root:
        raise ProtocolError(f"{wanted.root} is the root of checkpoint {sheet.sequence} on chain already")
    where = public.awards.chain.chain_id, public.awards.address
    return RootReplacement(*where, sheet.sequence, sheet.publication.root, wanted.root)


def check_agreed(sheet: Sheet, recount: Recount, agreed: AwardList) -> list[str]:
    """What those who agree on a list should know about it.

    Raises:
        ConfigurationError: an update that the private chain does not know, or more than the publication may pay.
    """
    assert sheet.publication is not None
    if agreed.total > sheet.publication.cap:
        raise ConfigurationError(
            f"the list pays {agreed.total}, the cap of this publication is {sheet.publication.cap}",
            mend="lower the amounts: a change of the cap counts for later publications alone",
        )
    remarks: list[str] = []
    for award in agreed.awards:
        update = recount.state.updates.get(award.update_id)
        if update is None:
            raise ConfigurationError(f"the private chain has no update {award.update_id}", mend="correct the list")
        if update.round != round_of_subject(recount.point(sheet.sequence).due.subject):
            remarks.append(f"award {award.index} is for an update of round {update.round}")
        member = recount.state.rounds[update.round].members.get(update.organisation)
        if member is None or member.authority != award.account:
            remarks.append(f"award {award.index} pays {award.account}, not the authority of {update.organisation}")
    return remarks


def revived(sheet: Sheet, wanted: AwardList) -> list[str]:
    """Voids are kept by root: what is void under the present one and in the next is payable again."""
    void = {award.update_id for award in (sheet.listed.awards if sheet.listed else ()) if award.index in sheet.voided}
    return [
        f"award {award.index} (update {award.update_id}) is void under the present root and payable under this one"
        for award in wanted.awards
        if award.update_id in void
    ]


def void(public: PublicContracts, sheet: Sheet, updates: Sequence[UpdateId], indices: Sequence[int]) -> AwardVoid:
    """A decision to void awards under the present root.

    Raises:
        ConfigurationError: nothing is named, or what is named is not in the list.
        ProtocolError: nothing is published, the list is not known, or an award is claimed or void already.
    """
    listed = present_list(sheet)
    chosen = set(indices)
    for update_id in updates:
        award = next((item for item in listed.awards if item.update_id == update_id), None)
        if award is None:
            raise ConfigurationError(f"update {update_id} has no award in checkpoint {sheet.sequence}")
        chosen.add(award.index)
    if not chosen:
        raise ConfigurationError("no award is named", mend="name one with --update or --index")
    check_unspent(sheet, listed, chosen)
    where = public.awards.chain.chain_id, public.awards.address
    return AwardVoid(*where, sheet.sequence, listed.root, tuple(sorted(chosen)))


def present_list(sheet: Sheet) -> AwardList:
    """The list whose root is on chain; ProtocolError where nothing is published or the list is not known here."""
    if sheet.publication is None:
        raise ProtocolError(f"checkpoint {sheet.sequence} has no published awards: {sheet.stand.value}")
    if sheet.listed is None:
        raise ProtocolError(
            f"the list behind root {sheet.publication.root} of checkpoint {sheet.sequence} is not known here",
            mend="give it with --awards",
        )
    return sheet.listed


def check_unspent(sheet: Sheet, listed: AwardList, indices: set[int]) -> None:
    """Raises ConfigurationError for an award that is not in the list, ProtocolError for one that is paid or void."""
    for index in sorted(indices):
        if listed.get(index) is None:
            raise ConfigurationError(f"checkpoint {sheet.sequence} has no award {index}", mend="see `award show`")
        if index in sheet.claimed_indices:
            raise ProtocolError(f"award {index} of checkpoint {sheet.sequence} was paid; that cannot be undone")
        if index in sheet.voided:
            raise ProtocolError(f"award {index} of checkpoint {sheet.sequence} is void already")


def cap_change(public: PublicContracts, cap: int) -> PayoutCapChange:
    """A decision for another cap, of publications to come.

    Raises:
        ConfigurationError: above what the contract holds. ProtocolError: it is the cap already.
    """
    if cap > MOST:
        raise ConfigurationError(f"the cap {cap} is above {MOST}, the most that the contract holds")
    present = public.awards.payout_cap()
    if cap == present:
        raise ProtocolError(f"the payout cap is {cap} already")
    where = public.awards.chain.chain_id, public.awards.address
    return PayoutCapChange(*where, present, cap, public.awards.payout_cap_nonce())


def amount_of(text: str) -> int:
    """``250`` or ``0.5`` tokens, or ``1000wei``, in the smallest unit."""
    match = _AMOUNT.fullmatch(text)
    if match is None or (match[3] and match[2]):
        raise ConfigurationError(f"{text!r} is no amount", mend="write 250, 0.5, or 1000wei for the smallest unit")
    if match[3]:
        return int(match[1])
    return int(match[1]) * 10**18 + int((match[2] or "").ljust(18, "0"))
