"""Commands on the pages for operators are ones that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from unit.deploy.words import check_words

from orchestrator.cli import VERBS

DOCS = Path(__file__).parents[3] / "docs"
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(rf"(?:^|[ /])(loranchor (?:{'|'.join(VERBS)})\b.*)$")


def commands(page: Path) -> list[list[str]]:
    """Lines of a page's shell blocks that call `loranchor`, and such commands in its text."""
    text = page.read_text("utf-8")
    found = []
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            match = COMMAND.search(line)
            if match and not line.lstrip().startswith("#"):
                found.append(shlex.split(match.group(1).split(" #")[0]))
    return found + [shlex.split(words) for words in re.findall(r"`(loranchor [a-z][^`]*)`", FENCE.sub("", text))]


@pytest.mark.parametrize("name", ["running.md", "upgrading.md", "methods/participation.md"])
def test_commands_are_ones_that_there_are(name: str) -> None:
    found = commands(DOCS / name)
    assert found
    for program, *words in found:
        assert program == "loranchor"
        check_words(words)
