"""The layer-by-layer attack: from the head back to the image by linear equations, lock or no lock.

After J. Zhu and M. Blaschko, "R-GAP: Recursive Gradient Attack on Privacy", arXiv:2010.07733, for one sample and a
network of convolutions with sigmoids. The head leak gives the features to the last digit. Of every layer, its output
and the slope there are known then; what went into it follows from two sets of linear equations: the convolution
itself, and its weight's gradient, which is linear in the input.

A lock is no obstacle: for one sample, its norm makes each channel's mean 0 and deviation 1, so γ and β *are* deviation
and mean of the channel behind it, which has just been found. No key and no lock weight is needed, and no search. What
remains unknown are mean and deviation before the norm, two more unknowns of the same equations, and the contrast of
the whole image, which a norm hides. A channel whose γ is 0 says nothing, and there must be enough of the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_input

from orchestrator.attacks.inversion.head_leak import leaked_input
from orchestrator.attacks.inversion.idlg import recovered_label
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.victim import ImageVictim, View
from orchestrator.errors import DataError
from orchestrator.models.lenet import LeNet
from orchestrator.privacy.keylock.layer import LockedConv

DEAD = 1e-4
"""γ up to which a channel says nothing: what is seen is float32, and γ comes out no nearer."""
RIDGE = 1e-12
"""Relative to the diagonal: unknowns that no equation names stay small."""
SMOOTH = 1e-7
"""The same for differences of neighbouring pixels behind a lock, which may leave fewer equations than pixels."""


@dataclass(frozen=True, slots=True)
class Recursive:
    """The attack on one image of a LeNet with sigmoids. Its knowledge only names the row: it uses none of a lock."""

    knowledge: Knowledge

    @property
    def name(self) -> str:
        return "recursive"

    def run(self, victim: ImageVictim, observed: Observation, *, seed: int) -> Reconstruction:
        view = victim.view(self.knowledge, seed)
        seen, model = view.seen(observed), view.model
        if not isinstance(model, LeNet) or model.activation != "sigmoid" or observed.batch != 1:
            raise DataError("the recursive attack is on one image of a LeNet with sigmoids")
        with torch.no_grad():
            images, living = _peel(view, model, seen)
        label = torch.tensor([recovered_label(seen, view.classes)])
        return Reconstruction(view.pixels(images), label, {"distance": 0.0, "living": float(living)})


def _peel(view: View, model: LeNet, seen: dict[str, Tensor]) -> tuple[Tensor, int]:
    """The image before its contrast is chosen, and how many channels of the first layer speak."""
    shapes = _shapes(view, model)
    slope = seen["fc.bias"] @ model.fc.weight
    after = leaked_input(seen["fc.weight"], seen["fc.bias"]).reshape(shapes[2])
    slope = slope.reshape(shapes[2])
    for name, before in (("conv3", shapes[1]), ("conv2", shapes[0])):
        conv = model.get_submodule(name)
        assert isinstance(conv, nn.Conv2d)
        output, slope = _through_sigmoid(after, slope)
        after = _entered(conv, output, slope, seen[f"{name}.weight"], before)
        slope = _back(conv, slope, before)
    output, slope = _through_sigmoid(after, slope)
    if isinstance(model.conv1, LockedConv):
        return _behind_lock(model.conv1.conv, output, slope, seen["conv1.conv.weight"], view.shape)
    assert isinstance(model.conv1, nn.Conv2d)
    image = _entered(model.conv1, output, slope, seen["conv1.weight"], view.shape)
    return image[None], len(output)


def _shapes(view: View, model: LeNet) -> list[tuple[int, ...]]:
    """Of what each of the three convolutions puts out, [channels, height, width]."""
    values, found = torch.zeros(1, *view.shape, dtype=torch.float64), []
    for layer in (model.conv1, model.conv2, model.conv3):
        values = (layer.conv if isinstance(layer, LockedConv) else layer)(values)
        found.append(tuple(values.shape[1:]))
    return found


def _through_sigmoid(after: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """What a sigmoid saw, and the slope there, from what it said and the slope behind it."""
    said = after.clamp(1e-12, 1 - 1e-12)
    return said.logit(), slope * said * (1 - said)


def _back(conv: nn.Conv2d, slope: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The slope at a convolution's input."""
    sizes = (1, *shape)
    found: Tensor = conv2d_input(sizes, conv.weight, slope[None], conv.stride, conv.padding)  # type: ignore[no-untyped-call]
    return found[0]


def _entered(conv: nn.Conv2d, output: Tensor, slope: Tensor, gradient: Tensor, shape: tuple[int, ...]) -> Tensor:
    """What went into a convolution, [*shape], from its output, the slope there and its weight's gradient."""
    assert conv.bias is not None
    wanted = (output - conv.bias[:, None, None]).flatten()
    forward, backward = _matrix(conv, shape), _slopes(conv, slope, shape)
    rows = gradient.transpose(0, 1).flatten(1)  # [inputs, outputs × kernel]
    weight = _share(wanted, rows)
    normal = forward.T @ forward
    _add_blocks(normal, weight * backward.T @ backward, shape[0])
    right = forward.T @ wanted + weight * (rows @ backward).flatten()
    return _solved(normal, right).reshape(shape)


def _behind_lock(
    conv: nn.Conv2d, output: Tensor, slope: Tensor, gradient: Tensor, shape: tuple[int, ...]
) -> tuple[Tensor, int]:
    """The image [1, *shape] up to its contrast, and how many channels speak.

    Unknowns are the pixels and, of every channel that speaks, deviation σ and mean m before its norm:
    conv(x) − σ·n − m = 0, correlation(σ·slope, x) − σ·gradient = 0. All is up to one factor; the σ are 1 in the mean.
    """
    flat = output.flatten(1)
    scale, shift = flat.std(1, correction=0), flat.mean(1)
    speaks = scale > DEAD
    living = int(speaks.sum())
    if not living:
        raise DataError("every channel of the lock has γ 0: the first layer says nothing of the image")
    normed = ((flat - shift[:, None]) / scale.clamp_min(DEAD)[:, None])[speaks]
    slopes = (scale[:, None] * slope.flatten(1))[speaks]
    slopes = slopes - slopes.mean(1, keepdim=True) - normed * (slopes * normed).mean(1, keepdim=True)
    matrix = _matrix(conv, shape).reshape(len(flat), flat.shape[1], -1)[speaks]
    backward = _slopes(conv, slopes.reshape(living, *output.shape[1:]), shape).reshape(living, -1, shape[1] * shape[2])
    sure = scale[speaks, None]  # the same error of the output is a larger one of what was normed where γ is small
    found = _without_contrast(sure[:, :, None] * matrix, normed, sure, backward, gradient[speaks], shape)
    return found[None], living


def _without_contrast(
    matrix: Tensor, normed: Tensor, sure: Tensor, backward: Tensor, gradient: Tensor, shape: tuple[int, ...]
) -> Tensor:
    living, places, pixels = matrix.shape
    ones = _diagonal([line.expand(places, 1) for line in sure])
    deviations = _diagonal([line[:, None] for line in sure * normed])
    first = torch.cat([matrix.reshape(-1, pixels), -deviations, -ones], 1)
    blocks = [_diagonal([part] * shape[0]) for part in backward]
    told = _diagonal([part.reshape(-1, 1) for part in gradient])
    second = torch.cat([torch.cat(blocks), -told, torch.zeros(len(told), living, dtype=torch.float64)], 1)
    weight = first.square().mean() / second.square().mean().clamp_min(1e-30)
    gauge = torch.zeros(1, pixels + 2 * living, dtype=torch.float64)
    gauge[0, pixels : pixels + living] = 1.0
    normal = first.T @ first + weight * second.T @ second + gauge.T @ gauge
    _add_blocks(normal, SMOOTH * normal.diagonal()[:pixels].mean() * _differences(shape[1], shape[2]), shape[0])
    return _solved(normal, gauge[0] * living)[:pixels].reshape(shape)


def _differences(height: int, width: int) -> Tensor:
    """Squared differences of neighbours as a quadratic form of one channel, [height × width, height × width]."""
    lines = [torch.diff(torch.eye(size, dtype=torch.float64), dim=0) for size in (height, width)]
    squares = [line.T @ line for line in lines]
    ones = [torch.eye(size, dtype=torch.float64) for size in (height, width)]
    return torch.kron(squares[0], ones[1]) + torch.kron(ones[0], squares[1])


def _matrix(conv: nn.Conv2d, shape: tuple[int, ...]) -> Tensor:
    """The convolution without its bias as a matrix, [outputs, inputs], both flattened."""
    count = shape[0] * shape[1] * shape[2]
    basis = torch.eye(count, dtype=torch.float64).reshape(count, *shape)
    return functional.conv2d(basis, conv.weight, None, conv.stride, conv.padding).flatten(1).T


def _slopes(conv: nn.Conv2d, slope: Tensor, shape: tuple[int, ...]) -> Tensor:
    """How the gradient of a weight follows from one channel of the input, [outputs × kernel, height × width].

    It is the same for every channel: each has a gradient of its own, and no other channel is in it.
    """
    count = shape[1] * shape[2]
    basis = torch.eye(count, dtype=torch.float64).reshape(count, 1, shape[1], shape[2])
    parts = functional.unfold(basis, conv.kernel_size, 1, conv.padding, conv.stride)  # type: ignore[arg-type]
    return torch.einsum("npl,ol->opn", parts, slope.flatten(1)).flatten(0, 1)


def _diagonal(parts: list[Tensor]) -> Tensor:
    """Matrices along the diagonal of one that is 0 elsewhere."""
    found: Tensor = torch.block_diag(*parts)  # type: ignore[no-untyped-call]
    return found


def _share(wanted: Tensor, rows: Tensor) -> Tensor:
    """Weight of the second set of equations, so that both count alike."""
    return wanted.square().mean() / rows.square().mean().clamp_min(1e-30)


def _add_blocks(normal: Tensor, block: Tensor, count: int) -> None:
    size = len(block)
    for place in range(count):
        normal[place * size : (place + 1) * size, place * size : (place + 1) * size] += block


def _solved(normal: Tensor, right: Tensor) -> Tensor:
    """The least squares' answer; what no equation names is kept small."""
    ridge = RIDGE * normal.diagonal().mean()
    found: Tensor = torch.linalg.solve(normal + ridge * torch.eye(len(normal), dtype=torch.float64), right)
    return found
