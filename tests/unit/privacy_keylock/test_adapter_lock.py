"""The lock of what LoRA reads: the formula, the weights that come back, and who can use what was trained."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from orchestrator.errors import ConfigurationError
from orchestrator.lock_key import LockKey
from orchestrator.models.tiny import tiny_llama
from orchestrator.privacy.keylock.behind import norm_before
from orchestrator.privacy.keylock.lora import AdapterLock
from orchestrator.training import AdapterSettings
from orchestrator.training.adapter import attached

KEY, OTHER = LockKey(1, b"\x01" * 32), LockKey(1, b"\x02" * 32)
HALF = 500_000
TOKENS = torch.arange(2, 14).reshape(2, 6)
ADAPTER = AdapterSettings(("q_proj", "v_proj"), 4, 8)
Q = "model.layers.1.self_attn.q_proj"


def modules(model: nn.Module) -> list[str]:
    return [name for name, _ in model.named_modules() if name.endswith(("q_proj", "v_proj"))]


def lock_of(model: nn.Module, key: LockKey = KEY, strength: int = HALF) -> AdapterLock:
    return AdapterLock.of(key, strength, modules(model), dict(model.named_parameters()))


def folded(model: nn.Module) -> dict[str, torch.Tensor]:
    """Add something to every q and v; their values before."""
    before = {}
    with torch.no_grad():
        for name in modules(model):
            weight = model.get_submodule(name).weight
            before[f"{name}.weight"] = weight.clone()
            weight += 0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(len(before)))
    return before


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(TOKENS).logits  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("module", "norm"),
    [
        ("model.layers.3.self_attn.q_proj", "model.layers.3.input_layernorm"),
        ("model.layers.12.self_attn.v_proj", "model.layers.12.input_layernorm"),
        ("model.layers.0.mlp.up_proj", "model.layers.0.post_attention_layernorm"),
        ("bert.encoder.layer.0.attention.self.query", "bert.embeddings.LayerNorm"),
        ("bert.encoder.layer.4.attention.self.value", "bert.encoder.layer.3.output.LayerNorm"),
        ("encoder.layer.0.attention.self.key", "embeddings.LayerNorm"),
        ("bert.encoder.layer.4.intermediate.dense", "bert.encoder.layer.4.attention.output.LayerNorm"),
        ("model.layers.3.self_attn.o_proj", None),
        ("model.layers.3.mlp.down_proj", None),
        ("bert.encoder.layer.4.attention.output.dense", None),
        ("classifier", None),
    ],
)
def test_which_norm_a_module_reads(module: str, norm: str | None) -> None:
    assert norm_before(module) == norm


def test_the_norms_of_real_architectures_are_found() -> None:
    from transformers import BertConfig, BertForSequenceClassification

    make: Any = BertConfig
    bert = BertForSequenceClassification(
        make(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8, vocab_size=16)
    )
    names = dict(bert.named_parameters())
    adapted = [name for name, _ in bert.named_modules() if name.endswith(("query", "value"))]
    assert len(AdapterLock.of(KEY, HALF, adapted, names).pairs) == 4


def test_one_lock_a_norm_around_one_and_zero() -> None:
    model = tiny_llama("causal_lm", 0, 1)
    pairs = lock_of(model).pairs
    (q_scale, q_shift), (v_scale, v_shift) = (pairs[Q.replace("q_proj", name)] for name in ("q_proj", "v_proj"))
    assert torch.equal(q_scale, v_scale)
    assert torch.equal(q_shift, v_shift)
    scales = torch.cat([pairs[name][0] for name in modules(model) if name.endswith("q_proj")])
    shifts = torch.cat([pairs[name][1] for name in modules(model) if name.endswith("q_proj")])
    assert float(scales.mean()) == pytest.approx(1.0, abs=0.15)
    assert float(scales.std()) == pytest.approx(0.5, rel=0.15)
    assert float(shifts.std()) == pytest.approx(0.5, rel=0.15)
    first = pairs["model.layers.0.self_attn.q_proj"][0]
    assert not torch.equal(first, q_scale)
    assert not torch.equal(lock_of(model, OTHER).pairs[Q][0], q_scale)


def test_a_shift_is_as_large_as_what_its_norm_gives() -> None:
    model = tiny_llama("causal_lm", 0, 1)
    with torch.no_grad():
        model.model.layers[1].input_layernorm.weight.fill_(0.25)
    assert float(lock_of(model).pairs[Q][1].std()) == pytest.approx(0.125, rel=0.25)
    names = dict(model.named_parameters())
    scale, shift = AdapterLock.of(KEY, HALF, [Q], names, shift=0).pairs[Q]
    assert torch.equal(scale, lock_of(model).pairs[Q][0])
    assert not shift.any()


def test_a_module_without_a_norm_is_refused() -> None:
    model = tiny_llama("causal_lm", 0, 1)
    names = dict(model.named_parameters())
    for module in ("model.layers.0.self_attn.o_proj", "lm_head", "other.layers.0.self_attn.q_proj"):
        with pytest.raises(ConfigurationError, match=f"cannot lock {module}"):
            AdapterLock.of(KEY, HALF, [module], names)


def test_worn_weights_are_the_formula_and_come_back_bit_for_bit() -> None:
    model = tiny_llama("causal_lm", 0, 1)
    before = folded(model)
    lock, layer = lock_of(model), model.get_submodule(Q)
    values = torch.randn(3, 64, generator=torch.Generator().manual_seed(9))
    after = {name: value.clone() for name, value in model.state_dict().items()}
    base = before[f"{Q}.weight"]
    scale, shift = lock.pairs[Q]
    with lock.worn(model, before), torch.no_grad():
        wanted = values @ base.T + (values * scale + shift) @ (after[f"{Q}.weight"] - base).T
        assert torch.allclose(layer(values), wanted, atol=1e-5)
    for name, value in model.state_dict().items():
        assert torch.equal(value, after[name]), name
    assert not layer._forward_hooks


def test_weights_come_back_where_the_work_fails() -> None:
    model = tiny_llama("causal_lm", 0, 1)
    before = folded(model)
    plain = logits(model)
    with pytest.raises(KeyboardInterrupt), lock_of(model).worn(model, before):
        raise KeyboardInterrupt
    assert torch.equal(logits(model), plain)


def test_a_base_without_contributions_is_the_same_under_every_lock() -> None:
    model = tiny_llama("causal_lm", 0, 1)
    plain = logits(model)
    with lock_of(model).worn(model, {}):
        assert torch.equal(logits(model), plain)


def test_an_adapter_reads_the_lock_and_the_frozen_weights_do_not() -> None:
    model = tiny_llama("causal_lm", 0, 1)
    lock, seen = lock_of(model), {}
    with attached(model, ADAPTER) as made:
        layer = model.get_submodule(Q)
        (a,) = layer.lora_A.values()
        layer.base_layer.register_forward_pre_hook(lambda module, given: seen.update(plain=given[0]))
        a.register_forward_hook(lambda module, given, output: seen.update(inner=output))
        with lock.on_inputs(made.model):
            made.model(TOKENS)
        scale, shift = lock.pairs[Q]
        assert torch.allclose(seen["inner"], (seen["plain"] * scale + shift) @ a.weight.T, atol=1e-5)
        made.model(TOKENS)
        assert torch.allclose(seen["inner"], seen["plain"] @ a.weight.T, atol=1e-5)


def test_what_was_trained_under_a_lock_is_the_same_function_when_it_is_folded_and_worn() -> None:
    """A member that evaluates the fold of its own update under its own lock sees the model that it trained."""
    model = tiny_llama("causal_lm", 0, 1)
    lock, before = lock_of(model), {}
    with attached(model, ADAPTER) as made:
        with torch.no_grad():
            for number, (_, b) in enumerate(made.layers.values()):
                b.copy_(0.2 * torch.randn(b.shape, generator=torch.Generator().manual_seed(number)))
        with lock.on_inputs(made.model):
            trained = logits(made.model)
        factors = made.factors(ADAPTER)
    plain = logits(model)
    with torch.no_grad():
        for name, factor in factors.items():
            weight = model.get_submodule(name).weight
            before[f"{name}.weight"] = weight.clone()
            weight += factor.scale * (factor.b @ factor.a)
    with lock.worn(model, before):
        assert torch.allclose(logits(model), trained, atol=1e-4)
    assert not torch.allclose(logits(model), trained, atol=1e-2)
    assert not torch.allclose(plain, trained, atol=1e-2)


def test_an_adapted_module_without_a_lock_is_refused() -> None:
    model = tiny_llama("causal_lm", 0, 1)
    few = AdapterLock({Q: lock_of(model).pairs[Q]})
    refused = pytest.raises(ConfigurationError, match="no lock for")
    with attached(model, ADAPTER) as made, refused, few.on_inputs(made.model):
        pass


def test_gamma_and_beta_are_not_shown() -> None:
    assert repr(lock_of(tiny_llama("causal_lm", 0, 1))) == "AdapterLock()"
