"""DP-SGD on whatever an update trains: each sample's gradient is clipped, and noise is added to their sum.

M. Abadi and others, "Deep Learning with Differential Privacy", CCS 2016, arXiv:1607.00133; per-sample gradients and the
sum by Opacus (A. Yousefpour and others, arXiv:2109.12298). Three things are not as in an ordinary training:

- A sample's loss is the mean over its own tokens. The mean over a batch's tokens would let one sample change the
  gradients of the others, which clipping does not bound.
- Each sample is in a step by its own chance, so that a step may see many or none.
- What the model draws by itself, such as dropout, follows from the operating system's random numbers: with a seed that
  others know, a sample would change which of the others' numbers are dropped.
"""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from opacus.grad_sample.grad_sample_module import GradSampleHooks
from opacus.optimizers import DPOptimizer
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import DataError
from orchestrator.privacy.dp.noise import Noise, noise_source
from orchestrator.privacy.dp.settings import DpSettings
from orchestrator.privacy.policy import Place
from orchestrator.training import Discipline, Run
from orchestrator.training.adapter import Attached
from orchestrator.training.evaluate import IGNORED


class ByExample:
    """The discipline of one training.

    Raises:
        DataError: a step would see less than one sample on average.
    """

    def __init__(self, settings: DpSettings, place: Place) -> None:
        self._settings, self._place = settings, place
        self._expected = settings.rate * place.samples
        if self._expected < 1:
            raise DataError(
                f"a step would see {self._expected:g} samples: {place.samples} at a rate of {settings.rate:g}",
                mend="give the organisation more data, or agree on a higher privacy.dp.rate_nano",
            )
        self._noise = noise_source(settings.secure)
        self._optimizer: DPOptimizer | None = None

    def discipline(self) -> Discipline:
        """The number of samples is the expected one: how many were drawn would tell of each."""
        samples = round(self._expected * self._settings.steps)
        return Discipline(self.around, self.rows(), self.gradients, samples)

    def rows(self) -> Iterator[Sequence[int]]:
        while True:
            yield self._noise.chosen(self._place.samples, self._settings.rate)

    @contextmanager
    def around(self, made: Attached) -> Iterator[None]:
        torch.manual_seed(secrets.randbits(63))
        hooks = GradSampleHooks(made.model, loss_reduction="sum")
        try:
            yield
        finally:
            hooks.cleanup()
            for parameter in made.model.parameters():
                for name in ("grad_sample", "summed_grad", "_forward_counter"):
                    if hasattr(parameter, name):
                        delattr(parameter, name)

    def gradients(self, adapted: Any, batch: Mapping[str, Tensor], run: Run) -> Tensor:
        """Of one step; see :data:`orchestrator.training.steps.Gradients`."""
        optimizer = self._of(run)
        for parameter in run.trainable.values():
            parameter.grad_sample = parameter.summed_grad = None  # type: ignore[attr-defined]
        with warnings.catch_warnings():  # the hooks take the gradients of outputs, which there always are
            warnings.filterwarnings("ignore", message="Full backward hook is firing", category=UserWarning)
            losses = self._accumulated(adapted, batch, run, optimizer)
        return torch.cat(losses).mean() if losses else torch.zeros(())

    def _of(self, run: Run) -> DPOptimizer:
        if self._optimizer is None:
            settings = self._settings
            self._optimizer = _Optimizer(
                run.optimizer,
                self._noise,
                noise_multiplier=settings.noise,
                max_grad_norm=settings.clip,
                expected_batch_size=self._expected,
            )
        return self._optimizer

    def _accumulated(self, adapted: Any, batch: Mapping[str, Tensor], run: Run, optimizer: DPOptimizer) -> list[Tensor]:
        """Clipped gradients of a few rows at a time added up, then noise; losses of each row."""
        rows, losses = int(batch["labels"].shape[0]), []
        starts = range(0, rows, self._place.rows)
        for start in starts:
            part = {name: tensor[start : start + self._place.rows].to(run.device) for name, tensor in batch.items()}
            found = losses_of(adapted, part)
            torch.autograd.backward(found.sum())
            losses.append(found.detach())
            if start != starts[-1]:
                optimizer.signal_skip_step()
                optimizer.pre_step()
                optimizer.zero_grad(set_to_none=True)
        if not rows:
            for parameter in run.trainable.values():
                parameter.grad_sample = parameter.new_zeros((0, *parameter.shape))  # type: ignore[attr-defined]
        optimizer.pre_step()
        return losses


class _Optimizer(DPOptimizer):  # type: ignore[misc]  # it has no types
    """Opacus's clipping with noise of our own; its secure mode needs a package that is no longer made."""

    def __init__(self, optimizer: torch.optim.Optimizer, noise: Noise, **settings: Any) -> None:
        super().__init__(optimizer, **settings)
        self._source = noise

    def add_noise(self) -> None:
        for parameter in self.params:
            total = parameter.summed_grad
            noise = self._source.normal(self.noise_multiplier * self.max_grad_norm, total)
            parameter.grad = (total + noise).view_as(parameter)


def losses_of(adapted: Any, batch: Mapping[str, Tensor]) -> Tensor:
    """Of each sample [rows]: the mean over its own tokens, or that of its class."""
    labels = batch["labels"]
    logits = adapted(**{name: tensor for name, tensor in batch.items() if name != "labels"}).logits.float()
    if labels.ndim == 1:
        return functional.cross_entropy(logits, labels, reduction="none")
    found = functional.cross_entropy(
        logits[:, :-1].transpose(1, 2), labels[:, 1:], ignore_index=IGNORED, reduction="none"
    )
    return found.sum(1) / (labels[:, 1:] != IGNORED).sum(1).clamp(min=1)
