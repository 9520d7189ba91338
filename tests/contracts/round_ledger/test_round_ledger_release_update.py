"""The owner shows where its update lies."""

from __future__ import annotations

import pytest
from contract_support import SALT, digest, refuses
from play import mine_past

PLACES = "QmPayload", "QmHeader", SALT


@pytest.fixture
def updates(rounds):
    """Round 1 waits for releases; its updates by member."""
    rounds.open()
    return rounds.submit_all()


def test_the_owner_releases(rounds, ledger, parties, updates):
    event = rounds.release(parties[2], updates[2]).events["UpdateReleased"]
    assert tuple(event.values())[:5] == (1, updates[2], parties[2].organisation, "QmPayload", "QmHeader")
    assert ledger.update(updates[2])[3:] == (True, 1)  # the owner counts as one


def test_once(rounds, ledger, parties, updates):
    rounds.release(parties[0], updates[0])
    refuses("RoundLedgerAlreadyActed", ledger.releaseUpdate, updates[0], *PLACES, sender=parties[0].delegate)


def test_only_the_owner(ledger, parties, updates):
    refuses("RoundLedgerNotOwner", ledger.releaseUpdate, updates[0], *PLACES, sender=parties[1].delegate)


def test_only_delegates(ledger, parties, updates, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.releaseUpdate, updates[0], *PLACES, sender=sender)


def test_only_an_update(ledger, parties, updates):
    unknown = digest("no update")
    refuses("RoundLedgerUnknownUpdate", ledger.releaseUpdate, unknown, *PLACES, sender=parties[0].delegate)


@pytest.mark.parametrize("places", [("", "Qm"), ("Qm", "")])
def test_with_both_places(ledger, parties, updates, places):
    terms = updates[0], *places, SALT
    refuses("RoundLedgerInvalidSubmission", ledger.releaseUpdate, *terms, sender=parties[0].delegate)


def test_only_the_last_submission(rounds, ledger, parties):
    one, two, three = parties
    rounds.open()
    first, second = (rounds.submit(one, label) for label in ("first", "second"))
    rounds.submit(two)
    rounds.submit(three)
    refuses("RoundLedgerUpdateReplaced", ledger.releaseUpdate, first, *PLACES, sender=one.delegate)
    rounds.release(one, second)


def test_not_before_everybody_has_submitted(rounds, ledger, parties):
    rounds.open()
    update = rounds.submit(parties[0])
    refuses("RoundLedgerTooEarly", ledger.releaseUpdate, update, *PLACES, sender=parties[0].delegate)


def test_not_after_the_deadline(rounds, ledger, parties, updates):
    for one, update in zip(parties[:2], updates, strict=False):
        rounds.release(one, update)
    mine_past(ledger.deadlineOf(1) + 1)
    refuses("RoundLedgerTooLate", ledger.releaseUpdate, updates[2], *PLACES, sender=parties[2].delegate)


def test_not_when_the_round_is_over(rounds, ledger, parties, updates):
    rounds.fail()
    refuses("RoundLedgerNotOpen", ledger.releaseUpdate, updates[0], *PLACES, sender=parties[0].delegate)
