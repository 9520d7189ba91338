"""`loranchor release …`: what a model gives away, measured before it is given away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from orchestrator.commands import release_records
from orchestrator.commands.common import AsJson, Overrides, PasswordFile, console, digest_given, emit

if TYPE_CHECKING:
    from orchestrator.release.run import Sign
    from orchestrator.types import Address, Digest

app = typer.Typer(help="What a model gives away, before it is given away.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The folder of `model export`, or any merged model.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder to make.", show_default=False)],
    policy: Annotated[
        str, typer.Option("--policy", metavar="NAME", help="safe-default, research, internal, or figures alone.")
    ] = "safe-default",
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", metavar="DIR", help="A model that never saw the members; more than once."),
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", metavar="NAME", help="The base of adapters; else model.name.")
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", metavar="DIR", help="Sign as this organisation.", show_default=False)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Attack the model and hold what comes out against a policy. Ends with 10 if the model does not pass."""
    from orchestrator.commands.evaluate import bar, model_settings
    from orchestrator.commands.model import check_installed

    check_installed()
    from orchestrator.cache import cache_folder
    from orchestrator.errors import GateFailed
    from orchestrator.release.run import check_release
    from orchestrator.release.table import show
    from orchestrator.settings import compose

    settings = compose([f"release={policy}", *(overrides or ())], organisation_home=home)
    with _signing(home, password_file) as sign, bar() as progress:
        done = check_release(
            model,
            reference or (),
            settings,
            model_settings(settings, base),
            to,
            sign=sign,
            cache=cache_folder(),
            progress=progress,
        )
    if as_json:
        emit(done.report.document())
    else:
        show(done.report, out := console())
        out.print(f"Written to {done.out}", markup=False, highlight=False)
        if done.signed is None:
            out.print("Nobody signed it; --home DIR does", markup=False, highlight=False)
    if done.report.verdict == "fail" or (strict and done.report.verdict == "warn"):
        raise typer.Exit(GateFailed.exit_code)


@app.command()
def verify(
    report: Annotated[Path, typer.Argument(metavar="FILE", help="A release-report.signed.json.")],
    delegate: Annotated[
        str | None, typer.Option("--delegate", metavar="ADDRESS", help="Whose signature it must be.")
    ] = None,
    manifest: Annotated[
        str | None, typer.Option("--manifest", metavar="DIGEST", help="For which it must have been made.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a report's digest and signature, and that its verdict follows from it. Ends with 10 if it says fail."""
    from orchestrator.errors import GateFailed
    from orchestrator.release.files import read_signed

    signed = read_signed(report)
    signed.check(delegate=_address(delegate), manifest=_digest(manifest))
    told = {
        "verdict": signed.report.verdict,
        "policy": signed.report.policy,
        "manifest": signed.report.manifest,
        "report": signed.report.digest,
        "organisation": signed.organisation,
        "signer": signed.signer(),
    }
    if as_json:
        emit(told)
    else:
        for name, value in told.items():
            typer.echo(f"{name:14}{value}")
    if signed.report.verdict == "fail":
        raise typer.Exit(GateFailed.exit_code)


@app.command()
def trend(
    reports: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Signed reports, the oldest first.")],
    as_json: AsJson = False,
) -> None:
    """Show how each figure moved over reports by one policy, and where by more than its samples explain."""
    from rich.table import Table

    from orchestrator.release.files import read_signed
    from orchestrator.release.table import number
    from orchestrator.release.trend import trend as lines_of

    found = [read_signed(path).report for path in reports]
    lines = lines_of(found)
    if as_json:
        told = [{name: getattr(line, name) for name in line.__slots__} for line in lines]
        emit({"manifests": [report.manifest for report in found], "findings": told})
        return
    table = Table("check", "figure", *(report.manifest[:10] for report in found), "moved", title="Release trend")
    for line in lines:
        cells = [
            f"{number(value)} {verdict}".strip() for value, verdict in zip(line.figures, line.verdicts, strict=True)
        ]
        table.add_row(line.name, line.value, *cells, line.moved or "–")
    console().print(table)


for _verb in (
    release_records.record,
    release_records.override,
    release_records.withdraw,
    release_records.notice,
    release_records.endorse,
    release_records.dispute,
    release_records.records,
):
    app.command()(_verb)


@contextmanager
def _signing(home: Path | None, password_file: Path | None) -> Iterator[Sign | None]:
    """The organisation's own hand, by its keystore or the signer that its settings name."""
    if home is None:
        yield None
        return
    from orchestrator.daemon.signer import holders_of
    from orchestrator.errors import ConfigurationError
    from orchestrator.keystore import Keystore, Role, read_password
    from orchestrator.release.report import ReleaseReport
    from orchestrator.release.signed import SignedReport, digest_to_sign
    from orchestrator.settings import compose

    settings = compose((), organisation_home=home)
    if settings.organisation is None:
        raise ConfigurationError(f"{home} is no organisation's home", mend="make one with `loranchor org init`")
    name, hot = settings.organisation.name, cast("tuple[Role, ...]", ("delegate",))
    password = read_password(password_file)
    with Keystore.open(home, password, roles=hot, remote=holders_of(settings, home)) as keystore:

        def sign(report: ReleaseReport) -> SignedReport:
            return SignedReport(report, name, keystore.sign_digest("delegate", digest_to_sign(name, report)))

        yield sign


def _address(text: str | None) -> Address | None:
    from orchestrator.ledger.words import address

    return None if text is None else address(text)


def _digest(text: str | None) -> Digest | None:
    return None if text is None else digest_given(text)
