"""`loranchor release record|override|withdraw|notice|endorse|dispute|records`: what a quorum says of releases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, console, digest_given, emit

if TYPE_CHECKING:
    from orchestrator.daemon.access import Access
    from orchestrator.ledger.entities import Artefact

ReportFile = Annotated[Path, typer.Argument(metavar="FILE", help="A release-report.signed.json.")]
RecordId = Annotated[str, typer.Argument(metavar="ID", help="As `release records` shows it.")]


def record(
    report: ReportFile,
    home: Home,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Put a report's digest on the private chain, for a quorum to stand behind; so it is in the next checkpoint."""
    from orchestrator.release.files import read_signed
    from orchestrator.release.recording import propose_report

    signed = read_signed(report)
    with _access(home, password_file, overrides) as access:
        _tell(propose_report(access, signed), as_json)


def override(
    report: ReportFile,
    home: Home,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the model goes out nevertheless.")],
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Ask a quorum to let a model go out although this report fails."""
    from orchestrator.release.files import read_signed
    from orchestrator.release.recording import propose_override

    signed = read_signed(report)
    with _access(home, password_file, overrides) as access:
        _tell(propose_override(access, signed, reason), as_json)


def withdraw(
    manifest: Annotated[str, typer.Argument(metavar="MANIFEST", help="Digest of the released model's manifest.")],
    home: Home,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is called back.")],
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Ask a quorum to call a released model back: no report clears its manifest after that."""
    from orchestrator.release.recording import propose_withdrawal

    with _access(home, password_file, overrides) as access:
        _tell(propose_withdrawal(access, digest_given(manifest), reason), as_json)


def notice(
    manifest: Annotated[str, typer.Argument(metavar="MANIFEST", help="That a quorum has withdrawn.")],
    home: Home,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to write.", show_default=False)],
    password_file: PasswordFile = None,
    overrides: Overrides = None,
) -> None:
    """Sign a notice of a withdrawal, for whoever has the model: `model verify --notice FILE` refuses it then."""
    from orchestrator.errors import ConfigurationError
    from orchestrator.files import write_atomic
    from orchestrator.release.recording import withdrawal_of
    from orchestrator.release.withdrawal import Notice, digest_to_sign

    with _access(home, password_file, overrides) as access:
        found = withdrawal_of(access, digest_given(manifest))
        signature = access.keystore.sign_digest("delegate", digest_to_sign(access.me, found))
        made = Notice(found, access.me, signature)
    try:
        write_atomic(to, made.to_bytes() + b"\n")
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {to}: {error.strerror}", mend="name a file in a folder of yours"
        ) from error
    typer.echo(f"{to}: signed by {made.organisation}, {made.signer()}")


def endorse(
    id_: RecordId, home: Home, password_file: PasswordFile = None, as_json: AsJson = False, overrides: Overrides = None
) -> None:
    """Stand behind a recorded report, override or withdrawal; its object is fetched, checked and shown first."""
    from orchestrator.release import recording

    with _access(home, password_file, overrides) as access:
        found = recording.endorse(access, _asked_for(access, id_))
    if as_json:
        emit(found.document())
    else:
        typer.echo(f"endorsed {id_}: {found.format} {found.digest}")


def dispute(
    id_: RecordId,
    home: Home,
    reason: Annotated[str, typer.Option("--reason", metavar="WORD", help="At most 32 characters of ASCII.")],
    password_file: PasswordFile = None,
    overrides: Overrides = None,
) -> None:
    """Say on the private chain that a recorded report or override is wrong."""
    from orchestrator.release import recording

    with _access(home, password_file, overrides) as access:
        recording.dispute(access, _asked_for(access, id_), reason)
    typer.echo(f"disputed {id_}: {reason}")


def records(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show every recorded report, override and withdrawal, and who stands behind it. Needs no password."""
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.daemon.view import look
    from orchestrator.release.override import recorded
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    state = look(private_contracts(settings.connection("private"), settings.deployments)).state
    rows = [_row(item) for item in recorded(state)]
    if as_json:
        emit({"records": rows})
    elif rows:
        console(markup=False).print(_table(rows))
        for row in rows:
            if row["withdrawn"]:
                typer.echo(f"withdrawn: the model of manifest {row['subject']}")
    else:
        typer.echo("no release report is recorded; see `loranchor release record --help`")


@contextmanager
def _access(home: Path, password_file: Path | None, overrides: list[str] | None) -> Iterator[Access]:
    from orchestrator.daemon.access import connect
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    access = connect(settings, home, read_password(password_file))
    with access.keystore:
        yield access


def _asked_for(access: Access, text: str) -> Artefact:
    from orchestrator.daemon.view import look
    from orchestrator.release.recording import asked_for
    from orchestrator.types import ArtefactId

    return asked_for(access, look(access.private).state, ArtefactId(digest_given(text)))


def _tell(artefact: Artefact, as_json: bool) -> None:
    row = _row(artefact)
    if as_json:
        emit(row)
    else:
        typer.echo(f"{row['kind']} {row['id']} is recorded; the others see it with `loranchor release records`")


def _row(artefact: Artefact) -> dict[str, Any]:
    from orchestrator.release.override import WITHDRAWAL_KIND

    return {
        "id": artefact.id,
        "kind": artefact.kind,
        "organisation": artefact.organisation,
        "subject": artefact.subject,
        "object": artefact.digest,
        "endorsements": sorted(artefact.endorsements),
        "disputes": dict(artefact.disputes),
        "agreed": artefact.agreed is not None,
        "withdrawn": artefact.kind == WITHDRAWAL_KIND and artefact.agreed is not None,
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("record", "kind", "by", "about", "endorsed by", "disputed by", "agreed")
    for row in rows:
        disputed = ", ".join(f"{name} ({reason})" for name, reason in row["disputes"].items())
        endorsed, agreed = ", ".join(row["endorsements"]), "yes" if row["agreed"] else "no"
        table.add_row(row["id"], row["kind"], row["organisation"], row["subject"], endorsed, disputed, agreed)
    return table
