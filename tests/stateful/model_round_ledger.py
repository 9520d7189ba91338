"""Reference model of the RoundLedger: its rounds together, and what is counted over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Protocol

from eth_abi.abi import encode
from eth_hash.auto import keccak
from stateful.model_keys import KeysModel
from stateful.model_members import MembersModel
from stateful.model_rounds import TIMED, Clock, Round, Update, check_opening, check_verdicts
from stateful.refusals import Refused, refuse

from orchestrator.chain.structs import Opening, Phase, Submission, Verdict
from orchestrator.ledger.ids import update_id_of
from orchestrator.ledger.words import label_word, organisation_word, word
from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId, UpdateId

MOST_SUBMISSIONS = 16
_COMMITTED = ("uint64", "bytes32", "(bytes32,bool,uint32,int64,bytes32)[]", "bytes32")


class Waiting(Protocol):
    """What the rounds ask of the revocations."""

    @property
    def awaiting(self) -> int: ...


class RoundLedgerModel:
    """All rounds, from number 1."""

    revocations: Waiting

    def __init__(self, members: MembersModel, keys: KeysModel, chain_id: int, address: Address, longest: int) -> None:
        self.members, self.keys = members, keys
        self.chain_id, self.address, self.longest = chain_id, address, longest
        self.rounds: list[Round] = []
        self.openers: list[OrganisationId] = []
        self.updates: dict[UpdateId, Update] = {}
        self.agreements: set[tuple[Digest, Address]] = set()
        self.epsilon: dict[tuple[OrganisationId, Digest], int] = {}
        self.caps: dict[Digest, int] = {}
        self.idle: dict[OrganisationId, tuple[int, int]] = {}
        self.checkpoints = 0

    @property
    def open_round(self) -> Round | None:
        return self.rounds[-1] if self.rounds and not self.rounds[-1].over else None

    @property
    def closed_count(self) -> int:
        return sum(round_.clock.phase == Phase.CLOSED for round_ in self.rounds)

    def accept_agreement(self, sender: Address, agreement: Digest) -> None:
        organisation = self.members.calling_authority(sender)
        again = (agreement, sender) in self.agreements
        refuse(again, "RoundLedgerAgreementAlreadyAccepted", agreement, organisation)
        self.agreements.add((agreement, sender))

    def open(self, block: int, sender: Address, opening: Opening) -> None:
        opener = self.members.calling_delegate(sender)
        refuse(self.members.paused, "RoundLedgerPaused")
        refuse(self.open_round is not None, "RoundLedgerRoundStillOpen", len(self.rounds))
        until = self.waits_until(opener)
        refuse(block <= until, "RoundLedgerOpenerMustWait", opener, until)
        waiting = self.revocations.awaiting
        refuse(waiting != 0, "RoundLedgerRevocationsWaiting", waiting)
        for member in self.members.members:
            missing = (opening.agreement_digest, member.authority) not in self.agreements
            refuse(missing, "RoundLedgerAgreementNotAccepted", opening.agreement_digest, member.organisation)
        check_opening(opening, len(self.members.members), self.longest)
        task, cap = opening.task_digest, opening.epsilon_cap
        recorded = self.caps.get(task, cap)
        refuse(recorded != cap, "RoundLedgerEpsilonCapChanged", task, cap, recorded)
        number, members = len(self.rounds) + 1, tuple(self.members.organisations)
        clock = Clock(Phase.SUBMIT, (block + opening.submit_blocks, 0, 0, 0))
        self.openers.append(opener)
        self.rounds.append(Round(number, opening, self.members.epoch, self.members.quorum, members, block, clock))
        self.keys.assign(number)

    def waits_until(self, opener: OrganisationId) -> int:
        """The last block in which it may not open a round, because its last ones came to nothing; 0 where it may."""
        fruitless, ended = self.idle.get(opener, (0, 0))
        return ended + 2 ** min(fruitless, 16) if fruitless else 0

    def next_update(self, round_: Round, organisation: OrganisationId) -> UpdateId:
        """The id that this member's next submission will get."""
        ordinal = len(round_.submissions.get(organisation, [])) + 1
        return update_id_of(self.chain_id, self.address, round_.id, organisation, ordinal)

    def submit(self, block: int, sender: Address, round_id: int, submission: Submission) -> None:
        organisation, round_ = self._participant(sender, round_id)
        round_.require(Phase.SUBMIT, block)
        refuse(organisation in round_.passed, "RoundLedgerAlreadyActed", round_id, organisation)
        made = round_.submissions.get(organisation, [])
        full = len(made) == MOST_SUBMISSIONS
        refuse(full, "RoundLedgerTooManySubmissions", round_id, organisation, MOST_SUBMISSIONS)
        refuse(ZERO_DIGEST in astuple(submission), "RoundLedgerInvalidSubmission")
        self._spend(round_, organisation, submission.epsilon)
        update = Update(self.next_update(round_, organisation), round_id, organisation)
        for former in made:
            former.replaced = True
        round_.submissions[organisation] = [*made, update]
        self.updates[update.id] = update
        if not made:
            round_.acted(block)

    def pass_round(self, block: int, sender: Address, round_id: int) -> None:
        organisation, round_ = self._participant(sender, round_id)
        round_.require(Phase.SUBMIT, block)
        acted = organisation in round_.passed or organisation in round_.submissions
        refuse(acted, "RoundLedgerAlreadyActed", round_id, organisation)
        round_.passed.add(organisation)
        round_.acted(block)

    def release(self, block: int, sender: Address, update_id: UpdateId, cids: tuple[str, str]) -> None:
        organisation = self.members.calling_delegate(sender)
        if update_id not in self.updates:
            raise Refused("RoundLedgerUnknownUpdate", update_id)
        update = self.updates[update_id]
        refuse(update.organisation != organisation, "RoundLedgerNotOwner", update_id, organisation)
        round_ = self.rounds[update.round - 1]
        round_.require(Phase.RELEASE, block)
        refuse(update.replaced, "RoundLedgerUpdateReplaced", update_id)
        refuse(update.released, "RoundLedgerAlreadyActed", round_.id, organisation)
        refuse(not all(cids), "RoundLedgerInvalidSubmission")
        update.released = True
        round_.acted(block)

    def commit(self, block: int, sender: Address, round_id: int, commitment: bytes) -> None:
        organisation, round_ = self._participant(sender, round_id)
        round_.require(Phase.COMMIT_VERDICTS, block)
        refuse(organisation in round_.commitments, "RoundLedgerAlreadyActed", round_id, organisation)
        refuse(not any(commitment), "RoundLedgerEmptyCommitment")
        round_.commitments[organisation] = commitment
        round_.acted(block)

    def reveal(self, block: int, sender: Address, round_id: int, verdicts: Sequence[Verdict], nonce: Digest) -> None:
        organisation, round_ = self._participant(sender, round_id)
        round_.require(Phase.REVEAL_VERDICTS, block)
        refuse(organisation not in round_.commitments, "RoundLedgerNotCommitted", round_id, organisation)
        refuse(organisation in round_.reveals, "RoundLedgerAlreadyActed", round_id, organisation)
        refuse(not verdicts, "RoundLedgerNoVerdicts", round_id, organisation)
        other = commitment_of(round_id, organisation, verdicts, nonce) != round_.commitments[organisation]
        refuse(other, "RoundLedgerWrongReveal", round_id, organisation)
        check_verdicts(round_, self.updates, verdicts)
        round_.reveals[organisation] = tuple(verdicts)
        round_.acted(block)

    def close(self, block: int, sender: Address, round_id: int) -> None:
        self.members.calling_delegate(sender)
        round_ = self._round(round_id)
        round_.require(Phase.AWAITING_CLOSE, block)
        round_.finish(block, Phase.FAILED if round_.failure else Phase.CLOSED)
        self._note(round_, block, not round_.failure and len(round_.accepted()) > 0)
        self.checkpoints += round_.clock.phase == Phase.CLOSED

    def abandon(self, block: int, sender: Address, round_id: int) -> None:
        organisation, round_ = self._participant(sender, round_id)
        clock = round_.clock_at(block)
        refuse(clock.phase not in TIMED, "RoundLedgerNotOpen", round_id, clock.phase, block, clock.last_end())
        refuse(organisation in round_.abandoners, "RoundLedgerAlreadyActed", round_id, organisation)
        round_.abandoners.add(organisation)
        if len(round_.abandoners) >= round_.quorum:
            round_.finish(block, Phase.FAILED)
            self._note(round_, block, False)

    def accepted(self, update_id: UpdateId) -> bool:
        """Whether a contribution counts: its round is closed and a quorum accepted it."""
        update = self.updates.get(update_id)
        round_ = self.rounds[update.round - 1] if update else None
        return round_ is not None and round_.clock.phase == Phase.CLOSED and update_id in round_.accepted()

    def _note(self, round_: Round, block: int, counts: bool) -> None:
        """Whoever opens rounds that come to nothing waits longer each time; one that counts fixes its task's cap."""
        opener = self.openers[round_.id - 1]
        self.idle[opener] = (0, 0) if counts else (self.idle.get(opener, (0, 0))[0] + 1, block)
        if counts:
            self.caps.setdefault(round_.opening.task_digest, round_.opening.epsilon_cap)

    def _spend(self, round_: Round, organisation: OrganisationId, epsilon: int) -> None:
        entry, cap = (organisation, round_.opening.task_digest), round_.opening.epsilon_cap
        recorded = self.epsilon.get(entry, 0)
        refuse(epsilon < recorded, "RoundLedgerEpsilonFell", organisation, epsilon, recorded)
        refuse(epsilon > cap, "RoundLedgerEpsilonAboveCap", organisation, epsilon, cap)
        self.epsilon[entry] = epsilon

    def _round(self, round_id: int) -> Round:
        refuse(not 0 < round_id <= len(self.rounds), "RoundLedgerUnknownRound", round_id)
        return self.rounds[round_id - 1]

    def _participant(self, sender: Address, round_id: int) -> tuple[OrganisationId, Round]:
        organisation = self.members.calling_delegate(sender)
        round_ = self._round(round_id)
        refuse(organisation not in round_.members, "RoundLedgerNotInRound", round_id, organisation)
        return organisation, round_


def commitment_of(round_id: int, organisation: OrganisationId, verdicts: Sequence[Verdict], nonce: Digest) -> bytes:
    """By its definition; the package's own function refuses verdicts that the contract would not take."""
    rows = [(word(one.update_id), one.accept, one.weight_cap, one.score, _label(one.reason)) for one in verdicts]
    return keccak(encode(_COMMITTED, (round_id, organisation_word(organisation), rows, word(nonce))))


def _label(reason: str | bytes) -> bytes:
    return reason if isinstance(reason, bytes) else label_word(reason)
