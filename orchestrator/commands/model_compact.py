"""`loranchor model compact|compactions`: many old contributions as one object, and where proposals of such stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, console, emit
from orchestrator.errors import ConfigurationError

if TYPE_CHECKING:
    from orchestrator.compaction.proposing import Proposed
    from orchestrator.compaction.standing import Standing

output = console(markup=False)


def compact(
    home: Home,
    until_round: Annotated[
        int, typer.Option("--until-round", metavar="R", help="The last round whose contributions are folded.")
    ],
    rank: Annotated[
        int | None,
        typer.Option("--rank", metavar="K", help="Cut every module to this rank; exact without.", show_default=False),
    ] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Fold the contributions of all rounds up to R into one object, and propose it to the other members."""
    from orchestrator.commands.model import check_installed

    if rank is not None and rank < 1:
        raise ConfigurationError(f"rank {rank} is none", mend="give a rank of 1 or more, or leave --rank out")
    check_installed()
    from orchestrator.compaction.proposing import chosen, propose
    from orchestrator.daemon.access import connect
    from orchestrator.daemon.view import look, tasks_of
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    access = connect(settings, home, read_password(password_file))
    with access.keystore:
        state = look(access.private).state
        done = propose(access, state, chosen(state, tasks_of(state, access.store), until_round), rank=rank or 0)
    _tell(done, as_json)


def compactions(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show every proposed compaction, who stands behind it, and whether the model has it. Needs no password."""
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.compaction.standing import standings
    from orchestrator.daemon.view import look, tasks_of
    from orchestrator.settings import compose
    from orchestrator.storage import IpfsStore

    settings = compose(overrides or (), organisation_home=home)
    state = look(private_contracts(settings.connection("private"), settings.deployments)).state
    rows = [_row(item) for item in standings(state, tasks_of(state, IpfsStore(settings.ipfs_api())))]
    if as_json:
        emit({"compactions": rows})
    elif rows:
        output.print(_table(rows))
    else:
        output.print("nobody has proposed a compaction; see `loranchor model compact --help`", soft_wrap=True)


def _tell(done: Proposed, as_json: bool) -> None:
    from orchestrator.compaction.document import UNIT

    document = done.document
    told = {
        "artefact": done.artefact.id,
        "manifest": document.manifest,
        "round": document.round,
        "contributions": document.count,
        "rank": document.rank or None,
        "error": document.error / UNIT,
        "bytes": document.content.ciphertext_size,
        "agreed": done.artefact.agreed is not None,
    }
    if as_json:
        emit(told)
        return
    how = f"cut to rank {document.rank}" if document.rank else "exact but for rounding"
    typer.echo(
        f"compaction {done.artefact.id} is proposed: {document.count} contributions, rounds 1 to {document.round}"
    )
    typer.echo(f"{document.content.ciphertext_size / 1e6:.1f} MB, {how}; relative error {document.error / UNIT:.3g}")
    typer.echo("the others' daemons compare it with their own sum, once one that has its key runs")
    typer.echo("see `loranchor model compactions`")


def _row(found: Standing) -> dict[str, Any]:
    from orchestrator.compaction.document import UNIT

    return {
        "artefact": found.artefact.id,
        "organisation": found.artefact.organisation,
        "stage": found.stage.value,
        "round": found.round or None,
        "contributions": found.count or None,
        "manifest": found.artefact.subject,
        "document": found.artefact.digest,
        "endorsements": {name: deviation / UNIT for name, deviation in found.endorsements.items()},
        "disputes": dict(found.disputes),
        "silent": list(found.silent),
        "droppable": "all",
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("compaction", "by", "stage", "until round", "contributions", "endorsed by", "disputed by", "silent")
    for row in rows:
        endorsed = ", ".join(f"{name} ({value:.1e})" for name, value in row["endorsements"].items())
        disputed = ", ".join(f"{name} ({reason})" for name, reason in row["disputes"].items())
        table.add_row(
            row["artefact"][:14] + "…", row["organisation"], row["stage"], str(row["round"] or "?"),
            str(row["contributions"] or "?"), endorsed, disputed, ", ".join(row["silent"]),
        )  # fmt: skip
    return table
