"""Rounds: phases that end early or at their deadline, verdicts by quorum, ε that only grows."""

import hashlib

import pytest
from brownie import RoundLedger
from contract_support import (
    MILLION,
    NOBODY,
    SALT,
    ZERO,
    digest,
    identity,
    key,
    membership_change,
    name,
    refused,
    refuses,
    sign_membership,
    sign_pause,
)
from eth_abi import encode
from eth_utils import keccak
from play import (
    AGREEMENT,
    AWAITING,
    CLOSED,
    COMMITTING,
    FAILED,
    MANIFEST,
    NONCE,
    RELEASING,
    REVEALING,
    SUBMITTING,
    TASK,
    Rounds,
    commitment,
    mine_past,
    opening,
    raw,
    submission,
    verdict,
)


@pytest.fixture(scope="module")
def rounds(private, parties):
    made = Rounds(private, parties)
    made.accept_agreement()
    return made


@pytest.fixture
def ledger(rounds):
    return rounds.ledger


def test_bound_once_by_the_deployer(private, rounds, parties, deployer, stranger):
    refuses("RoundLedgerAlreadyBound", private.rounds.bind, stranger, sender=deployer)
    fresh = deployer.deploy(RoundLedger, private.consortium, private.schedule, private.keys, 1000)
    refuses("RoundLedgerNotDeployer", fresh.bind, stranger, sender=stranger)
    refuses("RoundLedgerZeroAddress", fresh.bind, NOBODY, sender=deployer)
    for one in parties:
        fresh.acceptAgreement(AGREEMENT, SALT, {"from": one.authority})
    refuses("RoundLedgerNotBound", fresh.openRound, opening(), SALT, sender=parties[0].delegate)
    assert private.rounds.revocations() == private.revocations


class TestAgreements:
    def test_authorities_accept_once(self, ledger, parties):
        other, one = digest("other agreement"), parties[0]
        tx = ledger.acceptAgreement(other, SALT, {"from": one.authority})
        assert tuple(tx.events["AgreementAccepted"].values()) == (other, one.organisation, SALT)
        assert ledger.agreementAccepted(other, one.organisation)
        refuses("RoundLedgerAgreementAlreadyAccepted", ledger.acceptAgreement, other, SALT, sender=one.authority)

    def test_a_hot_key_accepts_nothing(self, ledger, parties):
        refuses("ConsortiumNotAnAuthority", ledger.acceptAgreement, digest("x"), SALT, sender=parties[0].delegate)

    def test_a_round_waits_for_all(self, ledger, parties):
        other = digest("other agreement")
        ledger.acceptAgreement(other, SALT, {"from": parties[0].authority})
        terms = opening(agreement=other), SALT
        refuses("RoundLedgerAgreementNotAccepted", ledger.openRound, *terms, sender=parties[0].delegate)


class TestOpening:
    def test_it_tells_its_terms_and_assigns_prekeys(self, private, rounds, parties):
        for one in parties[:2]:
            private.keys.publishPrekeys(
                [one.organisation + "01", one.organisation + "02"], SALT, {"from": one.delegate}
            )
        events = rounds.open().events
        opened = events["RoundOpened"]
        assert [opened[k] for k in ("roundId", "taskDigest", "manifestDigest")] == [1, TASK, MANIFEST]
        assert (opened["opener"], opened["epoch"], opened["leafSalt"]) == (parties[0].organisation, 1, SALT)
        assert tuple(opened["opening"]) == opening()
        first = "0x" + hashlib.sha256(raw(parties[1].organisation) + b"\x01").hexdigest()
        assert [event["organisation"] for event in events["PrekeyAssigned"]] == [
            one.organisation for one in parties[:2]
        ]
        assert private.keys.prekeyOf(1, parties[1].organisation) == first
        assert private.keys.prekeyOf(1, parties[2].organisation) == ZERO
        assert private.keys.unusedPrekeys(parties[1].organisation) == 1

    def test_one_at_a_time_and_by_a_delegate(self, rounds, ledger, parties):
        rounds.open()
        assert ledger.openRoundId() == 1
        refuses("RoundLedgerRoundStillOpen", ledger.openRound, opening(), SALT, sender=parties[1].delegate)
        refuses("ConsortiumNotADelegate", ledger.openRound, opening(), SALT, sender=parties[1].authority)

    @pytest.mark.parametrize(
        "changes",
        [{"manifest": ZERO}, {"task": ZERO}, {"minimum": 0}, {"minimum": 4}]
        + [{phase: 0} for phase in ("submit", "release", "commit", "reveal")],
    )
    def test_terms_must_make_sense(self, ledger, parties, changes):
        refuses("RoundLedgerInvalidOpening", ledger.openRound, opening(**changes), SALT, sender=parties[0].delegate)

    @pytest.mark.parametrize("phase", ["submit", "release", "commit", "reveal"])
    def test_no_member_keeps_a_round_open_for_ever(self, ledger, parties, deployer, private, phase):
        assert ledger.maxPhaseBlocks() == 1000
        terms = opening(**{phase: 1001}), SALT
        refuses("RoundLedgerPhaseTooLong", ledger.openRound, *terms, sender=parties[0].delegate)
        with refused("RoundLedgerPhaseTooLong"):
            deployer.deploy(RoundLedger, private.consortium, private.schedule, private.keys, 0)

    def test_not_while_paused(self, pair, ledger, parties, stranger):
        pause = (*identity(*pair), 1, 0, True)
        pair[1].setPaused(pause, sign_pause(pause, [one.authority for one in parties]), {"from": stranger})
        refuses("RoundLedgerPaused", ledger.openRound, opening(), SALT, sender=parties[0].delegate)

    def test_a_task_keeps_its_cap(self, rounds, ledger, parties):
        rounds.whole()
        terms = opening(cap=4 * MILLION), SALT
        refuses("RoundLedgerEpsilonCapChanged", ledger.openRound, *terms, sender=parties[0].delegate)
        rounds.open(task=digest("another task"), cap=4 * MILLION)


class TestSubmitting:
    def test_an_update_has_an_id_that_anybody_computes(self, rounds, ledger, parties):
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

    def test_a_second_one_replaces_the_first(self, rounds, ledger, parties):
        rounds.open()
        one = parties[0]
        first = rounds.submit(one, "first")
        tx = ledger.submitUpdate(1, submission("second"), SALT, {"from": one.delegate})
        second = tx.events["UpdateSubmitted"]["updateId"]
        assert tuple(tx.events["UpdateReplaced"].values()) == (1, first, second, SALT)
        assert ledger.update(first)[2] and ledger.participation(1, one.organisation)[2] == second
        assert ledger.round(1)[9] == 1  # one submitted
        rounds.submit(parties[1])
        rounds.submit(parties[2])
        refuses("RoundLedgerUpdateReplaced", ledger.releaseUpdate, first, "Qm", "Qm", SALT, sender=one.delegate)
        rounds.release(one, second)

    def test_digests_are_all_there(self, rounds, ledger, parties):
        rounds.open()
        for part in ("ciphertext", "header", "commitment", "statement", "parent"):
            terms = 1, submission(**{part: ZERO}), SALT
            refuses("RoundLedgerInvalidSubmission", ledger.submitUpdate, *terms, sender=parties[0].delegate)

    def test_epsilon_only_grows_up_to_the_cap(self, rounds, ledger, parties):
        rounds.open()
        one, two = parties[:2]
        rounds.submit(one, epsilon=2 * MILLION)
        terms = 1, submission(epsilon=2 * MILLION - 1), SALT
        refuses("RoundLedgerEpsilonFell", ledger.submitUpdate, *terms, sender=one.delegate)
        terms = 1, submission(epsilon=3 * MILLION + 1), SALT
        refuses("RoundLedgerEpsilonAboveCap", ledger.submitUpdate, *terms, sender=one.delegate)
        rounds.submit(one, epsilon=3 * MILLION)
        assert ledger.epsilonSpent(one.organisation, TASK) == 3 * MILLION
        assert ledger.epsilonSpent(two.organisation, TASK) == 0

    def test_epsilon_counts_also_for_a_failed_round(self, rounds, ledger, parties):
        rounds.open()
        rounds.submit(parties[0], epsilon=MILLION)
        mine_past(ledger.deadlineOf(1))
        rounds.close()
        rounds.open()
        terms = 2, submission(epsilon=MILLION - 1), SALT
        refuses("RoundLedgerEpsilonFell", ledger.submitUpdate, *terms, sender=parties[0].delegate)

    def test_passing_is_acting(self, rounds, ledger, parties):
        rounds.open()
        one, two, three = parties
        event = ledger.passRound(1, SALT, {"from": one.delegate}).events["RoundPassed"]
        assert tuple(event.values()) == (1, one.organisation, SALT)
        refuses("RoundLedgerAlreadyActed", ledger.passRound, 1, SALT, sender=one.delegate)
        refuses("RoundLedgerAlreadyActed", ledger.submitUpdate, 1, submission(), SALT, sender=one.delegate)
        rounds.submit(two)
        refuses("RoundLedgerAlreadyActed", ledger.passRound, 1, SALT, sender=two.delegate)
        rounds.submit(three)
        assert rounds.phase() == RELEASING

    def test_only_members_of_the_round_act(self, pair, rounds, ledger, parties, stranger):
        rounds.open()
        refuses("ConsortiumNotADelegate", ledger.submitUpdate, 1, submission(), SALT, sender=stranger)
        refuses("RoundLedgerUnknownRound", ledger.submitUpdate, 2, submission(), SALT, sender=parties[0].delegate)
        refuses("RoundLedgerUnknownRound", ledger.phaseOf, 0, sender=stranger)
        cold, hot = key("late authority"), key("late delegate")
        change = membership_change(pair, [one.seat for one in parties] + [(name("late"), cold.address)], 3)
        signatures = sign_membership(change, [one.authority for one in parties])
        pair[1].changeMembership(change, signatures, {"from": stranger})
        pair[1].rotateDelegate(name("late"), hot, {"from": cold})
        refuses("RoundLedgerNotInRound", ledger.submitUpdate, 1, submission(), SALT, sender=hot)
        assert ledger.round(1)[6:8] == (3, 2)  # members and quorum are those of the opening


def test_a_member_replaces_at_most_fifteen_times(rounds, ledger, parties):
    rounds.open()
    for number in range(16):
        rounds.submit(parties[0], str(number))
    terms = 1, submission(), SALT
    refuses("RoundLedgerTooManySubmissions", ledger.submitUpdate, *terms, sender=parties[0].delegate)


def test_what_became_a_contribution(rounds, ledger, parties):
    updates = rounds.whole()
    assert [ledger.accepted(update) for update in updates] == [True] * 3 and ledger.closedCount() == 1
    rounds.open()
    replaced, kept = rounds.submit(parties[0], "first"), rounds.submit(parties[0], "second")
    assert not any(ledger.accepted(update) for update in (replaced, kept, digest("none")))


class TestPhases:
    def test_they_end_as_soon_as_everybody_has_acted(self, rounds, ledger, parties):
        rounds.open()
        assert rounds.phase() == SUBMITTING
        updates = rounds.submit_all()
        assert rounds.phase() == RELEASING
        for one, update in zip(parties, updates, strict=True):
            tx = rounds.release(one, update)
        assert tuple(tx.events["UpdateReleased"].values())[:5] == (
            1, updates[2], parties[2].organisation, "QmPayload", "QmHeader",
        )  # fmt: skip
        assert rounds.phase() == COMMITTING
        verdicts = [verdict(update) for update in updates]
        for one in parties:
            rounds.commit(one, verdicts)
        assert rounds.phase() == REVEALING
        for one in parties:
            rounds.reveal(one, verdicts)
        assert rounds.phase() == AWAITING and ledger.deadlineOf(1) == 0
        events = rounds.close().events
        assert tuple(events["RoundClosed"].values()) == (1, 3, 3, SALT)
        assert tuple(events["CheckpointDue"].values()) == (1, "0x" + (1).to_bytes(32, "big").hex(), 0)
        assert rounds.phase() == CLOSED and ledger.openRoundId() == 0

    def test_they_take_actions_up_to_the_deadline_block(self, rounds, ledger, parties):
        rounds.open()
        rounds.submit(parties[0])
        deadline = ledger.deadlineOf(1)
        assert ledger.phaseAt(1, deadline) == SUBMITTING
        assert ledger.phaseAt(1, deadline + 1) == AWAITING  # one update so far, which is too few
        mine_past(deadline - 1)
        rounds.submit(parties[1])  # in the deadline block itself
        tx_terms = 1, submission(), SALT
        mine_past(deadline + 1)
        refuses("RoundLedgerTooLate", ledger.submitUpdate, *tx_terms, sender=parties[2].delegate)
        assert rounds.phase() == RELEASING and ledger.deadlineOf(1) == deadline + 20

    def test_without_any_action_they_pass_by_themselves(self, rounds, ledger, parties):
        rounds.open()
        updates = [rounds.submit(one) for one in parties[:2]]
        mine_past(ledger.deadlineOf(1) + 1)
        for one, update in zip(parties, updates, strict=False):
            rounds.release(one, update)
        assert rounds.phase() == COMMITTING
        mine_past(ledger.deadlineOf(1) + 1)
        assert rounds.phase() == AWAITING  # nobody committed, so there is nothing to reveal
        assert tuple(rounds.close().events["RoundClosed"].values())[1:3] == (0, 2)

    def test_early_and_late_say_the_block_and_the_deadline(self, rounds, ledger, parties):
        rounds.open()
        one = parties[0]
        update = rounds.submit(one)
        deadline = ledger.deadlineOf(1)
        refuses("RoundLedgerTooEarly", ledger.releaseUpdate, update, "Qm", "Qm", SALT, sender=one.delegate)
        refuses("RoundLedgerTooEarly", ledger.commitVerdicts, 1, NONCE, SALT, sender=one.delegate)
        refuses("RoundLedgerTooEarly", ledger.revealVerdicts, 1, [], NONCE, SALT, sender=one.delegate)
        refuses("RoundLedgerTooEarly", ledger.closeRound, 1, SALT, sender=one.delegate)
        rounds.submit(parties[1])
        mine_past(deadline + 1)
        pattern = rf"RoundLedgerTooLate: 1, 1, {deadline + 1}, {deadline}"
        refuses(pattern, ledger.passRound, 1, SALT, sender=parties[2].delegate)

    def test_too_few_submissions_fail_the_round_and_another_opens(self, rounds, ledger, parties):
        rounds.open()
        rounds.submit(parties[0])
        mine_past(ledger.deadlineOf(1) + 1)
        assert rounds.phase() == AWAITING
        events = rounds.close().events
        assert tuple(events["RoundFailed"].values()) == (1, name("too few submitted"), SALT)
        assert "CheckpointDue" not in events and rounds.phase() == FAILED
        refuses("RoundLedgerNotOpen", ledger.closeRound, 1, SALT, sender=parties[0].delegate)
        rounds.whole()

    def test_too_few_releases_fail_the_round(self, rounds, ledger, parties):
        rounds.open()
        updates = rounds.submit_all()
        rounds.release(parties[0], updates[0])
        mine_past(ledger.deadlineOf(1) + 1)
        assert rounds.close().events["RoundFailed"]["reason"] == name("too few released")

    def test_only_delegates_close(self, rounds, ledger, parties, stranger):
        rounds.open()
        mine_past(ledger.deadlineOf(1) + 1)
        refuses("ConsortiumNotADelegate", ledger.closeRound, 1, SALT, sender=stranger)
        ledger.closeRound(1, SALT, {"from": parties[2].delegate})

    def test_only_the_revocation_ledger_interrupts(self, rounds, ledger, parties):
        rounds.open()
        refuses("RoundLedgerNotRevocationLedger", ledger.interrupt, 1, ZERO, SALT, sender=parties[0].delegate)


class TestAbandoning:
    def test_a_quorum_fails_the_round_and_another_opens(self, rounds, ledger, parties):
        one, two, _ = parties
        rounds.open()
        rounds.submit(one)
        first = ledger.abandonRound(1, SALT, {"from": one.delegate}).events
        assert tuple(first["RoundAbandonSupported"].values()) == (1, one.organisation, 1, SALT)
        refuses("RoundLedgerAlreadyActed", ledger.abandonRound, 1, SALT, sender=one.delegate)
        events = ledger.abandonRound(1, SALT, {"from": two.delegate}).events
        assert tuple(events["RoundFailed"].values()) == (1, name("abandoned"), SALT)
        assert rounds.phase() == FAILED and ledger.closedCount() == 0
        rounds.open()

    def test_only_its_members_and_only_before_the_verdicts_stand(self, rounds, ledger, parties, stranger):
        rounds.open()
        refuses("ConsortiumNotADelegate", ledger.abandonRound, 1, SALT, sender=stranger)
        refuses("RoundLedgerUnknownRound", ledger.abandonRound, 2, SALT, sender=parties[0].delegate)
        mine_past(ledger.deadlineOf(1) + 1)
        assert rounds.phase() == AWAITING
        refuses("RoundLedgerNotOpen", ledger.abandonRound, 1, SALT, sender=parties[0].delegate)


class TestReleasing:
    def test_by_the_owner_once_and_with_both_places(self, rounds, ledger, parties):
        rounds.open()
        updates = rounds.submit_all()
        one, two = parties[:2]
        unknown = digest("no update"), "Qm", "Qm", SALT
        refuses("RoundLedgerUnknownUpdate", ledger.releaseUpdate, *unknown, sender=one.delegate)
        refuses("RoundLedgerNotOwner", ledger.releaseUpdate, updates[0], "Qm", "Qm", SALT, sender=two.delegate)
        refuses("RoundLedgerInvalidSubmission", ledger.releaseUpdate, updates[0], "", "Qm", SALT, sender=one.delegate)
        rounds.release(one, updates[0])
        refuses("RoundLedgerAlreadyActed", ledger.releaseUpdate, updates[0], "Qm", "Qm", SALT, sender=one.delegate)
        assert ledger.update(updates[0])[3:] == (True, 1)  # the owner counts as one


class TestVerdicts:
    @pytest.fixture
    def updates(self, rounds, parties):
        rounds.open()
        updates = rounds.submit_all()
        for one, update in zip(parties, updates, strict=True):
            rounds.release(one, update)
        return updates

    def test_a_quorum_accepts_and_the_own_verdict_does_not_count(self, rounds, ledger, parties, updates):
        no = name("too-large")
        good, bad, mixed = updates
        judged = [
            [verdict(good), verdict(bad, accept=False, reason=no), verdict(mixed, cap=500_000, score=-7)],
            [verdict(good, accept=False, reason=no), verdict(bad), verdict(mixed, accept=False, reason=no)],
            [verdict(good), verdict(bad, accept=False, reason=no)],
        ]
        txs = rounds.judge(judged)
        told = [tuple(event.values()) for event in txs[0].events["VerdictRevealed"]]
        assert told[2] == (1, mixed, parties[0].organisation, True, 500_000, -7, ZERO, SALT)
        assert [ledger.update(update)[4] for update in updates] == [2, 1, 2]
        assert tuple(rounds.close().events["RoundClosed"].values()) == (1, 2, 3, SALT)

    def test_an_abstention_is_no_acceptance(self, rounds, ledger, parties, updates):
        verdicts = [verdict(update) for update in updates]
        for one in parties:
            rounds.commit(one, verdicts)
        rounds.reveal(parties[0], verdicts)
        mine_past(ledger.deadlineOf(1) + 1)
        assert rounds.close().events["RoundClosed"]["accepted"] == 2  # the first member's own has one acceptance

    def test_commitments_are_made_once(self, rounds, ledger, parties, updates):
        one = parties[0]
        refuses("RoundLedgerEmptyCommitment", ledger.commitVerdicts, 1, ZERO, SALT, sender=one.delegate)
        event = rounds.commit(one, []).events["VerdictsCommitted"]
        assert event["commitment"] == commitment(1, one.organisation, [])
        refuses("RoundLedgerAlreadyActed", ledger.commitVerdicts, 1, NONCE, SALT, sender=one.delegate)
        mine_past(ledger.deadlineOf(1) + 1)
        refuses("RoundLedgerNoVerdicts", ledger.revealVerdicts, 1, [], NONCE, SALT, sender=one.delegate)

    def test_reveals_are_what_was_committed(self, rounds, ledger, parties, updates):
        one, two, three = parties
        verdicts = [verdict(updates[1])]
        rounds.commit(one, verdicts)
        copied = commitment(1, one.organisation, verdicts)
        ledger.commitVerdicts(1, copied, SALT, {"from": two.delegate})
        mine_past(ledger.deadlineOf(1) + 1)
        other = [verdict(updates[1], score=6)]
        refuses("RoundLedgerWrongReveal", ledger.revealVerdicts, 1, other, NONCE, SALT, sender=one.delegate)
        refuses("RoundLedgerWrongReveal", ledger.revealVerdicts, 1, verdicts, NONCE, SALT, sender=two.delegate)
        refuses("RoundLedgerNotCommitted", ledger.revealVerdicts, 1, verdicts, NONCE, SALT, sender=three.delegate)
        rounds.reveal(one, verdicts)
        refuses("RoundLedgerAlreadyActed", ledger.revealVerdicts, 1, verdicts, NONCE, SALT, sender=one.delegate)

    @pytest.mark.parametrize(
        ("error", "build"),
        [
            ("RoundLedgerUnknownUpdate", lambda u: [verdict(digest("none"))]),
            ("RoundLedgerJudgedTwice", lambda u: [verdict(u[1]), verdict(u[1])]),
            ("RoundLedgerInvalidVerdict", lambda u: [verdict(u[1], cap=MILLION + 1)]),
            ("RoundLedgerInvalidVerdict", lambda u: [verdict(u[1], reason=name("why"))]),
        ],
    )
    def test_verdicts_must_make_sense(self, rounds, ledger, parties, updates, error, build):
        verdicts = build(updates)
        for one in parties:
            rounds.commit(one, verdicts)
        refuses(error, ledger.revealVerdicts, 1, verdicts, NONCE, SALT, sender=parties[0].delegate)


def test_verdicts_are_about_released_updates_of_the_round(rounds, ledger, parties):
    before = rounds.whole()
    rounds.open()
    updates = rounds.submit_all()
    for one, update in zip(parties[:2], updates[:2], strict=True):
        rounds.release(one, update)
    mine_past(ledger.deadlineOf(2) + 1)
    for one, update in ((parties[0], updates[2]), (parties[1], before[0])):
        rounds.commit(one, [verdict(update)])
    mine_past(ledger.deadlineOf(2) + 1)
    terms = 2, [verdict(updates[2])], NONCE, SALT
    refuses("RoundLedgerUpdateNotReleased", ledger.revealVerdicts, *terms, sender=parties[0].delegate)
    terms = 2, [verdict(before[0])], NONCE, SALT
    refuses("RoundLedgerUpdateOfOtherRound", ledger.revealVerdicts, *terms, sender=parties[1].delegate)


def test_checkpoints_are_numbered_over_rounds(private, rounds):
    rounds.whole()
    rounds.whole()
    assert private.schedule.latestSequence() == 2
