"""Members send to the private contracts themselves: what a contract sends in their name would count for nobody."""

from __future__ import annotations

import pytest
from brownie import web3
from contract_support import NOBODY, SALT, ZERO, digest, name
from eth_utils import keccak
from play import NONCE, opening, submission

REFUSED = keccak(text="CallersNotAnAccount(address)")[:4].hex()
ID = digest("id")


def forwarder(target):
    """Creation code of a contract that hands every call on to ``target``, and hands back what came of it."""
    send = f"363d3d373d3d363d3d73{target.address[2:]}5af1"
    answer = "3d600060003e602d573d6000fd5b3d6000f3"
    return "0x6032600c60003960326000f3" + send + answer


@pytest.fixture
def wallet(parties, consortium, private):
    """Makes a contract that is the delegate of the last organisation, and calls one contract for it."""

    def make(target):
        made = parties[2].authority.transfer(data=forwarder(target), silent=True).contract_address
        private.consortium.rotateDelegate(parties[2].organisation, made, {"from": parties[2].authority})
        return made

    return make


def entry_points(private):
    rounds, revocations = private.rounds, private.revocations
    return {
        private.schedule: [private.schedule.attest.encode_input(1, ID, "0x" + "00" * 65)],
        private.keys: [
            private.keys.publishKey.encode_input(b"key", SALT),
            private.keys.revokeKey.encode_input(SALT),
            private.keys.publishPrekeys.encode_input([b"key"], SALT),
        ],
        rounds: [
            rounds.openRound.encode_input(opening(), SALT),
            rounds.submitUpdate.encode_input(1, submission(), SALT),
            rounds.passRound.encode_input(1, SALT),
            rounds.releaseUpdate.encode_input(ID, "Qm", "Qm", SALT),
            rounds.commitVerdicts.encode_input(1, ID, SALT),
            rounds.revealVerdicts.encode_input(1, [], NONCE, SALT),
            rounds.closeRound.encode_input(1, SALT),
            rounds.acceptAgreement.encode_input(ID, SALT),
        ],
        revocations: [
            revocations.request.encode_input([ID], ZERO, 0, False, ID, SALT),
            revocations.support.encode_input(ID, SALT),
            revocations.recordAffected.encode_input(ID, [], SALT),
            revocations.recordReplacement.encode_input(ID, ID, SALT),
            revocations.recordVerification.encode_input(ID, (name("loss"), 0, 0, 0), SALT),
            revocations.endorse.encode_input(ID, ID, "Qm", "0x" + "00" * 65, SALT),
            revocations.recordShredding.encode_input(ID, ID, ID, "Qm", SALT),
        ],
    }


def test_no_entry_point_takes_what_a_contract_sends_for_a_member(wallet, private, parties):
    for target, calls in entry_points(private).items():
        made = wallet(target)
        assert private.consortium.delegateOf(parties[2].organisation) == made != NOBODY
        for data in calls:
            with pytest.raises(ValueError, match=REFUSED):
                web3.eth.call({"from": parties[2].authority.address, "to": made, "data": data})
