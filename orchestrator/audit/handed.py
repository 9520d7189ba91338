"""Reads a handover folder, which may be hostile: bounded, no links followed, nothing outside it, plain JSON only."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.audit.deployments import parse_deployment
from orchestrator.audit.handover import FORMAT, INDEX
from orchestrator.audit.plain_json import load_json
from orchestrator.audit.report import Finding
from orchestrator.chain.deployment import Deployment
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.canonical import SAFE_INTEGER, parse

MAX_FILES = 100_000
MAX_FILE = 256 << 20
MAX_TOTAL = 2 << 30
MAX_DEPTH = 2
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


@dataclass(frozen=True)
class Handed:
    """A handover as it was read.

    Attributes:
        files: by path relative to the folder, with ``/``. problems: what was not read, and why.
        public_block, private_block: up to where it says it goes; None without a readable index.
    """

    files: Mapping[str, bytes]
    problems: tuple[Finding, ...] = ()
    public_block: int | None = None
    private_block: int | None = None
    deployments: Mapping[str, Deployment] = field(default_factory=dict)


def read_handed(folder: Path) -> Handed:
    """Read a folder.

    Raises:
        ConfigurationError: there is no such folder, or it cannot be read.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"there is no handover folder {folder}", mend="name the folder that a member gave you")
    problems: list[Finding] = []
    files: dict[str, bytes] = {}
    total = 0
    for path, entry in _entries(folder, problems):
        if len(files) >= MAX_FILES:
            problems.append(Finding("handover", f"it has more than {MAX_FILES} files"))
            break
        data = _read(path, entry, problems)
        if data is None:
            continue
        total += len(data)
        if total > MAX_TOTAL:
            problems.append(Finding("handover", f"it has more than {MAX_TOTAL} bytes"))
            break
        files[path] = data
    return handed_of(files, problems)


def handed_of(files: Mapping[str, bytes], problems: list[Finding] | None = None) -> Handed:
    """A handover from its files in memory."""
    found = list(problems or ())
    public = private = None
    try:
        index = parse(files.get(INDEX, b""), format=FORMAT, limit=MAX_FILE)
        public, private = _block(index, "public"), _block(index, "private")
    except FormatError as error:
        found.append(Finding(INDEX, error.message))
    return Handed(files, tuple(found), public, private, dict(_deployments(files, found)))


def _block(index: Mapping[str, Any], side: str) -> int:
    entry = index.get(side)
    block = entry.get("block") if isinstance(entry, dict) else None
    if isinstance(block, bool) or not isinstance(block, int) or not 0 <= block <= SAFE_INTEGER:
        raise FormatError(f"{side}.block is {block!r}")
    return block


def _deployments(files: Mapping[str, bytes], problems: list[Finding]) -> Iterator[tuple[str, Deployment]]:
    for path, data in sorted(files.items()):
        if path.startswith("deployments/"):
            try:
                deployment = parse_deployment(load_json(data))
            except FormatError as error:
                problems.append(Finding(path, error.message))
                continue
            yield deployment.side, deployment


def _entries(folder: Path, problems: list[Finding]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Regular files, in order of their paths, no deeper than the format goes."""
    waiting: list[tuple[str, str]] = [("", str(folder))]
    while waiting:
        prefix, place = waiting.pop()
        try:
            with os.scandir(place) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            problems.append(Finding(prefix or "handover", f"it cannot be read: {error.strerror}"))
            continue
        for entry in entries:
            path = f"{prefix}{entry.name}"
            if not _NAME.fullmatch(entry.name):
                problems.append(Finding(ascii(path), "a handover has no file of such a name"))
            elif entry.is_symlink():
                problems.append(Finding(path, "it is a link, and a handover has none"))
            elif entry.is_dir(follow_symlinks=False) and path.count("/") + 1 < MAX_DEPTH:
                waiting.append((f"{path}/", entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield path, entry
            else:
                problems.append(Finding(path, "it is neither a file nor a folder of a handover"))


def _read(path: str, entry: os.DirEntry[str], problems: list[Finding]) -> bytes | None:
    try:
        handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                problems.append(Finding(path, "it is no regular file"))
                return None
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        problems.append(Finding(path, f"it cannot be read: {error.strerror}"))
        return None
    if len(data) > MAX_FILE:
        problems.append(Finding(path, f"it is larger than {MAX_FILE} bytes"))
        return None
    return data
