"""Reference model of the RoundLedger: the life of each round, and the rule by which updates are accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stateful.refusals import refuse

from orchestrator.chain.structs import Opening, Phase, Verdict
from orchestrator.types import MILLION, OrganisationId, UpdateId

TIMED = (Phase.SUBMIT, Phase.RELEASE, Phase.COMMIT_VERDICTS, Phase.REVEAL_VERDICTS)


@dataclass(frozen=True)
class Clock:
    """A round's phase, and the last block of each timed phase that has begun; 0 for those that have not."""

    phase: Phase
    ends: tuple[int, int, int, int]

    @property
    def end(self) -> int:
        """Last block of the present phase; 0 where it has none."""
        return self.ends[TIMED.index(self.phase)] if self.phase in TIMED else 0

    def last_end(self, upto: Phase = Phase.AWAITING_CLOSE) -> int:
        """Last block of the latest phase up to that one that has begun."""
        return max(end for phase, end in zip(TIMED, self.ends, strict=True) if phase <= upto)


@dataclass
class Update:
    id: UpdateId
    round: int
    organisation: OrganisationId
    replaced: bool = False
    released: bool = False


@dataclass
class Round:
    """One round; ``members`` and ``quorum`` are those of its opening."""

    id: int
    opening: Opening
    epoch: int
    quorum: int
    members: tuple[OrganisationId, ...]
    opened: int
    clock: Clock
    submissions: dict[OrganisationId, list[Update]] = field(default_factory=dict)
    passed: set[OrganisationId] = field(default_factory=set)
    commitments: dict[OrganisationId, bytes] = field(default_factory=dict)
    reveals: dict[OrganisationId, tuple[Verdict, ...]] = field(default_factory=dict)
    abandoners: set[OrganisationId] = field(default_factory=set)

    @property
    def updates(self) -> list[Update]:
        return [update for made in self.submissions.values() for update in made]

    @property
    def released(self) -> list[Update]:
        return [update for update in self.updates if update.released]

    @property
    def over(self) -> bool:
        return self.clock.phase in (Phase.CLOSED, Phase.FAILED)

    @property
    def failure(self) -> str:
        """Why it failed, when all its phases are over; empty when it did not."""
        if len(self.submissions) < self.opening.minimum_updates:
            return "too few submitted"
        return "too few released" if len(self.released) < self.opening.minimum_updates else ""

    def clock_at(self, block: int) -> Clock:
        """The clock that an action in this block meets."""
        clock = self.clock
        while clock.phase in TIMED and block > clock.end:
            clock = self._next(clock, clock.end)
        return clock

    def phase_at(self, block: int) -> Phase:
        return self.clock_at(block).phase

    def acted(self, block: int) -> None:
        """After an action: the phase ends at once when everybody has acted."""
        clock = self.clock_at(block)
        self.clock = self._next(clock, block) if self._everybody(clock.phase) else clock

    def finish(self, block: int, phase: Phase) -> None:
        self.clock = replace(self.clock_at(block), phase=phase)

    def require(self, expected: Phase, block: int) -> None:
        clock = self.clock_at(block)
        if clock.phase == expected:
            return
        refuse(self.over, "RoundLedgerNotOpen", self.id, clock.phase, block, clock.last_end())
        early = clock.phase < expected
        refuse(early, "RoundLedgerTooEarly", self.id, expected, clock.phase, block, clock.end)
        refuse(True, "RoundLedgerTooLate", self.id, expected, block, clock.last_end(expected))

    def acceptances(self, update: Update) -> int:
        """Members that accept it: its owner from the release on, and the others by what they revealed."""
        others = [
            verdict.accept
            for judge, verdicts in self.reveals.items()
            for verdict in verdicts
            if verdict.update_id == update.id and judge != update.organisation
        ]
        return sum(others) + update.released

    def accepted(self) -> list[UpdateId]:
        return [update.id for update in self.released if self.acceptances(update) >= self.quorum]

    def pending(self, phase: Phase) -> list[OrganisationId]:
        """Members that this phase waits for."""
        released = {update.organisation for update in self.released}
        waited: dict[Phase, set[OrganisationId]] = {
            Phase.SUBMIT: {*self.members} - {*self.submissions} - self.passed,
            Phase.RELEASE: {*self.submissions} - released,
            Phase.COMMIT_VERDICTS: {*self.members} - {*self.commitments},
            Phase.REVEAL_VERDICTS: {*self.commitments} - {*self.reveals},
        }
        return [name for name in self.members if name in waited[phase]]

    def _everybody(self, phase: Phase) -> bool:
        return not self.pending(phase)

    def _next(self, clock: Clock, ended: int) -> Clock:
        place = TIMED.index(clock.phase)
        ends = list(clock.ends)
        ends[place] = ended
        if self._nothing_follows(clock.phase):
            return Clock(Phase.AWAITING_CLOSE, (*ends,))  # type: ignore[arg-type]
        lengths = (self.opening.release_blocks, self.opening.commit_blocks, self.opening.reveal_blocks)
        ends[place + 1] = ended + lengths[place]
        return Clock(TIMED[place + 1], (*ends,))  # type: ignore[arg-type]

    def _nothing_follows(self, phase: Phase) -> bool:
        if phase in (Phase.SUBMIT, Phase.RELEASE):
            count = len(self.submissions) if phase == Phase.SUBMIT else len(self.released)
            return count < self.opening.minimum_updates
        return phase == Phase.REVEAL_VERDICTS or not self.commitments


def check_verdicts(round_: Round, updates: dict[UpdateId, Update], verdicts: Sequence[Verdict]) -> None:
    """What the contract asks of verdicts, one after the other."""
    judged: set[OrganisationId] = set()
    for verdict in verdicts:
        update = updates.get(verdict.update_id)
        refuse(update is None, "RoundLedgerUnknownUpdate", verdict.update_id)
        assert update is not None
        foreign = update.round != round_.id
        refuse(foreign, "RoundLedgerUpdateOfOtherRound", verdict.update_id, round_.id)
        refuse(not update.released, "RoundLedgerUpdateNotReleased", verdict.update_id)
        invalid = verdict.weight_cap > MILLION or (verdict.accept and verdict.reason != "")
        refuse(invalid, "RoundLedgerInvalidVerdict", verdict.update_id)
        refuse(update.organisation in judged, "RoundLedgerJudgedTwice", verdict.update_id)
        judged.add(update.organisation)


def check_opening(opening: Opening, members: int, longest: int) -> None:
    digests = (opening.manifest_digest, opening.task_digest, opening.agreement_digest)
    empty = any(int(digest, 16) == 0 for digest in digests)
    refuse(empty or not 0 < opening.minimum_updates <= members, "RoundLedgerInvalidOpening")
    for blocks in (opening.submit_blocks, opening.release_blocks, opening.commit_blocks, opening.reveal_blocks):
        refuse(blocks == 0, "RoundLedgerInvalidOpening")
        refuse(blocks > longest, "RoundLedgerPhaseTooLong", blocks, longest)
