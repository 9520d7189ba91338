"""Where an organisation's own keys stand: in its keystore, on both chains, and with ether or without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.errors import KeystoreError, ProtocolError
from orchestrator.governance.contracts import Sides
from orchestrator.governance.keys import staged_address
from orchestrator.governance.seats import NO_ADDRESS
from orchestrator.governance.sending import ETHER
from orchestrator.keystore import Keystore
from orchestrator.types import OrganisationId


def delegate_status(sides: Sides, home: Path, me: OrganisationId) -> dict[str, Any]:
    """The delegate in the keystore and on each chain that answers; balances in wei."""
    address, waiting = Keystore.addresses(home).delegate, staged_address(home, "delegate")
    chains = {}
    for side in sides.found.values():
        member = side.present.member(me)
        chains[side.name] = {
            "member": member is not None,
            "delegate": None if member is None or member.delegate == NO_ADDRESS else member.delegate,
            "balance": str(side.chain.balance(address)),
        }
    return {"organisation": me, "delegate": address, "next": waiting, "chains": chains}


def delegate_lines(status: dict[str, Any]) -> Iterator[str]:
    """The same for people, with what to do."""
    yield f"delegate of {status['organisation']} in the keystore: {status['delegate']}"
    if status["next"]:
        yield f"next delegate, not in use yet: {status['next']}; go on with `loranchor consortium delegate rotate`"
    for side, found in status["chains"].items():
        ether = f"has {int(found['balance']) / ETHER:g} ether there"
        if not found["member"]:
            yield f"{side} chain: {status['organisation']} is no member; the key {ether}"
        elif found["delegate"] == status["delegate"]:
            yield f"{side} chain: the same; it {ether}"
        else:
            yield f"{side} chain: {found['delegate'] or 'none'}; the keystore's key {ether}"


def check_next_authority(sides: Sides, home: Path, me: OrganisationId) -> None:
    """The next authority may take its place only when both chains name it.

    Raises:
        KeystoreError: none waits. ProtocolError: a chain names another. ChainError: a chain does not answer.
    """
    waiting = staged_address(home, "authority")
    if waiting is None:
        raise KeystoreError(
            "no next authority key waits in this keystore", mend="make it: `loranchor consortium authority new`"
        )
    for side in sides.both():
        member = side.present.member(me)
        if member is None or member.authority != waiting:
            found = "no member" if member is None else f"authority {member.authority}"
            raise ProtocolError(
                f"the {side.name} chain has {found} of {me}, not {waiting}",
                mend="first a quorum decides: `loranchor consortium propose --authority`, sign, submit",
            )
