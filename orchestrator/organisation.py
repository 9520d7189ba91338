"""An organisation's home: the public settings in ``organisation.json``, and the keystore beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.words import ORGANISATION
from orchestrator.types import Address, OrganisationId

FORMAT = "loranchor/organisation"
FILE = "organisation.json"


@dataclass(frozen=True)
class Organisation:
    """What ``loranchor org init`` wrote. ``settings``: dotted setting → value, applied before the command line's."""

    name: OrganisationId
    home: Path
    authority: Address
    delegate: Address
    settings: Mapping[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """The content of ``organisation.json``."""
        return {
            "format": FORMAT,
            "version": 1,
            "name": self.name,
            "authority": self.authority,
            "delegate": self.delegate,
            "settings": dict(self.settings),
        }


def check_name(name: str) -> OrganisationId:
    """Refuses what cannot be an organisation's name on chain."""
    if not ORGANISATION.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name for an organisation", mend="use a lower-case letter, then up to 30 of a-z, 0-9 and -"
        )
    return OrganisationId(name)


def load_organisation(home: Path) -> Organisation:
    """Read ``organisation.json``.

    Raises:
        ConfigurationError: no organisation lives there. FormatError: the file is damaged.
    """
    path = home / FILE
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"there is no organisation in {home}", mend="make one with `loranchor org init`, or give another --home"
        ) from error
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} cannot be read: {error}", mend="restore it from a backup") from error
    if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, 1):
        raise FormatError(f"{path} is not {FORMAT} version 1", mend="upgrade LoRAnchor, or restore the file")
    try:
        return Organisation(
            name=check_name(document["name"]),
            home=home,
            authority=Address(document["authority"]),
            delegate=Address(document["delegate"]),
            settings=dict(document["settings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} lacks a member or has a wrong one ({error})", mend="restore it") from error
