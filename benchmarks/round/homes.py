"""Homes of organisations whose keys are known; as `loranchor org init` makes them, but opened at little cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from eth_account.signers.local import LocalAccount

from orchestrator.files import write_json
from orchestrator.keystore import Keystore
from orchestrator.organisation import FILE, Organisation
from orchestrator.types import Address, OrganisationId


class Keyed(Protocol):
    """Whoever has a key in memory."""

    @property
    def account(self) -> LocalAccount: ...
    @property
    def address(self) -> Address: ...


def make_home(
    home: Path,
    name: OrganisationId,
    password: str,
    *,
    authority: Keyed,
    delegate: Keyed,
    settings: Mapping[str, Any],
) -> None:
    """Write keystore and ``organisation.json``. ``settings``: dotted setting → value."""
    keys: dict[str, Any] = {"authority_key": bytes(authority.account.key), "delegate_key": bytes(delegate.account.key)}
    Keystore.create(home, password, scrypt_n=2, **keys).close()
    document = Organisation(name, home, authority.address, delegate.address, settings).document
    write_json(home / FILE, document)
