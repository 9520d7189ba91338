"""The network and images that the second opinion was asked about, and the script that asked.

With adversarial-robustness-toolbox 1.20.1 somewhere on the path, `python -m tests.unit.attacks_evasion.art_opinion`
prints what test_evasion_images.py holds our attacks against. The toolbox is no dependency: it brings scikit-learn.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.models.seeded import seeded_uniform

SIDE, CLASSES, COUNT = 6, 3, 8
EPSILON, STEP, STEPS = 0.05, 0.0125, 10


def network() -> nn.Module:
    """Two layers with a tanh, the same on every machine."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 16), nn.Tanh(), nn.Linear(16, CLASSES))
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.copy_(seeded_uniform(1, name, tuple(parameter.shape), 0.5))
    return net.eval()


def images() -> Tensor:
    """Eight images with pixels in [0, 1], some of them at its ends."""
    return (seeded_uniform(2, "images", (COUNT, 1, SIDE, SIDE), 0.6) + 0.5).clamp(0, 1)


def labels() -> Tensor:
    return torch.arange(COUNT) % CLASSES


def losses(changed: Tensor) -> list[float]:
    """What the network loses on each image."""
    with torch.no_grad():
        return functional.cross_entropy(network()(changed), labels(), reduction="none").tolist()


def weighed(changed: Tensor) -> list[float]:
    """One number an image that shifts with each pixel's change, and tells pixels apart."""
    weights = torch.arange(1.0, SIDE * SIDE + 1)
    return ((changed - images()).flatten(1) @ weights).tolist()


def _ask() -> None:
    from art.attacks.evasion import (  # type: ignore[import-not-found]
        FastGradientMethod,
        ProjectedGradientDescentPyTorch,
    )
    from art.estimators.classification import PyTorchClassifier  # type: ignore[import-not-found]

    made = PyTorchClassifier(network(), nn.CrossEntropyLoss(), (1, SIDE, SIDE), CLASSES, clip_values=(0.0, 1.0))
    attacks = {
        "fgsm": FastGradientMethod(made, eps=EPSILON),
        "pgd": ProjectedGradientDescentPyTorch(made, eps=EPSILON, eps_step=STEP, max_iter=STEPS, verbose=False),
    }
    for name, attack in attacks.items():
        changed = torch.tensor(attack.generate(images().numpy(), functional.one_hot(labels(), CLASSES).numpy()))
        print(name, [round(value, 5) for value in losses(changed)], [round(value, 4) for value in weighed(changed)])


if __name__ == "__main__":
    _ask()
