"""A delegate opens a round: its terms, and when none opens."""

from __future__ import annotations

import pytest
from ceremonies import pause
from contract_support import MILLION, SALT, ZERO, digest, membership_change, mine, party, refuses, sign_membership
from keys_support import sha
from play import COMMIT, MANIFEST, REVEAL, TASK, mine_past, opening, raw

PHASES = ["submit", "release", "commit", "reveal"]


def test_it_tells_its_terms_and_assigns_prekeys(private, rounds, parties):
    for one in parties[:2]:
        private.keys.publishPrekeys([one.organisation + "01", one.organisation + "02"], SALT, {"from": one.delegate})
    events = rounds.open().events
    opened = events["RoundOpened"]
    assert [opened[k] for k in ("roundId", "taskDigest", "manifestDigest")] == [1, TASK, MANIFEST]
    assert (opened["opener"], opened["epoch"], opened["leafSalt"]) == (parties[0].organisation, 1, SALT)
    assert tuple(opened["opening"]) == opening()
    assert [event["organisation"] for event in events["PrekeyAssigned"]] == [one.organisation for one in parties[:2]]
    assert private.keys.prekeyOf(1, parties[1].organisation) == sha(raw(parties[1].organisation) + b"\x01")
    assert private.keys.prekeyOf(1, parties[2].organisation) == ZERO
    assert private.keys.unusedPrekeys(parties[1].organisation) == 1


def test_by_a_delegate(ledger, parties, stranger):
    for sender in (parties[1].authority, stranger):
        refuses("ConsortiumNotADelegate", ledger.openRound, opening(), SALT, sender=sender)


def test_one_at_a_time(rounds, ledger, parties):
    rounds.open()
    assert ledger.openRoundId() == 1
    refuses("RoundLedgerRoundStillOpen", ledger.openRound, opening(), SALT, sender=parties[1].delegate)


def test_all_members_have_accepted_its_agreement(ledger, parties):
    other = digest("other agreement")
    ledger.acceptAgreement(other, SALT, {"from": parties[0].authority})
    terms = opening(agreement=other), SALT
    refuses("RoundLedgerAgreementNotAccepted", ledger.openRound, *terms, sender=parties[0].delegate)


@pytest.mark.parametrize(
    "changes", [{"manifest": ZERO}, {"task": ZERO}, {"minimum": 0}, {"minimum": 4}, *({phase: 0} for phase in PHASES)]
)
def test_terms_must_make_sense(ledger, parties, changes):
    refuses("RoundLedgerInvalidOpening", ledger.openRound, opening(**changes), SALT, sender=parties[0].delegate)


@pytest.mark.parametrize("phase", PHASES)
def test_no_member_keeps_a_round_open_for_ever(ledger, parties, phase):
    terms = opening(**{phase: 1001}), SALT
    refuses("RoundLedgerPhaseTooLong", ledger.openRound, *terms, sender=parties[0].delegate)


def test_not_while_paused(pair, ledger, parties):
    pause(pair[1], pair, parties)
    refuses("RoundLedgerPaused", ledger.openRound, opening(), SALT, sender=parties[0].delegate)


def test_a_task_keeps_its_cap(rounds, ledger, parties):
    rounds.whole()
    terms = opening(cap=4 * MILLION), SALT
    refuses("RoundLedgerEpsilonCapChanged", ledger.openRound, *terms, sender=parties[0].delegate)
    rounds.open(task=digest("another task"), cap=4 * MILLION)


def test_one_member_fixes_no_cap(rounds, ledger, parties):
    """It can open a round with a cap that no task has, and bring it to its end alone."""
    other, alone = digest("another task"), parties[0]
    rounds.open(task=other, cap=2**64 - 1, minimum=1)
    update = rounds.submit(alone)
    mine_past(ledger.deadlineOf(1))
    rounds.release(alone, update)
    mine_past(ledger.deadlineOf(1) + COMMIT + REVEAL)
    assert tuple(rounds.close().events["RoundClosed"].values())[1:3] == (0, 1)
    mine(2)
    rounds.whole(task=other, cap=4 * MILLION)
    terms = opening(task=other, cap=MILLION), SALT
    refuses("RoundLedgerEpsilonCapChanged", ledger.openRound, *terms, sender=alone.delegate)


def test_whose_rounds_come_to_nothing_waits_twice_as_long_each_time(rounds, ledger, parties):
    one, two, _ = parties
    for ended in (1, 2, 3):
        rounds.open()
        for supporter in (one, two):
            last = ledger.abandonRound(ended, SALT, {"from": supporter.delegate})
        until = last.block_number + 2**ended
        mine(2**ended - 1)
        refuses(f"RoundLedgerOpenerMustWait: .*, {until}", ledger.openRound, opening(), SALT, sender=one.delegate)
        mine(1)
    rounds.whole()  # which counts, and so does the next one at once
    rounds.open()


def test_others_open_meanwhile(rounds, ledger, parties):
    rounds.open()
    for supporter in parties[:2]:
        ledger.abandonRound(1, SALT, {"from": supporter.delegate})
    refuses("RoundLedgerOpenerMustWait", ledger.openRound, opening(), SALT, sender=parties[0].delegate)
    ledger.openRound(opening(), SALT, {"from": parties[1].delegate})


def test_not_under_an_agreement_that_a_new_authority_has_not_accepted(pair, rounds, ledger, parties, stranger):
    heir = party("heir of aurora").authority
    seats = [(parties[0].organisation, heir.address), *[one.seat for one in parties[1:]]]
    change = membership_change(pair, seats, 2)
    signatures = sign_membership(change, [one.authority for one in parties])
    pair[1].changeMembership(change, signatures, {"from": stranger})
    refuses("RoundLedgerAgreementNotAccepted", ledger.openRound, opening(), SALT, sender=parties[0].delegate)
    ledger.acceptAgreement(opening()[3], SALT, {"from": heir})
    rounds.open()


def test_not_while_a_revocation_waits_for_its_manifest(private, rounds, ledger, parties):
    update = rounds.whole()[0]
    terms = [update], ZERO, 0, False, digest("request"), SALT
    private.revocations.request(*terms, {"from": parties[0].delegate})
    refuses("RoundLedgerRevocationsWaiting", ledger.openRound, opening(), SALT, sender=parties[0].delegate)


def test_not_before_revocations_are_possible(stray, parties):
    refuses("RoundLedgerNotBound", stray.openRound, opening(), SALT, sender=parties[0].delegate)


def test_not_where_the_keys_know_another_ledger(private, stray, parties, deployer):
    stray.bind(private.revocations, {"from": deployer})
    refuses("KeyDirectoryNotRoundLedger", stray.openRound, opening(), SALT, sender=parties[0].delegate)
