"""Revocations: from a request to the last shred receipt, each step by whom and by when."""

from __future__ import annotations

import pytest
from brownie import RevocationLedger, web3
from contract_support import (
    SALT,
    ZERO,
    contract_domain,
    digest,
    membership_change,
    name,
    refused,
    refuses,
    sign,
    sign_membership,
)
from eth_abi import encode
from eth_utils import keccak
from play import AWAITING, SUBMITTING, Rounds, mine_past, opening

DROP, HEAL, REPLAY = range(3)
REQUESTED, APPROVED, AFFECTED, REPLACED, VERIFIED, CERTIFIED, SHREDDED = range(1, 8)
WHY = name("poisoned")
CERTIFICATE = digest("certificate")
FIELDS = [("bytes32", "requestId"), ("bytes32", "certificateDigest")]


@pytest.fixture(scope="module")
def rounds(private, parties):
    """One round is over; its updates by member are in `updates`."""
    made = Rounds(private, parties)
    made.accept_agreement()
    made.updates = made.whole()
    return made


@pytest.fixture(scope="module")
def ledger(private, rounds):
    return private.revocations


class Play:
    """Steps of one request, by the members of the test."""

    def __init__(self, ledger, parties):
        self.ledger, self.parties, self.id = ledger, parties, None

    def request(self, one, updates, reason=ZERO, mode=DROP, urgent=False):
        terms = updates, reason, mode, urgent, digest("request"), SALT
        tx = self.ledger.request(*terms, {"from": one.delegate})
        self.id = tx.events["RevocationRequested"]["requestId"]
        return tx

    def affected(self, one, descendants=()):
        return self.ledger.recordAffected(self.id, descendants, SALT, {"from": one.delegate})

    def replaced(self, one, manifest="new manifest"):
        return self.ledger.recordReplacement(self.id, digest(manifest), SALT, {"from": one.delegate})

    def verified(self, one):
        terms = self.id, (name("loss"), 3_500_000, 3_600_000, 40), SALT
        return self.ledger.recordVerification(*terms, {"from": one.delegate})

    def signature(self, account, certificate=CERTIFICATE):
        domain = contract_domain("LoRAnchor RevocationLedger", self.ledger)
        return sign(account, domain, "Certificate", FIELDS, (str(self.id), certificate))

    def endorse(self, one, certificate=CERTIFICATE):
        terms = self.id, certificate, "QmCertificate", self.signature(one.delegate, certificate), SALT
        return self.ledger.endorse(*terms, {"from": one.delegate})

    def shredded(self, one, certificate=CERTIFICATE):
        terms = self.id, certificate, digest("receipt"), "QmReceipt", SALT
        return self.ledger.recordShredding(*terms, {"from": one.delegate})

    def to(self, stage, updates):
        """The requester's own updates, up to a stage."""
        one = self.parties[0]
        self.request(one, updates)
        steps = [
            (AFFECTED, lambda: self.affected(one)),
            (REPLACED, lambda: self.replaced(one)),
            (VERIFIED, lambda: [self.verified(party) for party in self.parties]),
            (CERTIFIED, lambda: [self.endorse(party) for party in self.parties[:2]]),
        ]
        for reached, step in steps:
            if reached <= stage:
                step()
        assert self.stage() == stage

    def stage(self):
        return self.ledger.stageOf(self.id)


@pytest.fixture
def play(ledger, parties):
    return Play(ledger, parties)


def own(rounds):
    return [rounds.updates[0]]


def test_a_whole_life(private, rounds, ledger, parties, play):
    one, two, three = parties
    tx = play.request(one, own(rounds), reason=name("consent withdrawn"))
    event = tx.events["RevocationRequested"]
    expected = keccak(encode(["uint256", "address", "uint64"], [web3.chain_id, ledger.address, 1]))
    assert str(play.id) == "0x" + expected.hex() == str(ledger.requestAt(1))
    assert (event["organisation"], event["mode"], event["urgent"]) == (one.organisation, DROP, False)
    assert list(event["updates"]) == own(rounds) and event["requestDigest"] == digest("request")
    assert tuple(tx.events["RevocationApproved"].values()) == (play.id, 1, SALT)
    assert play.stage() == APPROVED and ledger.requestOf(own(rounds)[0]) == play.id

    descendants = [rounds.updates[1]]
    event = play.affected(two, descendants).events["UpdatesAffected"]
    assert (event["organisation"], list(event["descendants"])) == (two.organisation, descendants)
    event = play.replaced(three).events["ManifestReplaced"]
    assert event["manifestDigest"] == digest("new manifest") and play.stage() == REPLACED
    for party in parties:
        event = play.verified(party).events["VerificationRecorded"]
    assert tuple(event.values()) == (play.id, three.organisation, name("loss"), 3_500_000, 3_600_000, 40, SALT)
    assert play.stage() == VERIFIED

    event = play.endorse(one).events["CertificateEndorsed"]
    assert (event["certificateCid"], event["signature"]) == ("QmCertificate", play.signature(one.delegate))
    assert play.stage() == VERIFIED
    events = play.endorse(two).events
    assert tuple(events["RevocationCertified"].values()) == (play.id, CERTIFICATE, SALT)
    assert tuple(events["CheckpointDue"].values()) == (2, play.id, 1)
    play.endorse(three)  # late, and welcome

    for party in (one, two):
        assert "RevocationShredded" not in play.shredded(party).events
    events = play.shredded(three).events
    assert tuple(events["ShredReceiptRecorded"].values())[1:4] == (three.organisation, digest("receipt"), "QmReceipt")
    assert tuple(events["RevocationShredded"].values()) == (play.id, SALT)
    seen = ledger.revocation(play.id)
    assert seen[3] == SHREDDED and seen[4] == 0 and seen[7:9] == (digest("new manifest"), CERTIFICATE)
    assert not ledger.overdue(play.id) and ledger.requestCount() == 1


class TestRequests:
    def test_of_others_updates_takes_a_reason_and_a_quorum(self, rounds, ledger, parties, play):
        one, two, three = parties
        bare = [rounds.updates[1]], ZERO, DROP, False, digest("request"), SALT
        refuses("RevocationLedgerReasonMissing", ledger.request, *bare, sender=one.delegate)
        assert "RevocationApproved" not in play.request(one, [rounds.updates[1]], reason=WHY).events
        assert play.stage() == REQUESTED
        refuses("RevocationLedgerAlreadyDone", ledger.support, play.id, SALT, sender=one.delegate)
        events = ledger.support(play.id, SALT, {"from": three.delegate}).events
        assert tuple(events["RevocationSupported"].values()) == (play.id, three.organisation, SALT)
        assert events["RevocationApproved"]["supporters"] == 2
        refuses("RevocationLedgerUnexpectedStage", ledger.support, play.id, SALT, sender=two.delegate)

    def test_mixed_updates_are_not_ones_own(self, rounds, play, parties):
        play.request(parties[0], rounds.updates[:2], reason=WHY)
        assert play.stage() == REQUESTED

    def test_must_make_sense(self, rounds, ledger, parties):
        sender, update = parties[0].delegate, rounds.updates[0]
        cases = [
            ("RevocationLedgerUpdateCount", [], digest("r")),
            ("RevocationLedgerUpdateCount", [update] * 257, digest("r")),
            ("RevocationLedgerUnknownUpdate", [digest("none")], digest("r")),
            ("RevocationLedgerAlreadyRequested", [update, update], digest("r")),
            ("RevocationLedgerEmptyDigest", [update], ZERO),
        ]
        for error, updates, request_digest in cases:
            terms = updates, WHY, DROP, False, request_digest, SALT
            refuses(error, ledger.request, *terms, sender=sender)

    def test_an_update_is_in_one_approved_request(self, rounds, ledger, parties, play):
        play.request(parties[0], own(rounds))
        terms = own(rounds), WHY, DROP, False, digest("again"), SALT
        for one in parties:
            refuses("RevocationLedgerAlreadyRequested", ledger.request, *terms, sender=one.delegate)

    def test_one_that_waits_holds_nothing(self, rounds, ledger, parties, play):
        one, two, three = parties
        waiting = Play(ledger, parties)
        waiting.request(two, own(rounds), reason=WHY)
        assert ledger.requestOf(own(rounds)[0]) == ZERO
        Play(ledger, parties).request(three, own(rounds), reason=WHY)
        play.request(one, own(rounds))
        assert play.stage() == APPROVED and ledger.requestOf(own(rounds)[0]) == play.id
        refuses("RevocationLedgerAlreadyRequested", ledger.support, waiting.id, SALT, sender=three.delegate)
        terms = waiting.id, ZERO, SALT
        refuses("RevocationLedgerNothingToSettle", ledger.settle, *terms, sender=three.delegate)

    def test_support_ends_at_the_deadline_and_the_update_is_free_again(self, rounds, ledger, parties, play):
        one, two, three = parties
        play.request(one, [rounds.updates[1]], reason=WHY)
        mine_past(ledger.deadlineOf(play.id) + 1)
        assert ledger.overdue(play.id)
        refuses("RevocationLedgerTooLate", ledger.support, play.id, SALT, sender=two.delegate)
        again = Play(ledger, parties)
        again.request(three, [rounds.updates[1]], reason=WHY)
        ledger.support(again.id, SALT, {"from": two.delegate})
        assert again.stage() == APPROVED

    def test_strangers_and_cold_keys_do_nothing(self, rounds, ledger, parties, play, stranger):
        play.to(VERIFIED, own(rounds))
        calls = [
            (ledger.request, (own(rounds), WHY, DROP, False, digest("r"), SALT)),
            (ledger.support, (play.id, SALT)),
            (ledger.settle, (play.id, CERTIFICATE, SALT)),
            (ledger.recordAffected, (play.id, [], SALT)),
            (ledger.recordReplacement, (play.id, digest("m"), SALT)),
            (ledger.recordVerification, (play.id, (ZERO, 0, 0, 0), SALT)),
            (ledger.endorse, (play.id, CERTIFICATE, "Qm", "0x", SALT)),
            (ledger.recordShredding, (play.id, CERTIFICATE, digest("r"), "Qm", SALT)),
        ]
        for method, terms in calls:
            for sender in (stranger, parties[0].authority):
                refuses("ConsortiumNotADelegate", method, *terms, sender=sender)
        unknown = digest("no request")
        for method, terms in calls[1:]:
            error = "RevocationLedgerUnknownRequest"
            refuses(error, method, unknown, *terms[1:], sender=parties[0].delegate)


class TestOpenRounds:
    def test_a_drop_waits_for_the_end_of_the_round(self, rounds, ledger, parties, play):
        rounds.open()
        play.request(parties[0], own(rounds))
        assert rounds.phase() == SUBMITTING
        refuses("RevocationLedgerRoundOpen", ledger.recordAffected, play.id, [], SALT, sender=parties[0].delegate)
        mine_past(rounds.ledger.deadlineOf(2) + 1)
        rounds.close()
        play.affected(parties[0])
        assert ledger.awaitingReplacement() == 1
        refuses("RoundLedgerRevocationsWaiting", rounds.ledger.openRound, opening(), SALT, sender=parties[0].delegate)
        play.replaced(parties[0])
        assert ledger.awaitingReplacement() == 0
        rounds.open()
        terms = play.id, digest("m"), SALT
        refuses("RevocationLedgerRoundOpen", ledger.recordReplacement, *terms, sender=parties[1].delegate)

    def test_a_replay_fails_the_open_round(self, rounds, parties, play):
        rounds.open()
        events = play.request(parties[0], own(rounds), mode=REPLAY).events
        assert tuple(events["RoundFailed"].values()) == (2, name("revocation"), SALT)
        assert rounds.ledger.openRoundId() == 0

    def test_one_member_alone_fails_one_round_between_two_closed_ones(self, rounds, ledger, parties, play):
        """Its right to be trained out of the model is not a right to stop the others."""
        one, two, _ = parties
        more = rounds.whole()
        rounds.open()
        assert "RoundFailed" in play.request(one, own(rounds), mode=REPLAY).events
        play.affected(one)
        play.replaced(one)
        rounds.open()
        again = Play(ledger, parties)
        assert "RoundFailed" not in again.request(one, more[:1], mode=REPLAY).events
        assert again.stage() == APPROVED and rounds.phase() == SUBMITTING
        other = Play(ledger, parties)
        assert "RoundFailed" in other.request(two, more[1:2], mode=REPLAY).events

    def test_a_replay_of_what_never_counted_fails_nothing(self, rounds, ledger, parties, play):
        rounds.open()
        update = rounds.submit(parties[0])
        assert "RoundFailed" not in play.request(parties[0], [update], mode=REPLAY).events
        assert rounds.phase() == SUBMITTING

    def test_verdicts_that_are_over_stand(self, rounds, ledger, parties, play):
        rounds.open()
        mine_past(rounds.ledger.deadlineOf(2) + 1)
        assert rounds.phase() == AWAITING
        assert "RoundFailed" not in play.request(parties[0], own(rounds), mode=REPLAY).events
        assert rounds.phase() == AWAITING

    def test_a_replay_for_cause_needs_a_quorum_and_fails_the_round(self, rounds, ledger, parties, play):
        rounds.open()
        assert "RoundFailed" not in play.request(parties[0], [rounds.updates[1]], reason=WHY, mode=REPLAY).events
        assert "RoundFailed" in ledger.support(play.id, SALT, {"from": parties[2].delegate}).events

    def test_an_urgent_quorum_fails_it_and_one_alone_does_not(self, rounds, ledger, parties, play):
        rounds.open()
        assert "RoundFailed" not in play.request(parties[0], own(rounds), urgent=True).events
        assert "RoundFailed" in ledger.support(play.id, SALT, {"from": parties[1].delegate}).events

    def test_an_urgent_quorum_fails_no_later_round(self, rounds, ledger, parties, play):
        rounds.open()
        play.request(parties[0], own(rounds), urgent=True)
        ledger.support(play.id, SALT, {"from": parties[1].delegate})
        assert "RoundFailed" not in ledger.support(play.id, SALT, {"from": parties[2].delegate}).events
        play.affected(parties[0])
        play.replaced(parties[0])
        rounds.open()
        refuses("RevocationLedgerUnexpectedStage", ledger.support, play.id, SALT, sender=parties[2].delegate)
        assert rounds.phase() == SUBMITTING

    def test_an_urgent_request_for_cause(self, rounds, ledger, parties, play):
        rounds.open()
        play.request(parties[0], [rounds.updates[1]], reason=WHY, urgent=True)
        events = ledger.support(play.id, SALT, {"from": parties[2].delegate}).events
        assert "RevocationApproved" in events and "RoundFailed" in events


class TestSteps:
    def test_come_in_their_order(self, rounds, ledger, parties, play):
        play.request(parties[0], own(rounds))
        later = [
            (ledger.recordReplacement, (play.id, digest("m"), SALT)),
            (ledger.recordVerification, (play.id, (ZERO, 0, 0, 0), SALT)),
            (ledger.endorse, (play.id, CERTIFICATE, "Qm", play.signature(parties[0].delegate), SALT)),
            (ledger.recordShredding, (play.id, CERTIFICATE, digest("r"), "Qm", SALT)),
        ]
        for method, terms in later:
            refuses("RevocationLedgerUnexpectedStage", method, *terms, sender=parties[0].delegate)

    def test_a_wrong_record_is_corrected_by_another_member(self, rounds, ledger, parties, play):
        one, two, _ = parties
        play.to(REPLACED, own(rounds))
        refuses("RevocationLedgerAlreadyDone", ledger.recordAffected, play.id, [], SALT, sender=one.delegate)
        terms = play.id, digest("m"), SALT
        refuses("RevocationLedgerAlreadyDone", ledger.recordReplacement, *terms, sender=one.delegate)
        play.affected(two, [rounds.updates[1]])
        play.replaced(two, "corrected manifest")
        assert ledger.revocation(play.id)[7] == digest("corrected manifest") and play.stage() == REPLACED
        refuses("RevocationLedgerEmptyDigest", ledger.recordReplacement, play.id, ZERO, SALT, sender=two.delegate)

    def test_each_member_verifies_once(self, rounds, ledger, parties, play):
        play.to(REPLACED, own(rounds))
        play.verified(parties[0])
        terms = play.id, (name("loss"), 0, 0, 0), SALT
        refuses("RevocationLedgerAlreadyDone", ledger.recordVerification, *terms, sender=parties[0].delegate)

    def test_after_the_deadline_a_quorum_of_figures_is_enough(self, private, rounds, ledger, parties, play):
        one, two, three = parties
        play.to(REPLACED, own(rounds))
        play.verified(one)
        deadline = ledger.deadlineOf(play.id)
        mine_past(deadline + 1)
        assert play.stage() == REPLACED and ledger.overdue(play.id)
        play.verified(two)
        assert play.stage() == VERIFIED
        terms = play.id, digest("too late"), SALT
        refuses("RevocationLedgerUnexpectedStage", ledger.recordReplacement, *terms, sender=three.delegate)
        play.verified(three)  # a late figure is recorded all the same
        play.endorse(one)
        play.endorse(two)
        assert play.stage() == CERTIFIED and private.schedule.latestSequence() == 2

    def test_members_that_left_are_not_waited_for(self, private, pair, rounds, parties, play, stranger):
        play.to(REPLACED, own(rounds))
        play.verified(parties[0])
        change = membership_change(pair, [one.seat for one in parties[:2]], 2)
        signatures = sign_membership(change, [one.authority for one in parties[:2]])
        private.consortium.changeMembership(change, signatures, {"from": stranger})
        play.verified(parties[1])
        assert play.stage() == VERIFIED
        play.endorse(parties[0])
        play.endorse(parties[1])
        play.shredded(parties[0])
        assert "RevocationShredded" in play.shredded(parties[1]).events


class TestSettling:
    """Membership changes in the middle of a revocation, and nobody is left to send the step that would notice."""

    def leave(self, private, pair, parties, stranger):
        change = membership_change(pair, [one.seat for one in parties[:2]], 2)
        signatures = sign_membership(change, [one.authority for one in parties[:2]])
        private.consortium.changeMembership(change, signatures, {"from": stranger})

    def settle(self, ledger, play, one, certificate=ZERO):
        return ledger.settle(play.id, certificate, SALT, {"from": one.delegate}).events

    def test_the_last_receipt_was_that_of_a_member_that_left(
        self, private, pair, rounds, ledger, parties, play, stranger
    ):
        play.to(CERTIFIED, own(rounds))
        for one in parties[:2]:
            play.shredded(one)
        refuses("RevocationLedgerNothingToSettle", ledger.settle, play.id, ZERO, SALT, sender=parties[0].delegate)
        self.leave(private, pair, parties, stranger)
        assert tuple(self.settle(ledger, play, parties[1])["RevocationShredded"].values()) == (play.id, SALT)
        assert play.stage() == SHREDDED

    def test_the_last_figure_too(self, private, pair, rounds, ledger, parties, play, stranger):
        play.to(REPLACED, own(rounds))
        for one in parties[:2]:
            play.verified(one)
        self.leave(private, pair, parties, stranger)
        self.settle(ledger, play, parties[0])
        assert play.stage() == VERIFIED

    def test_a_lower_quorum_approves_and_certifies(self, private, pair, rounds, ledger, parties, play, stranger):
        authorities = [one.authority for one in parties]
        raised = membership_change(pair, [one.seat for one in parties], 3)
        private.consortium.changeMembership(raised, sign_membership(raised, authorities), {"from": stranger})
        play.request(parties[0], [rounds.updates[1]], reason=WHY)
        ledger.support(play.id, SALT, {"from": parties[2].delegate})
        other = Play(ledger, parties)
        other.to(VERIFIED, own(rounds))
        other.endorse(parties[0])
        other.endorse(parties[1])
        lowered = membership_change(pair, [one.seat for one in parties], 2, epoch=3)
        private.consortium.changeMembership(lowered, sign_membership(lowered, authorities), {"from": stranger})
        assert "RevocationApproved" in self.settle(ledger, play, parties[0])
        refuses("RevocationLedgerNothingToSettle", ledger.settle, other.id, ZERO, SALT, sender=parties[0].delegate)
        assert "CheckpointDue" in self.settle(ledger, other, parties[0], CERTIFICATE)
        assert other.stage() == CERTIFIED


class TestCertificates:
    def test_the_signature_is_the_senders(self, rounds, ledger, parties, play):
        play.to(VERIFIED, own(rounds))
        one, two, _ = parties
        for wrong in (play.signature(two.delegate), play.signature(one.delegate, digest("other"))):
            terms = play.id, CERTIFICATE, "Qm", wrong, SALT
            refuses("RevocationLedgerWrongSigner", ledger.endorse, *terms, sender=one.delegate)
        terms = play.id, ZERO, "Qm", play.signature(one.delegate, ZERO), SALT
        refuses("RevocationLedgerEmptyDigest", ledger.endorse, *terms, sender=one.delegate)

    def test_a_quorum_means_equal_digests_and_minds_may_change(self, rounds, ledger, parties, play):
        play.to(VERIFIED, own(rounds))
        one, two, _ = parties
        play.endorse(one, digest("draft"))
        play.endorse(two)
        assert play.stage() == VERIFIED
        terms = play.id, CERTIFICATE, "Qm", play.signature(two.delegate), SALT
        refuses("RevocationLedgerAlreadyDone", ledger.endorse, *terms, sender=two.delegate)
        play.endorse(one)
        assert play.stage() == CERTIFIED

    def test_only_the_certified_one_is_endorsed_and_cited_afterwards(self, rounds, ledger, parties, play):
        play.to(CERTIFIED, own(rounds))
        other, last = digest("other"), parties[2].delegate
        terms = play.id, other, "Qm", play.signature(last, other), SALT
        refuses("RevocationLedgerWrongCertificate", ledger.endorse, *terms, sender=last)
        terms = play.id, other, digest("r"), "Qm", SALT
        refuses("RevocationLedgerWrongCertificate", ledger.recordShredding, *terms, sender=last)
        terms = play.id, CERTIFICATE, ZERO, "Qm", SALT
        refuses("RevocationLedgerEmptyDigest", ledger.recordShredding, *terms, sender=last)

    def test_each_member_shreds_once(self, rounds, ledger, parties, play):
        play.to(CERTIFIED, own(rounds))
        play.shredded(parties[0])
        terms = play.id, CERTIFICATE, digest("r"), "Qm", SALT
        refuses("RevocationLedgerAlreadyDone", ledger.recordShredding, *terms, sender=parties[0].delegate)


def test_steps_have_a_length(private, deployer):
    with refused("RevocationLedgerInvalidSteps"):
        deployer.deploy(RevocationLedger, private.consortium, private.rounds, private.schedule, 0)
    assert private.revocations.stepBlocks() == private.step
