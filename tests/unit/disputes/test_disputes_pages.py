"""The pages name every verb of disputes, and every option that the walk-throughs type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from verb_tree import leaves

from orchestrator.cli import app

DOCS = Path(__file__).parents[3] / "docs"
TEXT = "".join(page.read_text("utf-8") for page in sorted(DOCS.glob("disputes*.md")))
COMMANDS = re.findall(r"^\$ (loranchor (?:\\\n|[^\n])+)", TEXT, re.MULTILINE)
WALKS = Path(__file__).parents[2] / "integration" / "disputes"


def leaf(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words lead to, and the rest of them."""
    command: Any = typer.main.get_command(app)
    while getattr(command, "commands", None):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("group", ["award", "checkpoint", "round", "revoke"])
def test_the_command_line_page_names_every_verb(group: str) -> None:
    page = (DOCS / "cli.md").read_text("utf-8").replace("` / `", "` / `" + group + " ")
    mounted = [" ".join(path) for path in leaves() if path[0] == group]
    missing = [verb for verb in mounted if f"`{verb}" not in page]
    assert mounted
    assert missing == []


def test_there_are_commands_to_look_at() -> None:
    assert len(COMMANDS) > 40


def test_every_section_with_commands_is_walked() -> None:
    """By a test on both chains, which complains of blocks of its section that it did not type."""
    parts = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)[1:]
    typed = {heading for heading, text in zip(parts[::2], parts[1::2], strict=True) if "```console" in text}
    tests = "".join(path.read_text("utf-8") for path in WALKS.glob("test_*.py"))
    assert typed == set(re.findall(r"with Walk\(\w+, \"([^\"]+)\", folder\)", tests))


@pytest.mark.parametrize("line", sorted(set(COMMANDS)), ids=lambda line: line[:60])
def test_every_option_of_the_walk_throughs_exists(line: str) -> None:
    command, rest = leaf(shlex.split(line.replace("\\\n", ""))[1:])
    known = {option for parameter in command.params for option in parameter.opts}
    assert [word for word in rest if word.startswith("--") and word not in known] == []
