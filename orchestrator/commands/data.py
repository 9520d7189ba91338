"""`loranchor data anonymise|check`: what is to be trained on, before it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Overrides, PasswordFile, emit

if TYPE_CHECKING:
    from orchestrator.anonymise import Anonymisation
    from orchestrator.settings import Settings

app = typer.Typer(help="An organisation's data before training.", no_args_is_help=True)

MaybeHome = Annotated[
    Path | None, typer.Option("--home", envvar="LORANCHOR_HOME", help="The organisation's folder.", show_default=False)
]


@app.command()
def anonymise(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Text in UTF-8: plain, CSV, JSON lines.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where the other text goes; a new file.")],
    operator: Annotated[
        str, typer.Option("--operator", help="tag, pseudonym (by the key in the keystore of --home), or drop.")
    ] = "tag",
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="More than once; all ten without.")
    ] = None,
    regions: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="COUNTRY", help="Of phone numbers without country code; more than once."),
    ] = None,
    home: MaybeHome = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Take personal data out of a text by patterns and check digits. Names stay: no pattern knows them."""
    from orchestrator.anonymise import Anonymisation, Anonymiser
    from orchestrator.anonymise.files import rewrite

    wanted = Anonymisation.from_settings({"operator": operator, "kinds": kinds or None, "regions": regions or None})
    assert wanted is not None
    done = Anonymiser(wanted, _key(wanted, home, password_file))
    rewrite(file, to, done)
    found = dict(sorted(done.found.items()))
    if as_json:
        emit({"operator": operator, "items": sum(found.values()), "found": found})
    else:
        told = ", ".join(f"{kind} {count}" for kind, count in found.items()) or "nothing: the text is as it was"
        typer.echo(f"{to}: {told}")


@app.command()
def check(home: MaybeHome = None, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Say what an organisation declares of its data, what is missing, and what its sensitivity policy allows.

    Ends with an error where the data may not be trained on.
    """
    from orchestrator.sensitivity import check_training
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    told = _told(settings)
    if as_json:
        emit(told)
    else:
        for name, value in told.items():
            typer.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
    check_training(settings.values)


def _told(settings: Settings) -> dict[str, Any]:
    from orchestrator.anonymise import Anonymisation
    from orchestrator.sensitivity import UNSTATED, Declaration, SensitivityPolicy, training_refusals

    data = settings.group("data")
    declared = Declaration.from_settings(data.get("statement"))
    policy = SensitivityPolicy.from_settings(settings.values)
    anonymisation = Anonymisation.from_settings(data.get("anonymise"))
    refused = training_refusals(settings.values)
    return {
        "class": declared.sensitivity_class or UNSTATED,
        "missing": declared.lacks() or "nothing",
        "anonymised": "no" if anonymisation is None else f"by {anonymisation.operator}",
        "policy": "none" if policy is None else policy.name,
        "training": refused or "allowed",
        "release": "allow" if policy is None else policy.rule("release", declared.sensitivity_class),
    }


def _key(wanted: Anonymisation, home: Path | None, password_file: Path | None) -> bytes | None:
    """Of the organisation's keystore, where pseudonyms are wanted."""
    if wanted.operator != "pseudonym" or home is None:
        return None
    from orchestrator.keystore import Keystore, read_password

    Keystore.addresses(home)
    with Keystore.open(home, read_password(password_file), roles=()) as keystore:
        return keystore.pseudonym_key()
