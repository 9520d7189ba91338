"""Masked rounds with members, chains and disks that do what they should not; the others go on, or reveal nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from unit.daemon.masked_world import FIVE, Masked, masked_task

from orchestrator.daemon.handlers import HANDLERS
from orchestrator.daemon.handlers.masked import settle
from orchestrator.daemon.operations import _check_masks
from orchestrator.envelope import generate_prekey
from orchestrator.errors import EnvelopeError, KeystoreError, ProtocolError, StorageError
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.masked_rounds import SHARES, Part
from orchestrator.masking.session import BOOK, Session
from orchestrator.masking.verdicts import CANNOT_OPEN, NOT_AN_OWNER
from orchestrator.participation import Limits
from orchestrator.protocol import effects as fx
from orchestrator.secagg.refusal import Reason, SecaggRefused

AURORA, BOREALIS, EMBER = FIVE[0], FIVE[1], FIVE[4]


@pytest.fixture
def masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Masked]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    life = Masked(tmp_path)
    yield life
    life.close()


def begun(life: Masked) -> int:
    life.until(lambda: all(name in life.history.state.prekeys for name in FIVE))
    return life.open_round()


def only(life: Masked, wanted: Callable[[Any, fx.Effect], bool]) -> None:
    """Members do only what ``wanted`` says."""
    perform = life.carry_out
    life.carry_out = lambda node, effect: perform(node, effect) if wanted(node.me, effect) else None  # type: ignore


def test_a_sum_by_a_member_without_a_part_in_it_is_not_accepted(masked: Masked) -> None:
    life, early = masked, [True]
    number = begun(life)
    summing = (fx.SubmitUpdate, fx.SumMasked)
    only(life, lambda me, effect: not isinstance(effect, fx.SendMasked if me == EMBER else summing if early[0] else ()))
    life.until(lambda: life.course(number).part is Part.SUM, steps=900)
    life.step()
    life.handle(EMBER, life.now(EMBER), fx.SumMasked(number))
    life.handle(EMBER, life.now(EMBER), fx.SubmitUpdate(number))
    early[0] = False
    life.until(lambda: life.ended(number), steps=900)
    state = life.history.state
    first = state.updates[state.rounds[number].submissions[0]]
    assert first.organisation == EMBER
    assert {said.reason for said in first.verdicts.values()} == {NOT_AN_OWNER}
    (accepted,) = active_updates(state, number)
    assert state.updates[accepted].organisation in life.course(number).survivors


def test_a_member_that_cannot_open_an_update_says_so_in_its_verdict(
    masked: Masked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its verdict there might be too few."""
    life, honest = masked, Session.masked

    def broken(session: Session, item: Any) -> Any:
        if (session.me, item.organisation) == (AURORA, EMBER):
            raise EnvelopeError("the content key does not open")
        return honest(session, item)

    monkeypatch.setattr(Session, "masked", broken)
    number = begun(life)
    life.until(lambda: life.ended(number), steps=900)
    state = life.history.state
    assert AURORA in state.rounds[number].revealed and EMBER in life.course(number).survivors
    (accepted,) = active_updates(state, number)
    assert state.updates[accepted].verdicts[AURORA].reason == CANNOT_OPEN


def test_a_store_that_fails_while_dealing_costs_no_member_its_part(masked: Masked) -> None:
    life = masked
    number = begun(life)
    store, failed = life.services[AURORA].store, []
    add = store.add

    def failing(data: bytes, *rest: Any, **more: Any) -> Any:
        if SHARES.encode() in data[:4000] and not failed:
            failed.append(data)
            raise StorageError("the IPFS node is down for a moment")
        return add(data, *rest, **more)

    store.add = failing  # type: ignore[method-assign]
    life.until(lambda: life.course(number).part is Part.SEND, steps=600)
    assert failed and life.course(number).dealers == FIVE


def test_a_bad_prekey_leaves_its_member_out_and_the_others_deal(masked: Masked) -> None:
    life, keystore = masked, masked.keystores[EMBER]
    keystore.make_prekeys = (
        lambda count: [  # type: ignore[method-assign]
            generate_prekey()[1][:-32] + bytes(32) for _ in range(count)
        ]
    )
    only(life, lambda me, effect: not (me == EMBER and isinstance(effect, fx.DiscardPrekeys)))
    number = begun(life)
    life.until(lambda: life.course(number).part is Part.SEND, steps=600)
    assert life.course(number).dealers == FIVE[:4]


def test_nothing_is_revealed_for_other_dealers_than_those_that_were_masked_against(masked: Masked) -> None:
    """A chain that says first that ember has not dealt in time, and later that it has."""
    life = masked
    number = begun(life)

    def wanted(me: Any, effect: fx.Effect) -> bool:
        if isinstance(effect, fx.CheckMasked):
            item = life.history.state.artefacts[effect.artefact_id]
            return (item.kind, item.organisation) != (SHARES, EMBER)
        return not isinstance(effect, fx.RevealShares)

    only(life, wanted)
    life.until(lambda: life.course(number).part is Part.REVEAL, steps=900)
    state = life.now()
    late = next(item for item in state.ledger.artefacts.values() if (item.kind, item.organisation) == (SHARES, EMBER))
    rewritten = replace(late, agreed=late.proposed)
    ledger = state.ledger.with_(artefacts={**state.ledger.artefacts, late.id: rewritten})
    for name in FIVE[:4]:
        with pytest.raises(SecaggRefused) as caught:
            life.handle(name, replace(state, ledger=ledger, me=name), fx.RevealShares(number))
        assert caught.value.reason is Reason.WRONG_DEALERS
    session = Session(life.sync(AURORA), ledger, ledger.rounds[number], life.spec, state.private_block + 1)
    with session.member() as member:
        member.take(*session.dealt(FIVE))
        with pytest.raises(SecaggRefused, match="dealers aurora in session"):
            member.reveal(FIVE[:4])


def test_below_its_own_least_and_without_its_book_a_member_reveals_nothing(
    masked: Masked, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = masked
    number = begun(life)
    quiet = {AURORA: fx.RevealShares, EMBER: fx.SendMasked}
    only(life, lambda me, effect: not isinstance(effect, quiet.get(me, ())))
    life.until(lambda: life.course(number).part is Part.REVEAL, steps=900)
    effect, services = fx.RevealShares(number), life.services[AURORA]
    with monkeypatch.context() as patch:
        patch.setattr(Limits, "from_settings", lambda values: SimpleNamespace(minimum_updates=5))
        with pytest.raises(SecaggRefused, match="4 members have sent masked updates, this organisation's") as caught:
            life.handle(AURORA, life.now(AURORA), effect)
    assert caught.value.reason is Reason.TOO_FEW
    for path in services.home.glob(BOOK + "*"):
        path.unlink()
    with pytest.raises(KeystoreError, match="does not know round 1"):
        life.handle(AURORA, life.now(AURORA), effect)


def test_a_training_that_outlives_its_round_keeps_nothing(masked: Masked) -> None:
    life = masked
    number = begun(life)
    life.fails = lambda effect: isinstance(effect, fx.SendMasked)
    life.until(lambda: life.course(number).part is Part.SEND, steps=300)
    services, state = life.sync(AURORA), life.now(AURORA)
    job = HANDLERS[fx.SendMasked](services, state, fx.SendMasked(number))
    assert job is not None
    settle(services, state.ledger, state.ledger.rounds[number])
    with pytest.raises(ProtocolError, match="ended while it was trained for"):
        job()
    assert services.numbers == {}


def test_a_phase_too_short_for_its_parts_is_not_opened() -> None:
    state: Any = SimpleNamespace(members=SimpleNamespace(seats=dict.fromkeys(FIVE), quorum=4), without_prekeys=())
    short = {"submit": 47, "release": 60, "commit": 60, "reveal": 60}
    with pytest.raises(ProtocolError, match="47 blocks are too few"):
        _check_masks(state, masked_task(deadlines=short), False)
