"""What a member with a locked network sends, and that its own lock is there again after the fold."""

from __future__ import annotations

import pytest
import torch

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.lock_key import LockKey
from orchestrator.models import images
from orchestrator.privacy.keylock.layer import Lockable, is_lock
from orchestrator.privacy.keylock.upload import draw_lock, key_vector, mean, put_back, upload

KEYS = [LockKey(1, bytes([number]) * 32) for number in (1, 2)]


def member(number: int, name: str = "lenet") -> Lockable:
    net = images.build(name, 10, 1, True, side=28)
    draw_lock(net, KEYS[number])
    return net


def step(net: Lockable, key: LockKey) -> None:
    """One step of training, of the lock as well."""
    pixels = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    loss = torch.nn.functional.cross_entropy(net(pixels, net.locks(key_vector(key))), torch.arange(8))
    loss.backward()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.grad is not None:
                parameter -= 0.1 * parameter.grad


def test_the_key_has_the_papers_length_and_range() -> None:
    vector = key_vector(KEYS[0])
    assert tuple(vector.shape) == (1024,)
    assert float(vector.min()) >= 0.0
    assert float(vector.max()) < 1.0
    assert not torch.equal(vector, key_vector(KEYS[1]))


def test_members_draw_locks_of_their_own_and_share_the_rest() -> None:
    one, two, again = member(0), member(1), member(0)
    for name, value in one.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
        assert torch.equal(value, two.state_dict()[name]) != is_lock(name), name
    bound = 1 / 1024**0.5
    weight = one.locked_layers()[0].scale_fc.weight.detach()
    assert float(weight.abs().max()) <= bound
    assert float(weight.std()) == pytest.approx(bound / 3**0.5, rel=0.02)


def test_no_lock_is_sent_and_the_own_one_is_back_after_the_fold() -> None:
    nets = [member(0), member(1)]
    for net, key in zip(nets, KEYS, strict=True):
        step(net, key)
    own = [{name: value.clone() for name, value in net.state_dict().items() if is_lock(name)} for net in nets]
    sent = [upload(net) for net in nets]
    assert not any(is_lock(name) for item in sent for name in item)
    folded = mean(sent)
    for net, lock in zip(nets, own, strict=True):
        put_back(net, folded)
        for name, value in net.state_dict().items():
            wanted = lock[name] if is_lock(name) else folded[name]
            assert torch.equal(value, wanted), name
    assert torch.allclose(folded["conv2.weight"], (sent[0]["conv2.weight"] + sent[1]["conv2.weight"]) / 2)


def test_running_figures_of_norms_are_averaged_and_counts_are_not() -> None:
    sent = [upload(member(number)) for number in (0, 1)]
    sent[0]["conv1.norm.running_mean"].fill_(1.0)
    sent[0]["conv1.norm.num_batches_tracked"].fill_(7)
    folded = mean(sent)
    assert torch.equal(folded["conv1.norm.running_mean"], torch.full((12,), 0.5))
    assert int(folded["conv1.norm.num_batches_tracked"]) == 7


def test_what_cannot_be_folded_is_refused() -> None:
    net = member(0)
    with pytest.raises(FormatError, match="no upload"):
        mean([])
    with pytest.raises(FormatError, match="tensors of a lock"):
        mean([dict(net.state_dict())])
    with pytest.raises(FormatError, match="not of one network"):
        mean([upload(net), upload(member(1, "resnet20"))])
    lacking = upload(net)
    del lacking["fc.bias"]
    with pytest.raises(ConfigurationError, match=r"fc\.bias"):
        put_back(net, lacking)
