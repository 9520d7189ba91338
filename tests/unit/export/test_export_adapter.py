"""What an adapter holds: the least error of a cut, heads as a whole, and nothing that peft would misread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from orchestrator.aggregation import FlexLora, Stack, Strategy
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError, DataError, ProtocolError
from orchestrator.export.adapter import AdapterReport, write_adapter
from orchestrator.export.base import ExportBase, open_base
from orchestrator.export.heads import check_adapted, saved_modules
from orchestrator.ledger.task import BaseModel as BaseRule
from orchestrator.models import BaseModel, resolve
from orchestrator.types import Digest, UpdateId
from tests.unit.aggregation.folders import held
from tests.unit.aggregation.make import entries_of, reference
from tests.unit.export.make_export import bases, random_delta

Tiny = tuple[BaseModel, ExportBase]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return bases("tiny:llama", "causal_lm", tmp_path_factory.mktemp("tiny"))


def deltas_of(base: BaseModel, **more: Any) -> dict[UpdateId, AdapterDelta]:
    return {
        UpdateId(f"1-{name}"): random_delta(base, place, (place + 2,), endings=("q_proj", "v_proj"), **more)
        for place, name in enumerate("abc")
    }


def write(tiny: Tiny, deltas: dict[UpdateId, AdapterDelta], folder: Path, rank: int | None = None) -> AdapterReport:
    folder.mkdir(exist_ok=True)
    entries = entries_of(list(deltas))
    return write_adapter(tiny[1], entries, held(deltas), folder, strategy=Stack(), rank=rank, hub_id=None)


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_a_cut_is_the_best_there_is_and_its_error_is_told(tiny: Tiny, tmp_path: Path, rank: int) -> None:
    deltas = deltas_of(tiny[0])
    report = write(tiny, deltas, tmp_path, rank)
    assert report.cut and report.rank == rank
    exact, found = reference(entries_of(list(deltas)), deltas), load_file(tmp_path / "adapter_model.safetensors")
    lost = norm = least = 0.0
    for name, change in exact.items():
        module = f"base_model.model.{name.removesuffix('.weight')}"
        a, b = (found[f"{module}.lora_{part}.weight"].double() for part in "AB")
        values = torch.linalg.svdvals(change)
        lost, norm = lost + float((change - b @ a).square().sum()), norm + float(change.square().sum())
        least += float(values[rank:].square().sum())
    assert report.error == pytest.approx((lost / norm) ** 0.5, rel=1e-4) == pytest.approx((least / norm) ** 0.5)


def test_a_rank_above_all_there_is_loses_nothing_and_mixes_the_contributions(tiny: Tiny, tmp_path: Path) -> None:
    deltas = deltas_of(tiny[0])
    report, whole = write(tiny, deltas, tmp_path, 500), write(tiny, deltas, tmp_path / "whole")
    assert report.cut and report.rank == 9 == whole.rank and report.error < 1e-6
    name, exact = next(iter(reference(entries_of(list(deltas)), deltas).items()))
    module = f"base_model.model.{name.removesuffix('.weight')}"
    found = load_file(tmp_path / "adapter_model.safetensors")
    a, b = (found[f"{module}.lora_{part}.weight"].double() for part in "AB")
    assert float((b @ a - exact).norm() / exact.norm()) < 1e-6
    first = next(iter(deltas.values())).modules[name.removesuffix(".weight")]
    side_by_side = load_file(tmp_path / "whole" / "adapter_model.safetensors")[f"{module}.lora_A.weight"]
    assert torch.equal(side_by_side[: first.rank], first.a), "the exact adapter shows each contribution"
    assert not any(torch.allclose(row, own, atol=1e-3) for row in a.float() for own in first.a)


@pytest.mark.parametrize("strategy", [Stack(), FlexLora(rank=6)])
def test_a_cut_has_the_same_bytes_with_any_number_of_threads(tmp_path: Path, strategy: Strategy) -> None:
    """Members compare digests of what they export, and their machines differ in cores."""
    base, export = bases("packaged:minilm-l6", "classifier", tmp_path / "unused")
    deltas = {
        UpdateId(f"1-{name}"): random_delta(base, place, (24,), endings=("query",)) for place, name in enumerate("ab")
    }
    threads, written = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            (folder := tmp_path / str(count)).mkdir()
            entries = entries_of(list(deltas))
            write_adapter(export, entries, held(deltas), folder, strategy=strategy, rank=5, hub_id=None)
            written.append((folder / "adapter_model.safetensors").read_bytes())
    finally:
        torch.set_num_threads(threads)
    assert written[0] == written[1] == written[2]


def test_a_module_that_has_less_is_filled_up_with_zeros(tiny: Tiny, tmp_path: Path) -> None:
    deltas = deltas_of(tiny[0])
    narrow = random_delta(tiny[0], 9, (2,), endings=("q_proj",))
    deltas[UpdateId("1-d")] = narrow
    report = write(tiny, deltas, tmp_path)
    found = load_file(tmp_path / "adapter_model.safetensors")
    assert report.rank == 11 and {tensor.shape[0] for name, tensor in found.items() if "lora_A" in name} == {11}
    assert all(float(found[name][9:].abs().sum()) == 0 for name in found if "v_proj.lora_A" in name)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert "rank_pattern" not in config and (config["r"], config["lora_alpha"]) == (11, 11)


def test_nothing_but_dense_changes_is_no_adapter(tmp_path: Path) -> None:
    own = bases("tiny:llama", "classifier", tmp_path / "base")
    deltas = {UpdateId("1-a"): random_delta(own[0], 1, (2,), endings=("nothing",), dense=["score.weight"])}
    with pytest.raises(ConfigurationError, match="has a low-rank change") as caught:
        write(own, deltas, tmp_path / "out")
    assert "--format merged" in caught.value.mend


def test_tied_embeddings_cannot_be_saved_apart(tiny: Tiny, tmp_path: Path) -> None:
    deltas = deltas_of(tiny[0], dense=["model.embed_tokens.weight"])
    with pytest.raises(ConfigurationError, match=r"model\.embed_tokens shares its weights"):
        write(tiny, deltas, tmp_path)


def test_dense_changes_inside_the_model_are_saved_as_a_whole(tiny: Tiny, tmp_path: Path) -> None:
    deltas = deltas_of(tiny[0], dense=["model.norm.weight"])
    report = write(tiny, deltas, tmp_path)
    assert report.saved == ("model.norm",)
    found = load_file(tmp_path / "adapter_model.safetensors")["base_model.model.model.norm.weight"]
    exact = reference(entries_of(list(deltas)), deltas)["model.norm.weight"]
    assert torch.allclose(found.double(), tiny[0].model.model.norm.weight.double() + exact, atol=1e-6)


def test_low_rank_and_dense_in_one_module_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    deltas = deltas_of(tiny[0], dense=["model.layers.0.self_attn.q_proj.weight"])
    with pytest.raises(ConfigurationError, match="has low-rank and dense changes"):
        write(tiny, deltas, tmp_path)


def test_what_the_base_does_not_have_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    deltas = deltas_of(tiny[0], dense=["model.norm.weight"])
    first = next(iter(deltas.values()))
    first.dense["model.none.weight"] = torch.zeros(3)  # type: ignore[index]
    with pytest.raises(ProtocolError, match=r"changes model\.none\.weight"):
        write(tiny, deltas, tmp_path)


class Odd(nn.Module):
    """Names that end like other names, and a layer that peft adapts in its own way."""

    base_model_prefix = "body"

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.ModuleDict({"q": nn.Linear(3, 3), "deep": nn.ModuleDict({"q": nn.Linear(3, 3)})})
        self.body["body"] = nn.ModuleDict({"q": nn.Linear(3, 3)})
        self.body["subscore"] = nn.Linear(3, 3)
        self.table = nn.Embedding(4, 3)


def test_names_that_peft_would_confuse_are_refused() -> None:
    shell = Odd()
    check_adapted(shell, ["body.deep.q"])
    with pytest.raises(ConfigurationError, match=r"would adapt body\.body\.q together with body\.q"):
        check_adapted(shell, ["body.q"])
    with pytest.raises(ConfigurationError, match="Embedding"):
        check_adapted(shell, ["table"])
    assert saved_modules(shell, "causal_lm", [], ["table.weight"], ["body.q"]) == ("table",)
    with pytest.raises(ConfigurationError, match=r"would replace body\.subscore"):
        saved_modules(shell, "classifier", [], [], ["body.q"])


def test_another_base_is_refused(tmp_path: Path) -> None:
    rule = BaseRule(Digest("0x" + "ab" * 32), "BertForSequenceClassification", "classifier")
    for name in ("packaged:minilm-l6", "tiny:llama"):
        with pytest.raises(DataError, match="has base digest 0x"):
            open_base(resolve(name), rule, labels=2, cache=None, scratch=tmp_path / "scratch")


def test_a_folder_that_is_no_model_of_the_kind(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    rule = BaseRule(Digest("0x" + "ab" * 32), "LlamaForCausalLM", "causal_lm")
    with pytest.raises(DataError, match="does not load as a causal_lm model"):
        open_base(resolve(str(tmp_path)), rule, labels=2, cache=None, scratch=tmp_path / "scratch")
