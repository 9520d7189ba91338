"""Training and measuring of image networks: Adam along a cosine, accuracy, confidence."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.errors import DataError
from orchestrator.unlearning.subject import Batch, Batches

WEIGHT_DECAY = 1e-4
EVALUATED = 512
"""Images of a batch that is only looked at."""


def device() -> str:
    """A GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def deterministic(threads: int = 1) -> None:
    """Equal seeds give equal figures on one device; on a CPU that takes one thread."""
    if device() == "cpu":
        torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def fit(model: nn.Module, batches: Batches, steps: int, rate: float, seed: int) -> None:
    """Train all of a network, in place; the learning rate falls from ``rate`` to nothing along half a cosine.

    Raises:
        DataError: the loss is not finite.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    model.train()
    for step, batch in zip(range(steps), batches(seed), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        loss = functional.cross_entropy(model(batch["pixel_values"]), batch["labels"])
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
    if not math.isfinite(float(loss.detach())):
        raise DataError("the loss of a training is not finite", mend="lower its learning rate")
    model.eval()


def accuracy(model: nn.Module, batches: Iterable[Batch]) -> float:
    """Share of images whose class has the largest logit."""
    logits, labels = _logits(model, batches)
    return float((logits.argmax(1) == labels).double().mean())


def loss(model: nn.Module, batches: Iterable[Batch]) -> float:
    """Mean cross-entropy, in nats."""
    logits, labels = _logits(model, batches)
    return float(functional.cross_entropy(logits.double(), labels))


def confidences(model: nn.Module, batches: Iterable[Batch]) -> Tensor:
    """Probability of each image's own class, float32 [images] on the CPU."""
    logits, labels = _logits(model, batches)
    return logits.softmax(1).gather(1, labels[:, None])[:, 0]


def _logits(model: nn.Module, batches: Iterable[Batch]) -> tuple[Tensor, Tensor]:
    was_training = model.training
    model.eval()
    with torch.no_grad():
        pairs = [(model(batch["pixel_values"]).float().cpu(), batch["labels"].cpu()) for batch in batches]
    model.train(was_training)
    return torch.cat([pair[0] for pair in pairs]), torch.cat([pair[1] for pair in pairs])
