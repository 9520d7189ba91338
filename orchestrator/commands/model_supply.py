"""`loranchor model sign|bom|verify`: what a receiver needs to trust a model's folder, and the check of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, digest_given, emit

if TYPE_CHECKING:
    from orchestrator.release.supply.verify import Verified

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="As `model export` wrote it.", show_default=False)]
KeyPassword = Annotated[
    Path | None,
    typer.Option("--key-password-file", help="File with the signing key's password, mode 0600; asked for without."),
]
SignKey = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="Sign with this encrypted PEM key, too.", show_default=False),
]


def sign(
    folder: Folder,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="An encrypted PEM file.", show_default=False)],
    key_password_file: KeyPassword = None,
    as_json: AsJson = False,
) -> None:
    """Sign every file of a folder, in the format of OpenSSF model signing. Needs no network."""
    signed = signer(key, key_password_file)(folder)
    if as_json:
        emit(signed)
    else:
        typer.echo(f"{signed['signature']}: signed by key {signed['key']}")


def bom(
    folder: Folder,
    home: Home,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Put a bill of materials (CycloneDX) beside an export that has none; new exports have one."""
    from orchestrator.cache import cache_folder
    from orchestrator.commands.model import facts_for, seen, settings_of
    from orchestrator.export.origins import origin_of
    from orchestrator.models import resolve
    from orchestrator.release.supply.making import add_bom, bill_for, record_there

    record = record_there(folder)
    settings, model = settings_of(home, overrides)
    source = resolve(str(model["name"]), cache=cache_folder())
    with seen(settings, home, password_file, str(record["manifest"]), None) as found:
        facts = facts_for(found, bool(record["names"]))
        bill = bill_for(found.state, found.chosen, facts, origin_of(source.name, source.folder), folder)
    made = add_bom(bill, folder)
    if as_json:
        emit({"folder": str(folder), "made": made, "manifest": bill.manifest, "contributions": bill.contributions})
    elif made:
        typer.echo(f"{folder}: {bill.contributions} contributions of manifest {bill.manifest}")
    else:
        typer.echo(f"{folder} holds this bill of materials already; nothing was written")


def verify(
    folder: Folder,
    key: Annotated[Path, typer.Option("--key", metavar="PUB", help="The signer's public key.", show_default=False)],
    manifest: Annotated[
        str | None,
        typer.Option("--manifest", metavar="DIGEST", help="As the public chain has it.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Of a release check, which must be of it.", show_default=False),
    ] = None,
    notice: Annotated[
        list[Path] | None,
        typer.Option("--notice", metavar="FILE", help="Of a withdrawal; more than once.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a model before it is loaded: files, signature, bill of materials, manifest. Needs no home and no chain."""
    from orchestrator.release.supply.keys import read_public
    from orchestrator.release.supply.verify import verify as check

    wanted = None if manifest is None else digest_given(manifest)
    found = check(folder, read_public(key), manifest=wanted, report=report, notices=notice or ())
    if as_json:
        emit(_document(found))
        return
    typer.echo(f"{folder}: {len(found.files)} files are as key {found.key} signed them")
    typer.echo(f"manifest {found.manifest}, whose digest the {found.bill.contributions} contributions listed give")
    if not found.compared:
        typer.echo("the manifest was not held against the public chain; give --manifest DIGEST")
    if found.report is not None:
        typer.echo(f"{report} was made for this manifest")


def signer(key: Path, password_file: Path | None) -> Any:
    """What signs a folder; the key is read at once, so that a wrong password is told before anything else is done."""
    from orchestrator.keystore import read_password
    from orchestrator.release.supply.keys import fingerprint, read_private
    from orchestrator.release.supply.signing import sign as make

    private = read_private(key, read_password(password_file, prompt="Password of the signing key: "))

    def signed(folder: Path) -> dict[str, str]:
        return {"signature": str(make(folder, private)), "key": fingerprint(private.public_key())}

    return signed


def _document(found: Verified) -> dict[str, Any]:
    return {
        "manifest": found.manifest,
        "compared": found.compared,
        "key": found.key,
        "files": dict(found.files),
        "contributions": found.bill.contributions,
        "base": found.bill.base,
        "licence": found.bill.licence,
        "report": None if found.report is None else found.report.get("verdict"),
    }
