"""Adapters and merged models that plain peft and transformers load say what the fold says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from unit.ledger.actors import task

from orchestrator.aggregation import FlexLora, FoldEntry, Stack
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError
from orchestrator.export.adapter import write_adapter
from orchestrator.export.base import ExportBase
from orchestrator.export.merged import write_merged
from orchestrator.export.run import Wanted
from orchestrator.export.run import export as write
from orchestrator.export.selection import Chosen
from orchestrator.ledger.hardenings import HardeningEntry
from orchestrator.ledger.manifest import Manifest
from orchestrator.models import BaseModel
from orchestrator.types import ZERO_DIGEST, Digest, RequestId, UpdateId
from tests.unit.aggregation.folders import held
from tests.unit.aggregation.make import entries_of
from tests.unit.export.make_export import bases, folded_logits, logits, plain_adapted, plain_merged, random_delta

Deltas = Mapping[UpdateId, AdapterDelta]
CLOSE = 1e-4


def mixed(base: BaseModel, endings: Sequence[str], dense: Sequence[str] = (), size: float = 0.02) -> Deltas:
    """Two rounds; ranks differ by member and by module, and one member uses rsLoRA."""
    made = {}
    for number in (1, 2):
        for place, ranks in enumerate(((2, 3), (4,), (1, 8, 5))):
            update = UpdateId(f"{number}-{'abc'[place]}")
            made[update] = random_delta(
                base, 10 * number + place, ranks, endings=endings, dense=dense, rslora=place == 2, size=size
            )
    return made


def check_all(
    base: BaseModel, export: ExportBase, deltas: Deltas, plain: Path, folder: Path, strategy: object = None
) -> None:
    """Logits of both formats against the fold's, and of the fold against the base's."""
    from orchestrator.aggregation import Stack

    entries: list[FoldEntry] = entries_of(list(deltas))
    chosen = strategy or Stack()
    expected = folded_logits(base, entries, deltas, chosen)
    assert float((expected - logits(base.model, base.tokenizer)).abs().max()) > 100 * CLOSE, "nothing to compare"
    for name in ("peft", "merged"):
        (folder / name).mkdir(parents=True)
    write_adapter(export, entries, held(deltas), folder / "peft", strategy=chosen, rank=None, hub_id=None)  # type: ignore[arg-type]
    write_merged(export, entries, held(deltas), folder / "merged", strategy=chosen)  # type: ignore[arg-type]
    adapted = plain_adapted(folder / "peft", plain, base.kind)
    assert float((logits(adapted, base.tokenizer) - expected).abs().max()) <= CLOSE
    model, tokenizer = plain_merged(folder / "merged", base.kind)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert float((logits(model, tokenizer) - expected).abs().max()) <= CLOSE


@pytest.mark.parametrize("kind", ["causal_lm", "classifier"])
def test_tiny_model(tmp_path: Path, kind: str) -> None:
    base, export = bases("tiny:llama", kind, tmp_path / "base")
    dense = ["score.weight"] if kind == "classifier" else []
    deltas = mixed(base, ("q_proj", "v_proj"), dense, size=0.2)
    check_all(base, export, deltas, tmp_path / "base", tmp_path / "out")
    config = json.loads((tmp_path / "out" / "peft" / "adapter_config.json").read_text())
    assert config["r"] == config["lora_alpha"] > 0 and config["use_rslora"] is False


def test_another_strategy(tmp_path: Path) -> None:
    base, export = bases("tiny:llama", "causal_lm", tmp_path / "base")
    deltas = mixed(base, ("q_proj", "v_proj"), size=0.2)
    check_all(base, export, deltas, tmp_path / "base", tmp_path / "out", FlexLora(rank=3))


def test_minilm_classifier_with_its_head(tmp_path: Path) -> None:
    base, export = bases("packaged:minilm-l6", "classifier", tmp_path / "unused")
    deltas = mixed(base, ("query", "value"), ["classifier.weight", "classifier.bias"], size=0.05)
    assert export.folder is not None
    check_all(base, export, deltas, export.folder, tmp_path / "out")


@pytest.mark.slow
def test_smollm2(tmp_path: Path) -> None:
    base, export = bases("packaged:smollm2-135m", "causal_lm", tmp_path / "unused")
    deltas = mixed(base, ("q_proj", "v_proj"), size=0.02)
    assert export.folder is not None
    check_all(base, export, deltas, export.folder, tmp_path / "out")


def test_a_merged_model_holds_the_noise_of_hardenings_and_no_adapter_does(tmp_path: Path) -> None:
    base, export = bases("tiny:llama", "causal_lm", tmp_path / "base")
    deltas = mixed(base, ("q_proj", "v_proj"))
    noise = HardeningEntry(
        RequestId(ZERO_DIGEST), 1, "weight-distortion", 20_000_000, ("q_proj", "v_proj"), Digest("0x" + "5e" * 32)
    )
    entries = entries_of(list(deltas))
    expected = folded_logits(base, [*entries, noise], deltas)
    assert float((expected - folded_logits(base, entries, deltas)).abs().max()) > 100 * CLOSE, "nothing to compare"
    (tmp_path / "merged").mkdir()
    write_merged(export, [*entries, noise], held(deltas), tmp_path / "merged", strategy=Stack())
    model, tokenizer = plain_merged(tmp_path / "merged", base.kind)
    assert float((logits(model, tokenizer) - expected).abs().max()) <= CLOSE
    manifest = Manifest(base.digest, ZERO_DIGEST, "stack", (noise,))
    wanted = Wanted("peft", tmp_path / "adapter", "tiny:llama", 0)
    chosen, nothing = Chosen(manifest, task()), cast(Any, None)
    with pytest.raises(ConfigurationError, match="has noise on the weights, which no adapter of low rank holds"):
        write(nothing, nothing, chosen, nothing, wanted)
    assert not (tmp_path / "adapter").exists()
