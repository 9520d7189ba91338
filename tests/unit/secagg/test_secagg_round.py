"""A round of eight on real updates of a tiny model, two of whom drop out: the sum is the fold's of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from unit.ledger.actors import CHAIN_ID, CONTRACTS, task
from unit.ledger.history import History

from orchestrator.aggregation import FoldEntry, strategy_named
from orchestrator.aggregation.ffa_sums import ffa_sums
from orchestrator.aggregation.start import Ground, adapted
from orchestrator.aggregation.strategy import Block
from orchestrator.contribution import AdapterDelta, LowRank, Start, integers, parse, serialise
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.masked_rounds import weight_cap
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import capped
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.secagg.numbers import clipped, delta_of, layout, numbers_of
from orchestrator.secagg.opening import terms_of
from orchestrator.secagg.recover import without
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.simulation import Played, play
from orchestrator.secagg.terms import Terms
from orchestrator.training import AdapterSettings, TrainingSettings, train
from orchestrator.types import ZERO_DIGEST, OrganisationId, UpdateId

EIGHT = tuple(OrganisationId(f"org-{letter}") for letter in "abcdefgh")
GONE = EIGHT[2:4]
BITS, SEED, RANK, CLIP = 16, 7, 4, 1_048_575
ADAPTER = AdapterSettings(("q_proj", "v_proj"), rank=RANK, alpha=16)
SETTINGS = TrainingSettings(steps=2, batch=2, length=16, learning_rate_nano=20_000_000)


def masked_task(**changes: object) -> TaskSpec:
    chosen = {
        "privacy": {"policy": "secagg", "epsilon_cap": 0, "delta_inverse": 0, "secagg": {"clip": CLIP}},
        "strategy": {"name": "ffa", "settings": {"fraction_bits": BITS, "rule": "mean", "trim": 0}},
        "adapter": {"modules": ["q_proj", "v_proj"], "ranks": [RANK], "alpha": 16, "rslora": False, "dense": []},
    }
    return task(**(chosen | changes))


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return load_base(resolve("tiny:llama"), seed=1)


@pytest.fixture(scope="module")
def deltas(base: BaseModel) -> Iterator[dict[OrganisationId, AdapterDelta]]:
    """Each member trains from the agreed start on tokens of its own; threads do not matter to integers."""
    shapes = adapted(base.shapes, ADAPTER.modules)
    start: Start = strategy_named("ffa", fraction_bits=BITS).start(Ground(SEED, RANK, shapes, (), lambda _: None))
    made = {}
    for place, name in enumerate(EIGHT):
        tokens = torch.randint(2, 250, (2, 2, 16), generator=torch.Generator().manual_seed(place))
        batches = [{"input_ids": rows, "attention_mask": torch.ones_like(rows), "labels": rows} for rows in tokens]
        rest = {"base": base.digest, "parent_manifest": ZERO_DIGEST, "seed": place, "start": start}
        made[name] = train(base.model, batches, ADAPTER, SETTINGS, **rest).delta
    yield made


@pytest.fixture(scope="module")
def terms(deltas: dict[OrganisationId, AdapterDelta]) -> Terms:
    """What follows from a round as the chain tells of it, and from the model."""
    history = History(EIGHT, quorum=6)
    number = history.open_round(masked_task(), by=EIGHT[0])
    found = history.state.rounds[number]
    one = deltas[EIGHT[0]]
    return terms_of(
        masked_task(), found, CHAIN_ID, CONTRACTS["RoundLedger"], numbers_of(one, BITS).size, layout(one, BITS)
    )


@pytest.fixture(scope="module")
def played(
    deltas: dict[OrganisationId, AdapterDelta], terms: Terms, tmp_path_factory: pytest.TempPathFactory
) -> Played:
    units = {name: clipped(numbers_of(delta, BITS), terms.clip)[0] for name, delta in deltas.items()}
    return play(terms, units, tmp_path_factory.mktemp("books"), gone=GONE)


def combined(deltas: list[AdapterDelta], weight: int, module: str) -> torch.Tensor:
    """What the fold makes of them, each with one weight."""
    entries = [FoldEntry(UpdateId(str(place)), 1, EIGHT[place], weight) for place in range(len(deltas))]
    blocks = [Block.of(entry, delta.modules[module]) for entry, delta in zip(entries, deltas, strict=True)]
    return strategy_named("ffa", fraction_bits=BITS).combine(module, blocks).left


def test_the_members_really_trained(deltas: dict[OrganisationId, AdapterDelta]) -> None:
    assert all(np.abs(numbers_of(delta, BITS)).max() > 100 for delta in deltas.values())
    assert len({serialise(delta) for delta in deltas.values()}) == 8


def test_the_sum_is_the_plain_one_of_the_six_that_stayed(
    deltas: dict[OrganisationId, AdapterDelta], played: Played
) -> None:
    """Against the strategy's own sums of its own deltas, and against the fold's product, bit for bit."""
    stayed = [name for name in EIGHT if name not in GONE]
    assert played.found.owners == tuple(stayed)
    entries = [FoldEntry(UpdateId(name), 1, name, 1) for name in stayed]
    sums = ffa_sums(strategy_named("ffa", fraction_bits=BITS), entries, lambda item: deltas[OrganisationId(item)])
    plain = np.concatenate([sums[name].reshape(-1).numpy() for name in sorted(sums)])
    assert np.array_equal(played.found.total, plain)

    one = delta_of(played.found.total, deltas[EIGHT[0]], BITS)
    weight = capped(1 << 32, weight_cap(played.found.owners))
    for module in one.modules:
        six = combined([deltas[name] for name in stayed], weight, module)
        assert torch.equal(combined([one], weight, module), six), module


def test_the_sum_travels_as_an_ordinary_delta(deltas: dict[OrganisationId, AdapterDelta], played: Played) -> None:
    one = delta_of(played.found.total, deltas[EIGHT[0]], BITS)
    again = parse(serialise(one))
    assert np.array_equal(numbers_of(again, BITS), played.found.total)
    assert again.frozen == deltas[EIGHT[0]].frozen


def test_an_owner_takes_its_part_out_afterwards(
    deltas: dict[OrganisationId, AdapterDelta], played: Played, terms: Terms
) -> None:
    """Revocation by unmasking: as if it had dropped out as well."""
    leaves = EIGHT[5]
    rest = without(terms, played.found, played.announced, played.masked[leaves], played.members[leaves].own)
    kept = [numbers_of(deltas[name], BITS) for name in EIGHT if name not in (*GONE, leaves)]
    assert np.array_equal(rest.total, sum(kept))


def test_a_third_dropout_ends_the_round(
    deltas: dict[OrganisationId, AdapterDelta], terms: Terms, tmp_path: Path
) -> None:
    units = {name: numbers_of(delta, BITS) for name, delta in deltas.items()}
    with pytest.raises(SecaggRefused) as caught:
        play(terms, units, tmp_path, gone=EIGHT[:3])
    assert caught.value.reason is Reason.TOO_FEW


# -- numbers


def test_what_is_clipped_is_counted_and_the_rest_untouched() -> None:
    found, count = clipped(np.array([-9, -3, 0, 3, 9]), 3)
    assert (found.tolist(), count) == ([-3, -3, 0, 3, 3], 2)


def test_dense_parts_are_summed_as_well(deltas: dict[OrganisationId, AdapterDelta]) -> None:
    one = replace(deltas[EIGHT[0]], dense={"score.weight": torch.tensor([[0.5, -0.25]])})
    units = numbers_of(one, BITS)
    assert units[:2].tolist() == [1 << 15, -(1 << 14)], "dense. sorts before low_rank."
    assert torch.equal(delta_of(units, one, BITS).dense["score.weight"], one.dense["score.weight"])
    assert layout(one, BITS) != layout(deltas[EIGHT[0]], BITS) != layout(deltas[EIGHT[0]], BITS + 1)


def test_an_update_whose_a_travels_is_not_masked(deltas: dict[OrganisationId, AdapterDelta]) -> None:
    with pytest.raises(SecaggRefused, match="use strategy ffa") as caught:
        numbers_of(replace(deltas[EIGHT[0]], frozen=None), BITS)
    assert caught.value.reason is Reason.BAD_TERMS


@pytest.mark.parametrize("total", [np.full(3, 1), np.array([1 << 23, 0])])
def test_a_sum_that_is_no_delta(total: np.ndarray) -> None:
    like = AdapterDelta(ZERO_DIGEST, ZERO_DIGEST, {"q": LowRank(torch.ones(1, 2), torch.ones(2, 1), 1)})
    with pytest.raises(SecaggRefused) as caught:
        delta_of(total, like, BITS)
    assert caught.value.reason is Reason.OVERFLOW


def test_numbers_are_integers_of_the_grid(deltas: dict[OrganisationId, AdapterDelta]) -> None:
    delta = deltas[EIGHT[1]]
    first = min(delta.modules)
    b = delta.modules[first].b
    assert torch.equal(
        torch.from_numpy(numbers_of(delta, BITS)[: b.numel()]), integers(first, b, BITS).reshape(-1).long()
    )


# -- terms of a round


def test_terms_follow_from_round_task_and_model(terms: Terms) -> None:
    assert (terms.parties, terms.threshold, terms.ring_bits, terms.clip) == (EIGHT, 6, 32, CLIP)
    assert terms.most < 1 << 23


def refusal(spec: TaskSpec, history: History) -> SecaggRefused:
    number = history.state.open_round or history.open_round(spec, by=EIGHT[0])
    with pytest.raises(SecaggRefused) as caught:
        terms_of(spec, history.state.rounds[number], CHAIN_ID, CONTRACTS["RoundLedger"], 5, ZERO_DIGEST)
    return caught.value


def test_terms_that_a_round_does_not_give() -> None:
    assert refusal(task(), History(EIGHT, quorum=6)).reason is Reason.BAD_TERMS
    assert refusal(masked_task(), History(EIGHT, quorum=4)).reason is Reason.BAD_TERMS
    without_keys = refusal(masked_task(), History(EIGHT, quorum=6, prekeys=0))
    assert without_keys.reason is Reason.BAD_TERMS
    assert "had no prekey when round 1 opened" in without_keys.message


def test_a_clip_that_would_let_the_sum_leave_the_grid() -> None:
    large = {"policy": "secagg", "epsilon_cap": 0, "delta_inverse": 0, "secagg": {"clip": CLIP + 1}}
    found = refusal(masked_task(privacy=large), History(EIGHT, quorum=6))
    assert found.reason is Reason.OVERFLOW
    assert f"at most {CLIP}" in found.mend
    assert isinstance(found, Exception) and not isinstance(found, ConfigurationError)
