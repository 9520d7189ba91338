"""Arguments that the verbs of `loranchor consortium` share, and whose key they use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from orchestrator.errors import ConfigurationError
from orchestrator.types import Address

if TYPE_CHECKING:
    from orchestrator.governance.decisions import SignerRole
    from orchestrator.governance.sending import Outcome, Payer
    from orchestrator.keystore import Role
    from orchestrator.settings import Settings


class Sender(StrEnum):
    """Which key of a home sends and pays."""

    DELEGATE = "delegate"
    AUTHORITY = "authority"


class OneSide(StrEnum):
    """One of the two chains."""

    PUBLIC = "public"
    PRIVATE = "private"


MaybeHome = Annotated[
    Path | None,
    typer.Option("--home", envvar="LORANCHOR_HOME", help="The organisation's folder.", show_default=False),
]
KeyFileOption = Annotated[
    Path | None,
    typer.Option("--key-file", help="A version 3 key file to use in place of the home's key.", show_default=False),
]
With = Annotated[Sender, typer.Option("--with", help="Which key of the home sends and pays.")]
Partial = Annotated[bool, typer.Option("--partial", help="Go on although one chain does not answer.")]
Only = Annotated[
    OneSide | None,
    typer.Option("--only", help="For this chain alone, while they differ in epoch or order.", show_default=False),
]
Offline = Annotated[bool, typer.Option("--offline", help="Do not compare with the chains.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class Key(Protocol):
    """What signs a decision."""

    @property
    def address(self) -> Address: ...

    def sign_digest(self, digest: bytes) -> bytes: ...


def composed(overrides: Sequence[str] | None, home: Path | None) -> Settings:
    from orchestrator.settings import compose

    return compose(overrides or (), organisation_home=home)


def pairs_of(items: Iterable[str] | None, option: str) -> dict[str, str]:
    """NAME=VALUE, each name once."""
    found: dict[str, str] = {}
    for item in items or ():
        name, equals, value = item.partition("=")
        if not equals or not name or not value:
            raise ConfigurationError(f"{option} {item!r} is not NAME=ADDRESS", mend=f"write {option} borealis=0x…")
        if name in found:
            raise ConfigurationError(f"{option} names {name} twice", mend="give one address for each")
        found[name] = value
    return found


def ask(question: str, yes: bool) -> None:
    """Go on only with a yes; ``typer.Abort`` otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError("there is no terminal to ask at", mend="read what is decided, then add --yes")
    typer.confirm(question, abort=True, err=True)


def password_of(password_file: Path | None, key_file: Path | None, home: Path | None) -> str:
    """The password of the key file if one is given, else of the home's keystore."""
    from orchestrator.keystore import read_password

    if key_file is None:
        demand_home(home)
    prompt = "Keystore password: " if key_file is None else f"Password of {key_file}: "
    return read_password(password_file, prompt=prompt)


@contextmanager
def signing_key(home: Path | None, key_file: Path | None, password: str, role: SignerRole) -> Iterator[Key]:
    """The key that signs: of a file, else of the home's keystore."""
    from orchestrator.governance.keys import HomeKey, KeyFile
    from orchestrator.keystore import Keystore

    if key_file is not None:
        yield KeyFile.open(key_file, password)
        return
    with Keystore.open(demand_home(home), password, roles=(role,)) as keystore:
        yield HomeKey(keystore, role)


@contextmanager
def payer(
    settings: Settings, home: Path | None, key_file: Path | None, password: str, sender: Sender
) -> Iterator[Payer]:
    """Whose account pays: that of a key file, else of the home."""
    from orchestrator.chain.sender import KeystoreSigner
    from orchestrator.daemon.access import NonceLock
    from orchestrator.governance.keys import KeyFile
    from orchestrator.governance.sending import Payer
    from orchestrator.keystore import Keystore

    timeout = float(settings.group("chain")["transaction_timeout"])
    if key_file is not None:
        yield Payer(KeyFile.open(key_file, password), timeout)
        return
    folder = demand_home(home)
    role: Role = "authority" if sender is Sender.AUTHORITY else "delegate"
    with Keystore.open(folder, password, roles=(role,)) as keystore:
        yield Payer(KeystoreSigner(keystore, role), timeout, lambda side: NonceLock(folder, f"{side}-{role}"))


def demand_home(home: Path | None) -> Path:
    """Without a key file, the key is the home's; ``ConfigurationError`` where none is given."""
    if home is None:
        raise ConfigurationError("no key is given", mend="name the organisation's folder with --home, or a --key-file")
    return home


def teller(as_json: bool) -> Callable[[Outcome], None]:
    """Says what was done on each chain as soon as it is done; with JSON everything comes at the end."""

    def tell(outcome: Outcome) -> None:
        if not as_json:
            sent = "nothing sent" if outcome.receipt is None else f"block {outcome.receipt.block}"
            typer.echo(f"the {outcome.side} chain {outcome.words} ({sent})")

    return tell


def outcome_of(outcome: Outcome) -> dict[str, Any]:
    """One chain's outcome for programs."""
    receipt = outcome.receipt
    return {
        "message": outcome.words,
        "transaction": receipt.transaction if receipt else None,
        "block": receipt.block if receipt else None,
    }
