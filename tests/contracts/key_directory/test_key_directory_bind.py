"""The deployer names the ledger that assigns prekeys, once."""

from __future__ import annotations

import pytest
from brownie import KeyDirectory
from contract_support import NOBODY, refuses


@pytest.fixture(scope="module")
def fresh(private, deployer):
    return deployer.deploy(KeyDirectory, private.consortium)


def test_it_names_the_ledger(private, keys):
    assert keys.rounds() == private.rounds


def test_a_binding_is_for_ever(keys, deployer, stranger):
    refuses("KeyDirectoryAlreadyBound", keys.bind, stranger, sender=deployer)


def test_only_the_deployer_binds(fresh, stranger):
    refuses("KeyDirectoryNotDeployer", fresh.bind, stranger, sender=stranger)


def test_it_is_not_missing(fresh, deployer):
    refuses("KeyDirectoryZeroAddress", fresh.bind, NOBODY, sender=deployer)
