"""Adapters that PEFT itself has saved: read to the bit where ΔW = scale·B·A says all, else refused by name."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import pytest
import safetensors.torch
import torch

from orchestrator.aggregation import WEIGHT_ONE, FoldedModel, FoldEntry
from orchestrator.contribution import AdapterDelta, ContributionRefused, Limits, Reason, parse, serialise
from orchestrator.contribution.peft_folder import read_peft_folder
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.types import OrganisationId, UpdateId
from tests.unit.contribution.make import PARENT

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
TARGETS = ["q_proj", "v_proj"]


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return load_base(resolve("tiny:llama"), seed=1)


def saved(base: BaseModel, folder: Path, tokens: torch.Tensor | None = None, **settings: Any) -> torch.Tensor | None:
    """Save an adapter with random factors; the logits that PEFT has with it."""
    torch.manual_seed(3)
    config = peft.LoraConfig(**{"r": 4, "lora_alpha": 16, "target_modules": TARGETS, **settings})
    with warnings.catch_warnings():  # as in training: peft asks transformers by a name that it is giving up
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        adapted = peft.get_peft_model(base.model, config)
    try:
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.05)
        adapted.save_pretrained(folder)
        adapted.eval()
        with torch.no_grad():
            return None if tokens is None else adapted(tokens).logits.clone()
    finally:
        adapted.unload()
        vars(base.model).pop("peft_config", None)
        base.model.requires_grad_(False)


@pytest.fixture
def folder(base: BaseModel, tmp_path: Path) -> Path:
    saved(base, tmp_path / "adapter")
    return tmp_path / "adapter"


def read(base: BaseModel, folder: Path, **other: Any) -> AdapterDelta:
    return read_peft_folder(folder, base=base.digest, parent_manifest=PARENT, shapes=base.shapes, **other)


def refusal(base: BaseModel, folder: Path, **other: Any) -> ContributionRefused:
    with pytest.raises(ContributionRefused) as caught:
        read(base, folder, **other)
    return caught.value


def set_config(folder: Path, **changes: Any) -> None:
    document = {**json.loads((folder / CONFIG).read_text()), **changes}
    (folder / CONFIG).write_text(json.dumps(document))


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = safetensors.torch.load_file(folder / WEIGHTS)
    change(tensors)
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"use_rslora": True},
        {"rank_pattern": {"layers.0.self_attn.q_proj": 2}, "alpha_pattern": {"v_proj": 32}},
        {"init_lora_weights": "gaussian", "lora_dropout": 0.1},
        {"init_lora_weights": "orthogonal"},
    ],
)
def test_a_fold_of_what_was_read_has_the_logits_of_peft(base: BaseModel, tmp_path: Path, settings: dict) -> None:
    tokens = torch.arange(2, 26).view(2, 12)
    expected = saved(base, tmp_path / "adapter", tokens, **settings)
    delta = read(base, tmp_path / "adapter")
    assert serialise(parse(serialise(delta))) == serialise(delta)
    folded = FoldedModel(base.model, base.digest)
    folded.move([FoldEntry(UpdateId("1"), 1, OrganisationId("a"), WEIGHT_ONE)], lambda _: delta)
    try:
        with torch.no_grad():
            found = base.model(tokens).logits.clone()
    finally:
        folded.reset()
    assert expected is not None and float((found - expected).abs().max()) < 1e-5
    with torch.no_grad():
        assert float((base.model(tokens).logits - expected).abs().max()) > 1e-3


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"use_dora": True}, Reason.DORA, "DoRA also scales"),
        ({"bias": "all"}, Reason.BIAS, "bias='all'"),
        ({"lora_bias": True}, Reason.BIAS, "lora_bias"),
        ({"modules_to_save": ["lm_head"]}, Reason.MODULES_TO_SAVE, "lm_head"),
        ({"init_lora_weights": "pissa"}, Reason.CHANGES_BASE, "pissa"),
        ({"init_lora_weights": "pissa_niter_4"}, Reason.CHANGES_BASE, "pissa_niter_4"),
        ({"init_lora_weights": "olora"}, Reason.CHANGES_BASE, "olora"),
        ({"init_lora_weights": "corda", "corda_config": {"corda_method": "ipm"}}, Reason.CHANGES_BASE, "corda"),
        ({"init_lora_weights": "loftq"}, Reason.CHANGES_BASE, "loftq"),
        ({"fan_in_fan_out": True}, Reason.UNSUPPORTED, "transposed"),
        ({"layer_replication": [[0, 1], [0, 2]]}, Reason.UNSUPPORTED, "more than once"),
        ({"trainable_token_indices": [1, 2]}, Reason.UNSUPPORTED, "single tokens"),
        ({"target_parameters": ["experts.up"]}, Reason.UNSUPPORTED, "no modules"),
        ({"something_of_tomorrow": True}, Reason.UNSUPPORTED, "something_of_tomorrow"),
        ({"peft_type": "IA3"}, Reason.UNSUPPORTED, "'IA3' adapter"),
        ({"r": 8}, Reason.BAD_RANK, "says 8"),
        ({"r": "many"}, Reason.BAD_RANK, "'many'"),
        ({"lora_alpha": 16.5}, Reason.BAD_SCALE, "16.5"),
        ({"lora_alpha": 0}, Reason.BAD_SCALE, "is 0"),
        ({"alpha_pattern": {"(a+)+$": 4}}, Reason.BAD_SCALE, "no plain name"),
        ({"alpha_pattern": {"q.proj": 64}}, Reason.BAD_SCALE, "no plain name"),  # to peft a dot is any character
        ({"alpha_pattern": {"q_proj": float("nan")}}, Reason.BAD_SCALE, "nan"),
        ({"rank_pattern": ["q_proj"]}, Reason.BAD_RANK, "no JSON object"),
        ({"lora_alpha": float("inf")}, Reason.BAD_SCALE, "inf"),
        ({"lora_alpha": 1e300}, Reason.BAD_SCALE, "1e+300"),
        ({"lora_alpha": 10**400}, Reason.BAD_SCALE, "2^53"),
        ({"use_rslora": 1}, Reason.BAD_SCALE, "neither true nor false"),  # peft would scale by α/√r
        ({"use_rslora": "false"}, Reason.BAD_SCALE, "neither true nor false"),
    ],
)
def test_what_a_merge_would_lose_is_refused(
    base: BaseModel, folder: Path, changes: dict, reason: Reason, words: str
) -> None:
    set_config(folder, **changes)
    error = refusal(base, folder)
    assert error.reason == reason and words in str(error)


def test_the_defaults_of_peft_are_known(base: BaseModel, folder: Path) -> None:
    """A new version of PEFT with other defaults would be refused here first."""
    assert json.loads((folder / CONFIG).read_text()).keys() >= {"use_dora", "lora_bias", "layer_replication"}
    assert set(read(base, folder).modules) == {
        name.removesuffix(".weight") for name in base.shapes if name.split(".")[-2] in TARGETS
    }


def rename(old: str, new: str) -> Callable[[dict[str, torch.Tensor]], None]:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        for name in [item for item in tensors if old in item]:
            tensors[name.replace(old, new)] = tensors.pop(name)

    return change


def spoil(value: float) -> Callable[[dict[str, torch.Tensor]], None]:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        next(iter(tensors.values()))[0, 0] = value

    return change


def add(name: str) -> Callable[[dict[str, torch.Tensor]], None]:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        first = next(item for item in sorted(tensors) if "q_proj.lora_A" in item).removesuffix("lora_A.weight")
        tensors[name.replace("*", first)] = torch.ones(4)

    return change


def say_twice(tensors: dict[str, torch.Tensor]) -> None:
    name = next(item for item in sorted(tensors) if "lora_A" in item)
    tensors[name.removeprefix("base_model.model.")] = torch.zeros_like(tensors[name])


def drop_rows(tensors: dict[str, torch.Tensor]) -> None:
    name = next(item for item in sorted(tensors) if "lora_B" in item)
    tensors[name] = tensors[name][:-1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (rename("q_proj", "query"), Reason.BAD_MODULE),
        (rename("lora_B", "lora_C"), Reason.UNSUPPORTED),
        (rename("lora_A.", "lora_embedding_A."), Reason.UNSUPPORTED),
        (lambda tensors: tensors.pop(next(name for name in sorted(tensors) if "lora_B" in name)), Reason.BAD_SHAPE),
        (drop_rows, Reason.BAD_SHAPE),
        (say_twice, Reason.WRONG_FORMAT),
        (spoil(float("nan")), Reason.NOT_FINITE),
        (spoil(float("-inf")), Reason.NOT_FINITE),
        (add("*lora_magnitude_vector"), Reason.DORA),
        (add("*lora_B.bias"), Reason.BIAS),
        (add("base_model.model.model.norm.bias"), Reason.BIAS),
        (add("base_model.model.lm_head.weight"), Reason.MODULES_TO_SAVE),
        (lambda tensors: tensors.clear(), Reason.EMPTY),
        (lambda tensors: tensors.update({n: t.double() for n, t in tensors.items()}), Reason.WRONG_FORMAT),
    ],
)
def test_tensors_that_are_not_what_the_base_needs(base: BaseModel, folder: Path, change: Any, reason: Reason) -> None:
    change_tensors(folder, change)
    assert refusal(base, folder).reason == reason


def test_half_precision_is_read_without_loss(base: BaseModel, folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.update({name: tensor.half() for name, tensor in tensors.items()}))
    for low in read(base, folder).modules.values():
        assert low.b.dtype == torch.float32 and torch.equal(low.b, low.b.half().float())


def test_a_pickle_is_never_opened(base: BaseModel, folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "adapter_model.bin")
    error = refusal(base, folder)
    assert error.reason == Reason.NOT_SAFETENSORS and "pickle" in str(error)
    torch.save({"x": torch.ones(1)}, folder / WEIGHTS)
    error = refusal(base, folder)
    assert error.reason == Reason.NOT_SAFETENSORS and "pickle" in str(error)


def test_damaged_and_missing_files(base: BaseModel, folder: Path) -> None:
    whole = (folder / WEIGHTS).read_bytes()
    for cut in (0, 7, 100, len(whole) - 1):
        (folder / WEIGHTS).write_bytes(whole[:cut])
        assert refusal(base, folder).reason == Reason.NOT_SAFETENSORS
    assert refusal(base, folder, limits=Limits(max_bytes=10)).reason == Reason.TOO_LARGE
    (folder / WEIGHTS).write_bytes(whole)
    assert refusal(base, folder, limits=Limits(max_tensors=2)).reason == Reason.TOO_LARGE
    for text in ("{", "[]", "[" * 100_000, '{"' + '\\"' * 300_000, " " * (1 << 20) + "{}"):
        (folder / CONFIG).write_text(text)
        assert refusal(base, folder).reason == Reason.WRONG_FORMAT
    (folder / CONFIG).unlink()
    assert refusal(base, folder).reason == Reason.WRONG_FORMAT


def test_whole_modules_become_dense_changes_where_the_base_is_at_hand(tmp_path: Path) -> None:
    base, folder = load_base(resolve("tiny:llama"), kind="classifier", seed=1), tmp_path / "adapter"
    saved(base, folder, modules_to_save=["score"])
    change_tensors(folder, lambda tensors: tensors["base_model.model.score.weight"].add_(0.5))
    parameters = dict(base.model.named_parameters())
    delta = read(base, folder, values=parameters.__getitem__)
    assert set(delta.dense) == {"score.weight"} and delta.modules
    assert torch.allclose(delta.dense["score.weight"], torch.tensor(0.5), atol=1e-6)
    assert refusal(base, folder).reason == Reason.MODULES_TO_SAVE
    change_tensors(folder, rename("score", "other_head"))
    assert refusal(base, folder, values=parameters.__getitem__).reason == Reason.BAD_MODULE
