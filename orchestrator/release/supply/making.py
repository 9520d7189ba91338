"""The bill of materials of an export, from a member's records: beside the card, or put there later."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import ConfigurationError
from orchestrator.export.facts import Facts
from orchestrator.export.origins import Origin
from orchestrator.export.record import NAME as RECORD
from orchestrator.export.record import SIGNATURE, changed_files, files_of, read_record, write_record
from orchestrator.export.selection import Chosen
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.entities import LedgerState
from orchestrator.release.supply.bill import NAME, Bill, items_of
from orchestrator.release.supply.bom import bom_text, write_bom
from orchestrator.release.supply.verify import listed


def bill_for(state: LedgerState, chosen: Chosen, facts: Facts, origin: Origin, folder: Path) -> Bill:
    """What the bill of a folder has to say. Names are in it if they are in ``facts``."""
    manifest = chosen.manifest
    found = files_of(folder)
    names = all(name for name, _ in facts.organisations)
    return Bill(
        consortium=facts.consortium,
        manifest=manifest.digest,
        base=manifest.base,
        settings=manifest.settings,
        strategy=manifest.strategy,
        count=len(manifest.entries),
        items=items_of(state, manifest.entries, manifest.covered, names),
        files={name: found[name]["sha256"][2:] for name in listed(list(found))},
        named=names,
        base_words=origin.words,
        base_hub=origin.hub_id,
        licence=origin.licence,
    )


def record_there(folder: Path) -> Document:
    """The record of an export that is whole.

    Raises:
        ConfigurationError: it is none, or a file is not what the record says.
    """
    record = read_record(folder)
    if record is None:
        raise ConfigurationError(f"{folder} holds no {RECORD}", mend="name a folder of `loranchor model export`")
    if changed := changed_files(record, folder):
        raise ConfigurationError(f"{changed[0]} in {folder} is not what its record says", mend="export it again")
    return record


def add_bom(bill: Bill, folder: Path) -> bool:
    """Put a bill beside an export that has none, or another; False where it is there already.

    Raises:
        ConfigurationError: the folder is no whole export, or it is signed.
        EnvironmentMissing: the library is not installed.
    """
    record, path = record_there(folder), folder / NAME
    if path.is_file() and path.read_bytes() == bom_text(bill).encode() + b"\n":
        return False
    if (folder / SIGNATURE).exists():
        raise ConfigurationError(f"{folder} is signed as it is", mend=f"remove {SIGNATURE}, and sign again afterwards")
    try:
        write_bom(bill, folder)
        write_record({**record, "files": files_of(folder)}, folder)
    except OSError as error:
        raise ConfigurationError(f"cannot write to {folder}: {error.strerror}") from error
    return True
