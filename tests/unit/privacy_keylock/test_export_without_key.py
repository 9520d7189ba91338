"""What somebody without a lock key can use: an export is the fold without any lock, whoever makes it."""

from __future__ import annotations

from pathlib import Path

import torch
from unit.aggregation.folders import held
from unit.aggregation.make import entries_of
from unit.export.make_export import bases, folded_logits, logits, plain_adapted

from orchestrator.aggregation import FoldedModel, Stack
from orchestrator.aggregation.start import adapted
from orchestrator.contribution import AdapterDelta
from orchestrator.export.adapter import write_adapter
from orchestrator.lock_key import LockKey
from orchestrator.models import BaseModel
from orchestrator.privacy.keylock.lora import AdapterLock
from orchestrator.training import AdapterSettings, Discipline, TrainingSettings, train
from orchestrator.types import ZERO_DIGEST, UpdateId

ADAPTER = AdapterSettings(("q_proj", "v_proj"), 4, 8)
SETTINGS = TrainingSettings(steps=12, batch=2, length=8, learning_rate_nano=20_000_000)
CLOSE = 1e-4


def lock_of(base: BaseModel, number: int) -> AdapterLock:
    weights = dict(base.model.named_parameters())
    key = LockKey(1, bytes([number]) * 32)
    return AdapterLock.of(key, 500_000, adapted(base.shapes, ADAPTER.modules), weights, shift=0)


def trained(base: BaseModel, number: int) -> AdapterDelta:
    """A member's update on the empty manifest, under its own lock."""
    tokens = torch.arange(2, 18).reshape(2, 8)
    batch = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": tokens}
    lock = lock_of(base, number)
    return train(
        base.model,
        [batch] * SETTINGS.steps,
        ADAPTER,
        SETTINGS,
        base=base.digest,
        parent_manifest=ZERO_DIGEST,
        seed=number,
        discipline=Discipline(lambda made: lock.on_inputs(made.model)),
    ).delta


def test_an_export_is_the_fold_without_a_lock_and_still_of_use(tmp_path: Path) -> None:
    base, export = bases("tiny:llama", "causal_lm", tmp_path / "base")
    untouched = logits(base.model, base.tokenizer)
    deltas = {UpdateId(f"1-{name}"): trained(base, number) for number, name in enumerate("ab", start=1)}
    entries = entries_of(list(deltas))
    (tmp_path / "out").mkdir()
    write_adapter(export, entries, held(deltas), tmp_path / "out", strategy=Stack(), rank=None, hub_id=None)
    found = logits(plain_adapted(tmp_path / "out", tmp_path / "base", base.kind), base.tokenizer)
    assert float((found - folded_logits(base, entries, deltas)).abs().max()) <= CLOSE
    folded = FoldedModel(base.model, base.digest)
    folded.remember(f"{module}.weight" for module in adapted(base.shapes, ADAPTER.modules))
    folded.move(entries, deltas.__getitem__)
    views = []
    for number in (1, 2):
        with lock_of(base, number).worn(base.model, folded.pristine):
            views.append(logits(base.model, base.tokenizer))
    folded.reset()
    for view in views:
        assert float((view - found).abs().max()) > 10 * CLOSE, "members see the model behind their locks"
        # the export has moved from the base towards what members see, and is nearer to them than the base is
        assert float((view - found).norm()) < float((view - untouched).norm())
    assert float((views[0] - views[1]).abs().max()) > 10 * CLOSE
