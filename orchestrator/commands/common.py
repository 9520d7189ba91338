"""Arguments that verbs share, and how they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

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
