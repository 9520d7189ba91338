"""A sealed update of each member, with the ε it has spent."""

from __future__ import annotations

import pytest
from contract_support import MILLION, SALT, ZERO, mine, refuses
from eth_abi import encode
from eth_utils import keccak
from play import TASK, mine_past, raw, submission


def test_an_update_has_an_id_that_anybody_computes(rounds, ledger, parties):
    rounds.open()
    one = parties[0]
    tx = ledger.submitUpdate(1, submission("x"), SALT, {"from": one.delegate})
    event = tx.events["UpdateSubmitted"]
    types = ["uint256", "address", "uint64", "bytes32", "uint32"]
    expected = "0x" + keccak(encode(types, [31337, ledger.address, 1, raw(one.organisation), 1])).hex()
    assert event["updateId"] == expected and event["organisation"] == one.organisation
    assert tuple(event["submission"]) == submission("x")
    assert ledger.ownerOf(expected) == one.organisation
    assert ledger.update(expected) == (1, one.organisation, False, False, 0)


def test_a_second_one_replaces_the_first(rounds, ledger, parties):
    rounds.open()
    one = parties[0]
    first = rounds.submit(one, "first")
    tx = ledger.submitUpdate(1, submission("second"), SALT, {"from": one.delegate})
    second = tx.events["UpdateSubmitted"]["updateId"]
    assert tuple(tx.events["UpdateReplaced"].values()) == (1, first, second, SALT)
    assert ledger.update(first)[2] and ledger.participation(1, one.organisation)[2] == second
    assert ledger.round(1)[9] == 1  # one submitted


@pytest.mark.parametrize("part", ["ciphertext", "header", "commitment", "statement", "parent"])
def test_digests_are_all_there(rounds, ledger, parties, part):
    rounds.open()
    terms = 1, submission(**{part: ZERO}), SALT
    refuses("RoundLedgerInvalidSubmission", ledger.submitUpdate, *terms, sender=parties[0].delegate)


def test_a_member_replaces_at_most_fifteen_times(rounds, ledger, parties):
    rounds.open()
    for number in range(16):
        rounds.submit(parties[0], str(number))
    terms = 1, submission(), SALT
    refuses("RoundLedgerTooManySubmissions", ledger.submitUpdate, *terms, sender=parties[0].delegate)


def test_who_passed_submits_nothing(rounds, ledger, parties):
    rounds.open()
    ledger.passRound(1, SALT, {"from": parties[0].delegate})
    refuses("RoundLedgerAlreadyActed", ledger.submitUpdate, 1, submission(), SALT, sender=parties[0].delegate)


def test_only_delegates_submit(rounds, ledger, parties, stranger):
    rounds.open()
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.submitUpdate, 1, submission(), SALT, sender=sender)


def test_only_to_a_round(rounds, ledger, parties):
    rounds.open()
    for number in (0, 2):
        terms = number, submission(), SALT
        refuses("RoundLedgerUnknownRound", ledger.submitUpdate, *terms, sender=parties[0].delegate)


def test_only_who_was_a_member_at_the_opening(rounds, ledger, latecomer):
    rounds.open()
    refuses("RoundLedgerNotInRound", ledger.submitUpdate, 1, submission(), SALT, sender=latecomer())
    assert ledger.round(1)[6:8] == (3, 2)  # members and quorum are those of the opening


def test_not_after_the_deadline(rounds, ledger, parties):
    rounds.open()
    for one in parties[:2]:
        rounds.submit(one)
    mine_past(ledger.deadlineOf(1) + 1)
    refuses("RoundLedgerTooLate", ledger.submitUpdate, 1, submission(), SALT, sender=parties[2].delegate)


def test_not_when_the_round_is_over(rounds, ledger, parties):
    rounds.open()
    rounds.fail()
    refuses("RoundLedgerNotOpen", ledger.submitUpdate, 1, submission(), SALT, sender=parties[0].delegate)


class TestEpsilon:
    def test_it_never_falls(self, rounds, ledger, parties):
        rounds.open()
        rounds.submit(parties[0], epsilon=2 * MILLION)
        terms = 1, submission(epsilon=2 * MILLION - 1), SALT
        refuses("RoundLedgerEpsilonFell", ledger.submitUpdate, *terms, sender=parties[0].delegate)

    def test_it_stays_within_the_cap_of_the_task(self, rounds, ledger, parties):
        rounds.open()
        one, two = parties[:2]
        terms = 1, submission(epsilon=3 * MILLION + 1), SALT
        refuses("RoundLedgerEpsilonAboveCap", ledger.submitUpdate, *terms, sender=one.delegate)
        rounds.submit(one, epsilon=3 * MILLION)
        assert ledger.epsilonSpent(one.organisation, TASK) == 3 * MILLION
        assert ledger.epsilonSpent(two.organisation, TASK) == 0

    def test_it_counts_also_for_a_failed_round(self, rounds, ledger, parties):
        rounds.open()
        rounds.submit(parties[0], epsilon=MILLION)
        mine_past(ledger.deadlineOf(1))
        rounds.close()
        mine(2)
        rounds.open()
        terms = 2, submission(epsilon=MILLION - 1), SALT
        refuses("RoundLedgerEpsilonFell", ledger.submitUpdate, *terms, sender=parties[0].delegate)
