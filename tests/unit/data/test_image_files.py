"""Files of image sets: read as they are, or refused in one line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.data.images import IMAGE_SETS, load_images
from orchestrator.data.images import idx as idx_module
from orchestrator.data.images.idx import read_idx
from orchestrator.data.images.pictures import Pictures
from orchestrator.errors import ConfigurationError, DataError
from tests.unit.data.image_files import cifar_records, fashion_folder, idx, pictures_of

GREY = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


# -- idx


@pytest.mark.parametrize("packed", [True, False])
def test_an_idx_file_is_its_array(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("a.gz" if packed else "a")
    path.write_bytes(gzip.compress(GREY) if packed else GREY)
    assert read_idx(path, 3).tolist() == np.arange(24).reshape(2, 3, 4).tolist()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no idx file"),
        (GREY[:3], "no idx file"),
        (GREY[:15], "no idx file"),
        (b"\x01" + GREY[1:], "no idx file"),
        (GREY[:2] + b"\x0d" + GREY[3:], "no idx file"),
        (idx(np.zeros(4)), "no idx file"),
        (GREY[:-1], "states 2×3×4 bytes and holds 23"),
        (GREY + b"\0", "states 2×3×4 bytes and holds 25"),
        (GREY[:4] + b"\xff" * 12, "states 4294967295×4294967295×4294967295 bytes and holds 0"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=told):
        read_idx(tmp_path / "a", 3)


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(GREY)[:-9], gzip.compress(GREY)[:20] + b"\xff" * 30],
    ids=["no gzip", "cut off", "damaged"],  # the bytes hold the time
)
def test_a_damaged_packed_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.gz"):
        read_idx(tmp_path / "a.gz", 3)


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx_module, "LARGEST", 1000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(2000)))
    with pytest.raises(DataError, match="more than 1000 bytes"):
        read_idx(tmp_path / "a.gz", 3)


@given(content=st.binary(max_size=64))
@settings(max_examples=60)
def test_whatever_the_bytes_are_the_error_is_ours(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("idx") / "a"
    path.write_bytes(bytes((0, 0, 8, 1)) + content)
    try:
        found = read_idx(path, 1)
    except DataError:
        return
    assert len(found) == int.from_bytes(content[:4], "big") == len(content) - 4


# -- sets


@pytest.mark.parametrize("packed", [True, False])
def test_fashion_mnist_has_one_channel(tmp_path: Path, packed: bool) -> None:
    training, test = load_images("fashion-mnist", fashion_folder(tmp_path, packed=packed))
    pixels, labels = pictures_of(40, 0)
    assert training.pixels[:, 0].tolist() == pixels.tolist() and training.labels.tolist() == labels.tolist()
    assert (len(training), len(test), training.channels, training.classes) == (40, 20, 1, 10)


def test_cifar_10_is_five_files_and_one(tmp_path: Path) -> None:
    for number in range(1, 6):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(cifar_records([[number], [0]], number))
    (tmp_path / "test_batch.bin").write_bytes(cifar_records([[9]]))
    training, test = load_images("cifar10", tmp_path)
    assert training.labels.tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0] and test.labels.tolist() == [9]
    assert tuple(training.pixels.shape) == (10, 3, 32, 32) and training.classes == 10
    assert test.pixels.flatten().tolist() == list(cifar_records([[9]])[1:])


def test_cifar_100_has_the_fine_label(tmp_path: Path) -> None:
    (tmp_path / "train.bin").write_bytes(cifar_records([[3, 99], [4, 0]]))
    (tmp_path / "test.bin").write_bytes(cifar_records([[19, 42]]))
    training, test = load_images("cifar100", tmp_path)
    assert training.labels.tolist() == [99, 0] and test.labels.tolist() == [42] and training.classes == 100


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, r"test\.bin cannot be read.*binary"),
        (b"", "0 bytes, no number of records of 3074"),
        (cifar_records([[1, 2]])[:-1], "3073 bytes"),
        (cifar_records([[1, 100]]), "label 100, but 100 classes"),
    ],
)
def test_cifar_files_that_are_none_are_refused(tmp_path: Path, content: bytes | None, told: str) -> None:
    (tmp_path / "train.bin").write_bytes(cifar_records([[0, 0]]))
    if content is not None:
        (tmp_path / "test.bin").write_bytes(content)
    with pytest.raises(DataError, match=told):
        load_images("cifar100", tmp_path)


def test_labels_that_do_not_belong_to_the_images_are_refused(tmp_path: Path) -> None:
    fashion_folder(tmp_path, packed=False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(39)))
    with pytest.raises(DataError, match="40 images and 39 labels"):
        load_images("fashion-mnist", tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.full(40, 10)))
    with pytest.raises(DataError, match="a label is 10"):
        load_images("fashion-mnist", tmp_path)


def test_images_of_two_sizes_are_refused(tmp_path: Path) -> None:
    fashion_folder(tmp_path, packed=False)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((20, 20, 20))))
    with pytest.raises(DataError, match="differ in size"):
        load_images("fashion-mnist", tmp_path)


def test_unknown_sets_and_missing_folders_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(IMAGE_SETS) == {"fashion-mnist", "cifar10", "cifar100"}
    with pytest.raises(ConfigurationError, match=r"unknown image set 'svhn'; choose one of fashion-mnist"):
        load_images("svhn")
    with pytest.raises(ConfigurationError, match="cifar10 is not fetched"):
        load_images("cifar10")
    with pytest.raises(DataError, match="check the folder"):
        load_images("cifar10", tmp_path / "none")
    monkeypatch.setenv("LORANCHOR_CACHE", str(tmp_path))
    with pytest.raises(DataError, match=r"tools\.fetch fashion-mnist"):
        load_images("fashion-mnist")


def test_images_without_pixels_are_refused() -> None:
    with pytest.raises(DataError, match="2 images have no pixels"):
        Pictures.of(np.zeros((2, 1, 0, 0), np.uint8), np.zeros(2, np.uint8), 10)
