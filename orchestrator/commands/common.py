"""Arguments that verbs share, and how they print."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.types import Digest

WIDE = 1000
"""Columns where output is no terminal: whoever reads a file or a pipe wants whole lines."""

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE", help="Settings to change, such as chain.public.url=http://…", show_default=False
    ),
]
"""Trailing Hydra overrides; ``settings.compose(overrides or (), …)``."""

Home = Annotated[
    Path, typer.Option("--home", envvar="LORANCHOR_HOME", help="The organisation's folder.", show_default=False)
]

PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="File with the keystore's password, mode 0600; asked for without."),
]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def emit(document: Any) -> None:
    """Print JSON for programs."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def digest_given(text: str) -> Digest:
    """A digest of the command line; ConfigurationError where it is none."""
    from orchestrator.types import Digest

    if not re.fullmatch(r"0x[0-9a-f]{64}", text):
        raise ConfigurationError(f"{text!r} is no digest", mend="a manifest's is 0x and 64 hexadecimal digits")
    return Digest(text)


def console(**options: Any) -> Console:
    """Standard output: as wide as its terminal, or as COLUMNS says; whole lines where there is neither."""
    from rich.console import Console, ConsoleDimensions

    class Output(Console):
        @property
        def size(self) -> ConsoleDimensions:
            found = super().size
            known = self.file.isatty() or "COLUMNS" in os.environ
            return found if known else ConsoleDimensions(WIDE, found.height)

        @size.setter
        def size(self, new_size: tuple[int, int]) -> None:
            self._width, self._height = new_size

    return Output(**options)
