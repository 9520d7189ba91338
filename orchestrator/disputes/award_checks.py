"""What is checked of a decision about awards: before a key signs it, and before it is sent.

A key signs only what its owner has recomputed, or has the list of: a root in a file says nothing about what it pays.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.proxy import Call
from orchestrator.disputes.award_actions import in_window
from orchestrator.disputes.awards_list import AwardList
from orchestrator.disputes.recount import Recount
from orchestrator.disputes.sheet_text import tokens
from orchestrator.disputes.sheets import Book
from orchestrator.errors import ConfigurationError, KeystoreError, ProtocolError
from orchestrator.governance.ceremony import Ceremony, standing
from orchestrator.governance.contracts import GovernedConsortium
from orchestrator.governance.decisions import AwardVoid, Decision, PayoutCapChange, RootReplacement
from orchestrator.ledger.awards import Award
from orchestrator.types import Address, OrganisationId


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
    sheet = book.sheet(decision.sequence)
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


def meaning(decision: Decision, lists: Sequence[AwardList], why: str = "") -> tuple[Award, ...]:
    """The awards that a decision is about; none where it is about the cap. Nobody signs what they cannot read.

    Args:
        lists: those that are at hand: recomputed, or given. why: nothing could be recomputed.

    Raises:
        ConfigurationError: it is no decision about awards. ProtocolError: no list at hand has the root that it names.
    """
    if isinstance(decision, PayoutCapChange):
        return ()
    if not isinstance(decision, RootReplacement | AwardVoid):
        raise ConfigurationError("it is no decision about awards", mend="use `loranchor consortium` for it")
    known = [item for item in lists if item.sequence == decision.sequence]
    listed = next((item for item in known if item.root == decision.root), None)
    if listed is None:
        own = ", ".join(item.root for item in known) or why or "there is none"
        raise ProtocolError(
            f"root {decision.root} is neither what the records give nor that of a given list ({own})",
            mend="ask for the list that was agreed on, and give it with --awards; sign no root that you cannot read",
        )
    if isinstance(decision, RootReplacement):
        return listed.awards
    chosen = {index: listed.get(index) for index in decision.indices}
    if unknown := [index for index, award in chosen.items() if award is None]:
        raise ProtocolError(f"checkpoint {decision.sequence} has no award {unknown[0]}", mend="ask who proposed it")
    return tuple(award for award in chosen.values() if award is not None)


def award_lines(awards: Sequence[Award], recount: Recount | None) -> list[str]:
    """What a key signs besides a root or numbers, an award a line."""
    owners = [None if recount is None else recount.owner(award.update_id) for award in awards]
    return [
        f"award {award.index}: {tokens(award.amount)} to {award.account}{f' ({owner})' if owner else ''}"
        for award, owner in zip(awards, owners, strict=True)
    ]


def _check_cap(public: PublicContracts, decision: PayoutCapChange) -> None:
    present, nonce = public.awards.payout_cap(), public.awards.payout_cap_nonce()
    if (decision.previous_cap, decision.nonce) != (present, nonce):
        raise ProtocolError(
            f"it changes a cap of {decision.previous_cap} (change {decision.nonce}), but the cap is {present}"
            f" (change {nonce})",
            mend="propose it again",
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
    assert isinstance(decision, PayoutCapChange)  # check_timely has refused all others
    return public.awards.set_payout_cap(decision.cap, signatures)


def voters_of(public: PublicContracts, ceremony: Ceremony) -> dict[Address, OrganisationId]:
    """Whose keys count, in member order."""
    consortium = GovernedConsortium(public.consortium.chain, public.consortium.address)
    return consortium.present("public").voters(ceremony.role)


def check_voter(public: PublicContracts, ceremony: Ceremony, signer: Address) -> OrganisationId:
    """Whose key this is; KeystoreError where it has no say."""
    found = voters_of(public, ceremony).get(signer)
    if found is None:
        raise KeystoreError(
            f"{signer} is no {ceremony.role} of the public chain's consortium: its signature would not count",
            mend="use the home or the key file of a member",
        )
    return found
