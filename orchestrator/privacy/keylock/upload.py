"""What a member with a locked network sends, and how its own lock comes back (Rand2AI/FedKL, ``utils/Client.py``).

The authors send zeros in the lock's place; here its tensors are left out, so that nobody averages zeros by mistake.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.lock_key import LockKey
from orchestrator.privacy.keylock.keys import uniform
from orchestrator.privacy.keylock.layer import KEY_LENGTH, Lockable, split


def key_vector(key: LockKey) -> Tensor:
    """The paper's key [KEY_LENGTH]: each entry uniform in [0, 1)."""
    return torch.from_numpy(uniform(key, "vector", KEY_LENGTH))


def draw_lock(net: Lockable, key: LockKey) -> None:
    """Give a network a lock that follows from the key alone: U(±1/√fan-in), as torch begins a linear layer.

    The authors begin with one lock for all, which the server knows; here nobody else knows it.
    """
    with torch.no_grad():
        for number, layer in enumerate(net.locked_layers()):
            for name, linear in (("scale_fc", layer.scale_fc), ("shift_fc", layer.shift_fc)):
                for part, values in linear.named_parameters():
                    drawn = torch.from_numpy(uniform(key, f"lock/{number}/{name}/{part}", values.numel()))
                    bound = 1.0 / math.sqrt(linear.in_features)
                    values.copy_(((2.0 * drawn - 1.0) * bound).view_as(values))


def upload(net: Lockable) -> dict[str, Tensor]:
    """Copies of all tensors but the lock's; running means and variances of norms are sent, as the authors do."""
    shared, _ = split(net.state_dict())
    return {name: tensor.detach().clone() for name, tensor in shared.items()}


def mean(uploads: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The plain mean that the paper's server takes; of whole numbers, such as batch counts, the first member's.

    Raises:
        FormatError: there is none, or they are not of one network, or one holds a lock.
    """
    if not uploads:
        raise FormatError("there is no upload to take the mean of")
    first = uploads[0]
    for sent in uploads:
        if {name: value.shape for name, value in sent.items()} != {name: value.shape for name, value in first.items()}:
            raise FormatError("the uploads are not of one network")
        if split(sent)[1]:
            raise FormatError("an upload holds tensors of a lock", mend="send what keylock.upload gives")
    return {
        name: torch.stack([sent[name] for sent in uploads]).mean(0) if value.is_floating_point() else value.clone()
        for name, value in first.items()
    }


def put_back(net: Lockable, folded: Mapping[str, Tensor]) -> None:
    """Load what the members made together; the network's own lock stays as it is.

    Raises:
        ConfigurationError: the tensors are not those of this network without its lock.
    """
    shared, own = split(net.state_dict())
    if shared.keys() != folded.keys():
        strange = sorted(shared.keys() ^ folded.keys())
        raise ConfigurationError(f"{strange[0]} is not in both, the network and what was folded")
    net.load_state_dict({**folded, **own})
