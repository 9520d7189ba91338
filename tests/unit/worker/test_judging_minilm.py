"""Scores with a pretrained model and real sentences: what was learnt is worth something, the rest is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from unit.worker.judging_world import honest, judged, learnt_by, noise_like, spec_of, times

from orchestrator.cache import cache_folder
from orchestrator.contribution import AdapterDelta, Reason
from orchestrator.data import Dataset, DataSettings, prepare
from orchestrator.models import BaseModel, load_base, resolve

pytestmark = pytest.mark.slow

ADAPTER = {"modules": ["query", "value"], "ranks": [8], "alpha": 16, "rslora": False, "dense": ["classifier"]}
# With fewer steps a head that starts at random has learnt nothing yet, and an update may be worth less than nothing.
TRAINING = {"steps": 30, "batch": 16, "length": 32, "learning_rate_nano": 3_000_000, "optimizer": "adamw", "seed": 7}


@pytest.fixture(scope="module")
def base() -> Iterator[BaseModel]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_base(
        resolve("packaged:minilm-l6", cache=cache_folder()), kind="classifier", labels=2, cache=cache_folder()
    )
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(base: BaseModel) -> Dataset:
    settings = DataSettings("vader", {"domain": "amazon"}, validation_limit=48, seed=7)
    return prepare(settings, base.tokenizer, kind=base.kind, length=TRAINING["length"])


@pytest.fixture(scope="module")
def learnt(base: BaseModel, data: Dataset) -> list[AdapterDelta]:
    return learnt_by(base, data, spec_of(base, adapter=ADAPTER, training=TRAINING), 2)


def test_what_was_learnt_scores_and_nothing_noise_and_copies_do_not(
    base: BaseModel, data: Dataset, learnt: list[AdapterDelta]
) -> None:
    deltas = {
        **honest(learnt),
        "nothing": times(learnt[0], 0),
        "noise": noise_like(learnt[0]),
        "copy": times(learnt[0], 0.5),
    }
    found = judged(base, data, spec_of(base, adapter=ADAPTER, training=TRAINING, scores="shapley"), deltas)
    assert found["copy"].reason == Reason.COPY_OF_ANOTHER.value
    least = min(found[name].score for name in honest(learnt))
    assert least > 2_000
    assert abs(found["nothing"].score) <= 2
    assert abs(found["noise"].score) < least / 4
