"""What may not lie in a model's folder is refused by its name, and nothing of it is run."""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from unit.release_supply.releasing import WEIGHTS, safetensors, write_plain

from orchestrator.errors import FormatError
from orchestrator.release.supply.header import check_safetensors
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.release.supply.scan import files_of, refusals


class Trap:
    """Unpickled, it would make a file."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.place),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plain(tmp_path / "model")
    return tmp_path / "model"


def refused(folder: Path) -> ModelRefused:
    with pytest.raises(ModelRefused) as caught:
        files_of(folder)
    return caught.value


def test_weights_and_texts_pass(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    assert files_of(folder) == ["README.md", "chat_template.jinja", "config.json", WEIGHTS]


@pytest.mark.parametrize("name", ["pytorch_model.bin", "adapter_model.safetensors", "vocab.txt", "notes"])
def test_a_pickle_is_refused_whatever_it_is_called_and_what_it_would_call_is_told(folder: Path, name: str) -> None:
    trap = folder.parent / "sprung"
    (folder / name).write_bytes(pickle.dumps(Trap(trap)))
    found = refused(folder)
    assert found.reason is Reason.PICKLE and name in found.message and "posix.mkdir" in found.message
    assert not trap.exists()


def test_what_torch_saves_is_refused(folder: Path) -> None:
    with zipfile.ZipFile(folder / "model.pt", "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(Trap(folder.parent / "sprung")))
    found = refused(folder)
    assert found.reason is Reason.PICKLE and "posix.mkdir" in found.message


@pytest.mark.parametrize("content", [b"\x80\x04\x95", b"\x80\x02" + b"q" * 50, b"PK\x03\x04" + b"\xff" * 40])
def test_pickles_and_archives_that_are_broken_are_still_refused(folder: Path, content: bytes) -> None:
    (folder / "model.bin").write_bytes(content)
    assert refused(folder).reason is Reason.PICKLE


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("old.ckpt", b"plain", Reason.PICKLE),
        ("modeling.py", b"print()", Reason.CODE),
        ("run.txt", b"#!/bin/sh\n", Reason.CODE),
        ("kernel.json", b"\x7fELF\x02", Reason.CODE),
        ("weights.h5", b"\x89HDF\r\n", Reason.UNKNOWN_KIND),
        ("weights.gguf", b"GGUF", Reason.UNKNOWN_KIND),
        (".hidden", b"", Reason.HIDDEN),
        (".gitattributes", b"", Reason.HIDDEN),
        ("broken.json", b"{", Reason.DAMAGED_TEXT),
        ("deep.json", b"[" * 100 + b"]" * 100, Reason.DAMAGED_TEXT),
        ("latin.txt", b"\xe9t\xe9", Reason.DAMAGED_TEXT),
        ("zero.md", b"a\0b", Reason.DAMAGED_TEXT),
        ("tokenizer_config.json", b'{"auto_map": {"AutoTokenizer": "mine.Tokenizer"}}', Reason.CODE),
        ("empty.safetensors", b"", Reason.DAMAGED_WEIGHTS),
    ],
)
def test_each_has_its_name(folder: Path, name: str, content: bytes, reason: Reason) -> None:
    (folder / name).write_bytes(content)
    found = refused(folder)
    assert (found.reason, found.exit_code) == (reason, 7) and name in found.message
    assert str(found).startswith(f"{reason}: ")


def test_links_folders_and_pipes_are_refused_without_being_opened(folder: Path) -> None:
    (folder / "vocab.txt").symlink_to(folder / "config.json")
    (folder / "inner").mkdir()
    os.mkfifo(folder / "pipe.json")
    assert [item.reason for item in refusals(folder)] == [Reason.SUBFOLDER, Reason.UNKNOWN_KIND, Reason.SYMLINK]


def test_a_folder_without_weights_and_what_is_no_folder(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    assert refused(folder).reason is Reason.MISSING
    assert refused(folder / "config.json").reason is Reason.NOT_A_FOLDER


def test_everything_that_is_wrong_is_told(folder: Path) -> None:
    for name in ("a.pkl", "b.py", "c.so"):
        (folder / name).write_bytes(b"x")
    assert [item.reason for item in refusals(folder)] == [Reason.PICKLE, Reason.CODE, Reason.CODE]


TENSOR = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (safetensors()[:20], "cut short"),
        (safetensors()[:4], "too few"),
        (safetensors()[:-1], "15 bytes of tensors"),
        (safetensors() + b"more", "20 bytes of tensors"),
        (struct.pack("<Q", 1 << 60) + b"{}", "claims"),
        (safetensors({"w": {**TENSOR, "shape": [2, 3]}}), "as long as its shape"),
        (safetensors({"w": {**TENSOR, "shape": [-2, -2]}}), "as long as its shape"),
        (safetensors({"w": {**TENSOR, "dtype": "PICKLE"}}), "does not describe"),
        (safetensors({"w": {**TENSOR, "data_offsets": [4, 20]}}, bytes(20)), "side by side"),
        (safetensors({"w": TENSOR, "x": TENSOR}), "side by side"),
        (safetensors({"w": 5}), "does not describe"),
        (safetensors({"w": TENSOR, "__metadata__": {"n": 1}}), "metadata"),
        (struct.pack("<Q", 2) + b"[]", "no JSON object"),
        (struct.pack("<Q", 2) + b"\xff\xff", "no JSON"),
        (struct.pack("<Q", 13) + b'{"a":1,"a":1}', "twice"),
    ],
)
def test_weights_whose_header_does_not_hold(folder: Path, data: bytes, why: str) -> None:
    (folder / WEIGHTS).write_bytes(data)
    found = refused(folder)
    assert found.reason is Reason.DAMAGED_WEIGHTS and why in found.message and WEIGHTS in found.message


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "a.safetensors"
    tensors = {"a": torch.zeros(3, 5), "b": torch.ones(7, dtype=torch.bfloat16), "none": torch.zeros(0, 4)}
    save_file(tensors, path, metadata={"format": "pt"})
    with path.open("rb") as file:
        assert check_safetensors(file, path.stat().st_size) == 3


def test_no_cut_of_a_file_passes(tmp_path: Path) -> None:
    whole, path = safetensors(), tmp_path / "cut"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with path.open("rb") as file, pytest.raises(FormatError):
            check_safetensors(file, size)
