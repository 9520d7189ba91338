"""A revocation from the request to the last shred receipt, each step by whom and by when."""

from __future__ import annotations

from brownie import web3
from contract_support import SALT, digest, name
from eth_abi import encode
from eth_utils import keccak
from play_revocations import APPROVED, CERTIFICATE, DROP, REPLACED, SHREDDED, VERIFIED


def test_a_whole_life(updates, own, ledger, parties, play):
    one, two, three = parties
    tx = play.request(one, own, reason=name("consent withdrawn"))
    event = tx.events["RevocationRequested"]
    expected = keccak(encode(["uint256", "address", "uint64"], [web3.chain_id, ledger.address, 1]))
    assert str(play.id) == "0x" + expected.hex() == str(ledger.requestAt(1))
    assert (event["organisation"], event["mode"], event["urgent"]) == (one.organisation, DROP, False)
    assert list(event["updates"]) == own and event["requestDigest"] == digest("request")
    assert tuple(tx.events["RevocationApproved"].values()) == (play.id, 1, SALT)
    assert play.stage() == APPROVED and ledger.requestOf(own[0]) == play.id

    descendants = [updates[1]]
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


def test_members_that_left_are_not_waited_for(own, parties, play, members):
    play.to(REPLACED, own)
    play.verified(parties[0])
    members(2, quorum=2)
    play.verified(parties[1])
    assert play.stage() == VERIFIED
    play.endorse(parties[0])
    play.endorse(parties[1])
    play.shredded(parties[0])
    assert "RevocationShredded" in play.shredded(parties[1]).events
