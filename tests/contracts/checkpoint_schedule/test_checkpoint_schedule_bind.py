"""The deployer names the two ledgers, once."""

from __future__ import annotations

import pytest
from brownie import CheckpointSchedule
from contract_support import NOBODY, refuses


@pytest.fixture(scope="module")
def fresh(private, deployer):
    return deployer.deploy(CheckpointSchedule, private.consortium)


def test_it_names_both(private):
    assert private.schedule.binding() == (private.rounds, private.revocations)


def test_a_binding_is_for_ever(schedule, deployer, stranger):
    refuses("CheckpointScheduleAlreadyBound", schedule.bind, stranger, stranger, sender=deployer)


def test_only_the_deployer_binds(fresh, stranger):
    refuses("CheckpointScheduleNotDeployer", fresh.bind, stranger, stranger, sender=stranger)


def test_neither_is_missing(fresh, deployer, stranger):
    for wrong in ((NOBODY, stranger), (stranger, NOBODY)):
        refuses("CheckpointScheduleZeroAddress", fresh.bind, *wrong, sender=deployer)
