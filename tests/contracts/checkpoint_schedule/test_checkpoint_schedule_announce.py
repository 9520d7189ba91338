"""The ledgers number checkpoints."""

from __future__ import annotations

from contract_support import digest, refuses


def test_both_ledgers_number_checkpoints_from_one(schedule, deployer, stranger):
    first = schedule.announce(digest("round"), 0, {"from": deployer}).events["CheckpointDue"]
    second = schedule.announce(digest("request"), 1, {"from": stranger}).events["CheckpointDue"]
    assert tuple(first.values()) == (1, digest("round"), 0)
    assert tuple(second.values()) == (2, digest("request"), 1)
    assert schedule.latestSequence() == 2


def test_nobody_else_does(schedule, parties):
    refuses("CheckpointScheduleNotBoundContract", schedule.announce, digest("r"), 0, sender=parties[0].delegate)
