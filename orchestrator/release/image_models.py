"""Folders of image classifiers, and their pictures: a network of :mod:`orchestrator.models.images` as safetensors.

``config.json`` says ``model_type: loranchor-image``, ``network``, ``classes``, ``channels``, ``side``, and ``mean`` and
``deviation`` of the pixels, which the network that is read here normalises by itself. A set is a file ``.safetensors``
with ``pixels`` (uint8 [samples, channels, side, side]) and ``labels`` (int64 [samples]).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from orchestrator.errors import DataError
from orchestrator.files import write_atomic
from orchestrator.models.images import NAMES, build
from orchestrator.release.opened import Images
from orchestrator.types import Digest

TYPE = "loranchor-image"
CONFIG, WEIGHTS = "config.json", "model.safetensors"


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What network it is; ``mean`` and ``deviation`` of all pixels between 0 and 1."""

    network: str
    classes: int
    channels: int
    side: int
    mean: float
    deviation: float


class Normalised(nn.Module):
    """A network that takes pixels in [0, 1]."""

    def __init__(self, net: nn.Module, config: ImageConfig) -> None:
        super().__init__()
        self.net, self.config = net, config

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Logits [batch, classes] of pixels [batch, channels, side, side]."""
        found: Tensor = self.net((pixel_values - self.config.mean) / self.config.deviation)
        return found


def is_image_model(folder: Path) -> bool:
    """Whether a folder says that it is one."""
    try:
        found = json.loads((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("model_type") == TYPE


def fresh(config: ImageConfig, seed: int = 0) -> Normalised:
    """With initial values. ConfigurationError: no such network."""
    net = build(config.network, config.classes, config.channels, False, side=config.side, seed=seed)
    return Normalised(net, config).eval()


def save_image_model(model: Normalised, folder: Path) -> None:
    """Write a folder that :func:`read_image_model` reads; it must be there."""
    save_file({name: tensor.contiguous() for name, tensor in model.net.state_dict().items()}, folder / WEIGHTS)
    document = {"model_type": TYPE, **asdict(model.config)}
    write_atomic(folder / CONFIG, json.dumps(document, indent=2).encode() + b"\n")


def read_image_model(folder: Path) -> Normalised:
    """A network in evaluation mode.

    Raises:
        DataError: the folder holds none, or other tensors than its network has, or what is not finite.
    """
    try:
        model = fresh(_config(folder))
        tensors = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{folder / WEIGHTS} cannot be read: {error}") from error
    own = model.net.state_dict()
    if {name: tuple(own[name].shape) for name in own} != {name: tuple(tensors[name].shape) for name in tensors}:
        raise DataError(f"{folder} does not hold the tensors of a {model.config.network}")
    if not all(bool(torch.isfinite(tensor.float()).all()) for tensor in tensors.values()):
        raise DataError(f"{folder}: a weight is not finite")
    model.net.load_state_dict(tensors)
    return model.requires_grad_(False)


def read_images(name: str, path: Path | None, config: ImageConfig) -> tuple[Images, list[bytes], Digest]:
    """A set of pictures, what tells each from others, and the digest of all.

    Args:
        name: of the setting, for errors. path: None is refused: pictures come from files.

    Raises:
        DataError: it is no such file, or its pictures do not fit the network.
    """
    if path is None or path.suffix != ".safetensors":
        raise DataError(f"release.{name} is no .safetensors file", mend="write pixels and labels with safetensors")
    try:
        found = load_file(path)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    pixels, labels = found.get("pixels"), found.get("labels")
    shape = (config.channels, config.side, config.side)
    if pixels is None or labels is None or pixels.dtype != torch.uint8 or labels.dtype != torch.int64:
        raise DataError(f"{path} has no uint8 pixels and int64 labels")
    if tuple(pixels.shape) != (len(labels), *shape) or not len(labels):
        raise DataError(f"{path} has pixels {tuple(pixels.shape)} for {len(labels)} labels, each must be {shape}")
    if int(labels.min()) < 0 or int(labels.max()) >= config.classes:
        raise DataError(f"{path} has a label that is no class of the model, which has {config.classes}")
    keys = [hashlib.sha256(one.numpy().tobytes()).digest() for one in pixels]
    total = hashlib.sha256(b"loranchor image set 1\n")
    for key, label in zip(keys, labels.tolist(), strict=True):
        total.update(key + label.to_bytes(8, "big"))
    return Images(pixels.float() / 255, labels), keys, Digest("0x" + total.hexdigest())


def _config(folder: Path) -> ImageConfig:
    try:
        found: Mapping[str, Any] = json.loads((folder / CONFIG).read_text("utf-8"))
        classes, channels, side = (int(found[name]) for name in ("classes", "channels", "side"))
        mean, deviation = float(found["mean"]), float(found["deviation"])
        config = ImageConfig(str(found["network"]), classes, channels, side, mean, deviation)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder / CONFIG} is no configuration of an image classifier: {error!r}") from error
    if config.network not in NAMES or not 0 < config.classes < 10_000 or config.deviation <= 0:
        raise DataError(f"{folder / CONFIG}: no network {config.network} of {config.classes} classes")
    if not (0 < config.channels < 100 and 0 < config.side < 10_000):
        raise DataError(f"{folder / CONFIG}: no picture of {config.channels} channels and side {config.side}")
    return config
