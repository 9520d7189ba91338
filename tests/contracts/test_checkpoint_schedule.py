"""The private chain numbers its checkpoints; members leave signatures."""

from __future__ import annotations

import pytest
from brownie import CheckpointSchedule
from contract_support import NOBODY, digest, refuses

SIGNATURE = "0x" + "11" * 65


@pytest.fixture
def schedule(private, deployer, stranger):
    """Bound to two accounts that play the ledgers."""
    made = deployer.deploy(CheckpointSchedule, private.consortium)
    made.bind(deployer, stranger, {"from": deployer})
    return made


def test_both_ledgers_number_checkpoints_from_one(schedule, deployer, stranger):
    first = schedule.announce(digest("round"), 0, {"from": deployer}).events["CheckpointDue"]
    second = schedule.announce(digest("request"), 1, {"from": stranger}).events["CheckpointDue"]
    assert tuple(first.values()) == (1, digest("round"), 0)
    assert tuple(second.values()) == (2, digest("request"), 1)
    assert schedule.latestSequence() == 2


def test_nobody_else_does(schedule, parties):
    refuses("CheckpointScheduleNotBoundContract", schedule.announce, digest("r"), 0, sender=parties[0].delegate)


def test_delegates_attest_to_what_is_due(schedule, parties, deployer, stranger):
    one, head = parties[0], digest("head")
    refuses("CheckpointScheduleUnknownSequence", schedule.attest, 1, head, SIGNATURE, sender=one.delegate)
    schedule.announce(digest("round"), 0, {"from": deployer})
    event = schedule.attest(1, head, SIGNATURE, {"from": one.delegate}).events["CheckpointAttested"]
    assert tuple(event.values()) == (1, one.organisation, head, SIGNATURE)
    schedule.attest(1, digest("newer epoch"), SIGNATURE, {"from": one.delegate})
    refuses("CheckpointScheduleUnknownSequence", schedule.attest, 0, head, SIGNATURE, sender=one.delegate)
    refuses("CheckpointScheduleSignatureLength", schedule.attest, 1, head, "0x11", sender=one.delegate)
    refuses("ConsortiumNotADelegate", schedule.attest, 1, head, SIGNATURE, sender=stranger)


def test_bound_once_by_the_deployer(private, schedule, deployer, stranger):
    refuses("CheckpointScheduleAlreadyBound", schedule.bind, stranger, stranger, sender=deployer)
    fresh = deployer.deploy(CheckpointSchedule, private.consortium)
    refuses("CheckpointScheduleNotDeployer", fresh.bind, stranger, stranger, sender=stranger)
    for wrong in ((NOBODY, stranger), (stranger, NOBODY)):
        refuses("CheckpointScheduleZeroAddress", fresh.bind, *wrong, sender=deployer)
    assert private.schedule.binding() == (private.rounds, private.revocations)
