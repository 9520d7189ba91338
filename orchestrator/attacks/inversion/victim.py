"""Victims that classify images, and what an attacker of some knowledge can run in their place.

All is computed in float64: the attack with second derivatives (L-BFGS) does not converge otherwise. Norms take the
batch's own figures, as they do in training; the gradient that a member sends is of that mode.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from orchestrator.attacks.inversion.guesses import FreeLocks, Guess, KeySought, Known, Nothing, Sought, redraw
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.protocol import LocalSteps, Observation
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.privacy.keylock.layer import Lockable, is_lock

Weights = Mapping[str, Tensor]
Shape = tuple[int, int, int]
STRETCH = 0.01
"""Part of the pixels, at either end, that may be cut when contrast is chosen."""


@dataclass(frozen=True)
class View:
    """What an attacker can run: a network in float64, and its guess of a lock.

    Attributes:
        model: a copy; a lock's weights in it are those that the attacker has. shape: of an image.
        guess: what it puts in a lock's place.
    """

    model: Lockable
    shape: Shape
    classes: int
    guess: Guess

    @property
    def weights(self) -> dict[str, Tensor]:
        """The shared ones, by name, in the order of the network: what gradients are seen of."""
        return {name: weight for name, weight in self.model.named_parameters() if not is_lock(name)}

    def logits(self, images: Tensor, sought: Sought, weights: Weights | None = None) -> Tensor:
        """Logits [batch, classes] of pixels [batch, *shape], with other weights where they are given."""
        found: Tensor = functional_call(self.model, dict(weights or {}), (images, self.guess.locks(sought)))
        return found

    def gradients(
        self, images: Tensor, targets: Tensor, sought: Sought, weights: Weights | None = None, *, graph: bool = True
    ) -> dict[str, Tensor]:
        """The gradient of the mean cross-entropy by every shared weight.

        Args:
            targets: int64 [batch], or probabilities [batch, classes].
            graph: keep what is needed to derive it once more.
        """
        own = self.weights if weights is None else dict(weights)
        loss = functional.cross_entropy(self.logits(images, sought, weights), targets)
        found = torch.autograd.grad(loss, list(own.values()), create_graph=graph)
        return dict(zip(own, found, strict=True))

    def features(self, images: Tensor, sought: Sought) -> Tensor:
        """What the head sees, [batch, features].

        Raises:
            DataError: the network has no linear layer.
        """
        heads = [module for module in self.model.modules() if isinstance(module, nn.Linear)]
        found: list[Tensor] = []
        if not heads:
            raise DataError("the victim's network has no linear layer")
        handle = next(reversed(heads)).register_forward_pre_hook(lambda _, inputs: found.append(inputs[0]))
        try:
            self.logits(images, sought)
        finally:
            handle.remove()
        return found[0]

    @property
    def blind(self) -> bool:
        """Whether a norm comes before any activation, as under a lock: contrast then leaves no trace in a gradient."""
        known = (nn.Linear, nn.Conv2d, nn.BatchNorm2d)
        layers = [module for module in self.model.modules() if isinstance(module, known)]
        return len(layers) > 1 and isinstance(layers[1], nn.BatchNorm2d)

    def pixels(self, images: Tensor) -> Tensor:
        """Images as an attacker hands them in, within [0, 1].

        Where the network is :attr:`blind`, each one is stretched so that all but a fiftieth of its pixels fit: their
        contrast is the search's own, and whoever looks at the picture turns it to fit as well.
        """
        if not self.blind:
            return images.detach().clamp(0, 1)
        flat = images.detach().flatten(1)
        low, high = (flat.quantile(part, 1)[:, None, None, None] for part in (STRETCH, 1 - STRETCH))
        return ((images.detach() - low) / (high - low).clamp_min(1e-12)).clamp(0, 1)

    def seen(self, observed: Observation) -> dict[str, Tensor]:
        """The observed tensors in the order of :attr:`weights`, float64.

        Raises:
            DataError: they are not those of this network, or one is not finite.
        """
        own = self.weights
        if observed.tensors.keys() != own.keys() or any(
            observed.tensors[name].shape != weight.shape for name, weight in own.items()
        ):
            raise DataError("what was observed is not of the victim's network", mend="observe that network")
        found = {name: observed.tensors[name].detach().double() for name in own}
        if not all(bool(tensor.isfinite().all()) for tensor in found.values()):
            raise DataError("what was observed holds numbers that are not finite")
        return found


@dataclass(frozen=True)
class ImageVictim:
    """A member that trains a network on images.

    Attributes:
        model: images to logits, called with γ and β of its locked layers (:mod:`orchestrator.models.images`).
        shape: channels, height and width of an image. key: float [KEY_LENGTH]; None where there is no lock.
    """

    model: Lockable
    shape: Shape
    classes: int
    key: Tensor | None = None

    def __post_init__(self) -> None:
        if (self.key is None) == bool(self.model.locked_layers()):
            raise ConfigurationError("a victim has a key if its network has a lock", mend="give both or neither")

    def view(self, knowledge: Knowledge, seed: int = 0) -> View:
        """What an attacker of that knowledge can run; ``seed`` is of what it draws itself.

        Raises:
            ConfigurationError: that knowledge is of victims with a lock, and this one has none, or the other way round.
        """
        if knowledge.locked != (self.key is not None):
            raise ConfigurationError(
                f"an attacker with knowledge {knowledge.value!r} does not go with a victim "
                f"{'without' if self.key is None else 'with'} a lock"
            )
        model = _prepared(self.model)
        if knowledge is Knowledge.NEITHER:
            redraw(model, seed)
        return View(model, self.shape, self.classes, self._guess(knowledge, model))

    def _guess(self, knowledge: Knowledge, model: Lockable) -> Guess:
        if self.key is None:
            return Nothing()
        if knowledge is Knowledge.KEY_KNOWN:
            return Known(model.locks(self.key.double()))
        if knowledge is Knowledge.FREE:
            return FreeLocks(model.locked_layers())
        return KeySought(model.locks)

    def observe(self, images: Tensor, labels: Tensor, local: LocalSteps | None = None) -> Observation:
        """What the member sends after it saw these images: float32, as members send it.

        Args:
            images: pixels in [0, 1], [batch, *shape]. labels: int64 [batch].
            local: train so first, and send the update in place of a gradient.
        """
        view = self.view(Knowledge.NO_LOCK if self.key is None else Knowledge.KEY_KNOWN)
        pixels = images.double()
        if local is None:
            found = view.gradients(pixels, labels, {}, graph=False)
        else:
            found = update(view, pixels, labels, {}, local, graph=False)
        return Observation({name: tensor.float() for name, tensor in found.items()}, len(images), local)


def update(
    view: View, images: Tensor, targets: Tensor, sought: Sought, local: LocalSteps, *, graph: bool = True
) -> dict[str, Tensor]:
    """Weights after local training less those before, as a function of images, targets and what is sought."""
    before = view.weights
    now: dict[str, Tensor] = dict(before)
    for _ in range(local.steps):
        slope = view.gradients(images, targets, sought, now, graph=graph)
        now = {name: now[name] - local.rate * slope[name] for name in now}
        if not graph:
            now = {name: weight.detach().requires_grad_() for name, weight in now.items()}
    return {name: now[name] - before[name] for name in now}


def _prepared(model: Lockable) -> Lockable:
    """A copy in float64 whose norms keep no figures; only shared weights have gradients."""
    found = copy.deepcopy(model).double().train()
    for name, parameter in found.named_parameters():
        parameter.requires_grad_(not is_lock(name))
    for module in found.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    return found
