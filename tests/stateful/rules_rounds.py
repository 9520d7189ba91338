"""Rules: rounds from their opening to their end, by members that act in turn, out of turn, late or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st
from stateful.chain_world import Key
from stateful.machine import action, chance, odd, one
from stateful.model_round_ledger import MOST_SUBMISSIONS
from stateful.model_rounds import TIMED, Round
from stateful.rules_anchoring import digest_of
from stateful.rules_keys import AGREEMENTS, SALT, TEXTS, KeyRules

from orchestrator.chain.structs import Opening, Phase, Submission
from orchestrator.types import ZERO_DIGEST, Cid, OrganisationId, UpdateId

TASKS = (digest_of("task"), digest_of("another task"))
LONGEST_PHASE = 30
CAP = 100


def in_phase(*phases: Phase) -> Callable[[RoundRules], bool]:
    """Whether the open round is in one of these phases when the next transaction comes."""
    return lambda machine: machine.phase in phases


class RoundRules(KeyRules):
    """Everything up to the release of the updates."""

    @property
    def phase(self) -> Phase:
        """That of the open round, in the next block."""
        round_ = self.rounds.open_round
        return round_.phase_at(self.block) if round_ else Phase.NONE

    @property
    def current(self) -> Round:
        """The last round."""
        return self.rounds.rounds[-1]

    @action(18, when=in_phase(Phase.NONE))
    def open_a_round(self, data: st.DataObject) -> None:
        self._open(self.who(data), self._opening(data))

    @action(1, when=lambda self: self.rounds.rounds)
    def open_another_round(self, data: st.DataObject) -> None:
        self._open(self.who(data), self._opening(data))

    @action(18, when=in_phase(Phase.SUBMIT))
    def submit_an_update(self, data: st.DataObject) -> None:
        waiting = self.current.pending(Phase.SUBMIT)
        again = [*self.current.submissions]
        sender = self.who(data, again if again and chance(data, 4, "again") else waiting)
        self._submit(sender, self.current.id, self._submission(data, sender))

    @action(1, when=in_phase(Phase.SUBMIT))
    def pass_the_round(self, data: st.DataObject) -> None:
        self._pass(self.who(data, self.current.pending(Phase.SUBMIT)), self.current.id)

    @action(1, when=in_phase(Phase.SUBMIT))
    def submit_more_than_is_taken(self, data: st.DataObject) -> None:
        """One more than the contract takes of a member, where the phase is long enough and others are still to act."""
        owners = [*self.current.submissions]
        room = self.current.clock_at(self.block).end - self.block
        sender = self.delegate_of(owners[0]) if owners else None
        if sender is None or room < MOST_SUBMISSIONS:
            return
        for _ in range(MOST_SUBMISSIONS + 1 - len(self.current.submissions[owners[0]])):
            self._submit(sender, self.current.id, self._plain(self._spent(sender)))

    @action(18, when=in_phase(Phase.RELEASE))
    def release_an_update(self, data: st.DataObject) -> None:
        sender = self.who(data, self.current.pending(Phase.RELEASE))
        cids = (odd(data, "QmPayload", ["", *TEXTS], "payload"), odd(data, "QmHeader", TEXTS, "header"))
        self._release(sender, self._own_update(data, sender), cids)

    @action(6, when=in_phase(Phase.SUBMIT, Phase.RELEASE))
    def everybody_goes_on(self, data: st.DataObject) -> None:
        """All members that the phase waits for act as they should."""
        phase, round_ = self.phase, self.current
        for name in round_.pending(phase):
            sender = self.delegate_of(name)
            if sender is None or self.phase != phase:
                continue
            if phase == Phase.SUBMIT:
                self._submit(sender, round_.id, self._plain(self._spent(sender)))
            else:
                self._release(sender, round_.submissions[name][-1].id, ("QmPayload", "QmHeader"))

    @action(15, when=in_phase(Phase.AWAITING_CLOSE))
    def close_the_round(self, data: st.DataObject) -> None:
        self._close(self.who(data), self.current.id)

    @action(1, when=in_phase(*TIMED))
    def abandon_the_round(self, data: st.DataObject) -> None:
        self._abandon(self.who(data), self.current.id)

    @action(1)
    def time_passes(self, data: st.DataObject) -> None:
        self.mine(data.draw(st.integers(1, 8), "blocks"))

    @action(1, when=in_phase(*TIMED))
    def a_phase_runs_out(self, data: st.DataObject) -> None:
        """Up to the last block of the phase, or past it."""
        left = self.current.clock_at(self.block).end - self.world.anvil.height
        past = data.draw(st.integers(0, 1), "past the end")
        if left - 1 + past > 0:
            self.mine(left - 1 + past)

    @action(6, when=lambda self: self.rounds.rounds)
    def act_out_of_turn(self, data: st.DataObject) -> None:
        """Any action on any round, whatever its phase."""
        sender = self.who(data)
        number = self.any_round(data)
        submission = self._plain(self._spent(sender))
        deeds: dict[str, Callable[[], None]] = {
            "submit": lambda: self._submit(sender, number, submission),
            "pass": lambda: self._pass(sender, number),
            "release": lambda: self._release(sender, self.any_update(data), ("QmPayload", "QmHeader")),
            "close": lambda: self._close(sender, number),
            "abandon": lambda: self._abandon(sender, number),
        }
        deeds[one(data, tuple(deeds), "deed")]()

    def any_round(self, data: st.DataObject) -> int:
        """A round's number, sometimes one that there is not."""
        count = len(self.rounds.rounds)
        return (
            one(data, (0, count + 1), "no round")
            if chance(data, 10, "none")
            else one(data, range(count, 0, -1), "round")
        )

    def any_update(self, data: st.DataObject) -> UpdateId:
        return one(data, [*[*self.rounds.updates][::-1], UpdateId(digest_of("no update"))], "update")

    def _own_update(self, data: st.DataObject, sender: Key) -> UpdateId:
        """Mostly the sender's last one in the last round."""
        made = self.current.submissions.get(self.organisation_of(sender) or OrganisationId(""), [])
        if not made or chance(data, 8, "any update"):
            return self.any_update(data)
        return made[-1].id if not chance(data, 8, "a former one") else made[0].id

    def _spent(self, sender: Key) -> int:
        task = self.current.opening.task_digest
        return self.rounds.epsilon.get((self.organisation_of(sender) or OrganisationId(""), task), 0)

    def _plain(self, epsilon: int) -> Submission:
        """Digests that differ with the place in the chain."""
        ciphertext, header, content, statement = (digest_of(name, self.block) for name in "chds")
        return Submission(ciphertext, header, content, statement, self.current.opening.manifest_digest, 100, epsilon)

    def _submission(self, data: st.DataObject, sender: Key) -> Submission:
        spent = self._spent(sender)
        epsilon = one(data, (spent, spent + 1, spent + 7, max(spent - 1, 0), CAP, CAP + 1), "ε")
        plain = replace(self._plain(epsilon), samples=odd(data, 100, (0, 2**64 - 1), "samples"))
        return replace(plain, header_digest=ZERO_DIGEST) if chance(data, 12, "incomplete") else plain

    def _opening(self, data: st.DataObject) -> Opening:
        blocks = st.lists(st.sampled_from((20, 12, 8, 4, 2, 1, LONGEST_PHASE)), min_size=4, max_size=4)
        lengths = data.draw(blocks, "lengths")
        if chance(data, 10, "a wrong length"):
            lengths[one(data, range(4), "of")] = one(data, (0, LONGEST_PHASE + 1), "length")
        count = len(self.present.members)
        minimum = one(data, (2, 1, count, 0, count + 1), "minimum") if chance(data, 2, "minimum") else 1
        return Opening(
            manifest_digest=ZERO_DIGEST if chance(data, 16, "no manifest") else digest_of("manifest", self.block),
            task_digest=TASKS[0] if not chance(data, 4, "another task") else TASKS[1],
            task_cid=Cid(odd(data, "QmTask", ["", *TEXTS], "task's place")),
            agreement_digest=AGREEMENTS[0] if not chance(data, 8, "another agreement") else AGREEMENTS[1],
            agreement_cid=Cid("QmAgreement"),
            submit_blocks=lengths[0],
            release_blocks=lengths[1],
            commit_blocks=lengths[2],
            reveal_blocks=lengths[3],
            minimum_updates=minimum,
            epsilon_cap=CAP + (1 if chance(data, 12, "another cap") else 0),
        )

    def _open(self, sender: Key, opening: Opening) -> None:
        rounds = self.rounds
        self.act(
            sender,
            "rounds",
            "openRound",
            opening,
            SALT,
            model=lambda: rounds.open(self.block, sender.address, opening),
        )

    def _submit(self, sender: Key, number: int, submission: Submission) -> None:
        round_, name = self.rounds.rounds[number - 1 : number], self.organisation_of(sender)
        expected = self.rounds.next_update(round_[0], name) if round_ and name else None
        events = self.act(
            sender,
            "rounds",
            "submitUpdate",
            number,
            submission,
            SALT,
            model=lambda: self.rounds.submit(self.block, sender.address, number, submission),
        )
        assert all(event.values.get("update_id", expected) == expected for event in events), "the update's id"

    def _pass(self, sender: Key, number: int) -> None:
        rounds = self.rounds
        self.act(
            sender,
            "rounds",
            "passRound",
            number,
            SALT,
            model=lambda: rounds.pass_round(self.block, sender.address, number),
        )

    def _release(self, sender: Key, update: UpdateId, cids: tuple[str, str]) -> None:
        rounds = self.rounds
        self.act(
            sender,
            "rounds",
            "releaseUpdate",
            update,
            *cids,
            SALT,
            model=lambda: rounds.release(self.block, sender.address, update, cids),
        )

    def _close(self, sender: Key, number: int) -> None:
        rounds = self.rounds
        self.act(
            sender,
            "rounds",
            "closeRound",
            number,
            SALT,
            model=lambda: rounds.close(self.block, sender.address, number),
        )

    def _abandon(self, sender: Key, number: int) -> None:
        rounds = self.rounds
        self.act(
            sender,
            "rounds",
            "abandonRound",
            number,
            SALT,
            model=lambda: rounds.abandon(self.block, sender.address, number),
        )
