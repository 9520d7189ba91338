"""The sets there are. One function a set, and a registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from orchestrator.cache import cache_folder
from orchestrator.data.images.cifar import read_records
from orchestrator.data.images.idx import read_idx
from orchestrator.data.images.pictures import Pictures
from orchestrator.errors import ConfigurationError, DataError

PACKAGED = "fashion-mnist"


def load_images(name: str, folder: Path | None = None) -> tuple[Pictures, Pictures]:
    """Training and test images of a set.

    Args:
        name: of :data:`IMAGE_SETS`.
        folder: where its files are; None is the cache, which only Fashion-MNIST is fetched into.

    Raises:
        ConfigurationError: unknown set, or one that the user must have and name the folder of.
        DataError: the folder or a file is not there, or not what it should be.
    """
    if name not in IMAGE_SETS:
        raise ConfigurationError(f"unknown image set {name!r}", mend=f"choose one of {', '.join(IMAGE_SETS)}")
    if folder is None and name != PACKAGED:
        raise ConfigurationError(f"{name} is not fetched by the set-up", mend="name the folder that has its files")
    place = folder or cache_folder() / "data" / PACKAGED
    if not place.is_dir():
        again = f"run `.venv/bin/python -m tools.fetch {PACKAGED}` where a Debian mirror can be reached"
        raise DataError(f"no image folder at {place}", mend=again if folder is None else "check the folder")
    training, test = IMAGE_SETS[name](place)
    if training.pixels.shape[1:] != test.pixels.shape[1:]:
        raise DataError(f"training and test images in {place} differ in size")
    return training, test


def _fashion(folder: Path) -> tuple[Pictures, Pictures]:
    training, test = (_idx_pair(folder, part) for part in ("train", "t10k"))
    return training, test


def _idx_pair(folder: Path, part: str) -> Pictures:
    pixels = read_idx(_idx_file(folder, f"{part}-images-idx3-ubyte"), 3)
    labels = read_idx(_idx_file(folder, f"{part}-labels-idx1-ubyte"), 1)
    return Pictures.of(pixels[:, np.newaxis], labels, 10)


def _idx_file(folder: Path, name: str) -> Path:
    """As it is where it was unpacked, else packed."""
    return folder / name if (folder / name).is_file() else folder / f"{name}.gz"


def _cifar10(folder: Path) -> tuple[Pictures, Pictures]:
    batches = [folder / f"data_batch_{number}.bin" for number in range(1, 6)]
    training, test = (read_records(files, 1, 10) for files in (batches, [folder / "test_batch.bin"]))
    return Pictures.of(*training, 10), Pictures.of(*test, 10)


def _cifar100(folder: Path) -> tuple[Pictures, Pictures]:
    training, test = (read_records([folder / name], 2, 100) for name in ("train.bin", "test.bin"))
    return Pictures.of(*training, 100), Pictures.of(*test, 100)


IMAGE_SETS: dict[str, Callable[[Path], tuple[Pictures, Pictures]]] = {
    PACKAGED: _fashion,
    "cifar10": _cifar10,
    "cifar100": _cifar100,
}
