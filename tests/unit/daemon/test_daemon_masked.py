"""A task whose policy is secagg is played by the daemons' own handlers: real keys, seals, books and records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from unit.daemon.masked_world import FIVE, Masked

from orchestrator.audit.checks.masked import check_masked
from orchestrator.audit.report import CheckResult
from orchestrator.audit.tally import Tally
from orchestrator.errors import ContentKeyDestroyed
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.masked_rounds import KEYS, MASKED, weight_cap
from orchestrator.ledger.view import awards_of
from orchestrator.ledger.weights import ONE
from orchestrator.protocol import effects as fx
from orchestrator.secagg.keys import Announcement
from orchestrator.types import Digest, OrganisationId

EMBER = FIVE[4]


@pytest.fixture
def masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Masked]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    life = Masked(tmp_path)
    life.until(lambda: all(name in life.history.state.prekeys for name in FIVE))
    yield life
    life.close()


def silence(life: Masked, name: str, kinds: tuple[type[fx.Effect], ...]) -> None:
    """The member does no more of that, as if its node had gone."""
    perform = life.carry_out

    def carried(node: Any, effect: fx.Effect) -> None:
        if node.me != name or not isinstance(effect, kinds):
            perform(node, effect)

    life.carry_out = carried  # type: ignore[method-assign]


GONE = (fx.RevealShares, fx.CheckMasked, fx.PassRound, fx.SubmitUpdate, fx.CommitVerdicts)


def drop_after_masking(life: Masked, name: Any) -> None:
    """It has masked and stored its update, and the transaction that records it is never sent."""
    perform = life.carry_out

    def carried(node: Any, effect: fx.Effect) -> None:
        if node.me == name and isinstance(effect, fx.SendMasked):
            services = life.services[name]
            registry = services.send_private
            services.send_private = lambda call: None  # type: ignore[assignment, method-assign]
            perform(node, effect)
            services.send_private = registry  # type: ignore[method-assign]
            silence(life, name, GONE)
        else:
            perform(node, effect)

    life.carry_out = carried  # type: ignore[method-assign]


def total_of(life: Masked, number: int, names: tuple[Any, ...]) -> bytes:
    total = sum((life.benches[name].units(number) for name in names), np.zeros(1, np.int64))
    return b"the sum" + np.asarray(total).astype("<i4").tobytes()


def test_five_members_play_it_and_one_drops_out_after_masking(masked: Masked) -> None:
    life = masked
    drop_after_masking(life, EMBER)
    number = life.open_round()
    life.until(lambda: life.ended(number), steps=1500)
    found, state = life.history.state.rounds[number], life.history.state
    assert (found.status, life.course(number).survivors) == (RoundStatus.CLOSED, FIVE[:4])
    assert life.services[EMBER].results.of_round(MASKED, number), "it had masked"
    (update,) = active_updates(state, number)
    first = life.services[FIVE[0]]
    assert first.opener(state)(update) == total_of(life, number, FIVE[:4])
    assert all("train" not in bench.asked for bench in life.benches.values()), "nothing was trained to leave unmasked"
    (entry,) = build_manifest(state, life.spec, life.history.tasks).entries
    assert entry.weight == ONE * weight_cap(FIVE[:4]) // 1_000_000
    listed = awards_of(life.history.state, life.history.state.due[0], life.history.tasks)
    assert [award.account for award in listed] == [found.members[name].authority for name in FIVE[:4]]
    assert {award.amount for award in listed} == {life.spec.per_round // 4}


def test_two_sums_are_submitted_and_one_is_accepted(masked: Masked) -> None:
    life = masked
    number = life.open_round()
    life.until(lambda: life.ended(number), steps=600)
    found = life.history.state.rounds[number]
    updates = [life.history.state.updates[item] for item in found.submissions]
    assert len(updates) == 2 and len(found.passed) == 3
    assert all(item.accept for item in updates[0].verdicts.values())
    assert {item.reason for item in updates[1].verdicts.values()} == {"COPY_OF_ANOTHER"}
    (update,) = active_updates(life.history.state, number)
    assert life.services[FIVE[0]].opener(life.history.state)(update) == total_of(life, number, FIVE)
    life.settle()
    for name in FIVE:
        with pytest.raises(ContentKeyDestroyed):
            life.keystores[name].mask_secrets(session_of(life, name))
    assert audited(life).ok
    claims = [name for name, effect in life.log if isinstance(effect, fx.ClaimAward)]
    assert sorted(claims) == sorted(FIVE), "each claims its own part of the sum's award"


def test_an_auditor_tells_a_sum_of_somebody_without_a_part_in_it(masked: Masked) -> None:
    life = masked
    number = life.open_round()
    life.until(lambda: life.ended(number), steps=600)
    (update,) = active_updates(life.history.state, number)
    own, state = SimpleNamespace(state=life.history.state, specs=life.history.tasks), life.history.state
    item = state.updates[update]
    judge, said = next((name, said) for name, said in item.verdicts.items() if name != item.organisation)
    lies = {name: replace(said, weight_cap=1_000_000) for name in item.verdicts}
    for wrong, told in (
        (replace(item, organisation=OrganisationId("stranger")), "stranger submitted the sum and has no part in it"),
        (replace(item, verdicts=lies), "the weight cap that members settled on is 1000000, recomputed 200000"),
    ):
        own.state = state.with_(updates={**state.updates, update: wrong})
        assert told in [finding.message for finding in audited(life, own).findings]
    own.state = state.with_(updates={**state.updates, update: replace(item, verdicts={**item.verdicts, judge: said})})
    assert audited(life, own).ok


def test_a_sum_is_revoked_as_a_whole_by_who_carried_it(masked: Masked) -> None:
    life = masked
    number = life.open_round()
    life.until(lambda: life.ended(number), steps=600)
    (update,) = active_updates(life.history.state, number)
    request = life.history.request(life.history.state.updates[update].organisation, [update])
    life.until(lambda: life.history.state.revocations[request].shredded, steps=300)
    assert build_manifest(life.history.state, life.spec, life.history.tasks).entries == ()
    for name in FIVE:
        with pytest.raises(ContentKeyDestroyed):
            life.keystores[name].content_key(update)


def audited(life: Masked, own: Any = None) -> CheckResult:
    tally = Tally("masked", "masked rounds")
    check_masked(own or SimpleNamespace(state=life.history.state, specs=life.history.tasks), tally)
    return tally.result()


def session_of(life: Masked, name: Any) -> Digest:
    (kept,) = life.services[name].results.of_round(KEYS, 1)
    return Announcement.from_bytes(life.stores[name].fetch(kept["cid"], limit=1 << 20)).session
