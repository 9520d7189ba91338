"""Models of an evaluation: merged folders and adapters, and what is read of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.export.adapter import write_adapter
from orchestrator.export.merged import write_merged
from orchestrator.models import load_base, resolve
from orchestrator.training import evaluate
from orchestrator.types import Digest, UpdateId
from orchestrator.unlearning.evaluation.models import ModelSettings, _check_reference, load_models
from orchestrator.unlearning.evaluation.readings import accuracy, read
from orchestrator.unlearning.subject import Subject
from orchestrator.unlearning.tasks import CausalTask, ClassifierTask
from tests.unit.aggregation.folders import held
from tests.unit.aggregation.make import entries_of
from tests.unit.export.make_export import bases, random_delta

TINY = ModelSettings("tiny:llama")


def exports(folder: Path, kind: str) -> dict[str, str]:
    """One model in both forms that `loranchor model export` writes, and the plain base."""
    base, export = bases("tiny:llama", kind, folder / "base")
    dense = ["score.weight"] if kind == "classifier" else []
    deltas = {
        UpdateId(f"1-{place}"): random_delta(base, place, (2, 3), endings=("q_proj", "v_proj"), dense=dense)
        for place in range(2)
    }
    from orchestrator.aggregation import Stack

    for name in ("peft", "merged"):
        (folder / name).mkdir()
    entries = entries_of(list(deltas))
    write_adapter(export, entries, held(deltas), folder / "peft", strategy=Stack(), rank=None, hub_id=None)
    write_merged(export, entries, held(deltas), folder / "merged", strategy=Stack())
    return {"original": str(folder / "base"), "unlearned": str(folder / "merged"), "retrained": str(folder / "peft")}


@pytest.mark.parametrize("kind", ["classifier", "causal_lm"])
def test_an_adapter_and_a_merged_export_are_one_model(tmp_path: Path, kind: str) -> None:
    folders = exports(tmp_path, kind)
    models = load_models(folders, TINY)
    assert models.base.kind == kind and models.classes == (2 if kind == "classifier" else 258)
    base, merged, adapter = (models.states[role] for role in folders)
    changed = {name for name in base if not torch.equal(base[name], merged[name])}
    assert {name.rsplit(".", 2)[-2] for name in changed} == {"q_proj", "v_proj"} | (
        {"score"} if kind == "classifier" else set()
    )
    for name in base:
        assert float((merged[name] - adapter[name]).abs().max()) < 1e-6
        shared = adapter[name] is base[name]
        assert shared == (name not in changed), name  # what is equal is held once
    models.become("unlearned")
    assert all(torch.equal(tensor, merged[name]) for name, tensor in models.model.named_parameters())
    assert models.digests["original"] != models.digests["unlearned"]


def test_adapters_need_a_base_that_is_theirs(tmp_path: Path) -> None:
    folders = exports(tmp_path, "causal_lm")
    only = {"original": folders["retrained"]}
    with pytest.raises(ConfigurationError, match="no base is named"):
        load_models(only, ModelSettings())
    from orchestrator.export.record import Identity, record_of, write_record
    from orchestrator.types import ZERO_DIGEST

    folder = Path(folders["retrained"])
    write_record(record_of(Identity("peft", ZERO_DIGEST, ZERO_DIGEST, 0, "fp32", False), {}, folder), folder)
    with pytest.raises(DataError, match="is an adapter for the base 0x00"):
        load_models(only, TINY)


def test_pickled_adapters_are_not_opened(tmp_path: Path) -> None:
    folder = Path(exports(tmp_path, "causal_lm")["retrained"])
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(DataError, match="is a pickle, which could run code"):
        load_models({"original": str(folder)}, TINY)


def test_no_model_at_all() -> None:
    with pytest.raises(ConfigurationError, match="no model"):
        load_models({}, TINY)


def test_readings_of_a_classifier_are_its_evaluation() -> None:
    base = load_base(resolve("tiny:llama"), kind="classifier")
    tokens = torch.randint(2, 200, (7, 5), generator=torch.Generator().manual_seed(0))
    batch = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": torch.arange(7) % 2}
    subject = Subject.whole(base.model, ClassifierTask(2))
    found, expected = read(subject, [batch]), evaluate(base.model, [batch])
    assert (found.accuracy, found.loss) == pytest.approx((expected.accuracy, expected.loss))
    assert accuracy(subject, [batch]) == found.accuracy
    assert found.places.tolist() == [1] * 7 and found.texts == ()


def test_readings_of_a_language_model_by_hand() -> None:
    base = load_base(resolve("tiny:llama"))
    tokens = torch.tensor([[1, 5, 6, 7], [1, 8, 0, 0]])
    labels = torch.tensor([[1, 5, 6, 7], [1, 8, -100, -100]])
    mask = (labels != -100).long()
    batch = {"input_ids": tokens, "attention_mask": mask, "labels": labels}
    found = read(Subject.whole(base.model, CausalTask(258)), [batch], texts=True)
    log_p = base.model(input_ids=tokens, attention_mask=mask).logits.log_softmax(-1)
    assert found.places.tolist() == [3, 1]
    for row, length in ((0, 3), (1, 1)):
        text = found.texts[row]
        for place in range(length):
            distribution = log_p[row, place].double().numpy()
            p = np.exp(distribution)
            assert text.log_p[place] == pytest.approx(distribution[tokens[row, place + 1]], rel=1e-5)
            assert text.mean[place] == pytest.approx((p * distribution).sum(), rel=1e-5)
            deviation = np.sqrt((p * (distribution - text.mean[place]) ** 2).sum())
            assert text.deviation[place] == pytest.approx(deviation, rel=1e-3)
            assert text.right[place] == (distribution.argmax() == tokens[row, place + 1])
        assert found.losses[row] == pytest.approx(-text.log_p.mean(), rel=1e-5)
    assert found.right.sum() == sum(text.right.sum() for text in found.texts)


def test_the_original_is_no_retrained_model_but_the_unlearned_one_may_be() -> None:
    one, other = Digest("0x" + "11" * 32), Digest("0x" + "22" * 32)
    _check_reference("retrained", "folder", {"original": one, "unlearned": other, "retrained": other})
    with pytest.raises(DataError, match="folder, retrained, is the original model over again"):
        _check_reference("retrained", "folder", {"original": one, "unlearned": other, "retrained": one})
