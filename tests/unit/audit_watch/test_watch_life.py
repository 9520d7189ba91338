"""A watcher over real contracts' events in memory: an honest life says nothing, and each fault is told by its name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.audit.ledger_chain import LedgerChain
from unit.audit.life import Life
from unit.audit_watch.watched_life import LIMITS, Desk, asked
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, delegate, private_key, sign

from orchestrator.audit.watch import Source
from orchestrator.chain.abi import artifact
from orchestrator.chain.memory import MemoryChain
from orchestrator.commitment.checkpoints import checkpoint_digest, head_of
from orchestrator.errors import ChainError
from orchestrator.ledger.schema import snake_case
from orchestrator.types import Digest

OTHER = Digest("0x" + "ab" * 32)


def test_a_whole_life_is_watched_without_a_word() -> None:
    desk = Desk()
    for step in (desk.life.round, desk.life.round):
        step()
        assert desk.look() == []
    updates = [item for item in desk.life.ledger.state.updates.values() if item.organisation == CUMULUS]
    desk.life.revoke(CUMULUS, [item.id for item in updates])
    assert desk.look() == [] and desk.look() == []
    seen = desk.seen
    assert seen.compared and not seen.silent and seen.objects is not None
    # four live contributions of two objects, a task, an agreement, a certificate and three receipts
    assert (seen.objects.wanted, len(seen.objects.asked), seen.objects.absent) == (14, 14, ())
    assert seen.public is not None and seen.public.sequence == 3 and seen.public.supply == seen.public.paid > 0


def test_what_was_read_is_not_asked_for_again() -> None:
    desk = Desk()
    desk.life.round()
    first = asked(desk, desk.look)
    still = asked(desk, desk.look)
    desk.life.public.mine()
    desk.life.private.mine()
    again = asked(desk, desk.look)
    assert all(few <= 8 < many for few, many in zip(still, first, strict=True))
    assert all(few <= 12 for few in again)


def test_an_outsider_sees_the_public_chain_alone() -> None:
    desk = Desk(outside=True)
    desk.life.round()
    assert desk.look() == [] and desk.seen.private is None and desk.seen.objects is None and desk.seen.compared
    desk.life.supply += 5
    assert desk.look() == ["raised tokens-differ"]
    desk.life.supply -= 5
    assert desk.look() == ["passed tokens-differ"]


def test_a_checkpoint_that_stalls_and_is_anchored_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(limits=replace(LIMITS, stalled_after=300))
    with monkeypatch.context() as patch:
        patch.setattr(Life, "anchor", lambda self: None)
        patch.setattr(Life, "pay", lambda self: None)
        desk.life.round()
    due = desk.life.ledger.state.due[-1].block
    desk.now = float(due)
    assert desk.look(after=299) == []
    assert desk.look(after=2) == ["raised checkpoint-stalled"]
    assert desk.text("checkpoint-stalled") == "checkpoint 1 has been due for 5 min and is not anchored"
    desk.life.anchor()
    assert desk.look() == ["passed checkpoint-stalled"]


def test_a_missing_object_is_named_and_comes_back() -> None:
    desk = Desk()
    updates = desk.life.round()
    payload, _ = desk.life.objects[updates[AURORA]]
    data = desk.life.store.objects.pop(payload)
    assert desk.look() == ["raised object-missing"]
    assert desk.text("object-missing").startswith("the payload of aurora's contribution in round 1 is missing: no IPFS")
    desk.life.store.objects[payload] = data
    assert desk.look() == ["passed object-missing"]


def test_a_missing_task_accuses_nobody_of_lies() -> None:
    desk = Desk()
    desk.life.round()
    cid = desk.life.ledger.state.rounds[1].opening.task_cid
    data = desk.life.store.objects.pop(cid)  # type: ignore[call-overload]
    assert desk.look() == ["raised object-missing"]
    assert "the task of round 1 is missing" in desk.text("object-missing") and not desk.seen.compared
    desk.life.store.objects[cid] = data  # type: ignore[index]
    assert desk.look() == ["passed object-missing"] and desk.seen.compared


def test_objects_are_asked_for_in_turn() -> None:
    desk = Desk(limits=replace(LIMITS, objects_per_look=3, object_every=1000))
    desk.life.round()
    counts = []
    for _ in range(4):
        before = desk.life.store.bytes_received
        desk.look()
        assert desk.seen.objects is not None
        counts.append((len(desk.seen.objects.asked), desk.life.store.bytes_received > before))
    assert counts == [(3, True), (6, True), (8, True), (8, False)]


def test_shredding_that_is_overdue() -> None:
    desk = Desk()
    updates = desk.life.round()
    request = desk.life.request(CUMULUS, [updates[CUMULUS]])
    desk.life.verify(request)
    desk.life.certify(request)
    desk.life.anchor()
    desk.life.shred(request, AURORA, last=False)
    assert desk.look() == []
    desk.life.private.mine(600)
    assert desk.look() == ["raised shredding-overdue"]
    assert "lacks the shred receipt of borealis, cumulus, due" in desk.text("shredding-overdue")
    for name, last in ((BOREALIS, False), (CUMULUS, True)):
        desk.life.shred(request, name, last=last)
    assert desk.look() == ["passed shredding-overdue"]


def test_equivocation_on_the_private_chain_and_its_proof_on_the_public_one() -> None:
    desk = Desk()
    desk.life.round()
    assert desk.look() == []
    life = desk.life
    other = replace(life.anchored[-1], manifest_digest=OTHER)
    message = checkpoint_digest(other, life.public.chain_id, life.public.addresses["CheckpointAnchor"])
    key = private_key("delegate", BOREALIS)
    twin = {"sequence": 1, "organisation": BOREALIS, "head": head_of(other), "signature": sign(key, message)}
    schedule = life.private.addresses["CheckpointSchedule"]
    life.private.transact(key, schedule, b"", [("CheckpointSchedule", "CheckpointAttested", twin)])
    assert sorted(desk.look()) == ["raised equivocation", "raised signature-false"]
    assert "it signed different contents for checkpoint 1" in desk.text("equivocation")
    proven = {"sequence": 1, "organisation": BOREALIS, "first_digest": OTHER, "second_digest": OTHER}
    found = artifact("CheckpointAnchor")
    event = found.events[found.topic("EquivocationProven")]
    told = {name: proven.get(name, OTHER) for name in (snake_case(part["name"]) for part in event["inputs"])}
    anchor = life.public.addresses["CheckpointAnchor"]
    life.public.transact(key, anchor, b"", [("CheckpointAnchor", "EquivocationProven", told)])
    assert desk.look() == []  # the same matter, by the same id
    assert "proven on the public chain" in desk.text("equivocation")


def test_a_checkpoint_that_falls_with_its_chain() -> None:
    desk = Desk(outside=True)
    desk.life.round()
    block = desk.life.public.block_number()
    assert desk.look() == []
    desk.life.public.rewind(_anchoring(desk.life.public) - 1)
    desk.life.public.mine(block)
    found = desk.look()
    assert {"raised checkpoint-fell", "raised chain-rewritten"} <= set(found)
    assert "ends at checkpoint 0" in desk.text("checkpoint-fell")


def _anchoring(chain: LedgerChain) -> int:
    wanted = artifact("CheckpointAnchor").topic("CheckpointAnchored")
    return next(log.block for log in chain._logs if log.topics[0] == wanted)


def test_a_rewritten_private_chain() -> None:
    desk = Desk()
    desk.life.round()
    assert desk.look() == []
    head = desk.life.private.block_number()
    desk.life.private.rewind(head - 1)
    desk.life.private.mine(3)
    assert "raised chain-rewritten" in desk.look()
    assert f"block {head} of the private chain was" in desk.text("chain-rewritten")


@pytest.mark.parametrize("side", ["public", "private"])
def test_a_node_that_is_down_is_survived_and_told(side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.life.round()
    assert desk.look() == []
    chain = getattr(desk.life, side)
    down = {"block_number": None}

    def block_number(self: MemoryChain) -> int:
        if self is chain and "block_number" in down:
            raise ChainError("no answer from the node")
        return len(self._blocks) - 1

    monkeypatch.setattr(MemoryChain, "block_number", block_number)
    assert desk.look() == [] and desk.seen.silent == {Source(f"{side} chain"): "no answer from the node"}
    assert desk.look(after=LIMITS.silent_after) == ["raised source-silent"]
    down.clear()
    assert desk.look() == ["passed source-silent"] and desk.seen.compared


def test_ipfs_that_is_down_is_survived_and_told() -> None:
    desk = Desk()
    desk.life.round()
    desk.life.store.reachable = False
    assert desk.look() == [] and Source.IPFS in desk.seen.silent and not desk.seen.compared
    assert desk.look(after=LIMITS.silent_after) == ["raised source-silent"]
    desk.life.store.reachable = True
    assert desk.look() == ["passed source-silent"] and desk.seen.compared


def test_contracts_that_are_not_ours() -> None:
    desk = Desk()
    address = desk.life.public.addresses["CheckpointAnchor"]
    desk.life.public.codes[address] = b"other code"
    assert desk.look() == ["raised contracts-differ"]
    assert "not that of this release" in desk.text("contracts-differ") and Source.PUBLIC in desk.seen.silent


def test_a_delegate_that_one_chain_rotated() -> None:
    desk = Desk(limits=replace(LIMITS, differ_after=100))
    desk.life.round()
    assert desk.look() == []
    rotated = {"organisation": AURORA, "previous": delegate(AURORA), "current": "0x" + "77" * 20}
    consortium = desk.life.private.addresses["Consortium"]
    desk.life.private.transact(
        private_key("authority", AURORA), consortium, b"", [("Consortium", "DelegateRotated", rotated)]
    )
    assert "raised members-differ" in desk.look() + desk.look(after=101)
    assert any("delegate of aurora differs" in entry.alert.text for entry in desk.watch.state.open)
