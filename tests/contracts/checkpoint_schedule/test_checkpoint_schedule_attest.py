"""Members leave their signatures on what is due."""

from __future__ import annotations

import pytest
from contract_support import digest, refuses

SIGNATURE = "0x" + "11" * 65
HEAD = digest("head")


@pytest.fixture
def due(schedule, deployer):
    """Checkpoint 1 is due."""
    schedule.announce(digest("round"), 0, {"from": deployer})
    return schedule


def test_delegates_attest_to_what_is_due(due, parties):
    one = parties[0]
    event = due.attest(1, HEAD, SIGNATURE, {"from": one.delegate}).events["CheckpointAttested"]
    assert tuple(event.values()) == (1, one.organisation, HEAD, SIGNATURE)
    due.attest(1, digest("newer epoch"), SIGNATURE, {"from": one.delegate})


def test_nothing_else_is_attested_to(schedule, due, parties):
    for sequence in (0, 2):
        refuses("CheckpointScheduleUnknownSequence", due.attest, sequence, HEAD, SIGNATURE, sender=parties[0].delegate)


def test_nothing_before_the_first(schedule, parties):
    refuses("CheckpointScheduleUnknownSequence", schedule.attest, 1, HEAD, SIGNATURE, sender=parties[0].delegate)


def test_a_signature_has_its_length(due, parties):
    for wrong in ("0x11", SIGNATURE + "11"):
        refuses("CheckpointScheduleSignatureLength", due.attest, 1, HEAD, wrong, sender=parties[0].delegate)


def test_only_delegates_attest(due, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", due.attest, 1, HEAD, SIGNATURE, sender=sender)
