"""How long the embargo of a new report may be."""

from __future__ import annotations

from brownie import DisclosureRegistry
from reverting import refuses_to_deploy

YEAR = 365 * 86400


def test_no_embargo_lasts_for_ever(consortium, deployer):
    refuses_to_deploy("DisclosureRegistryEmbargoAboveLimit", DisclosureRegistry, consortium, YEAR + 1)
    assert deployer.deploy(DisclosureRegistry, consortium, YEAR).defaultEmbargo() == YEAR
