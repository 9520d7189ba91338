"""What a verb sees that looks once: the final blocks, or up to its own transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.audit.life import Life

from orchestrator.chain.contracts import private_of
from orchestrator.daemon import access
from orchestrator.daemon.view import look
from orchestrator.errors import KeystoreError
from orchestrator.organisation import Organisation
from orchestrator.settings import Settings
from orchestrator.types import Address, OrganisationId


def test_the_own_transaction_is_seen_before_it_is_final() -> None:
    """Else a round was opened and its number could not be told."""
    found = Life()
    private = private_of(found.private, found.deployments["private"])
    found.private.finality_depth = 2
    found.open_round()
    assert look(private).state.open_round is None
    assert look(private, block=found.private.block_number()).state.open_round == 1


def test_no_daemon_unlocks_the_cold_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def open_(home: Path, password: str, *, roles: Any, **_: Any) -> Any:
        asked.append(roles)
        raise KeystoreError("enough")

    monkeypatch.setattr(access.Keystore, "open", open_)
    nobody = Address("0x" + "00" * 20)
    settings = Settings({}, Organisation(OrganisationId("aurora"), tmp_path, nobody, nobody, {}))
    for roles in ((), (("authority",),)):
        with pytest.raises(KeystoreError, match="enough"):
            access.connect(settings, tmp_path, "password", **({"roles": roles[0]} if roles else {}))
    assert asked == [("delegate",), ("authority",)]
