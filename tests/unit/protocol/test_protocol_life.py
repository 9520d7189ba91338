"""Three nodes in lockstep on simulated chains, from the first prekey to the last receipt."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, task
from unit.protocol.simulation import Simulation

from orchestrator.ledger.entities import RoundStatus
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import transition
from orchestrator.protocol.rules_rounds import PREKEYS_KEPT
from orchestrator.types import ZERO_DIGEST


def ready(**how: Any) -> Simulation:
    """Members whose prekeys are on the chain."""
    life = Simulation(**how)
    life.until(lambda: all(name in life.history.state.prekeys for name in life.nodes))
    return life


def after_round() -> Simulation:
    life = ready()
    life.open_round()
    life.settle()
    return life


def test_a_round_ends_with_everybody_agreeing() -> None:
    life = after_round()
    for name in MEMBERS:
        life.told(life.nodes[name])
    states = [node.state for node in life.nodes.values()]
    assert all(state.ledger == life.history.state for state in states)
    assert life.history.state.rounds[1].status is RoundStatus.CLOSED
    assert len({life.manifest(name).digest for name in MEMBERS}) == 1
    assert len(life.manifest(AURORA).entries) == 3
    heads = {name: found.head for name, found in states[0].attestations[1].items()}
    assert set(heads) == set(MEMBERS) and set(heads.values()) == {life.heads[1]}
    assert all(state.attestations == states[0].attestations for state in states)


def test_each_shared_transaction_is_sent_by_exactly_one() -> None:
    life = after_round()
    for kind in (fx.CloseRound, fx.RelayCheckpoint, fx.PublishAwards):
        assert len(life.asked(kind)) == 1, kind


def test_everybody_acts_once_in_each_phase() -> None:
    life = after_round()
    phases = (
        fx.TrainUpdate, fx.SubmitUpdate, fx.ReleaseUpdate, fx.CollectUpdates, fx.JudgeUpdates, fx.CommitVerdicts,
        fx.RevealVerdicts, fx.SettleKeys, fx.EvaluateManifest, fx.AttestCheckpoint,
    )  # fmt: skip
    for kind in phases:
        assert Counter(name for name, _ in life.asked(kind)) == dict.fromkeys(MEMBERS, 1), kind
    for name in MEMBERS:
        order = [type(effect) for who, effect in life.log if who == name and type(effect) in phases[:7]]
        assert order == list(phases[:7])


def test_awards_are_claimed_by_their_owners_when_the_window_is_over() -> None:
    life = after_round()
    anchored = life.nodes[AURORA].state.anchored[1].checkpoint
    assert anchored.awards_root != ZERO_DIGEST
    claims = life.asked(fx.ClaimAward)
    assert {name for name, _ in claims} == set(MEMBERS)
    assert len({effect.id for _, effect in claims}) == len(claims) == 3
    published = next(found for found in life.public if isinstance(found, tuple))
    assert published[1] <= life.public_block


def test_prekeys_are_replenished() -> None:
    life = after_round()
    for name in MEMBERS:
        unused = [prekey for prekey in life.history.state.prekeys[name].values() if prekey.unused]
        assert len(unused) == PREKEYS_KEPT
        assert len(life.history.state.prekeys[name]) == PREKEYS_KEPT + 1
    life.open_round()
    life.settle()
    assert all(len(life.history.state.prekeys[name]) == PREKEYS_KEPT + 2 for name in MEMBERS)


def test_a_failed_round_is_told_by_one_and_leaves_no_checkpoint() -> None:
    life = ready(spec=task(minimum_updates=2), passive=[BOREALIS, CUMULUS])
    life.open_round()
    life.until(lambda: life.history.state.rounds[1].status is RoundStatus.FAILED, steps=60)
    life.settle()
    assert life.history.state.due == ()
    assert len(life.asked(fx.CloseRound)) == len(life.asked(fx.SettleKeys)) == 1
    assert not life.asked(fx.EvaluateManifest)
    assert life.history.block > life.history.state.rounds[1].opened.block + life.spec.deadlines.submit


def test_a_silent_member_delays_but_does_not_stop_a_round() -> None:
    """Its turns pass on, phases end at their deadlines, and the two others are a quorum."""
    life = ready(passive=[CUMULUS])
    life.open_round()
    life.until(lambda: len(life.heads) == 2)
    life.settle()
    closed = life.history.state.rounds[1]
    assert closed.status is RoundStatus.CLOSED and CUMULUS not in closed.commitments
    assert {name for name, _ in life.asked(fx.ClaimAward)} == {AURORA, BOREALIS}


def test_a_member_that_cannot_train_passes_and_judges() -> None:
    life = ready()
    number = life.open_round()
    node = life.nodes[CUMULUS]
    node.state, _ = transition(life.told(node), ev.EffectFailed(fx.TrainUpdate(number).id, retryable=False))
    life.settle()
    assert [name for name, _ in life.asked(fx.PassRound)] == [CUMULUS]
    assert {name for name, _ in life.asked(fx.TrainUpdate)} == {AURORA, BOREALIS}
    assert {name for name, _ in life.asked(fx.CommitVerdicts)} == set(MEMBERS), "who passes still judges"


def test_a_training_that_failed_for_good_passes_the_round() -> None:
    life = ready()
    number, node = life.open_round(), life.nodes[AURORA]
    train = fx.TrainUpdate(number)
    assert train in life.decide(node, life.block_seen())
    node.state, _ = transition(node.state, ev.EffectFailed(train.id, retryable=False))
    effects = life.decide(node, life.block_seen())
    assert fx.PassRound(number) in effects
    assert not any(isinstance(effect, (fx.TrainUpdate, fx.SubmitUpdate)) for effect in effects)


STEPS: tuple[type[fx.Effect], ...] = (
    fx.RecordAffected, fx.RecordReplacement, fx.MeasureRevocation, fx.RecordVerification, fx.EndorseCertificate,
    fx.ShredUpdates,
)  # fmt: skip


@pytest.mark.parametrize("owner", MEMBERS)
def test_a_revocation_goes_step_by_step(owner: str) -> None:
    life = after_round()
    before = life.manifest(AURORA).digest
    request = life.request(next(name for name in MEMBERS if name == owner))
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    kinds = [type(effect) for _, effect in life.log]
    places = {kind: [place for place, found in enumerate(kinds) if found is kind] for kind in STEPS}
    for earlier, later in pairwise(STEPS):
        if (earlier, later) == (fx.MeasureRevocation, fx.RecordVerification):
            continue
        assert max(places[earlier]) < min(places[later]), (earlier, later)
    assert [len(places[kind]) for kind in STEPS] == [1, 1, 3, 3, 3, 3]
    relayed = [place for place, (_, effect) in enumerate(life.log) if effect == fx.RelayCheckpoint(2)]
    assert len(relayed) == 1 and relayed[0] < min(places[fx.ShredUpdates])
    assert len({life.manifest(name).digest for name in MEMBERS} | {before}) == 2
    assert len(life.manifest(AURORA).entries) == 2


def test_nothing_is_shredded_while_the_certificate_is_not_anchored() -> None:
    """Certified is not enough: the relay fails for a while."""
    life = after_round()
    request = life.request(CUMULUS)
    refused: list[fx.Effect] = []

    def fails(effect: fx.Effect) -> bool:
        if not isinstance(effect, fx.RelayCheckpoint) or len(refused) == 4:
            return False
        refused.append(effect)
        return True

    life.fails = fails
    life.until(lambda: len(refused) == 4)
    assert life.history.state.revocations[request].certificate is not None
    assert not life.asked(fx.ShredUpdates)
    life.until(lambda: life.history.state.revocations[request].shredded)
    assert 2 in life.heads


def test_a_revocation_of_an_open_round_waits_for_its_end() -> None:
    life = after_round()
    life.open_round()
    mine = [item.id for item in life.history.state.updates.values() if item.organisation == CUMULUS]
    request = life.history.request(CUMULUS, mine)
    while life.history.state.open_round is not None:
        life.step()
        assert not life.asked(fx.RecordAffected)
    assert life.history.state.revocations[request].void_round == 2
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    owners = {entry.organisation for entry in life.manifest(AURORA).entries}
    assert owners == {AURORA, BOREALIS}, "the revoked member's update of the open round is void"
