"""Three clients that train one LeNet on Fashion-MNIST under one policy, an epoch a round, and what it costs them.

The protocol is that of the key-lock's paper in short (benchmarks/keylock/federation.py): the mean of what clients
upload, each with a lock of its own where there is one. Under ``dp`` each step is DP-SGD (arXiv:1607.00133) on a Poisson
sample, with the policy's own noise and accountant. Under ``secagg`` changes of weights are masked, in steps of 2⁻¹⁶.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from benchmarks.harness import Configuration
from benchmarks.keylock.federation import DECAY, MOMENTUM, derived_key, right
from benchmarks.privacy.seals import Seals
from benchmarks.privacy.sizes import DELTA_INVERSE, MEMBERS, NETWORK, row_of
from orchestrator.daemon.workbench import Layout
from orchestrator.data.images import Pictures, Scale, endless, in_order, load_images
from orchestrator.ledger.canonical import sha256
from orchestrator.lock_key import LockKey
from orchestrator.models import images
from orchestrator.privacy.dp import accounting
from orchestrator.privacy.dp.noise import Noise, noise_source
from orchestrator.privacy.keylock.layer import Lockable
from orchestrator.privacy.keylock.upload import draw_lock, key_vector, mean, put_back, upload
from orchestrator.training.settings import derived_seed
from orchestrator.types import ZERO_DIGEST, OrganisationId, protected

GRID = 2.0**16
EVALUATED = 500
Batch = Mapping[str, Tensor]


class Client:
    """One client.

    Args:
        own: images that it trains on. scale: of the whole set's pixels.
    """

    def __init__(self, cell: Configuration, number: int, own: Pictures, scale: Scale) -> None:
        self.cell, row = cell, row_of(cell)
        self.noise, self.name = row.noise, OrganisationId(f"client-{number}")
        side, locked = own.pixels.shape[-1], "keylock" in row.parts
        self.net = images.build(NETWORK, own.classes, own.channels, locked, side=side, seed=cell["seed"])
        key = LockKey(1, derived_key(cell["seed"], number))
        draw_lock(self.net, key)
        self.vector, self.steps = key_vector(key), len(own) // cell["batch"]
        self.rate = cell["batch"] / len(own)
        self._source = noise_source(True)
        ordinary = endless(own, scale, cell["batch"])(derived_seed(cell["seed"], number) % 2**31)
        self._batches = _poisson(own, scale, self.rate, self._source) if self.noise else ordinary
        decay = 0.0 if self.noise else DECAY
        self._optimizer = torch.optim.SGD(
            self.net.parameters(), lr=cell["learning"], momentum=MOMENTUM, weight_decay=decay, nesterov=True
        )

    def train(self) -> None:
        """One epoch."""
        self.net.train()
        for batch in islice(self._batches, self.steps):
            self._optimizer.zero_grad(set_to_none=True)
            if self.noise:
                cell = self.cell
                set_private(self.net, batch, cell["clip"], self.noise, cell["batch"], self._source)
            else:
                logits = self.net(batch["pixel_values"], self.net.locks(self.vector))
                torch.autograd.backward(functional.cross_entropy(logits, batch["labels"]))
            self._optimizer.step()


def set_private(net: Lockable, batch: Batch, clip: float, noise: float, expected: float, source: Noise) -> None:
    """Gradients of one step of DP-SGD: each image's clipped, their sum noised, by the expected number of images.

    A network with batch norms has no gradient of single images, so that there is no lock of convolutions under it.
    """
    weights = {name: weight.detach() for name, weight in net.named_parameters()}

    def loss(own: dict[str, Tensor], pixels: Tensor, label: Tensor) -> Tensor:
        return functional.cross_entropy(functional_call(net, own, (pixels[None], ())), label[None])

    total = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    if len(batch["labels"]):
        found = vmap(grad(loss), in_dims=(None, 0, 0))(weights, batch["pixel_values"], batch["labels"])
        norms = torch.stack([item.flatten(1).square().sum(1) for item in found.values()]).sum(0).sqrt()
        factors = (clip / norms.clamp_min(1e-12)).clamp(max=1.0)
        total = {name: torch.einsum("n...,n->...", item, factors) for name, item in found.items()}
    for name, weight in net.named_parameters():
        weight.grad = (total[name] + source.normal(noise * clip, total[name])) / expected


def work(cell: Configuration) -> dict[str, Any]:
    """Percent right by round, each client with its own lock; seconds and bytes of one upload; ε."""
    torch.set_num_threads(1)
    training, test = load_images("fashion-mnist")
    training, test = training.first(cell["images"], cell["seed"]), test.first(cell["tests"], cell["seed"])
    scale, count = Scale.of(training), MEMBERS["fashion"]
    tests, share = list(in_order(test, scale, EVALUATED)), len(training) // count
    clients = [
        Client(cell, number, training.at(range(number * share, (number + 1) * share)), scale) for number in range(count)
    ]
    seals, seconds, curve = Seals([client.name for client in clients]), 0.0, [_right(clients, tests)]
    for number in range(1, cell["rounds"] + 1):
        begin = time.process_time()
        before = upload(clients[0].net)
        for client in clients:
            client.train()
        folded = _folded(cell, number, clients, before, seals)
        seconds += time.process_time() - begin
        for client in clients:
            put_back(client.net, folded)
        curve.append(_right(clients, tests))
    made = count * cell["rounds"]
    return {"curve": curve, "seconds": seconds / made, "bytes": seals.sent / made, "epsilon": _epsilon(cell, clients)}


def _right(clients: list[Client], tests: list[Batch]) -> float:
    return sum(right(client.net, client.vector, tests) for client in clients) / len(clients)


def _epsilon(cell: Configuration, clients: list[Client]) -> float:
    first = clients[0]
    if not first.noise:
        return 0.0
    return accounting.epsilon("prv", first.noise, first.rate, first.steps * cell["rounds"], 1 / DELTA_INVERSE)


def _folded(
    cell: Configuration, number: int, clients: list[Client], before: Mapping[str, Tensor], seals: Seals
) -> Mapping[str, Tensor]:
    """What the server makes of the uploads; under ``secagg`` of their sum alone."""
    policy, uploads = row_of(cell).policy, {client.name: upload(client.net) for client in clients}
    if "secagg" in row_of(cell).parts:
        return _unmasked(number, uploads, before, seals)
    for name, sent in uploads.items():
        plain = b"".join(tensor.float().numpy().tobytes() for tensor in sent.values())
        ready = protected(plain, policy=policy, samples=0, epsilon=0, parent_manifest=ZERO_DIGEST)
        seals.send(number, name, ready)
    return mean(list(uploads.values()))


def _unmasked(
    number: int, uploads: Mapping[OrganisationId, Mapping[str, Tensor]], before: Mapping[str, Tensor], seals: Seals
) -> Mapping[str, Tensor]:
    clip = ((1 << 23) - 1) // len(uploads)
    units = {
        name: np.concatenate(
            [((sent[part] - before[part]).double() * GRID).round().clamp(-clip, clip).numpy().ravel() for part in sent]
        ).astype(np.int64)
        for name, sent in uploads.items()
    }
    size = len(next(iter(units.values())))
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(size, sha256(NETWORK.encode()))
        total = seals.masked(number, ZERO_DIGEST, layout, clip, units, Path(folder))
    changes = torch.from_numpy(total).double() / GRID / len(uploads)
    parts = torch.split(changes, [tensor.numel() for tensor in before.values()])
    return {name: old + part.view_as(old).float() for (name, old), part in zip(before.items(), parts, strict=True)}


def _poisson(own: Pictures, scale: Scale, rate: float, source: Noise) -> Iterator[Batch]:
    """Each image in a step by its own chance; a step may have none."""
    while True:
        rows = list(source.chosen(len(own), rate))
        yield {"pixel_values": scale.applied(own.pixels[rows]), "labels": own.labels[rows]}
