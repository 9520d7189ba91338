"""What the verbs of `loranchor award` share: the command group, options, and reaching the chains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.chain.port import Receipt
    from orchestrator.chain.proxy import Call
    from orchestrator.disputes.awards_list import AwardList
    from orchestrator.disputes.reach import Reach
    from orchestrator.disputes.recount import Recount
    from orchestrator.disputes.sheets import Book

app = typer.Typer(help="Awards: what is paid, and disputes about it.", no_args_is_help=True)
output = Console(markup=False, highlight=False, soft_wrap=True)  # members choose the reasons; lines stay whole

Sequence = Annotated[int, typer.Argument(metavar="SEQUENCE", help="The checkpoint's number.", min=1)]
MaybeSequence = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SEQUENCE] [KEY=VALUE]...", help="A checkpoint's number, and settings.", show_default=False
    ),
]
Lists = Annotated[
    list[Path] | None,
    typer.Option("--awards", metavar="FILE", help="A list that authorities agreed on (more than once)."),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files that are written.")]


def reached(home: Path | None, overrides: list[str] | None) -> Reach:
    from orchestrator.disputes.reach import reach

    return reach(home, overrides)


def reached_with_sequence(home: Path, words: list[str] | None) -> tuple[Reach, int | None]:
    """A number that comes before the settings is the checkpoint's."""
    from orchestrator.errors import ConfigurationError

    first, *rest = words or [""]
    if "=" in first or not first:
        return reached(home, words), None
    if not first.isascii() or not first.isdigit() or int(first) == 0:
        raise ConfigurationError(f"{first!r} is no checkpoint's number", mend="give a number from 1, or none for all")
    return reached(home, rest), int(first)


def booked(here: Reach, awards: list[Path] | None, *, strict: bool = False) -> tuple[Book, Recount | None]:
    """The awards on chain beside the recomputed ones; without the private chain, unless ``strict``, on chain alone."""
    from orchestrator.disputes.awards_list import read_awards_list
    from orchestrator.disputes.recount import recount
    from orchestrator.disputes.sheets import book_of
    from orchestrator.errors import ChainError

    lists: list[AwardList] = [read_awards_list(path) for path in awards or ()]
    found, why = None, ""
    try:
        found = recount(here)
    except ChainError as error:
        if strict:
            raise
        why = str(error)
    return book_of(here.public, found, why, lists), found


def sent(here: Reach, password_file: Path | None, make: Callable[[], Call]) -> Receipt:
    """By the delegate's key on the public chain; the password is asked for once there is something to send."""
    from orchestrator.disputes.reach import keys
    from orchestrator.keystore import read_password

    call = make()
    with keys(here, read_password(password_file), "public") as own:
        return own.send("public", call, make)
