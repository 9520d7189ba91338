"""Types the commands of the walk-throughs of docs/disputes*.md, block by block; what is printed is what the page says.

Digests, addresses and block numbers differ from run to run; all else must be as it is written. A line ``…`` on the page
stands for any lines.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dispute_world import World

PAGES = sorted((Path(__file__).parents[3] / "docs").glob("disputes*.md"))
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r"0x[0-9a-f]{8}(?![0-9a-f])")
_VARYING = (
    (re.compile(r"0x[0-9a-f]{8,}…?"), "0x…"),
    (re.compile(r"-[0-9a-f]{8}\.json"), "-….json"),
    (re.compile(r"(?<![\w.])\d{2,}(?![\w.]*\d)"), "N"),
    (re.compile(r"\b\d+ (blocks?|left)\b"), r"N \1"),
)


@dataclass(frozen=True)
class Typed:
    """One command of the page, and what it prints there."""

    command: str
    expected: tuple[str, ...]
    code: int


def sections() -> dict[str, str]:
    """The pages' parts by their heading, which no two have in common."""
    found: dict[str, str] = {}
    for page in PAGES:
        parts = re.split(r"^## (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)[1:]
        for heading, text in zip(parts[::2], parts[1::2], strict=True):
            assert found.setdefault(heading, text) is text, f"{heading}: on two pages"
    return found


def commands(block: str) -> Iterator[Typed]:
    """The commands of one block. ``# exit code N`` after the output is what it ends with; an error ends with any."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.replace("\\\n", "").partition("\n")
        lines = output.splitlines()
        code = int(lines.pop().removeprefix("# exit code ")) if lines and lines[-1].startswith("# exit code ") else 0
        yield Typed(command, tuple(lines), code)


def plain(line: str) -> str:
    """Without what differs from run to run."""
    for pattern, stand_in in _VARYING:
        line = pattern.sub(stand_in, line)
    return line.rstrip()


class Walk:
    """One walk-through, in a folder where ``homes/NAME`` and ``NAME.password`` are.

    Args:
        heading: of the section. ids: what the ids in its commands stand for, in order of their first occurrence.
    """

    def __init__(self, world: World, heading: str, folder: Path) -> None:
        self.heading, self._world, self._folder = heading, world, folder
        self._blocks = iter(_BLOCK.findall(sections()[heading]))
        self._ids: dict[str, str] = {}
        for name in ("homes", *(f"{member}.password" for member in world.members)):
            (folder / name).symlink_to(world.folder / name)
        self._before = Path.cwd()

    def __enter__(self) -> Self:
        os.chdir(self._folder)
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        os.chdir(self._before)
        assert kind is not None or next(self._blocks, None) is None, "the page has more blocks than were walked"

    def block(self, *ids: str) -> None:
        """Type the commands of the next block. ``ids``: what new ids in them stand for, in their order."""
        text = next(self._blocks)
        fresh = [item for item in dict.fromkeys(_ID.findall(self._only_commands(text))) if item not in self._ids]
        self._ids |= dict(zip(fresh, ids, strict=True))
        for typed in commands(text):
            self._type(typed)

    def _only_commands(self, text: str) -> str:
        return "\n".join(typed.command for typed in commands(text))

    def _type(self, typed: Typed) -> None:
        words: list[str] = []
        for word in shlex.split(_ID.sub(lambda match: self._ids[match[0]], typed.command)):
            words += sorted(map(str, Path().glob(word))) if "*" in word else [word]
        assert words[0] == "loranchor", typed.command
        said = self._world.run(words[1:])
        printed = [*said.out.splitlines(), *said.err.splitlines()]
        self.compare(typed, said.code, printed)

    def compare(self, typed: Typed, code: int, printed: list[str]) -> None:
        """Raises AssertionError where the page says otherwise."""
        assert code == typed.code, (typed.command, printed)
        expected, found = [plain(line) for line in typed.expected], [plain(line) for line in printed]
        pattern = "\n".join(".*" if line == "…" else re.escape(line) for line in expected)
        assert re.fullmatch(pattern, "\n".join(found), re.DOTALL), (typed.command, expected, found)
