"""Revocations that wait, and whom for; supporting another's request, and counting again after members changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass

from orchestrator.chain.contracts import PrivateContracts
from orchestrator.chain.proxy import Call
from orchestrator.chain.structs import Stage
from orchestrator.daemon.services import leaf_salt
from orchestrator.errors import ProtocolError
from orchestrator.ledger.entities import LedgerState, Revocation
from orchestrator.ledger.revocations import supporting
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId


@dataclass(frozen=True)
class Waiting:
    """What a revocation waits for.

    Attributes:
        step: what comes next, in words; empty where nothing does.
        members: who can take it, where it is somebody's in particular.
        deadline: private block by which it is due; 0 where none is.
    """

    step: str
    members: tuple[OrganisationId, ...]
    deadline: int
    block: int

    @property
    def overdue(self) -> int:
        """By how many blocks; 0 where it is not."""
        return max(self.block - self.deadline, 0) if self.deadline else 0

    @property
    def words(self) -> str:
        if not self.deadline:
            return self.step or "done"
        late = f"overdue by {self.overdue} blocks" if self.overdue else f"due by block {self.deadline}"
        named = f" from {', '.join(self.members)}" if self.members else ""
        return f"{self.step}{named} ({late})"


def waiting_of(private: PrivateContracts, state: LedgerState, found: Revocation, block: int) -> Waiting:
    """Where a revocation stands, as the contract counts it."""
    view = private.revocations.revocation(found.id, block=block)
    if view.stage is Stage.REQUESTED and block >= view.deadline:
        return Waiting(f"lapsed: support was taken up to block {view.deadline}", (), 0, block)
    return Waiting(*_step(state, found, view.stage), view.deadline, block)


def _step(state: LedgerState, found: Revocation, stage: Stage) -> tuple[str, tuple[OrganisationId, ...]]:
    names = tuple(state.members.seats)
    if stage is Stage.REQUESTED:
        missing = state.members.quorum - len(supporting(state, found))
        others = tuple(name for name in names if name not in supporting(state, found))
        return f"{missing} more support{'' if missing == 1 else 's'}", others
    if stage in (Stage.APPROVED, Stage.AFFECTED):
        if found.effective is None:
            return f"the end of round {state.open_round}", ()
        record = "what it affects" if stage is Stage.APPROVED else "the new manifest"
        return f"any member's record of {record}", ()
    if stage is Stage.REPLACED:
        return _from("figures", names, found.verifications, len(names))
    if stage is Stage.VERIFIED:
        return _from("endorsements", names, found.endorsements, state.members.quorum)
    if stage is Stage.CERTIFIED:
        return _from("shred receipts", names, found.receipts, len(names))
    return "", ()


def _from(
    what: str, names: tuple[OrganisationId, ...], done: Container[OrganisationId], needed: int
) -> tuple[str, tuple[OrganisationId, ...]]:
    missing = tuple(name for name in names if name not in done)
    return f"{what} ({len(names) - len(missing)} of {needed})", missing


def supporting_call(private: PrivateContracts, state: LedgerState, found: Revocation, me: OrganisationId) -> Call:
    """This member's support of another's request.

    Raises:
        ProtocolError: it supports it already, the request needs nobody's support, or it is too late.
    """
    if me in supporting(state, found):
        raise ProtocolError(f"{me} supports request {found.id} already")
    view = private.revocations.revocation(found.id)
    pressing = view.stage is Stage.APPROVED and found.urgent
    if view.stage is not Stage.REQUESTED and not pressing:
        raise ProtocolError(f"request {found.id} needs no support: it is {view.stage.name.lower()} already")
    block = private.revocations.chain.block_number()
    if view.stage is Stage.REQUESTED and block >= view.deadline:
        raise ProtocolError(
            f"request {found.id} could be supported up to block {view.deadline}, and the chain is at block {block}",
            mend="whoever still wants it asks again with `loranchor revoke request`",
        )
    return private.revocations.support(found.id, leaf_salt())


def settling_call(private: PrivateContracts, state: LedgerState, found: Revocation, certificate: Digest | None) -> Call:
    """Counts the present members' deeds again, after membership or quorum changed.

    Args:
        certificate: whose endorsements are counted; by default the one that most present members endorse.

    Raises:
        ProtocolError: the count makes no difference; says what is still missing.
    """
    if problem := _unsettled(private, state, found):
        raise ProtocolError(problem, mend="settling helps only after members or quorum have changed")
    return private.revocations.settle(found.id, certificate or most_endorsed(state, found), leaf_salt())


def most_endorsed(state: LedgerState, found: Revocation) -> Digest:
    """The certificate with the most endorsements of present members; zero where there is none."""
    present = (item for name, item in sorted(found.endorsements.items()) if name in state.members.seats)
    counts = Counter(item.certificate_digest for item in present)
    return max(counts, key=lambda digest: (counts[digest], digest), default=ZERO_DIGEST)


def _unsettled(private: PrivateContracts, state: LedgerState, found: Revocation) -> str:
    """Why counting again would change nothing; empty where it would."""
    view, block = private.revocations.revocation(found.id), private.revocations.chain.block_number()
    stage, names, quorum = view.stage, set(state.members.seats), state.members.quorum
    if stage is Stage.REQUESTED and block >= view.deadline:
        return f"request {found.id} has lapsed: support was taken up to block {view.deadline}"
    if stage is Stage.REQUESTED:
        return _short("supporters", len(supporting(state, found)), quorum, found)
    if stage in (Stage.VERIFIED, Stage.REPLACED) and found.endorsements:
        best = most_endorsed(state, found)
        count = sum(name in names and item.certificate_digest == best for name, item in found.endorsements.items())
        return _short("endorsements", count, quorum, found)
    if stage is Stage.CERTIFIED:
        return _short("shred receipts", len(names & found.receipts.keys()), len(names), found)
    if stage is Stage.REPLACED:
        return _short("figures", len(names & found.verifications.keys()), len(names), found)
    return f"request {found.id} is {stage.name.lower()}: its next step is a record, which no count can replace"


def _short(what: str, count: int, needed: int, found: Revocation) -> str:
    return "" if count >= needed else f"request {found.id} has {count} of {needed} {what} of present members"
