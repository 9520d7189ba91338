"""Which contract of a deployment names which others: by its views, and in its constructor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LINKS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "public": {
        "CheckpointAnchor": {"consortium": "Consortium"},
        "AwardDistributor": {"consortium": "Consortium", "anchor": "CheckpointAnchor", "token": "ContributionToken"},
        "ContributionToken": {"minter": "AwardDistributor"},
        "DisclosureRegistry": {"consortium": "Consortium"},
    },
    "private": {
        "CheckpointSchedule": {"consortium": "Consortium", "binding": "RoundLedger RevocationLedger"},
        "KeyDirectory": {"consortium": "Consortium", "rounds": "RoundLedger"},
        "RoundLedger": {
            "consortium": "Consortium",
            "schedule": "CheckpointSchedule",
            "keys": "KeyDirectory",
            "revocations": "RevocationLedger",
        },
        "RevocationLedger": {"consortium": "Consortium", "rounds": "RoundLedger", "schedule": "CheckpointSchedule"},
        "ArtefactRegistry": {"consortium": "Consortium"},
    },
}
"""View of a contract → the contract (or contracts) of the deployment that it must name. Where the constructor has a
parameter of a view's name, that parameter is the same address."""


def wanted_links(role: str, name: str, addresses: Mapping[str, str]) -> dict[str, Any]:
    """What each view of a contract must answer: an address, or a list of them. An address that a deployment file does
    not have is empty."""
    found: dict[str, Any] = {}
    for view, targets in LINKS[role].get(name, {}).items():
        named = [addresses.get(target, "") for target in targets.split()]
        found[view] = named[0] if len(named) == 1 else named
    return found
