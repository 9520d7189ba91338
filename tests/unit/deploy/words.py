"""Whether a command line of a file is one that this version takes. Import it as ``from unit.deploy.words import …``."""

from __future__ import annotations

from typing import Any

import typer

from orchestrator.cli import app
from orchestrator.settings import compose


def check_words(words: list[str]) -> None:
    """Verb and options exist, and the overrides after them compose.

    Raises:
        AssertionError: one does not. ConfigurationError: a setting that there is not.
    """
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        assert rest and rest[0] in command.commands, f"there is no verb {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    known = {option: parameter for parameter in command.params for option in getattr(parameter, "opts", [])}
    overrides = []
    while rest:
        word = rest.pop(0)
        if word.startswith("-"):
            assert word in known, f"{words} has {word}, the verb has {sorted(known)}"
            if not getattr(known[word], "is_flag", False):
                rest.pop(0)
        else:
            overrides.append(word)
    compose(overrides)
