"""Which files may lie in a model's folder: weights as safetensors, and texts. Nothing that runs when it is read.

A list of what is allowed, not of what is forbidden: a new kind of file that runs code is refused without being known.
What is forbidden is known only so that the refusal has a name.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting
from orchestrator.release.supply.header import check_safetensors
from orchestrator.release.supply.pickles import calls_of
from orchestrator.release.supply.refusal import ModelRefused, Reason

WEIGHTS = ".safetensors"
TEXTS = frozenset({".json", ".txt", ".md", ".jinja", ".sig"})
PICKLES = frozenset(
    {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy", ".npz", ".dat", ".data", ".mar"}
)
"""Endings of files whose usual reader runs what a pickle in them says."""
CODE = frozenset(
    {".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".ps1", ".js", ".jar", ".whl", ".ipynb"}
)
MAGIC: dict[bytes, tuple[Reason, str]] = {
    **{b"\x80" + bytes([protocol]): (Reason.PICKLE, "a pickle") for protocol in range(2, 6)},
    b"PK\x03\x04": (Reason.PICKLE, "a zip archive, as torch.save writes a pickle in"),
    b"\x7fELF": (Reason.CODE, "a program"),
    b"MZ": (Reason.CODE, "a program"),
    b"#!": (Reason.CODE, "a script"),
    b"\x89HDF": (Reason.UNKNOWN_KIND, "an HDF5 file, whose layers may hold code"),
    b"\x1f\x8b": (Reason.UNKNOWN_KIND, "an archive"),
    b"7z\xbc\xaf": (Reason.UNKNOWN_KIND, "an archive"),
}
"""First bytes, whatever a file's name is."""
MAX_TEXT = 256 << 20


def files_of(folder: Path) -> list[str]:
    """Names of all files of a folder that passes, sorted.

    Raises:
        ModelRefused: by the name of the first thing that may not be there.
    """
    for refused in refusals(folder):
        raise refused
    return sorted(path.name for path in folder.iterdir())


def refusals(folder: Path) -> Iterator[ModelRefused]:
    """Everything that may not be there, file by file in the order of their names."""
    if not folder.is_dir():
        yield ModelRefused(Reason.NOT_A_FOLDER, f"{folder} is no folder", mend="name the folder of a model")
        return
    paths = sorted(folder.iterdir())
    for path in paths:
        try:
            _check(path)
        except ModelRefused as refused:
            yield refused
    if not any(path.suffix == WEIGHTS for path in paths):
        yield ModelRefused(Reason.MISSING, f"{folder} holds no {WEIGHTS} file")


def _check(path: Path) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise ModelRefused(Reason.SYMLINK, f"{path.name} is a link to something else")
    if path.name.startswith("."):
        raise ModelRefused(Reason.HIDDEN, f"{path.name} is hidden")
    if stat.S_ISDIR(mode):
        raise ModelRefused(Reason.SUBFOLDER, f"{path.name} is a folder")
    if not stat.S_ISREG(mode):
        raise ModelRefused(Reason.UNKNOWN_KIND, f"{path.name} is no ordinary file")
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            _check_content(path, file)
    except OSError as error:
        raise ModelRefused(Reason.UNKNOWN_KIND, f"{path.name} cannot be read: {error.strerror}") from error


def _check_content(path: Path, file: IO[bytes]) -> None:
    name, suffix, size = path.name, path.suffix.lower(), os.fstat(file.fileno()).st_size
    start = file.read(8)
    file.seek(0)
    for magic, (reason, what) in MAGIC.items():
        # eight bytes that begin a safetensors file are a number, which may be any: its own check is the sharper one
        if start.startswith(magic) and not (suffix == WEIGHTS and _is_safetensors(file, size)):
            raise ModelRefused(reason, f"{name} is {what}{calls_of(file) if reason is Reason.PICKLE else ''}")
    if suffix in PICKLES:
        raise ModelRefused(Reason.PICKLE, f"{name} is of a kind that holds pickles, which run code when they are read")
    if suffix in CODE:
        raise ModelRefused(Reason.CODE, f"{name} is code")
    if suffix == WEIGHTS:
        _check_weights(name, file, size)
    elif suffix in TEXTS:
        _check_text(name, suffix, file, size)
    else:
        raise ModelRefused(Reason.UNKNOWN_KIND, f"{name} is of no kind that a model's folder may hold")


def _is_safetensors(file: IO[bytes], size: int) -> bool:
    try:
        check_safetensors(file, size)
    except FormatError:
        return False
    finally:
        file.seek(0)
    return True


def _check_weights(name: str, file: IO[bytes], size: int) -> None:
    try:
        check_safetensors(file, size)
    except FormatError as error:
        raise ModelRefused(Reason.DAMAGED_WEIGHTS, f"{name}: {error.message}") from error


def _check_text(name: str, suffix: str, file: IO[bytes], size: int) -> None:
    if size > MAX_TEXT:
        raise ModelRefused(Reason.DAMAGED_TEXT, f"{name} has {size} bytes, at most {MAX_TEXT} are read")
    try:
        text = file.read().decode()
    except UnicodeDecodeError as error:
        raise ModelRefused(Reason.DAMAGED_TEXT, f"{name} is no UTF-8 text") from error
    if "\0" in text:
        raise ModelRefused(Reason.DAMAGED_TEXT, f"{name} is no text: it holds a zero byte")
    if suffix == ".json":
        _check_json(name, text)


def _check_json(name: str, text: str) -> None:
    try:
        check_nesting(text.encode(), name)
        found: Any = json.loads(text)
    except ValueError as error:
        raise ModelRefused(Reason.DAMAGED_TEXT, f"{name} is no JSON") from error
    except FormatError as error:
        raise ModelRefused(Reason.DAMAGED_TEXT, f"{name}: {error.message}") from error
    named = [key for key in ("auto_map", "custom_pipelines") if isinstance(found, dict) and found.get(key)]
    if named:
        raise ModelRefused(Reason.CODE, f"{name} names code to run, by its member {named[0]}")
