"""Decisions about awards that a quorum signs: another root, awards that are void, another cap on what a round pays.

A key signs only what its owner has recomputed, or has the list of: a root in a file says nothing about what it pays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.proxy import Call
from orchestrator.disputes.award_actions import in_window
from orchestrator.disputes.awards_list import AwardList
from orchestrator.disputes.recount import Recount
from orchestrator.disputes.sheet_text import tokens
from orchestrator.disputes.sheets import Book, Sheet
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.governance.ceremony import Ceremony, standing
from orchestrator.governance.contracts import GovernedConsortium
from orchestrator.governance.decisions import AwardVoid, Decision, PayoutCapChange, RootReplacement
from orchestrator.ledger.ids import round_of_subject
from orchestrator.types import Address, OrganisationId, UpdateId

MOST = 2**96 - 1
_AMOUNT = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,18}))?(wei)?")


def sheet_of(book: Book, sequence: int) -> Sheet:
    """ProtocolError where there is no such checkpoint."""
    if sequence not in book.sheets:
        raise ProtocolError(
            f"there is no checkpoint {sequence}; the last one is {len(book.sheets)}", mend="see `loranchor award show`"
        )
    return book.sheets[sequence]


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
    listed = _present_list(sheet)
    chosen = set(indices)
    for update_id in updates:
        award = next((item for item in listed.awards if item.update_id == update_id), None)
        if award is None:
            raise ConfigurationError(f"update {update_id} has no award in checkpoint {sheet.sequence}")
        chosen.add(award.index)
    if not chosen:
        raise ConfigurationError("no award is named", mend="name one with --update or --index")
    _check_unspent(sheet, listed, chosen)
    where = public.awards.chain.chain_id, public.awards.address
    return AwardVoid(*where, sheet.sequence, listed.root, tuple(sorted(chosen)))


def _present_list(sheet: Sheet) -> AwardList:
    if sheet.publication is None:
        raise ProtocolError(f"checkpoint {sheet.sequence} has no published awards: {sheet.stand.value}")
    if sheet.listed is None:
        raise ProtocolError(
            f"the list behind root {sheet.publication.root} of checkpoint {sheet.sequence} is not known here",
            mend="give it with --awards",
        )
    return sheet.listed


def _check_unspent(sheet: Sheet, listed: AwardList, indices: set[int]) -> None:
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


def check_timely(public: PublicContracts, decision: Decision, book: Book) -> None:
    """Refuses a decision that the contract would not take now.

    Raises:
        ConfigurationError: it is another kind of decision, or of another contract.
        ProtocolError: it is out of date, or too late.
    """
    if not isinstance(decision, RootReplacement | AwardVoid | PayoutCapChange):
        raise ConfigurationError("it is no decision about awards", mend="use `loranchor consortium` for it")
    here = public.awards.chain.chain_id, public.awards.address
    if (decision.chain_id, decision.contract) != here:
        raise ConfigurationError(
            f"it is for contract {decision.contract} on chain {decision.chain_id}; this consortium's is {here[1]} on"
            f" chain {here[0]}"
        )
    if isinstance(decision, PayoutCapChange):
        _check_cap(public, decision)
        return
    sheet = sheet_of(book, decision.sequence)
    if isinstance(decision, RootReplacement):
        in_window(sheet, book.block)
    present = None if sheet.publication is None else sheet.publication.root
    about = decision.previous_root if isinstance(decision, RootReplacement) else decision.root
    if present != about:
        done = isinstance(decision, RootReplacement) and present == decision.root
        raise ProtocolError(
            f"it is about root {about} of checkpoint {sheet.sequence}, but the root on chain is {present}",
            mend="that is the decision's own: it was carried out already" if done else "propose it again",
        )
    if isinstance(decision, AwardVoid) and sheet.spent.issuperset(decision.indices):
        raise ProtocolError(f"nothing is left to void: all of it is void or paid in checkpoint {sheet.sequence}")


def check_meaning(decision: Decision, book: Book, lists: Sequence[AwardList]) -> None:
    """Refuses a decision about awards whose list is not at hand: nobody signs what they cannot read.

    Args:
        lists: those that were given by hand, beside the recomputed ones.

    Raises:
        ProtocolError: neither the records nor a given list make the root; an award is paid or void already.
    """
    if isinstance(decision, AwardVoid):
        sheet = sheet_of(book, decision.sequence)
        _check_unspent(sheet, _present_list(sheet), set(decision.indices))
    elif isinstance(decision, RootReplacement):
        _check_root(sheet_of(book, decision.sequence), decision, lists)


def _check_cap(public: PublicContracts, decision: PayoutCapChange) -> None:
    present, nonce = public.awards.payout_cap(), public.awards.payout_cap_nonce()
    if (decision.previous_cap, decision.nonce) != (present, nonce):
        raise ProtocolError(
            f"it changes a cap of {decision.previous_cap} (change {decision.nonce}), but the cap is {present}"
            f" (change {nonce})",
            mend="propose it again",
        )


def pays(decision: Decision, book: Book, recount: Recount | None, lists: Sequence[AwardList]) -> list[str]:
    """The awards that a decision is about, one a line: what a key signs besides a root or numbers."""
    if isinstance(decision, PayoutCapChange) or not isinstance(decision, RootReplacement | AwardVoid):
        return []
    sheet = sheet_of(book, decision.sequence)
    known = [item for item in (sheet.recomputed, *lists) if item is not None and item.sequence == sheet.sequence]
    listed = next((item for item in known if item.root == decision.root), None)
    chosen = [
        award
        for award in (() if listed is None else listed.awards)
        if isinstance(decision, RootReplacement) or award.index in decision.indices
    ]
    return [
        f"award {award.index}: {tokens(award.amount)} to {award.account}"
        f" ({(recount and recount.owner(award.update_id)) or 'of nobody known'})"
        for award in chosen
    ]


def _check_root(sheet: Sheet, decision: RootReplacement, lists: Sequence[AwardList]) -> None:
    known = [item for item in (sheet.recomputed, *lists) if item is not None and item.sequence == sheet.sequence]
    if decision.root not in {item.root for item in known}:
        own = ", ".join(item.root for item in known) or sheet.problem
        raise ProtocolError(
            f"root {decision.root} is neither what the records give nor that of a given list ({own})",
            mend="ask for the list that was agreed on, and give it with --awards; sign no root that you cannot read",
        )


def submission(public: PublicContracts, ceremony: Ceremony) -> Call:
    """The call that carries a decision out.

    Raises:
        ProtocolError: fewer than a quorum of those entitled have signed.
    """
    voters = voters_of(public, ceremony)
    quorum = public.consortium.quorum()
    stand = standing(ceremony, voters, quorum)
    if stand.missing:
        raise ProtocolError(
            f"{len(stand.signed)} of the {quorum} {ceremony.role} signatures needed are there; waiting for"
            f" {', '.join(stand.waiting)}",
            mend="each of them runs `loranchor award sign`",
        )
    signatures, decision = ceremony.ordered(voters), ceremony.decision
    if isinstance(decision, RootReplacement):
        return public.awards.replace_root(decision.sequence, decision.root, signatures)
    if isinstance(decision, AwardVoid):
        return public.awards.void_awards(decision.sequence, decision.indices, signatures)
    assert isinstance(decision, PayoutCapChange)  # check_own has refused all others
    return public.awards.set_payout_cap(decision.cap, signatures)


def voters_of(public: PublicContracts, ceremony: Ceremony) -> dict[Address, OrganisationId]:
    """Whose keys count, in member order."""
    consortium = GovernedConsortium(public.consortium.chain, public.consortium.address)
    return consortium.present("public").voters(ceremony.role)
