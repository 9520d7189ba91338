"""`loranchor disclosure account`, `key` and `contact`: the keys of a disclosure, and what reporters find."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.commands.consortium_parts import Sender
from orchestrator.commands.disclosure_parts import To, app, composed, desk_for, output

DEFAULT_DAYS = 365


@app.command()
def account(to: To, password_file: PasswordFile = None, as_json: AsJson = False) -> None:
    """Make a reporter's account: an encrypted key file, to be sent a little ether for two transactions."""
    from orchestrator.disclosure.key_files import make_account
    from orchestrator.keystore import read_password

    address = make_account(to, read_password(password_file, prompt=f"Password for {to}: ", confirm=True))
    if as_json:
        emit({"account": address, "file": str(to)})
    else:
        output.print(f"{to} holds the key of {address}; send it a little ether on the public chain")


@app.command()
def key(
    home: Home,
    new_key: Annotated[
        Path, typer.Option("--key", metavar="FILE", help="New file for the private key.", show_default=False)
    ],
    to: To,
    days: Annotated[
        int, typer.Option("--days", help="How long reporters may seal to it.", min=1, max=3650)
    ] = DEFAULT_DAYS,
    key_password_file: Annotated[
        Path | None, typer.Option("--key-password-file", help="Password of the new file; else the home's.")
    ] = None,
    role: Annotated[Sender, typer.Option("--with", help="Which key of the home signs.")] = Sender.DELEGATE,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Make a key that reports are sealed to, and a statement of its public half, signed by this member's key."""
    from orchestrator.disclosure import Recipient
    from orchestrator.disclosure.key_files import make_key
    from orchestrator.disclosure.moments import DAY, shown
    from orchestrator.disputes.files import write_new
    from orchestrator.disputes.reach import keys, reach
    from orchestrator.errors import ConfigurationError
    from orchestrator.keystore import read_password

    if to.exists():
        raise ConfigurationError(f"{to} exists", mend="name a new file")
    here = reach(home, overrides)
    desk, password = desk_for(here.settings, None), read_password(password_file)
    place, expires = desk.place, desk.now() + days * DAY
    secret = password if key_password_file is None else read_password(key_password_file)
    with keys(here, password, "public", role=role.value) as own:
        signed = Recipient(place, here.me, make_key(new_key, secret), expires).signed(own.sign)
    write_new(to, signed.to_bytes())
    if as_json:
        emit({"key": signed.key, "file": str(new_key), "statement": str(to), "expires": expires})
        return
    output.print(
        f"{new_key} opens reports sealed to {signed.key}; keep copies, and its password, apart from this machine"
    )
    output.print(f"{to} is for `loranchor disclosure contact`; reporters seal to it until {shown(expires)}")


@app.command()
def contact(
    recipient: Annotated[
        list[Path], typer.Option("--recipient", metavar="FILE", help="A member's statement (more than once).")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the files go.", show_default=False)],
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Put members' keys on IPFS as one contact, and write security.txt and SECURITY.md's section from the settings."""
    from orchestrator.disclosure import Contact
    from orchestrator.disclosure.contact_files import Published, write_contact
    from orchestrator.disclosure.moments import DAY, shown
    from orchestrator.disclosure.recipients import examine, read_recipient
    from orchestrator.errors import ConfigurationError
    from orchestrator.storage import IpfsStore

    settings = composed(overrides)
    published = Published.of(settings.group("disclosure"))
    found = Contact.of(read_recipient(path) for path in recipient)
    desk = desk_for(settings, found)
    if wrong := examine(found.recipients, desk.consortium.members(), desk.now()).passed_over:
        raise ConfigurationError(f"reporters would pass over {wrong[0]}", mend="have that member make a key anew")
    cid = IpfsStore(settings.ipfs_api()).add(found.to_bytes())
    files = write_contact(to, published, found, cid, desk.registry.default_embargo() // DAY)
    if as_json:
        emit({"contact": cid, "digest": found.digest, "expires": found.expires, "files": [str(path) for path in files]})
        return
    output.print(f"contact {cid}, good until {shown(found.expires)}; set disclosure.contact={cid}")
    for path in files:
        output.print(f"written: {path}")
