"""Awards and their tree, against fixed vectors made by @openzeppelin/merkle-tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, authority, word_of
from unit.ledger.history import History

from orchestrator.ledger.awards import Award, award_leaf, awards, awards_tree
from orchestrator.ledger.standard_tree import StandardMerkleTree, verify_standard_proof
from orchestrator.types import ZERO_DIGEST, Address, UpdateId

VECTORS = json.loads((Path(__file__).parent / "vectors" / "standard_merkle_tree.json").read_text())["trees"]
ROUND = 10**18


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['sequence']}-{len(vector['awards'])}")
def test_roots_and_proofs_of_openzeppelin(vector: dict[str, Any]) -> None:
    listed = [Award(**{**item, "amount": int(item["amount"])}) for item in vector["awards"]]
    sequence = int(vector["sequence"])
    tree = awards_tree(sequence, listed)
    assert tree.root == vector["root"]
    for place, award in enumerate(listed):
        assert tree.proof(place) == vector["proofs"][place]
        assert verify_standard_proof(award_leaf(sequence, award), tree.proof(place), tree.root)
        assert not verify_standard_proof(award_leaf(sequence + (-1) ** sequence, award), tree.proof(place), tree.root)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_every_leaf_has_a_proof(leaves: list[bytes]) -> None:
    tree = StandardMerkleTree(leaves)
    assert all(verify_standard_proof(leaf, tree.proof(place), tree.root) for place, leaf in enumerate(leaves))


def test_nothing_to_award_has_the_zero_root() -> None:
    assert awards_tree(1, []).root == ZERO_DIGEST


def test_awards_follow_the_scores() -> None:
    history = History()
    updates = history.round(scores={AURORA: 30_000, BOREALIS: 20_000, CUMULUS: 10_000})
    listed = awards(history.state, 1, ROUND)
    assert listed == (
        Award(0, updates[AURORA], authority(AURORA), ROUND // 2),
        Award(1, updates[BOREALIS], authority(BOREALIS), ROUND // 3),
        Award(2, updates[CUMULUS], authority(CUMULUS), ROUND // 6),
    )
    account = Address("0x" + "11" * 20)
    assert awards(history.state, 1, ROUND, dict.fromkeys(MEMBERS, account))[1].account == account


def test_a_harmful_update_earns_nothing_and_leaves_no_gap() -> None:
    history = History()
    updates = history.round(scores={AURORA: -5, BOREALIS: 20, CUMULUS: 0})
    assert awards(history.state, 1, ROUND) == (Award(0, updates[BOREALIS], authority(BOREALIS), ROUND),)
    history.round(scores=dict.fromkeys(MEMBERS, 0))
    assert awards(history.state, 2, ROUND) == ()


def test_who_does_not_reveal_forfeits() -> None:
    history = History()
    history.open_round()
    updates = {name: history.submit(name) for name in MEMBERS}
    for update in updates.values():
        history.release(update)
    for judge in (AURORA, BOREALIS):
        history.judge(judge, dict.fromkeys(updates.values(), 50))
    history.close()
    assert [item.update_id for item in awards(history.state, 1, ROUND)] == [updates[AURORA], updates[BOREALIS]]


def test_own_scores_do_not_count() -> None:
    history = History()
    history.open_round()
    updates = {name: history.submit(name) for name in (AURORA, BOREALIS)}
    for update in updates.values():
        history.release(update)
    history.judge(AURORA, {updates[AURORA]: 10**12, updates[BOREALIS]: 10})
    history.judge(BOREALIS, {updates[AURORA]: 10, updates[BOREALIS]: 10**12})
    history.judge(CUMULUS, {updates[AURORA]: 10, updates[BOREALIS]: 10})
    history.close()
    assert [item.amount for item in awards(history.state, 1, ROUND)] == [ROUND // 2, ROUND // 2]


@given(st.lists(st.integers(-(10**6), 10**6), min_size=3, max_size=3), st.integers(0, 2**96))
def test_a_round_never_pays_more_than_it_has(scores: list[int], per_round: int) -> None:
    history = History(prekeys=0)
    history.round(scores=dict(zip(MEMBERS, scores, strict=True)))
    listed = awards(history.state, 1, per_round)
    total = sum(item.amount for item in listed)
    assert total <= per_round
    assert all(item.amount > 0 for item in listed)
    if any(score > 0 for score in scores) and per_round > 3:
        assert per_round - total < 3
    assert [item.index for item in listed] == list(range(len(listed)))


def test_leaves_bind_everything() -> None:
    award = Award(0, UpdateId(word_of("u")), authority(AURORA), 5)
    leaves = {
        award_leaf(1, award),
        award_leaf(2, award),
        award_leaf(1, Award(1, award.update_id, award.account, 5)),
        award_leaf(1, Award(0, UpdateId(word_of("v")), award.account, 5)),
        award_leaf(1, Award(0, award.update_id, authority(BOREALIS), 5)),
        award_leaf(1, Award(0, award.update_id, award.account, 6)),
    }
    assert len(leaves) == 6
