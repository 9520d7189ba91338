"""The paper's federation in short: clients train one network, with or without a lock of their own, and take the mean.

As in arXiv:2305.04095 and Rand2AI/FedKL: three clients with as many images each, one local epoch a round, SGD with
Nesterov's momentum 0.9, rate 0.01, weight decay 5e-4, and a fifth of the rate after 30, 60 and 80 % of the rounds. What
a client uploads has no lock in it; it evaluates with its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.harness import Configuration
from benchmarks.keylock.sizes import CLIENTS
from orchestrator.data.images import Pictures, Scale, endless, in_order, load_images
from orchestrator.lock_key import LockKey
from orchestrator.models import images
from orchestrator.privacy.keylock.layer import Lockable
from orchestrator.privacy.keylock.upload import draw_lock, key_vector, mean, put_back, upload
from orchestrator.training.settings import derived_seed

RATE, MOMENTUM, DECAY = 0.01, 0.9, 5e-4
MILESTONES, FALL = (0.3, 0.6, 0.8), 0.2
EVALUATED = 500


class Client:
    """One client: its images, its network, its key and its lock.

    Args:
        own: images that it trains on. scale: of the whole set's pixels.
    """

    def __init__(self, cell: Configuration, number: int, own: Pictures, scale: Scale) -> None:
        self.net = images.build(
            cell["net"], own.classes, own.channels, cell["locked"], side=own.pixels.shape[-1], seed=cell["seed"]
        )
        self._key = LockKey(1, derived_key(cell["seed"], number))
        draw_lock(self.net, self._key)
        self._vector = key_vector(self._key)
        self._steps = len(own) // cell["batch"]
        self._batches = endless(own, scale, cell["batch"])(derived_seed(cell["seed"], number) % 2**31)
        self._optimizer = torch.optim.SGD(
            self.net.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY, nesterov=True
        )

    def train(self, rate: float) -> None:
        """One epoch."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.net.train()
        for batch in islice(self._batches, self._steps):
            logits = self.net(batch["pixel_values"], self.net.locks(self._vector))
            loss = functional.cross_entropy(logits, batch["labels"])
            self._optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            self._optimizer.step()

    def right(self, tests: Sequence[Mapping[str, Tensor]]) -> float:
        """Percent of test images that it gets right, with its own lock."""
        return right(self.net, self._vector, tests)


def right(net: Lockable, vector: Tensor, tests: Sequence[Mapping[str, Tensor]]) -> float:
    """Percent right under a key."""
    net.eval()
    with torch.no_grad():
        locks = net.locks(vector)
        found = [(net(item["pixel_values"], locks).argmax(1) == item["labels"]).double() for item in tests]
    return 100.0 * float(torch.cat(found).mean())


def work(cell: Configuration) -> dict[str, Any]:
    """Percent right after each round, mean of the clients, each with its own lock; and of a stranger with another."""
    torch.set_num_threads(1)
    training, test = load_images("fashion-mnist")
    training, test = training.first(cell["images"], cell["seed"]), test.first(cell["tests"], cell["seed"])
    scale = Scale.of(training)
    tests = list(in_order(test, scale, EVALUATED))
    share = len(training) // CLIENTS
    clients = [
        Client(cell, number, training.at(range(number * share, (number + 1) * share)), scale)
        for number in range(CLIENTS)
    ]
    curve = []
    for number in range(cell["rounds"]):
        for client in clients:
            client.train(RATE * FALL ** sum(number >= share * cell["rounds"] for share in MILESTONES))
        folded = mean([upload(client.net) for client in clients])
        for client in clients:
            put_back(client.net, folded)
        curve.append(sum(client.right(tests) for client in clients) / CLIENTS)
    stranger = Client(cell, CLIENTS, training.at(range(share)), scale)
    put_back(stranger.net, folded)
    return {"curve": curve, "stranger": stranger.right(tests)}


def derived_key(seed: int, number: int) -> bytes:
    """A key that can be drawn again; what members use comes from the operating system."""
    return b"".join(derived_seed("bench key", seed, number, part).to_bytes(8, "big") for part in range(4))
