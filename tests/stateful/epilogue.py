"""How a life on the private chain ends: whatever happened, honest members can bring everything to a good end.

- every_life_can_go_on: an open round ends, every approved revocation comes to its last stage, and a new round closes
  with everybody's update accepted. No step of it may be refused.
"""

from __future__ import annotations

from stateful.chain_world import Key
from stateful.model_revocations import Revocation
from stateful.rules_anchoring import digest_of
from stateful.rules_judging import NONCE
from stateful.rules_keys import AGREEMENTS
from stateful.rules_revocations import FIGURES, RevocationRules
from stateful.rules_rounds import CAP

from orchestrator.chain.structs import Opening, Phase, Stage, Verdict
from orchestrator.types import ZERO_DIGEST, Cid, OrganisationId

LAST_CERTIFICATE = digest_of("the last certificate")


class Epilogue(RevocationRules):
    """The members, as they should act."""

    def conclude(self) -> None:
        refused = self.tally.refused.total()
        if self.present.paused:
            self._resume("private")
        for side, member in self._without_delegate():
            self.appoint(side, member)
        self._end_the_open_round()
        for item in [*self.revocations.requests.values()]:
            if item.stage != Stage.REQUESTED:
                self._finish(item)
        self._one_more_round()
        assert self.tally.refused.total() == refused, "every_life_can_go_on"

    def _end_the_open_round(self) -> None:
        while self.phase in (Phase.SUBMIT, Phase.RELEASE, Phase.COMMIT_VERDICTS, Phase.REVEAL_VERDICTS):
            self.mine(self.current.clock_at(self.block).end - self.world.anvil.height)
        if self.phase == Phase.AWAITING_CLOSE:
            self._close(self.delegates("private")[0], self.current.id)

    def _finish(self, item: Revocation) -> None:
        """Each stage is left by what the members that have not acted do; where all have, by counting them again."""
        first, revocations = self.delegates("private")[0], self.revocations
        if item.stage == Stage.APPROVED:
            self._step(first, item.id, "recordAffected", revocations.record_affected, shown=[[]])
        if item.stage == Stage.AFFECTED:
            manifest = digest_of("the last manifest")
            self._step(first, item.id, "recordReplacement", revocations.record_replacement, manifest)
        if item.stage == Stage.REPLACED:
            for sender in self._others(item.verified):
                self._step(sender, item.id, "recordVerification", revocations.record_verification, shown=[FIGURES])
            self._settle_at(item, Stage.REPLACED)
        if item.stage == Stage.VERIFIED:
            for sender in self.delegates("private")[: self.present.quorum]:
                self._endorse(sender, item, LAST_CERTIFICATE, sender)
        if item.stage == Stage.CERTIFIED:
            for sender in self._others(item.shredded):
                shown = [item.certificate, digest_of("receipt"), "Qm"]
                self._step(sender, item.id, "recordShredding", revocations.record_shredding, *shown[:2], shown=shown)
            self._settle_at(item, Stage.CERTIFIED)
        assert item.stage == Stage.SHREDDED, f"every_life_can_go_on: {item.id} stays at {item.stage!r}"

    def _settle_at(self, item: Revocation, stage: Stage) -> None:
        if item.stage == stage:
            self._step(self.delegates("private")[0], item.id, "settle", self.revocations.settle, ZERO_DIGEST)

    def _one_more_round(self) -> None:
        for sender in self._missing(AGREEMENTS[0]):
            self._accept(sender, AGREEMENTS[0])
        members, manifest = self.delegates("private"), digest_of("manifest")
        task = digest_of("the last task")  # in the others some may have spent more ε than what their cap is by now
        terms = (manifest, task, Cid("QmTask"), AGREEMENTS[0], Cid("QmAgreement"), 20, 20, 20, 20, len(members), CAP)
        opener = self.present.calling_delegate(members[0].address)
        self.mine(max(0, self.rounds.waits_until(opener) - self.world.anvil.height))
        self._open(members[0], Opening(*terms))
        number = self.current.id
        for sender in members:
            self._submit(sender, number, self._plain(self._spent(sender)))
        for update in self.current.updates:
            owner = self.delegate_of(update.organisation)
            assert owner is not None
            self._release(owner, update.id, ("QmPayload", "QmHeader"))
        verdicts = [Verdict(update.id, True) for update in self.current.released]
        for sender in members:
            self._commit(sender, number, verdicts, empty=False)
        for sender in members:
            self._reveal(sender, number, verdicts, NONCE)
        self._close(members[0], number)
        assert len(self.current.accepted()) == len(members), "every_life_can_go_on: not all are accepted"

    def _others(self, done: set[OrganisationId]) -> list[Key]:
        found = [self.delegate_of(name) for name in self._left(done)]
        return [key for key in found if key is not None]
