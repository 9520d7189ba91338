"""The peers' contestants. Runs in their environment: nothing of LoRAnchor is imported here."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Spec = Mapping[str, Any]
Run = Callable[[], Any]
Arrays = dict[str, np.ndarray]


def flwr_aggregate(spec: Spec) -> Run:
    from flwr.server.strategy.aggregate import aggregate  # type: ignore[import-not-found]

    results = [(list(arrays.values()), weight) for arrays, weight in _updates(spec)]
    return lambda: _checked(aggregate(results))


def flwr_arrayrecords(spec: Spec) -> Run:
    from flwr.app import Array, ArrayRecord, MetricRecord, RecordDict  # type: ignore[import-not-found]
    from flwr.serverapp.strategy.strategy_utils import aggregate_arrayrecords  # type: ignore[import-not-found]

    records = []
    for arrays, weight in _updates(spec):
        record = ArrayRecord({name: Array(array) for name, array in arrays.items()})
        records.append(RecordDict({"arrays": record, "metrics": MetricRecord({"num-examples": weight})}))

    def run() -> Run:
        found = aggregate_arrayrecords(records, "num-examples")
        return lambda: {"check": _check([found[name].numpy() for name in sorted(found)])}

    return run


def flwr_krum(spec: Spec) -> Run:
    from flwr.server.strategy.aggregate import aggregate_krum

    results = [(list(arrays.values()), weight) for arrays, weight in _updates(spec)]
    return lambda: _checked(aggregate_krum(results, spec["hostile"], spec["keep"]))


def nvflare_numpy(spec: Spec) -> Run:
    return _nvflare([(arrays, weight) for arrays, weight in _updates(spec)], lambda array: array)


def nvflare_torch(spec: Spec) -> Run:
    import torch

    torch.set_num_threads(spec["threads"])
    updates = [({name: torch.from_numpy(a) for name, a in arrays.items()}, weight) for arrays, weight in _updates(spec)]
    return _nvflare(updates, lambda tensor: tensor.numpy())


def _nvflare(updates: list[tuple[Any, int]], plain: Callable[[Any], np.ndarray]) -> Run:
    from nvflare.app_common.aggregators.weighted_aggregation_helper import WeightedAggregationHelper  # type: ignore[import-not-found]

    def run() -> Run:
        helper = WeightedAggregationHelper()
        for place, (arrays, weight) in enumerate(updates):
            helper.add(arrays, weight, f"o{place}", 1)
        found = helper.get_result()
        return _checked([plain(found[name]) for name in sorted(found)])

    return run


def peft_svd(spec: Spec) -> Run:
    """``add_weighted_adapter`` on a model of one linear layer, with its default decomposition or the thin one."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.set_num_threads(spec["threads"])
    model: Any = torch.nn.Sequential(torch.nn.Linear(spec["side"], spec["side"], bias=False))
    names, weights = [], _shares(spec["samples"])
    for place, (a, b) in enumerate(_factors(spec)):
        settings = LoraConfig(r=a.shape[0], lora_alpha=16, target_modules=["0"])
        if place == 0:
            model = get_peft_model(model, settings, adapter_name="o0")
        else:
            model.add_adapter(f"o{place}", settings)
        layer = model.base_model.model[0]
        names.append(f"o{place}")
        with torch.no_grad():
            layer.lora_A[names[-1]].weight.copy_(a)
            layer.lora_B[names[-1]].weight.copy_(b)
    exact = sum(weight * layer.get_delta_weight(name).double() for name, weight in zip(names, weights, strict=True))

    def run() -> Run:
        if "merged" in layer.lora_A:
            model.delete_adapter("merged")
        model.add_weighted_adapter(
            names, weights, "merged", combination_type="svd", svd_rank=spec["rank"], svd_full_matrices=spec["full"]
        )
        found = layer.get_delta_weight("merged").double()
        return lambda: {"error": float((found - exact).norm() / exact.norm())}

    return run


def chorus_fedex(spec: Spec) -> Run:
    import torch
    from chorus.server.aggregation import FedExLoRA  # type: ignore[import-not-found]

    torch.set_num_threads(spec["threads"])
    weights = _shares(spec["samples"])
    # its averages know no α: the scale goes into B, as its own client does
    deltas = [{"m0.lora_A.weight": a, "m0.lora_B.weight": b * (16 / a.shape[0])} for a, b in _factors(spec)]
    exact = sum(
        weight * (delta["m0.lora_B.weight"].double() @ delta["m0.lora_A.weight"].double())
        for delta, weight in zip(deltas, weights, strict=True)
    )

    def run() -> Run:
        found = FedExLoRA(output_rank=spec["rank"]).aggregate(deltas, weights)
        product = found["m0.lora_B.weight"].double() @ found["m0.lora_A.weight"].double()
        return lambda: {"error": float((product - exact).norm() / exact.norm())}

    return run


def _factors(spec: Spec) -> list[tuple[Any, Any]]:
    """The same numbers as ``inputs.low_rank_delta``."""
    import torch

    found = []
    for place in range(spec["updates"]):
        rank, generator = spec["ranks"][place % len(spec["ranks"])], torch.Generator().manual_seed(place)
        a = torch.randn(rank, spec["side"], generator=generator)
        found.append((a, torch.randn(spec["side"], rank, generator=generator)))
    return found


def _shares(samples: list[int]) -> list[float]:
    return [value / sum(samples) for value in samples]


def _updates(spec: Spec) -> list[tuple[Arrays, int]]:
    """Arrays of the dense updates in memory, by name, with their weights."""
    found = []
    for path, weight in zip(spec["files"], spec["samples"], strict=True):
        data = Path(path).read_bytes()
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        header.pop("__metadata__")
        arrays = {}
        for name in sorted(header):
            start, end = header[name]["data_offsets"]
            part = np.frombuffer(data, np.float32, (end - start) // 4, 8 + length + start)
            arrays[name] = part.reshape(header[name]["shape"]).copy()
        found.append((arrays, weight))
    return found


def _checked(arrays: Any) -> Run:
    return lambda: {"check": _check(arrays)}


def _check(arrays: Any) -> list[float]:
    flat = np.concatenate([np.asarray(array).ravel() for array in arrays]).astype(np.float64)
    return [float(np.linalg.norm(flat)), float((flat * np.linspace(0, 1, flat.size)).sum())]
