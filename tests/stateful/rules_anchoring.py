"""Rules: checkpoints that are anchored, and contents that contradict each other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from stateful.chain_world import Key
from stateful.machine import Machine, action, chance, one
from stateful.model_anchor import AnchorModel
from stateful.model_awards import AwardTree
from stateful.rules_governance import STRANGERS, GovernanceRules

from orchestrator.chain.structs import AwardLeaf
from orchestrator.commitment.checkpoints import checkpoint_digest, head_of
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.types import ZERO_DIGEST, Digest, UpdateId

PRIVATE_CHAIN = 1337
HOLDERS = slice(4, 8)
AMOUNTS = (10, 60, 0, 1, 101)
FAULTS = ("shrunken", "fallen") * 3 + ("stale", "previous", "sequence", "chain", "epoch", "digest")


def digest_of(*parts: object) -> Digest:
    """A digest that stands for something."""
    return Digest("0x" + hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest())


class AnchoringRules(GovernanceRules, Machine):
    """``statements`` are all checkpoints that somebody signed, with who did."""

    anchor: AnchorModel
    statements: list[tuple[Checkpoint, Key]]
    trees: dict[Digest, AwardTree]

    @action(4)
    def anchor_a_checkpoint(self, data: st.DataObject) -> None:
        previous = self.anchor.chain[-1]
        following = self._following(data, previous)
        faulty = chance(data, 2, "at fault")
        if faulty:
            previous, following = self._spoilt(one(data, FAULTS, "fault"), previous, following)
        delegates, members = self.delegates("public"), self.members["public"]
        who = sorted(delegates, key=lambda key: key.address)[: members.quorum] if faulty else []
        self._anchor(previous, following, who or self.signed_by(data, delegates, "public"))

    @action(1, when=lambda self: self.statements)
    def prove_equivocation(self, data: st.DataObject) -> None:
        a, signer = one(data, self.statements[::-1], "statement")
        kind = one(data, ("records", "awards", "epoch", "sequence"), "difference")
        changes = {
            "records": {"records_root": digest_of("other", a.records_root)},
            "awards": {"awards_root": digest_of("other awards")},
            "epoch": {"epoch": a.epoch + 1, "consortium_digest": digest_of("newer"), "previous_head": ZERO_DIGEST},
            "sequence": {"sequence": a.sequence + 1},
        }
        b = replace(a, **changes[kind])  # type: ignore[arg-type]
        everybody = [*self.delegates("public"), *self.world.keys[STRANGERS]]
        other = one(data, everybody, "who signs the other") if chance(data, 4, "another") else signer
        self.act(
            self.world.keys[STRANGERS][0],
            "anchor",
            "proveEquivocation",
            a,
            b,
            self._signature(a, signer),
            self._signature(b, other),
            model=lambda: self.anchor.prove(a, b, signer.address, other.address),
        )

    def _anchor(self, previous: Checkpoint, following: Checkpoint, who: Sequence[Key]) -> None:
        self.statements += [(following, key) for key in who]
        addresses = [key.address for key in who]
        events = self.act(
            self.world.keys[STRANGERS][0],
            "anchor",
            "anchor",
            previous,
            following,
            [self._signature(following, key) for key in who],
            model=lambda: self.anchor.anchor(previous, following, addresses),
        )
        for event in events:
            bitmap = self.members["public"].delegate_bitmap(addresses)
            assert event.values["signers"] == bitmap, f"bitmap {event.values['signers']:b}, expected {bitmap:b}"

    def _following(self, data: st.DataObject, previous: Checkpoint) -> Checkpoint:
        sequence = previous.sequence + 1
        root = ZERO_DIGEST if chance(data, 4, "no awards") else self._awards(data, sequence)
        grown = [data.draw(st.integers(0, 4), name) for name in ("records added", "blocks added")]
        return self.after(previous, root, *grown)

    def after(self, previous: Checkpoint, root: Digest, records: int = 1, blocks: int = 1) -> Checkpoint:
        """The checkpoint after another, with so many more records and blocks of the private chain."""
        sequence, members = previous.sequence + 1, self.members["public"]
        return Checkpoint(
            sequence=sequence,
            previous_head=head_of(previous),
            records_root=digest_of("records", sequence, records),
            tree_size=previous.tree_size + records,
            private_chain_id=PRIVATE_CHAIN,
            private_block=previous.private_block + blocks,
            private_block_hash=digest_of("block", sequence),
            manifest_digest=digest_of("manifest", sequence),
            awards_root=root,
            consortium_digest=members.digest,
            epoch=members.epoch,
        )

    def _awards(self, data: st.DataObject, sequence: int) -> Digest:
        """The root of a new tree of awards."""
        return self.tree_of(
            sequence, data.draw(st.lists(st.sampled_from(AMOUNTS), min_size=1, max_size=4), "amounts")
        ).root

    def tree_of(self, sequence: int, amounts: Sequence[int]) -> AwardTree:
        """A tree with one award for each amount, that can be claimed from now on where its root is published."""
        holders = [key.address for key in self.world.keys[HOLDERS]]
        updates = [UpdateId(digest_of("update", sequence, index)) for index in range(len(amounts))]
        tree = AwardTree(
            [AwardLeaf(sequence, index, updates[index], holders[index], amount) for index, amount in enumerate(amounts)]
        )
        self.trees[tree.root] = tree
        return tree

    def _spoilt(self, fault: str, previous: Checkpoint, following: Checkpoint) -> tuple[Checkpoint, Checkpoint]:
        """The same with one thing wrong."""
        if fault == "stale":
            stale = self.anchor.chain[0] if previous.sequence else replace(previous, sequence=1)
            return stale, following
        changes = {
            "previous": {"previous_head": digest_of("elsewhere")},
            "sequence": {"sequence": following.sequence + 1},
            "shrunken": {"tree_size": max(0, previous.tree_size - 1)},
            "fallen": {"private_block": max(0, previous.private_block - 1)},
            "chain": {"private_chain_id": PRIVATE_CHAIN + 1},
            "epoch": {"epoch": following.epoch - 1},
            "digest": {"consortium_digest": digest_of("another consortium")},
        }
        return previous, replace(following, **changes[fault])  # type: ignore[arg-type]

    def _signature(self, checkpoint: Checkpoint, key: Key) -> bytes:
        anchor = self.world["anchor"].address
        return key.sign(checkpoint_digest(checkpoint, self.world.chain_id, anchor))
