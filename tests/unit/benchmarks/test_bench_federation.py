"""The federation in one process: its rounds are the ledger's, its lineages differ, and adversaries do what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task_document

from benchmarks.federation import ADVERSARIES, Federation, Member, Shared, dealt, halves, joined, limited
from benchmarks.federation.adversaries import delta_of, label_flip
from benchmarks.federation.book import Book
from benchmarks.federation.workbench import MemberBench
from orchestrator.contribution import AdapterDelta, LowRank, cosine, distance, norm
from orchestrator.data import Dataset, DataSettings
from orchestrator.data.prepare import Samples
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.weights import ONE
from orchestrator.models.base import state_digest
from orchestrator.types import ZERO_DIGEST

NAMES = (AURORA, BOREALIS, CUMULUS)
LENGTH = 24
TRAINING = {"steps": 3, "batch": 2, "length": LENGTH, "learning_rate_nano": 20_000_000, "optimizer": "adamw", "seed": 0}
VERDICT = {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": 50_000_000, "max_rank": 64}
ADAPTER = {"modules": ["q_proj", "v_proj"], "ranks": [4, 8, 12], "alpha": 16, "rslora": False, "dense": []}


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    threads = torch.get_num_threads()
    yield Shared("tiny:llama")
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def shards(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> list[Dataset]:
    found = []
    for name in NAMES:
        folder = tmp_path_factory.mktemp(name)
        for number in range(20):
            (folder / f"{number}.txt").write_text(f"line {number} of what {name} knows, and nobody else")
        found.append(shared.dataset(DataSettings("text", {}, folder, 200_000, 6, 7), LENGTH))
    return found


def document(**changes: Any) -> dict[str, Any]:
    return task_document(training=TRAINING, verdict=VERDICT, adapter=ADAPTER, **changes)


def members_of(shards: list[Dataset], **adversaries: str) -> list[Member]:
    return [Member(name, data, adversaries.get(name, "none")) for name, data in zip(NAMES, shards, strict=True)]


def test_rounds_add_up_and_lower_the_loss(shared: Shared, shards: list[Dataset]) -> None:
    history = Federation(document(), members_of(shards), 1, shared=shared).run(2)
    assert [figures.number for figures in history.rounds] == [0, 1, 2]
    assert history.last.mean_loss < history.rounds[0].measured.mean_loss
    assert history.last.accuracy is None and set(history.last.loss) == set(NAMES)
    for figures in history.rounds[1:]:
        assert figures.accepted == NAMES and figures.refused == {} and set(figures.scores or {}) == set(NAMES)
        assert len(figures.weights) == 3 * figures.number
        assert sum(weight for _, weight in figures.weights) == ONE * figures.number
    assert {entry.round for entry in history.manifest.entries} == {1, 2}


def test_a_seed_gives_the_same_figures_and_leaves_the_base_as_it_was(shared: Shared, shards: list[Dataset]) -> None:
    members = members_of(shards)
    histories = [Federation(document(), members, seed, shared=shared).run(1) for seed in (1, 1, 2)]
    assert histories[0] == histories[1] != histories[2]
    shared.fold(shared.task(document()))
    assert state_digest(shared.base.model) == shared.base.digest


def test_isolated_members_never_see_each_other(shared: Shared, shards: list[Dataset]) -> None:
    """One live contribution each; and what aurora sends is the same whoever else is there."""
    alone = document(lineage="isolated")
    whole = Federation(alone, members_of(shards), 1, shared=shared, quorum=1)
    history = whole.run(3)
    assert [name for name, _ in history.rounds[3].weights] == list(NAMES)
    assert sum(weight for _, weight in history.rounds[3].weights) == ONE
    pair = Federation(alone, members_of(shards)[:2], 1, shared=shared, quorum=1)
    pair.run(3)
    first, second = (each.contributions()[(3, AURORA)] for each in (whole, pair))
    assert {low.rank for low in first.modules.values()} == {12}
    assert distance(first, second) == 0.0


def test_chained_members_do_see_each_other(shared: Shared, shards: list[Dataset]) -> None:
    found = []
    for count in (2, 3):
        federation = Federation(document(), members_of(shards)[:count], 1, shared=shared, quorum=1)
        federation.run(2)
        found.append(federation.contributions()[(2, AURORA)])
    assert distance(*found) > 0


def test_isolated_with_one_member_is_chained_with_one(shared: Shared, shards: list[Dataset]) -> None:
    figures = []
    for lineage in ("chained", "isolated"):
        only = Federation(document(lineage=lineage), members_of(shards)[:1], 1, shared=shared)
        figures.append(only.run(3).last.mean_loss)
    assert figures[0] == pytest.approx(figures[1], rel=1e-4)


def test_members_train_and_judge_with_the_samples_they_were_given(shared: Shared, shards: list[Dataset]) -> None:
    """Not with what the settings of those samples would prepare: halves, flipped labels and limits are not in them."""
    found = []
    for data in (shards[0], halves(shards[0], seed=5)[0]):
        federation = Federation(document(), [Member(AURORA, data)], 1, shared=shared, judging=2)
        federation.run(1)
        found.append(federation.contributions()[(1, AURORA)])
    assert distance(*found) > 0
    task = federation.task
    bench = MemberBench(shared, shared.fold(task), AURORA, limited(shards[0], 2))
    empty = Book(task, [AURORA], 1).manifest()
    assert bench.evaluate(task, empty, {}.__getitem__).samples == 2 < len(shards[0].validation)


def test_a_copy_is_refused_and_the_others_share_the_weight(shared: Shared, shards: list[Dataset]) -> None:
    members = members_of(shards, cumulus="copied")
    figures = Federation(document(), members, 1, shared=shared).run(1).rounds[1]
    assert figures.accepted == (AURORA, BOREALIS)
    assert figures.refused == {CUMULUS: ("COPY_OF_ANOTHER",)}
    assert dict(figures.weights) == {AURORA: ONE // 2, BOREALIS: ONE // 2}


def test_a_round_with_too_few_updates_adds_nothing(shared: Shared, shards: list[Dataset]) -> None:
    strict = document(minimum_updates=3)
    history = Federation(strict, members_of(shards, cumulus="copied"), 1, shared=shared).run(1)
    assert history.rounds[1].accepted == () and history.rounds[1].weights == []
    assert history.rounds[1].measured == history.rounds[0].measured


def test_colluding_adversaries_vouch_for_each_other(shared: Shared, shards: list[Dataset]) -> None:
    members = members_of(shards, borealis="copied", cumulus="copied")
    told = [
        Federation(document(), members, 1, shared=shared, quorum=2, collude=collude).run(1).rounds[1].accepted
        for collude in (False, True)
    ]
    assert told == [(AURORA,), NAMES]


def test_a_member_without_a_name_of_its_own_is_refused(shared: Shared, shards: list[Dataset]) -> None:
    with pytest.raises(ConfigurationError, match="cannot have the names"):
        Federation(document(), [Member(AURORA, data) for data in shards], 1, shared=shared)


# -- adversaries


def delta() -> AdapterDelta:
    draw = torch.Generator().manual_seed(3)
    low = LowRank(torch.randn(4, 12, generator=draw), torch.randn(10, 4, generator=draw), 16)
    return AdapterDelta(ZERO_DIGEST, ZERO_DIGEST, {"q": low}, {"head.weight": torch.randn(2, 5, generator=draw)})


def test_adversaries_of_the_delta() -> None:
    honest, other = delta(), replace(delta(), dense={})
    made = {kind: delta_of(kind, honest, [other], 5) for kind in ADVERSARIES}
    assert made["none"] is made["label_flip"] is honest
    assert norm(made["scaled"]) == pytest.approx(10 * norm(honest)) and cosine(made["scaled"], honest) > 0.9999
    assert cosine(made["sign_flip"], honest) == pytest.approx(-1)
    assert norm(made["noise"]) == pytest.approx(norm(honest), rel=1e-5) and abs(cosine(made["noise"], honest)) < 0.5
    assert distance(made["copied"], other) < 1e-5 * norm(other)
    assert not torch.allclose(made["copied"].modules["q"].a, other.modules["q"].a)


def test_nobody_to_copy_and_nobody_of_that_kind() -> None:
    honest = delta()
    assert delta_of("copied", honest, [], 5) is honest
    with pytest.raises(ConfigurationError, match="unknown adversary 'lazy'"):
        delta_of("lazy", honest, [], 5)


# -- shards


def samples(count: int, width: int, start: int = 0) -> Samples:
    tokens = torch.arange(start, start + count)[:, None].repeat(1, width)
    return Samples(tokens, torch.ones_like(tokens), torch.arange(count) % 2)


def dataset(count: int, width: int, start: int = 0) -> Dataset:
    return Dataset(DataSettings("csv"), count, samples(count, width, start), samples(count // 2, width, start))


def test_flipped_labels_are_those_of_training() -> None:
    flipped = label_flip(dataset(6, 3))
    assert flipped.training.labels.tolist() == [1, 0, 1, 0, 1, 0]
    assert flipped.validation.labels.tolist() == [0, 1, 0]


def test_joining_and_dealing_lose_no_sample() -> None:
    parts = [dataset(6, 3), dataset(10, 5, 100)]
    whole = joined(parts)
    assert whole.training.tokens.shape == (16, 5) and int(whole.training.mask.sum()) == 6 * 3 + 10 * 5
    shares = dealt(parts, 3, seed=1)
    firsts = [int(row[0]) for share in shares for row in share.training.tokens]
    assert sorted(firsts) == [*range(6), *range(100, 110)]
    assert [len(share.training) for share in shares] == [6, 5, 5]
    assert any({int(row[0]) >= 100 for row in share.training.tokens} == {True, False} for share in shares)
    assert not torch.equal(shares[0].training.tokens, dealt(parts, 3, seed=2)[0].training.tokens)


def test_halves_and_fewer_held_out_samples() -> None:
    one, other = halves(dataset(9, 3), seed=1)
    assert (len(one.training), len(other.training)) == (5, 4)
    assert limited(dataset(20, 3), 5).validation.tokens[:, 0].tolist() == [0, 2, 4, 6, 8]
    assert len(limited(dataset(20, 3), 50).validation) == 10
