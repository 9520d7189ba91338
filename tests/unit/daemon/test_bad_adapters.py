"""Rounds of a consortium in which one member sends what no merge may take: refused by name, and the rounds go on."""

from __future__ import annotations

import io
import json
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, task_document, word_of

from orchestrator.contribution import AdapterDelta, LowRank, Reason, parse, serialise
from orchestrator.daemon.workbench import OpenDelta, Progress
from orchestrator.data import DataSettings
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import load_base, resolve
from orchestrator.types import OrganisationId, ProtectedDelta, protected
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench

Bad = Callable[[bytes], bytes]


def changed(change: Callable[[LowRank], LowRank], **members: object) -> Bad:
    def bad(good: bytes) -> bytes:
        delta = parse(good)
        modules = {name: change(low) for name, low in delta.modules.items()}
        return serialise(replace(delta, modules=modules, **members))  # type: ignore[arg-type]

    return bad


def undone(low: LowRank) -> LowRank:
    """Columns that undo each other: of no length in float64, an infinity in every model that they are added to."""
    signs = torch.tensor([1.0, -1.0]).repeat(low.rank // 2)
    return replace(low, a=torch.full_like(low.a, 3e38), b=torch.full_like(low.b, 3e37) * signs)


def pickled(good: bytes) -> bytes:
    buffer = io.BytesIO()
    torch.save({name: low.b for name, low in parse(good).modules.items()}, buffer)
    return buffer.getvalue()


def with_magnitude(good: bytes) -> bytes:
    """DoRA's vector beside A and B, in a file that is right in all other ways."""
    length = int.from_bytes(good[:8], "little")
    header = json.loads(good[8 : 8 + length])
    module = next(iter(json.loads(header["__metadata__"]["modules"])))
    body = good[8 + length :]
    header[f"low_rank.{module}.lora_magnitude_vector"] = {
        "dtype": "F32", "shape": [4], "data_offsets": [len(body), len(body) + 16],
    }  # fmt: skip
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body + bytes(16)


BAD: list[tuple[Bad, Reason]] = [
    (changed(lambda low: low, base=word_of("another model")), Reason.WRONG_BASE),
    (changed(lambda low: replace(low, b=low.b * float("nan"))), Reason.NOT_FINITE),
    (changed(lambda low: replace(low, b=low.b[:-1])), Reason.BAD_SHAPE),
    (with_magnitude, Reason.DORA),
    (lambda good: good[: len(good) // 2], Reason.WRONG_FORMAT),
    (lambda good: good[:100], Reason.NOT_SAFETENSORS),
    (changed(lambda low: replace(low, b=low.b * 1e12)), Reason.NORM_TOO_LARGE),
    (changed(undone), Reason.NORM_TOO_LARGE),
    (changed(lambda low: replace(low, alpha=10**12)), Reason.BAD_SCALE),
    (pickled, Reason.NOT_SAFETENSORS),
]


class Hostile(TorchWorkbench):
    """Trains as it should and sends something else."""

    bad: Bad

    def train(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: Progress,
        *,
        ordinal: int | None = None,
        spent: int = 0,
    ) -> ProtectedDelta:
        made = super().train(task, manifest, opener, round_number, progress, ordinal=ordinal, spent=spent)
        return protected(
            self.bad(made.payload), policy="none", samples=1, epsilon=0, parent_manifest=made.parent_manifest
        )


@pytest.fixture(scope="module")
def equipment(tmp_path_factory: pytest.TempPathFactory) -> dict[OrganisationId, Equipment]:
    found = {}
    for name in MEMBERS:
        folder = tmp_path_factory.mktemp(name)
        for number in range(12):
            (folder / f"{number}.txt").write_text(f"line {number} of what {name} knows, and nobody else beside {name}")
        found[name] = Equipment(name, "tiny:llama", DataSettings("text", {}, folder, 200_000, 4, 7))
    return found


@pytest.fixture
def life(
    tmp_path: Path, equipment: dict[OrganisationId, Equipment], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Consortium]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    threads = torch.get_num_threads()
    training = {"steps": 2, "batch": 2, "length": 24, "learning_rate_nano": 20_000_000, "optimizer": "adamw", "seed": 7}
    base = {"digest": load_base(resolve("tiny:llama")).digest, "architecture": "LlamaForCausalLM", "kind": "causal_lm"}
    rules = {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": 50_000_000, "max_rank": 8}
    spec = TaskSpec.from_document(task_document(base=base, training=training, verdict=rules))
    consortium = Consortium(tmp_path, spec)
    for name in MEMBERS:
        consortium.benches[name] = (Hostile if name == CUMULUS else TorchWorkbench)(equipment[name])  # type: ignore[assignment]
        consortium.services[name] = consortium.make_services(name)
    consortium.until(lambda: all(name in consortium.history.state.prekeys for name in MEMBERS))
    yield consortium
    consortium.close()
    torch.set_num_threads(threads)


def test_bad_adapters_are_refused_by_name_and_the_rounds_go_on(life: Consortium) -> None:
    for number, (bad, reason) in enumerate(BAD, 1):
        life.benches[CUMULUS].bad = bad  # type: ignore[attr-defined]
        life.open_round()
        life.settle()
        state = life.history.state
        assert state.rounds[number].status is RoundStatus.CLOSED
        said = {
            update.organisation: {judge: verdict.reason for judge, verdict in update.verdicts.items()}
            for update in state.updates.values()
            if update.round == number
        }
        assert said[CUMULUS][AURORA] == said[CUMULUS][BOREALIS] == reason, reason
        assert set(said[AURORA].values()) == set(said[BOREALIS].values()) == {""}
        owners = [entry.organisation for entry in life.manifest(AURORA).entries if entry.round == number]
        assert owners == [AURORA, BOREALIS]
        assert not any(node.state.failures for node in life.nodes.values())
    digests = {life.manifest(name).digest for name in MEMBERS}
    assert len(digests) == 1
    deltas: list[AdapterDelta] = [
        parse(life.services[AURORA].opener(life.now(AURORA).ledger)(entry.update_id))
        for entry in life.manifest(AURORA).entries
    ]
    assert len(deltas) == 2 * len(BAD)
