"""Commands as a page of the documentation has people type them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from orchestrator.cli import VERBS

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
