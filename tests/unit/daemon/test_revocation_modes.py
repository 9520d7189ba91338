"""Revocations of every mode by the daemons' own handlers, with the rounds that come after them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, task

from orchestrator.commitment.certificate import manifests_of
from orchestrator.daemon.journal import read_journal
from orchestrator.daemon.spent import spent_of
from orchestrator.ledger.replays import trained_again
from orchestrator.types import OrganisationId, RequestId, UpdateId

NOISE = {"hardening": {"method": "weight-distortion", "sigma_nano": 2_000_000}}


@pytest.fixture
def hardened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Consortium]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    consortium = Consortium(tmp_path, task(revocation=NOISE))
    consortium.until(lambda: all(name in consortium.history.state.prekeys for name in MEMBERS))
    yield consortium
    consortium.close()


def lived(life: Consortium, rounds: int) -> None:
    for _ in range(rounds):
        life.open_round()
        life.settle()


def contribution(life: Consortium, number: int, name: OrganisationId) -> UpdateId:
    return next(
        item.id for item in life.history.state.updates.values() if (item.round, item.organisation) == (number, name)
    )


def ended(life: Consortium, request: RequestId) -> Any:
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    return life.history.state.revocations[request]


def ordinals(life: Consortium, name: OrganisationId) -> list[int | None]:
    bench: Any = life.services[name].bench
    return list(bench.ordinals)


def test_rounds_after_a_replay_are_trained_with_the_seeds_of_those_they_replace(life: Consortium) -> None:
    lived(life, 3)
    request = life.history.request(CUMULUS, [contribution(life, 1, CUMULUS)], mode="replay")
    ended(life, request)
    assert {entry.round for entry in life.manifest(AURORA).entries} == {1}
    lived(life, 2)
    assert [ordinals(life, name) for name in MEMBERS] == [[1, 2, 3, 2, 3]] * 3
    again = trained_again(life.history.state, life.history.tasks)[request]
    assert again.left == 0 and [(item.round, item.missing) for item in again.done] == [(4, ()), (5, ())]


def test_who_is_missing_in_a_replay_is_told_and_waited_for_by_nobody(life: Consortium) -> None:
    lived(life, 2)
    request = life.history.request(CUMULUS, [contribution(life, 1, CUMULUS)], mode="replay")
    ended(life, request)
    life.nodes.pop(BOREALIS)
    life.history.change_members([AURORA, CUMULUS])
    lived(life, 1)
    (done,) = trained_again(life.history.state, life.history.tasks)[request].done
    assert done.missing == (BOREALIS,)


def test_a_heal_puts_noise_into_the_manifest_that_the_next_round_is_opened_on(hardened: Consortium) -> None:
    lived(hardened, 2)
    request = hardened.history.request(CUMULUS, [contribution(hardened, 1, CUMULUS)], mode="heal")
    found = ended(hardened, request)
    before, after = manifests_of(hardened.history.state, request, hardened.history.tasks)
    assert found.replacement == after.digest and before.hardenings == ()
    (entry,) = after.hardenings
    assert (entry.request_id, entry.round, entry.sigma_nano) == (request, 2, 2_000_000)
    lived(hardened, 1)
    kinds = [item.kind for item in hardened.manifest(BOREALIS).entries]
    assert kinds == ["low-rank"] * 5 + ["hardening"] + ["low-rank"] * 3
    assert hardened.history.state.rounds[3].opening.manifest_digest == after.digest


def test_what_a_round_costs_is_in_the_journal(life: Consortium) -> None:
    lived(life, 1)
    home = life.services[AURORA].home
    (sealed,) = [event for event in read_journal(home) if event["event"] == "update-sealed"]
    mine = contribution(life, 1, AURORA)
    assert sealed["update"] == mine and sealed["bytes"] > 0 and sealed["round"] == 1
    assert spent_of(home).update_bytes == sealed["bytes"]
