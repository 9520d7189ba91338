"""Rules: verdicts that are committed to and revealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from stateful.chain_world import Key
from stateful.machine import action, chance, odd, one
from stateful.model_round_ledger import commitment_of
from stateful.rules_anchoring import digest_of
from stateful.rules_keys import LABELS, SALT
from stateful.rules_rounds import RoundRules, in_phase

from orchestrator.chain.structs import Phase, Verdict
from orchestrator.types import MILLION, Digest, OrganisationId, UpdateId

NONCE = digest_of("nonce")
FAULTS = ("none at all", "twice", "other round", "unreleased", "weight", "reason", "unknown")


class JudgingRules(RoundRules):
    """``judgements`` are what members committed to, by round and member."""

    judgements: dict[tuple[int, OrganisationId], tuple[Verdict, ...]]

    @action(18, when=in_phase(Phase.COMMIT_VERDICTS))
    def commit_verdicts(self, data: st.DataObject) -> None:
        sender = self.who(data, self.current.pending(Phase.COMMIT_VERDICTS))
        self._commit(sender, self.current.id, self._verdicts(data), empty=chance(data, 16, "empty"))

    @action(18, when=in_phase(Phase.REVEAL_VERDICTS))
    def reveal_verdicts(self, data: st.DataObject) -> None:
        sender = self.who(data, self.current.pending(Phase.REVEAL_VERDICTS))
        kept = self.judgements.get((self.current.id, self.organisation_of(sender) or OrganisationId("")), ())
        if chance(data, 12, "other verdicts"):
            kept = tuple(self._verdicts(data))
        self._reveal(sender, self.current.id, kept, digest_of("x") if chance(data, 16, "other nonce") else NONCE)

    @action(6, when=in_phase(Phase.COMMIT_VERDICTS, Phase.REVEAL_VERDICTS))
    def everybody_judges(self, data: st.DataObject) -> None:
        """All members that the phase waits for act; most accept what was released."""
        phase, round_ = self.phase, self.current
        for name in round_.pending(phase):
            sender = self.delegate_of(name)
            if sender is None or self.phase != phase:
                continue
            if phase == Phase.COMMIT_VERDICTS:
                self._commit(sender, round_.id, self._honest(data), empty=False)
            else:
                self._reveal(sender, round_.id, self.judgements.get((round_.id, name), ()), NONCE)

    @action(1, when=lambda self: self.rounds.rounds)
    def judge_out_of_turn(self, data: st.DataObject) -> None:
        sender = self.who(data)
        number = self.any_round(data)
        if chance(data, 2, "reveal"):
            kept = self.judgements.get((number, self.organisation_of(sender) or OrganisationId("")), ())
            self._reveal(sender, number, kept, NONCE)
        else:
            self._commit(sender, number, self._honest(data), empty=False)

    def _honest(self, data: st.DataObject) -> list[Verdict]:
        """One for each update that was released."""
        verdicts = []
        for update in self.current.released:
            accept = not chance(data, 4, "reject")
            score = data.draw(st.sampled_from((3, 0, -2, 2**63 - 1, -(2**63))), "score")
            reason: Any = "" if accept else odd(data, "norm", LABELS, "reason")
            verdicts.append(Verdict(update.id, accept, odd(data, MILLION, (0, 1), "cap"), score, reason))
        return verdicts

    def _verdicts(self, data: st.DataObject) -> list[Verdict]:
        """Honest ones, sometimes fewer of them, sometimes with a fault that only the reveal shows."""
        verdicts = self._honest(data)
        if chance(data, 4, "fewer"):
            verdicts = verdicts[1:]
        if not verdicts or not chance(data, 3, "fault"):
            return verdicts
        first, fault = verdicts[0], one(data, FAULTS, "fault")
        elsewhere = [item.id for item in self.rounds.updates.values() if item.round != self.current.id]
        unreleased = [item.id for item in self.current.updates if not item.released]
        added = {
            "twice": [first],
            "other round": [Verdict(item, True) for item in elsewhere[-1:]],
            "unreleased": [Verdict(item, True) for item in unreleased[:1]],
            "weight": [Verdict(first.update_id, True, MILLION + 1)],
            "reason": [Verdict(first.update_id, True, MILLION, 0, "norm")],
            "unknown": [Verdict(UpdateId(digest_of("no update")), True)],
        }
        if fault == "none at all":
            return []
        return verdicts[1:] + added[fault] if fault in ("weight", "reason") else verdicts + added[fault]

    def _commit(self, sender: Key, number: int, verdicts: Sequence[Verdict], *, empty: bool) -> None:
        name = self.organisation_of(sender) or OrganisationId("nobody")
        commitment = bytes(32) if empty else commitment_of(number, name, verdicts, NONCE)
        events = self.act(
            sender,
            "rounds",
            "commitVerdicts",
            number,
            commitment,
            SALT,
            model=lambda: self.rounds.commit(self.block, sender.address, number, commitment),
        )
        if events:
            self.judgements[number, name] = tuple(verdicts)

    def _reveal(self, sender: Key, number: int, verdicts: Sequence[Verdict], nonce: Digest) -> None:
        rounds = self.rounds
        self.act(
            sender,
            "rounds",
            "revealVerdicts",
            number,
            verdicts,
            nonce,
            SALT,
            model=lambda: rounds.reveal(self.block, sender.address, number, verdicts, nonce),
        )
