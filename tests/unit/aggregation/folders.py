"""Base folders, plain and sealed contributions on disk, for tests of the engine."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from orchestrator.aggregation.source import DeltaSource, HeldSource, MappedFile, Source
from orchestrator.aggregation.stored import StoredBase
from orchestrator.contribution import AdapterDelta, serialise
from orchestrator.envelope import Commitments, Context, generate_prekey, seal
from orchestrator.envelope.access import SealedPayload
from orchestrator.ledger.canonical import sha256
from orchestrator.types import ZERO_DIGEST, Address, OrganisationId, UpdateId, protected
from tests.unit.aggregation.make import Little
from tests.unit.contribution.make import BASE

CONTEXT = Context(1337, Address("0x" + "ab" * 20), 1, OrganisationId("aurora"))


def base_folder(folder: Path, model: torch.nn.Module | None = None, *, shards: int = 2, half: bool = False) -> Path:
    """A model's parameters over some files, with an integer tensor that no fold may touch."""
    folder.mkdir(parents=True)
    state = {name: tensor.detach().clone() for name, tensor in (model or Little()).named_parameters()}
    if half:
        state = {name: tensor.bfloat16() for name, tensor in state.items()}
    names = sorted(state)
    for place in range(shards):
        part = {name: state[name] for name in names[place::shards]}
        if place == 0:
            part["positions"] = torch.arange(7)
        file = "model.safetensors" if shards == 1 else f"model-{place + 1:05}-of-{shards:05}.safetensors"
        save_file(part, folder / file, metadata={"format": "pt"})
    return folder


def stored(folder: Path) -> StoredBase:
    return StoredBase(folder, BASE)


def held(deltas: Mapping[UpdateId, AdapterDelta]) -> dict[UpdateId, Source]:
    return {update: HeldSource(delta) for update, delta in deltas.items()}


def plain(deltas: Mapping[UpdateId, AdapterDelta], folder: Path) -> dict[UpdateId, Source]:
    folder.mkdir(exist_ok=True)
    found: dict[UpdateId, Source] = {}
    for update, delta in deltas.items():
        data = serialise(delta)
        (folder / update).write_bytes(data)
        found[update] = DeltaSource(MappedFile(folder / update, sha256(data)))
    return found


def sealed(
    deltas: Mapping[UpdateId, AdapterDelta], folder: Path, *, chunk_size: int = 1 << 12
) -> dict[UpdateId, Source]:
    folder.mkdir(exist_ok=True)
    _, public = generate_prekey()
    found: dict[UpdateId, Source] = {}
    for update, delta in deltas.items():
        ready = protected(serialise(delta), policy="none", samples=1, epsilon=0, parent_manifest=ZERO_DIGEST)
        made, secret = seal(ready, CONTEXT, {OrganisationId("aurora"): public}, chunk_size=chunk_size)
        (folder / update).write_bytes(made.payload)
        with (folder / update).open("rb") as file:
            payload = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        found[update] = DeltaSource(
            SealedPayload(made.header, payload, secret.content_key, context=CONTEXT, commitments=Commitments.of(made))
        )
    return found
