"""Records of the private chain as its contracts tell them: who signs, where each stands, and who belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unit.ledger.actors import CHAIN_ID, CONSORTIUM_ID, CONTRACTS, MEMBERS, authority, delegate, word_of

from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import Seat
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import sender_of
from orchestrator.ledger.schema import kind_of
from orchestrator.ledger.state import LedgerState
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import Ledger
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId


class Chronicle:
    """Records as the private contracts would tell them. Every call is one transaction in a block of its own.

    Args:
        members: the founding organisations. quorum: of them.
        prekeys: how many each publishes at the beginning.
    """

    def __init__(self, members: Sequence[OrganisationId] = MEMBERS, quorum: int = 2, prekeys: int = 4) -> None:
        self.ledger = Ledger()
        self.tasks: dict[Digest, TaskSpec] = {}
        self.block = 1
        self.agreement = Agreement.of(CONSORTIUM_ID, "Agreement", members, "tests", ["Be honest."])
        self._log_index = 0
        self._found(members, quorum)
        for name in members:
            self.publish_prekeys(name, prekeys)
            self.tell("AgreementAccepted", name, agreement_digest=self.agreement.digest, organisation=name)

    @property
    def records(self) -> Sequence[Record]:
        return self.ledger.records

    @property
    def state(self) -> LedgerState:
        return self.ledger.state

    def mine(self, blocks: int = 1) -> None:
        self.block += blocks
        self._log_index = 0

    def tell(self, kind: str, by: str, /, *, same_transaction: bool = False, **fields: Any) -> Record:
        """Makes one record, by a member's delegate (or its authority, where the contract wants that)."""
        if not same_transaction:
            self.mine()
        by_authority = not kind_of(kind).salted or kind == "AgreementAccepted"
        signer = authority(by) if by_authority else delegate(by)
        salted = kind_of(kind).salted
        record = Record(
            kind=kind,
            chain_id=CHAIN_ID,
            contract=CONTRACTS[kind_of(kind).contract],
            block=self.block,
            transaction=word_of("transaction", self.block),
            log_index=self._log_index,
            sender=sender_of(self.state.members, kind, signer),
            signer=signer,
            salt=word_of("salt", self.block) if salted else ZERO_DIGEST,
            fields=fields,
        )
        self._log_index += 1
        self.ledger.append(record)
        return record

    def publish_prekeys(self, organisation: OrganisationId, count: int) -> None:
        start = len(self.state.prekeys.get(organisation, {}))
        for index in range(start, start + count):
            key = f"prekey/{organisation}/{index}".encode()
            self.tell(
                "PrekeyPublished",
                organisation,
                same_transaction=index > start,
                organisation=organisation,
                index=index,
                digest=sha256(key),
                key="0x" + key.hex(),
            )

    def discard_prekeys(self, organisation: OrganisationId) -> None:
        """All unused ones, as the contract takes them back."""
        unused = [item.index for item in self.state.prekeys.get(organisation, {}).values() if item.unused]
        fields = {"first": min(unused), "count": len(unused)}
        self.tell("PrekeysDiscarded", organisation, organisation=organisation, **fields)

    def change_members(self, members: Sequence[OrganisationId], quorum: int | None = None) -> None:
        """Membership and quorum of the next epoch: who stays keeps its place, who is new comes last."""
        before = self.state.members
        for name in [item for item in before.seats if item not in members]:
            self.tell("MemberRemoved", name, organisation=name, authority=authority(name))
        for name in [item for item in members if item not in before.seats]:
            self.tell("MemberAdded", name, organisation=name, authority=authority(name))
            self.tell("DelegateRotated", name, organisation=name, previous=NO_ADDRESS, current=delegate(name))
        if quorum not in (None, before.quorum):
            self.tell("QuorumChanged", members[0], previous=before.quorum, current=quorum)
        self._advance(list(self.state.members.seats), before.epoch + 1, quorum or before.quorum)

    def _found(self, members: Sequence[OrganisationId], quorum: int) -> None:
        for name in members:
            named = {"same_transaction": True, "organisation": name}
            self.tell("MemberAdded", name, **named, authority=authority(name))
            self.tell("DelegateRotated", name, **named, previous=NO_ADDRESS, current=delegate(name))
        self._advance(members, 1, quorum)

    def _advance(self, members: Sequence[OrganisationId], epoch: int, quorum: int) -> None:
        seats = [Seat(name, authority(name)) for name in members]
        self.tell(
            "EpochAdvanced",
            members[0],
            same_transaction=True,
            epoch=epoch,
            consortium_digest=consortium_digest(CONSORTIUM_ID, epoch, quorum, seats),
            quorum=quorum,
            members=str(len(members)),
        )
