"""`loranchor consortium …`: how the consortium governs itself: propose, sign with a quorum, submit to both chains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands import consortium_keys
from orchestrator.commands.common import AsJson, Overrides, PasswordFile, emit
from orchestrator.commands.consortium_parts import (
    KeyFileOption,
    MaybeHome,
    Offline,
    OneSide,
    Only,
    Partial,
    Sender,
    With,
    Yes,
    ask,
    composed,
    outcome_of,
    pairs_of,
    password_of,
    payer,
    signing_key,
    teller,
)
from orchestrator.errors import ConfigurationError

if TYPE_CHECKING:
    from orchestrator.commitment.eip712 import MembershipChange, PauseChange
    from orchestrator.governance.contracts import Sides
    from orchestrator.governance.present import Present

app = typer.Typer(help="Members, keys and quorum: what the consortium decides about itself.", no_args_is_help=True)
app.add_typer(consortium_keys.delegate, name="delegate")
app.add_typer(consortium_keys.authority, name="authority")

CeremonyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The ceremony's file.", show_default=False)]


@app.command()
def show(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE] [KEY=VALUE]...", help="A ceremony's file, then settings.", show_default=False),
    ] = None,
    home: MaybeHome = None,
    offline: Offline = False,
    as_json: AsJson = False,
) -> None:
    """Show the consortium as both chains have it; or, with FILE, what a ceremony decides and who has signed it."""
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.views import ceremony_document, ceremony_lines, consortium_document, consortium_lines

    given = list(arguments or [])
    file = Path(given.pop(0)) if given and ("=" not in given[0] or Path(given[0]).is_file()) else None
    if file is None:
        sides = read_sides(composed(given, home))
        if as_json:
            emit(consortium_document(sides))
        else:
            typer.echo("\n".join(consortium_lines(sides)))
        for error in sides.failed.values():
            raise error
        return
    from orchestrator.governance.ceremony import read_ceremony

    ceremony = read_ceremony(file)
    found = None if offline else read_sides(composed(given, home))
    if as_json:
        emit(ceremony_document(ceremony, found))
    else:
        typer.echo("\n".join(ceremony_lines(ceremony, found)))


@app.command()
def propose(
    add: Annotated[list[str] | None, typer.Option("--add", metavar="NAME=AUTHORITY", help="A new member.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", metavar="NAME", help="A member that leaves.")] = None,
    authority: Annotated[
        list[str] | None, typer.Option("--authority", metavar="NAME=NEW", help="A member's new authority.")
    ] = None,
    quorum: Annotated[int | None, typer.Option("--quorum", metavar="K", help="How many decide from then on.")] = None,
    pause: Annotated[bool, typer.Option("--pause", help="No rounds and no checkpoints until it resumes.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Rounds and checkpoints again.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="The change that only one chain has, when its ceremony's file is lost.")
    ] = False,
    only: Only = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; named by itself without.")] = None,
    home: MaybeHome = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write a ceremony: a change of members, keys or quorum, a pause or a resumption. Nobody has signed it then.

    With --only, the chain that lags behind gets its next change, towards what the other one has; in a fork by order,
    either chain gets one that keeps its order.

    Members that stand in another order there are left out by one change, and added again by the next.
    """
    from orchestrator.governance.ceremony import Ceremony, write_ceremony
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.views import ceremony_document, ceremony_lines

    changes = bool(add or remove or authority or quorum is not None)
    catching_up = only is not None and not (pause or resume)  # with changes or without
    if (changes or catching_up) + pause + resume + again != 1:
        raise ConfigurationError(
            "one thing is proposed at a time",
            mend="give --add, --remove, --authority, --quorum; or --pause; or --resume; or --again",
        )
    added, replaced = pairs_of(add, "--add"), pairs_of(authority, "--authority")
    sides, note = read_sides(composed(overrides, home)), ""
    if again or not (pause or resume):
        decision: MembershipChange | PauseChange
        if again:
            decision = _again(sides)
        else:
            decision, note = _change(sides, added, remove or [], replaced, quorum, only)
        file = out or Path(f"membership-{decision.epoch}.json")
    else:
        decision = _pause(sides, pause, only)
        file = out or Path(f"{'pause' if pause else 'resume'}-{decision.epoch}-{decision.nonce}.json")
    if file.exists():
        raise ConfigurationError(f"{file} exists, and may hold signatures", mend="give another file with --out")
    ceremony = Ceremony.of(decision)
    write_ceremony(file, ceremony)
    if as_json:
        emit({"file": str(file), **ceremony_document(ceremony, sides), "note": note})
        return
    typer.echo("\n".join(ceremony_lines(ceremony, sides)))
    if note:
        typer.echo(f"Note: {note}.")
    how = "" if only is None else f" --only {only.value}"
    typer.echo(f"Wrote {file}. Authorities sign it with `loranchor consortium sign {file}{how}`.")


@app.command()
def sign(
    file: CeremonyFile,
    home: MaybeHome = None,
    key_file: KeyFileOption = None,
    password_file: PasswordFile = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write here and leave FILE as it is.")] = None,
    offline: Offline = False,
    only: Only = None,
    yes: Yes = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Read what a ceremony decides, and sign it with the organisation's authority key."""
    from orchestrator.governance.ceremony import merge as merged
    from orchestrator.governance.ceremony import read_ceremony, write_ceremony
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.one_chain import alone
    from orchestrator.governance.signing import check_signer
    from orchestrator.governance.submission import governing
    from orchestrator.governance.views import ceremony_document, ceremony_lines, counted

    ceremony, target = read_ceremony(file), out or file
    if target != file and target.exists():  # signatures that are there stay, and so does every other file
        ceremony = merged([ceremony, read_ceremony(target)])
    decision = governing(ceremony)  # awards are recomputed before anybody signs them: `loranchor award sign`
    sides = None if offline else read_sides(composed(overrides, home))
    asked = sides if sides is None or only is None else alone(decision, sides, only.value)
    if not as_json:
        typer.echo("\n".join(ceremony_lines(ceremony, sides)))
    password = password_of(password_file, key_file, home)
    with signing_key(home, key_file, password, ceremony.role) as key:
        name = check_signer(ceremony, asked, key.address)
        already = key.address in ceremony.signatures
        if not already:
            ask(f"Sign this as {name or key.address}?", yes)
            ceremony = ceremony.signed(key.sign_digest(ceremony.decision.digest()))
    if not already or target != file:
        write_ceremony(target, ceremony)
    if as_json:
        signed = {"file": str(target), "signer": key.address, "new": not already}
        emit({**signed, **ceremony_document(ceremony, sides)})
        return
    done = "had signed it already; nothing changed" if already else f"signed it; written to {target}"
    typer.echo(f"{name or key.address} {done}.")
    if sides is not None and not already:
        typer.echo("\n".join(counted(ceremony, sides)))


@app.command()
def merge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Copies of one ceremony.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="File for all signatures; one that exists is merged, too.")],
    as_json: AsJson = False,
) -> None:
    """Put the signatures of several copies of one ceremony into one file. Needs no chain and no key."""
    from orchestrator.governance.ceremony import merge as merged
    from orchestrator.governance.ceremony import read_ceremony, write_ceremony

    # what is there already is merged too: no signature is ever overwritten, and no other file
    copies = [*files, out] if out.exists() else files
    ceremony = merged([read_ceremony(file) for file in copies])
    write_ceremony(out, ceremony)
    if as_json:
        emit({"file": str(out), "digest": ceremony.digest, "signers": list(ceremony.signatures)})
    else:
        count = len(ceremony.signatures)
        typer.echo(f"{out} has {count} signature{'' if count == 1 else 's'} of {ceremony.digest}.")


@app.command()
def submit(
    file: CeremonyFile,
    home: MaybeHome = None,
    key_file: KeyFileOption = None,
    password_file: PasswordFile = None,
    sender: With = Sender.DELEGATE,
    partial: Partial = False,
    only: Only = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Send a signed ceremony to both chains. Any funded key may; what a chain has already is not sent again."""
    from orchestrator.governance.ceremony import read_ceremony
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.one_chain import alone
    from orchestrator.governance.submission import governing
    from orchestrator.governance.submission import submit as send

    ceremony = read_ceremony(file)
    decision = governing(ceremony)
    settings = composed(overrides, home)
    sides = read_sides(settings)
    if only is not None:
        sides = alone(decision, sides, only.value)
    password = password_of(password_file, key_file, home)
    with payer(settings, home, key_file, password, sender) as account:
        outcomes = send(ceremony, sides, account, partial=partial, told=teller(as_json))
    if as_json:
        emit({"digest": ceremony.digest, **{item.side: outcome_of(item) for item in outcomes}})


@app.command()
def fund(
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Who gets it.")],
    ether: Annotated[str, typer.Option("--ether", help="How much, on each chain.")],
    home: MaybeHome = None,
    key_file: KeyFileOption = None,
    password_file: PasswordFile = None,
    sender: With = Sender.DELEGATE,
    chain: Annotated[str, typer.Option("--chain", help="public, private or both.")] = "both",
    yes: Yes = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Send ether for transactions to a key, such as a new member's authority or a new delegate."""
    from orchestrator.governance.addresses import given_address
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.funding import amount_of, chosen, transfer

    address, wei = given_address(to, "--to"), amount_of(ether)
    settings = composed(overrides, home)
    sides = chosen(read_sides(settings), chain)
    password = password_of(password_file, key_file, home)
    with payer(settings, home, key_file, password, sender) as account:
        ask(f"Send {ether} ether to {address} on {' and '.join(side.name for side in sides)}?", yes)
        outcomes = transfer(sides, address, wei, account, teller(as_json))
    if as_json:
        emit({item.side: outcome_of(item) for item in outcomes})


def _change(
    sides: Sides,
    added: dict[str, str],
    removed: list[str],
    replaced: dict[str, str],
    quorum: int | None,
    only: OneSide | None,
) -> tuple[MembershipChange, str]:
    """The change, and what there is to say of it."""
    from orchestrator.governance.addresses import given_address
    from orchestrator.governance.membership import Wishes, plan_change
    from orchestrator.governance.one_chain import order_note, plan_for_one
    from orchestrator.organisation import check_name

    wishes = Wishes(
        add={check_name(name): given_address(key, f"--add {name}") for name, key in added.items()},
        remove=[check_name(name) for name in removed],
        authority={check_name(name): given_address(key, f"--authority {name}") for name, key in replaced.items()},
        quorum=quorum,
    )
    if only is not None:
        this, other = _this_and_other(sides, only)
        change = plan_for_one(this, other, wishes)
        return change, order_note(change, this, other, wishes)
    public, private = sides.both()
    return plan_change(public.present, private.present, wishes), ""


def _again(sides: Sides) -> MembershipChange:
    from orchestrator.governance.membership import plan_again

    public, private = sides.both()
    return plan_again(public.present, private.present)


def _pause(sides: Sides, paused: bool, only: OneSide | None) -> PauseChange:
    from orchestrator.governance.membership import plan_pause
    from orchestrator.governance.one_chain import plan_pause_of_one

    if only is not None:
        return plan_pause_of_one(*_this_and_other(sides, only), paused)
    public, private = sides.both()
    return plan_pause(public.present, private.present, paused)


def _this_and_other(sides: Sides, only: OneSide) -> tuple[Present, Present]:
    public, private = sides.both()
    this, other = (public, private) if only is OneSide.PUBLIC else (private, public)
    return this.present, other.present
