"""Asking for a revocation: of one's own updates alone, of others' with a reason and a quorum."""

from __future__ import annotations

import pytest
from contract_support import SALT, ZERO, digest, refuses
from play_revocations import DROP, REPLAY, REQUESTED, WHY

REQUEST = digest("request")


def terms(updates, reason=WHY, mode=DROP, request_digest=REQUEST):
    return updates, reason, mode, False, request_digest, SALT


def test_others_updates_take_a_quorum(updates, parties, play):
    assert "RevocationApproved" not in play.request(parties[0], [updates[1]], reason=WHY).events
    assert play.stage() == REQUESTED


def test_mixed_updates_are_not_ones_own(updates, parties, play):
    play.request(parties[0], updates[:2], reason=WHY)
    assert play.stage() == REQUESTED


def test_others_updates_take_a_reason(updates, ledger, parties):
    bare = terms([updates[1]], reason=ZERO)
    refuses("RevocationLedgerReasonMissing", ledger.request, *bare, sender=parties[0].delegate)


@pytest.mark.parametrize("count", [0, 257])
def test_there_are_some_and_not_too_many(own, ledger, parties, count):
    refuses("RevocationLedgerUpdateCount", ledger.request, *terms(own * count), sender=parties[0].delegate)


def test_they_were_submitted(ledger, parties):
    unknown = terms([digest("none")])
    refuses("RevocationLedgerUnknownUpdate", ledger.request, *unknown, sender=parties[0].delegate)


def test_each_is_named_once_whosever_it_is(own, ledger, parties):
    for one in parties[:2]:
        refuses("RevocationLedgerAlreadyRequested", ledger.request, *terms(own * 2), sender=one.delegate)


def test_an_update_is_in_one_approved_request(own, ledger, parties, play):
    play.request(parties[0], own)
    for one in parties:
        refuses("RevocationLedgerAlreadyRequested", ledger.request, *terms(own), sender=one.delegate)


def test_the_request_has_a_digest(own, ledger, parties):
    empty = terms(own, request_digest=ZERO)
    refuses("RevocationLedgerEmptyDigest", ledger.request, *empty, sender=parties[0].delegate)


def test_only_delegates_ask(own, ledger, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.request, *terms(own), sender=sender)


def test_a_ledger_that_the_rounds_do_not_know_interrupts_none(own, rounds, parties, stray):
    rounds.open()
    replay = terms(own, mode=REPLAY)
    refuses("RoundLedgerNotRevocationLedger", stray.ledger.request, *replay, sender=parties[0].delegate)
