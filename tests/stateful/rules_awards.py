"""Rules: awards that are published, disputed, replaced, voided and claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from stateful.machine import action, chance, one
from stateful.model_awards import AwardsModel, Proof
from stateful.rules_anchoring import HOLDERS, AnchoringRules
from stateful.rules_governance import STRANGERS

from orchestrator.chain.structs import AwardLeaf
from orchestrator.commitment.eip712 import (
    Domain,
    award_void_digest,
    distributor_domain,
    payout_cap_digest,
    root_replacement_digest,
)
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.types import ZERO_DIGEST

CAPS = (100, 150, 0, 60, 2**96)


def anchored(machine: AwardRules) -> bool:
    return len(machine.anchor.chain) > 1


def published(machine: AwardRules) -> bool:
    return bool(machine.awards.published)


class AwardRules(AnchoringRules):
    """``awards`` models the distributor; the token's balances are in it."""

    awards: AwardsModel

    @action(5, when=anchored)
    def publish_awards(self, data: st.DataObject) -> None:
        self._publish(self._chain(data))

    @action(2, when=anchored)
    def object_to_awards(self, data: st.DataObject) -> None:
        sequence = self._sequence(data)
        sender = one(data, [*self.delegates("public"), self.world.keys[STRANGERS][0]], "who objects")
        self.act(
            sender,
            "distributor",
            "raiseObjection",
            sequence,
            "scores",
            model=lambda: self.awards.raise_objection(self.block, sender.address, sequence),
        )

    @action(2, when=published)
    def replace_a_root(self, data: st.DataObject) -> None:
        sequence = self._sequence(data)
        root = one(data, [self._awards(data, sequence), ZERO_DIGEST, *self.trees], "new root")
        known = self.awards.published.get(sequence)
        digest = root_replacement_digest(self._domain, sequence, known.root if known else ZERO_DIGEST, root)
        who = self.signed_by(data, self.authorities("public"), "public")
        self.act(
            self.world.keys[STRANGERS][0],
            "distributor",
            "replaceRoot",
            sequence,
            root,
            [key.sign(digest) for key in who],
            model=lambda: self.awards.replace_root(self.block, sequence, root, digest, [key.address for key in who]),
        )

    @action(3, when=published)
    def void_awards(self, data: st.DataObject) -> None:
        sequence = self._sequence(data)
        known = self.awards.published.get(sequence)
        indices = data.draw(st.lists(st.integers(0, 3), max_size=3), "indices")
        digest = award_void_digest(self._domain, sequence, known.root if known else ZERO_DIGEST, indices)
        who = self.signed_by(data, self.delegates("public"), "public")
        self.act(
            self.world.keys[STRANGERS][0],
            "distributor",
            "voidAwards",
            sequence,
            indices,
            [key.sign(digest) for key in who],
            model=lambda: self.awards.void(sequence, indices, digest, [key.address for key in who]),
        )

    @action(1)
    def change_the_cap(self, data: st.DataObject) -> None:
        cap = one(data, CAPS, "cap")
        digest = payout_cap_digest(self._domain, self.awards.cap, cap, self.awards.cap_nonce)
        who = self.signed_by(data, self.authorities("public"), "public")
        self.act(
            self.world.keys[STRANGERS][0],
            "distributor",
            "setPayoutCap",
            cap,
            [key.sign(digest) for key in who],
            model=lambda: self.awards.set_cap(cap, digest, [key.address for key in who]),
        )

    @action(6, when=published)
    def claim_an_award(self, data: st.DataObject) -> None:
        self._pay(*self._claim(data))

    @action(5, when=published)
    def claim_a_batch(self, data: st.DataObject) -> None:
        claims = [self._claim(data) for _ in range(data.draw(st.integers(0, 4), "how many"))]
        awards, proofs = [award for award, _ in claims], [proof for _, proof in claims]
        if chance(data, 10, "one proof too few"):
            proofs = proofs[:-1]
        self.act(
            self.world.keys[STRANGERS][2],
            "distributor",
            "claimBatch",
            awards,
            proofs,
            model=lambda: self.awards.claim_batch(self.block, awards, proofs),
        )

    @action(1, when=lambda self: self.awards.books.balances.total())
    def pass_tokens_on(self, data: st.DataObject) -> None:
        giver, taker = (one(data, self.world.keys[HOLDERS], name) for name in ("giver", "taker"))
        amount = data.draw(st.integers(0, 70), "amount")
        self.act(
            giver,
            "token",
            "transfer",
            taker.address,
            amount,
            model=lambda: self.awards.transfer(giver.address, taker.address, amount),
        )

    @action(2)
    def time_passes(self, data: st.DataObject) -> None:
        self.mine(data.draw(st.integers(1, 8), "blocks"))

    @action(2, when=published)
    def awards_vest(self, data: st.DataObject) -> None:
        latest = max(item.claimable_from for item in self.awards.published.values()) + self.awards.vesting
        if self.block < latest:
            self.mine(latest - self.block)

    def conclude(self) -> None:
        """every_life_can_go_on: whatever happened, a quorum can anchor awards, and their holders get them."""
        refused, members = self.tally.refused.total(), self.members["public"]
        if members.paused:
            self._resume("public")
        for side, member in self._without_delegate():
            self.appoint(side, member)
        last = self.anchor.chain[-1]
        tree = self.tree_of(last.sequence + 1, [min(10, self.awards.cap), 0])
        signers = sorted(self.delegates("public"), key=lambda key: key.address)[: members.quorum]
        self._anchor(last, self.after(last, tree.root), signers)
        self._publish(self.anchor.chain[-1:])
        self.mine(self.awards.window + self.awards.vesting)
        for place, award in enumerate(tree.awards):
            self._pay(award, tree.proof(place))
        assert self.tally.refused.total() == refused, "every_life_can_go_on"

    def _publish(self, chain: Sequence[Checkpoint]) -> None:
        self.act(
            self.world.keys[STRANGERS][1],
            "distributor",
            "publish",
            chain,
            model=lambda: self.awards.publish(self.block, chain),
        )

    def _pay(self, award: AwardLeaf, proof: Proof) -> None:
        self.act(
            self.world.keys[STRANGERS][2],
            "distributor",
            "claim",
            award,
            proof,
            model=lambda: self.awards.claim(self.block, award, proof),
        )

    @property
    def _domain(self) -> Domain:
        return distributor_domain(self.world.chain_id, self.world["distributor"].address)

    def _sequence(self, data: st.DataObject) -> int:
        """Mostly one that is published."""
        known = sorted(self.awards.published, reverse=True)
        if not known or chance(data, 8, "any"):
            return one(data, range(len(self.anchor.chain) + 1), "any sequence")
        return one(data, known, "sequence")

    def _chain(self, data: st.DataObject) -> list[Checkpoint]:
        """Checkpoints from one that is not published up to the head, sometimes not quite."""
        chain = self.anchor.chain
        fresh = [item for item in chain[1:] if item.sequence not in self.awards.published]
        start = one(data, chain, "any start") if chance(data, 5, "any") or not fresh else one(data, fresh, "start")
        given = chain[start.sequence :]
        kind = one(data, ("whole",) * 6 + ("no end", "gap", "none"), "chain")
        return {"whole": given, "no end": given[:-1], "gap": given[:1] + given[2:], "none": []}[kind]

    def _claim(self, data: st.DataObject) -> tuple[AwardLeaf, Proof]:
        """An award with its proof, sometimes of another root or of another amount."""
        sequence = one(data, sorted(self.awards.published, reverse=True), "sequence")
        tree = self.trees.get(self.awards.published[sequence].root) or next(iter(self.trees.values()))
        if chance(data, 8, "of any root"):
            tree = one(data, list(self.trees.values()), "tree")
        place = one(data, range(len(tree.awards)), "award")
        award, proof = tree.awards[place], tree.proof(place)
        if chance(data, 10, "more of it"):
            award = replace(award, amount=award.amount + 1)
        return award, proof
