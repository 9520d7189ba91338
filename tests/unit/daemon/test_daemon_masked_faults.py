"""Masked rounds in which something goes wrong: restarts, cuts between two steps, a wrong sum, wrong shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from unit.daemon.masked_world import FIVE, Masked, masked_task

from orchestrator.daemon.operations import _check_masks
from orchestrator.daemon.results import round_key
from orchestrator.errors import ChainError, KeystoreError, ProtocolError, StorageError
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.masked_rounds import MASKED, SHARES, Part, carriers
from orchestrator.protocol import effects as fx
from orchestrator.secagg import bundles
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.shamir import random_secret

AURORA, EMBER = FIVE[0], FIVE[4]


@pytest.fixture
def masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Masked]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    life = Masked(tmp_path)
    life.until(lambda: all(name in life.history.state.prekeys for name in FIVE))
    yield life
    life.close()


def until_sending(life: Masked) -> int:
    """On to the part in which updates are sent, none of which is."""
    number = life.open_round()
    life.fails = lambda effect: isinstance(effect, fx.SendMasked)
    life.until(lambda: life.course(number).ends[Part.DEAL] <= life.history.block, steps=200)
    return number


def masked_objects(life: Masked, name: str) -> list[str]:
    found = life.history.state.artefacts.values()
    return [item.digest for item in found if (item.kind, item.organisation) == (MASKED, name)]


def test_an_update_is_trained_and_masked_once_however_often_it_is_sent(masked: Masked) -> None:
    """Also where nobody knows whether a transaction has arrived, and after a restart; never a second behind a mask."""
    life = masked
    number = until_sending(life)
    effect, services = fx.SendMasked(number), life.services[AURORA]
    services.private_sender.fails = ChainError("the chain is down")  # type: ignore[attr-defined]
    with pytest.raises(ChainError):
        life.handle(AURORA, life.now(), effect)
    (kept,) = services.results.of_round(MASKED, number)
    life.restart(AURORA)
    life.handle(AURORA, life.now(), effect)
    assert masked_objects(life, AURORA) == [kept["digest"]]
    assert life.benches[AURORA].asked.count("numbers") == 1
    found = life.now().ledger.rounds[number]
    life.services[AURORA].journal.drop(MASKED, round_key(found))
    honest = life.benches[AURORA].units
    life.benches[AURORA].units = lambda number: honest(number) // 2  # type: ignore[method-assign]
    with pytest.raises(SecaggRefused) as caught:
        life.handle(AURORA, life.now(), effect)
    assert caught.value.reason is Reason.SAID_OTHERWISE and len(masked_objects(life, AURORA)) == 1
    with pytest.raises(StorageError, match="none is trained to leave as it is"):
        life.handle(AURORA, life.now(), fx.TrainUpdate(number))


def test_a_round_that_is_held_again_is_trained_from_another_seed(masked: Masked) -> None:
    """Or the difference of two sums would be the update of whoever is in one of them alone."""
    life = masked
    life.fails = lambda effect: isinstance(effect, fx.SendMasked)
    number = life.open_round()
    life.until(lambda: life.ended(number), steps=900)
    assert life.history.state.rounds[number].passed == set(FIVE), "too few have sent, so nothing came of it"
    again = until_sending(life)
    life.handle(AURORA, life.now(), fx.SendMasked(again))
    assert (again, life.benches[AURORA].ordinals) == (2, [2])


def test_members_restart_in_each_part_and_the_sum_stands(masked: Masked) -> None:
    life = masked
    number = life.open_round()
    for place, part in enumerate((Part.DEAL, Part.SEND, Part.REVEAL, Part.SUM)):
        life.until(lambda part=part: life.course(number).part is part, steps=200)  # type: ignore[misc]
        life.step()
        life.restart(FIVE[place])
    life.until(lambda: life.ended(number), steps=600)
    assert life.course(number).survivors == FIVE and len(active_updates(life.history.state, number)) == 1
    assert all(bench.asked.count("numbers") == 1 for bench in life.benches.values())


def test_a_carrier_that_submits_another_sum_is_refused_and_the_other_accepted(masked: Masked) -> None:
    life = masked
    number = until_sending(life)
    life.fails = lambda effect: False
    liar, honest = carriers(life.history.state.rounds[number], FIVE)[:2]
    whole = life.benches[liar].whole
    life.benches[liar].whole = lambda *of: whole(*of) + b" and some"  # type: ignore[method-assign]
    life.until(lambda: life.ended(number), steps=600)
    state = life.history.state
    (accepted,) = active_updates(state, number)
    assert state.updates[accepted].organisation == honest
    (wrong,) = (state.updates[item] for item in state.rounds[number].submissions if item != accepted)
    assert {item.reason for judge, item in wrong.verdicts.items() if judge != liar} == {"WRONG_SUM"}


def test_shares_that_are_not_what_they_say_are_disputed_and_their_dealer_is_none(
    masked: Masked, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, honest = masked, bundles._sealed

    def sealed(terms: Any, me: Any, holder: Any, shares: bundles.Shares, prekey: bytes) -> bundles.Held:
        made = honest(terms, me, holder, shares, prekey)
        if me != EMBER:
            return made
        other = honest(terms, me, holder, bundles.Shares(random_secret(), random_secret()), prekey)
        return replace(made, sealed=other.sealed)

    monkeypatch.setattr(bundles, "_sealed", sealed)
    number = life.open_round()
    life.until(lambda: life.course(number).part is Part.SEND, steps=600)
    state = life.history.state
    (item,) = (item for item in state.artefacts.values() if (item.kind, item.organisation) == (SHARES, EMBER))
    assert item.agreed is None and dict(item.disputes) == dict.fromkeys(FIVE[:4], "BAD_DEAL")
    assert life.course(number).dealers == FIVE[:4]


def test_secrets_of_another_home_are_no_secrets_of_this_session(masked: Masked) -> None:
    """A home that was put back from a backup has none, and makes no others for what was announced."""
    life = masked
    number = until_sending(life)
    state = life.now()
    services = life.services[AURORA]
    for session in services.keystore._vault.ids("mask secrets"):
        services.keystore._vault._database.execute("DELETE FROM entries WHERE id = ?", (session,))
    with pytest.raises(KeystoreError, match="has no mask secrets"):
        life.handle(AURORA, state, fx.RevealShares(number))


SEATS = dict.fromkeys(FIVE)


@pytest.mark.parametrize(
    ("quorum", "missing", "without", "clip", "told"),
    [
        (3, (), False, 1000, "masked rounds of 5 members need a quorum of 4"),
        (4, (EMBER,), False, 1000, "ember has none"),
        (4, (), True, 1000, "--without-prekeys is not for it"),
        (4, (), False, 1 << 22, "the grid ends below"),
    ],
)
def test_what_would_hide_nothing_is_not_opened(
    quorum: int, missing: tuple[str, ...], without: bool, clip: int, told: str
) -> None:
    members = SimpleNamespace(seats=SEATS, quorum=quorum)
    state: Any = SimpleNamespace(members=members, without_prekeys=missing)
    privacy = {"policy": "secagg", "epsilon_cap": 0, "delta_inverse": 0, "secagg": {"clip": clip}}
    with pytest.raises(ProtocolError, match=told):
        _check_masks(state, masked_task(privacy=privacy), without)
