"""The key-lock of convolutional nets: what the paper's formulas say, and which tensors are the lock's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from orchestrator.errors import ConfigurationError
from orchestrator.models import images
from orchestrator.models.resnet_cifar import SHAPES, CifarResNet
from orchestrator.privacy.keylock.layer import KEY_LENGTH, LockedConv, is_lock, split

SMALL = ("lenet", "lenet-relu", "resnet20")


def key_of(seed: int) -> Tensor:
    return torch.rand(KEY_LENGTH, generator=torch.Generator().manual_seed(seed))


def size_of(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_a_locked_convolution_is_the_papers_formula(activation: str) -> None:
    torch.manual_seed(0)
    layer = LockedConv(7, 3, 5, 3, 2, 1, activation="sigmoid" if activation == "sigmoid" else "relu")
    values, one, two = torch.randn(4, 3, 8, 8), torch.rand(7), torch.rand(7)
    out = layer(values, layer.lock(one, two))
    inner = layer.conv(values)
    mean, variance = inner.mean(dim=(0, 2, 3)), inner.var(dim=(0, 2, 3), unbiased=False)
    normal = (inner - mean.view(1, -1, 1, 1)) / (variance.view(1, -1, 1, 1) + layer.norm.eps).sqrt()
    act = torch.relu if activation == "relu" else torch.sigmoid
    scale = act(layer.scale_fc.weight @ one + layer.scale_fc.bias)
    shift = act(layer.shift_fc.weight @ two + layer.shift_fc.bias)
    assert torch.allclose(out, normal * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1), atol=1e-5)
    assert layer.norm.weight is None
    assert layer.norm.bias is None


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("locked", [False, True])
def test_images_become_logits(name: str, locked: bool) -> None:
    net = images.build(name, 7, 1, locked, side=28)
    assert tuple(net(torch.zeros(2, 1, 28, 28), net.locks(key_of(0))).shape) == (2, 7)


def test_a_locked_norm_counts_and_remembers_as_any_other() -> None:
    torch.manual_seed(0)
    layer, twin = LockedConv(7, 3, 5, 3), nn.BatchNorm2d(5, affine=False)
    values, lock = torch.randn(4, 3, 8, 8), layer.lock(torch.rand(7), torch.rand(7))
    for _ in range(3):
        layer(values, lock)
        twin(layer.conv(values))
    for name, value in twin.state_dict().items():
        assert torch.allclose(layer.norm.state_dict()[name], value), name
    layer.eval()
    twin.eval()
    wanted = lock[0].view(1, -1, 1, 1) * twin(layer.conv(values)) + lock[1].view(1, -1, 1, 1)
    assert torch.allclose(layer(values, lock), wanted, atol=1e-5)
    assert int(layer.norm.num_batches_tracked) == 3


def test_an_attacker_can_differentiate_gradients_by_scales_and_shifts() -> None:
    """Gradient matching needs second derivatives: a lock that had none would look safe and be untested."""
    torch.manual_seed(0)
    net = images.build("lenet", 10, 1, True, side=28)
    pixels = torch.rand(1, 1, 28, 28, requires_grad=True)
    lock = tuple(torch.rand(12, requires_grad=True) for _ in range(2))
    loss = nn.functional.cross_entropy(net(pixels, (lock,)), torch.tensor([3]))
    seen = torch.autograd.grad(loss, [net.conv2.weight, net.fc.weight], create_graph=True)
    found = torch.autograd.grad(sum(item.square().sum() for item in seen), [pixels, *lock])
    assert all(bool(torch.isfinite(item).all()) and float(item.abs().max()) > 0 for item in found)


def test_sizes_are_those_of_the_papers() -> None:
    with torch.device("meta"):
        assert size_of(CifarResNet(SHAPES["resnet20"], 10)) == 269_722  # He and others: 0.27 million
        assert size_of(CifarResNet(SHAPES["resnet18"], 10)) == 11_173_962


def test_a_chain_begins_with_the_key_and_goes_on_with_scales_and_shifts() -> None:
    net = images.build("resnet20", 10, 3, True)
    layers, key = net.locked_layers(), key_of(1)
    assert len(layers) == 19
    locks = net.locks(key)
    assert torch.equal(locks[0][0], torch.relu(layers[0].scale_fc(key)))
    assert torch.equal(locks[0][1], torch.relu(layers[0].shift_fc(key)))
    for before, layer, lock in zip(locks, layers[1:], locks[1:], strict=False):
        assert torch.equal(lock[0], torch.relu(layer.scale_fc(before[0])))
        assert torch.equal(lock[1], torch.relu(layer.shift_fc(before[1])))


def test_the_stem_alone_can_be_locked() -> None:
    net = CifarResNet(SHAPES["resnet20"], 10, locked=True, first_only=True)
    assert len(net.locks(key_of(0))) == 1
    assert tuple(net(torch.zeros(2, 3, 32, 32), net.locks(key_of(0))).shape) == (2, 10)


@pytest.mark.parametrize("name", SMALL)
def test_the_lock_changes_no_shared_value(name: str) -> None:
    plain, locked = (images.build(name, 10, 3, with_lock, seed=3) for with_lock in (False, True))
    matrices = {path: value for path, value in plain.named_parameters() if value.ndim > 1}
    twins = {
        path.replace(".conv.", ".").replace("stem.weight", "stem.0.weight"): value
        for path, value in locked.named_parameters()
        if value.ndim > 1 and not is_lock(path)
    }
    assert matrices.keys() == twins.keys()
    assert all(torch.equal(matrices[path], twins[path]) for path in matrices)


def test_another_key_gives_other_logits() -> None:
    net = images.build("lenet", 10, 1, True, side=28).eval()
    pixels = torch.rand(3, 1, 28, 28)
    one, same, other = (net(pixels, net.locks(key_of(seed))) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)


def test_the_lock_is_what_carries_its_name() -> None:
    net = images.build("resnet20", 10, 3, True)
    shared, secret = split(net.state_dict())
    assert len(secret) == 19 * 4
    assert set(shared) | set(secret) == set(net.state_dict())
    assert all(".scale_fc." in name or ".shift_fc." in name for name in secret)
    assert not any("_fc." in name for name in shared)


def test_locks_that_do_not_fit_are_refused() -> None:
    locked, plain = (images.build("lenet", 10, 1, with_lock, side=28) for with_lock in (True, False))
    pixels = torch.zeros(1, 1, 28, 28)
    with pytest.raises(ConfigurationError, match="0 locks for a network with 1 locked"):
        locked(pixels)
    with pytest.raises(ConfigurationError, match="1 locks for a network with 0 locked"):
        plain(pixels, locked.locks(key_of(0)))


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no network 'lenet5'"):
        images.build("lenet5", 10, 1, True)


@pytest.mark.parametrize("locked", [False, True])
def test_vgg_has_thirteen_convolutions_of_which_the_first_is_locked(locked: bool) -> None:
    from orchestrator.models.vgg import Vgg16

    net = Vgg16(10, locked=locked, hidden=8)
    assert sum(isinstance(module, nn.Conv2d) for module in net.modules()) == 13
    assert len(net.locked_layers()) == int(locked)
    assert tuple(net(torch.zeros(2, 3, 32, 32), net.locks(key_of(0))).shape) == (2, 10)
