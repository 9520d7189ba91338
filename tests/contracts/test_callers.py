"""Members send to the private contracts themselves: what a contract sends in their name would count for nobody."""

from __future__ import annotations

import pytest
from brownie import web3
from contract_support import NOBODY, SALT, ZERO, digest, name
from eth_utils import keccak
from inventory import raised
from play import NONCE, opening, submission

REFUSED = keccak(text="CallersNotAnAccount(address)")[:4].hex()
ID = digest("id")
SIGNATURE = "0x" + "00" * 65

ENTRY_POINTS = {
    ("CheckpointSchedule", "schedule"): {"attest": (1, ID, SIGNATURE)},
    ("KeyDirectory", "keys"): {
        "publishKey": (b"key", SALT),
        "revokeKey": (SALT,),
        "publishPrekeys": ([b"key"], SALT),
        "discardPrekeys": (SALT,),
        "askCatchUp": (b"key", SALT),
        "answerCatchUp": (1, ID, "Qm", SALT),
    },
    ("RoundLedger", "rounds"): {
        "openRound": (opening(), SALT),
        "submitUpdate": (1, submission(), SALT),
        "passRound": (1, SALT),
        "releaseUpdate": (ID, "Qm", "Qm", SALT),
        "commitVerdicts": (1, ID, SALT),
        "revealVerdicts": (1, [], NONCE, SALT),
        "closeRound": (1, SALT),
        "abandonRound": (1, SALT),
        "acceptAgreement": (ID, SALT),
    },
    ("RevocationLedger", "revocations"): {
        "request": ([ID], ZERO, 0, False, ID, SALT),
        "support": (ID, SALT),
        "settle": (ID, ZERO, SALT),
        "recordAffected": (ID, [], SALT),
        "recordReplacement": (ID, ID, SALT),
        "recordVerification": (ID, (name("loss"), 0, 0, 0), SALT),
        "endorse": (ID, ID, "Qm", SIGNATURE, SALT),
        "recordShredding": (ID, ID, ID, "Qm", SALT),
    },
    ("ArtefactRegistry", "artefacts"): {
        "propose": (name("compaction"), ID, ID, "Qm", SALT),
        "endorse": (ID, 0, SALT),
        "dispute": (ID, name("other-bytes"), SALT),
        "settle": (ID, SALT),
    },
}


def forwarder(target):
    """Creation code of a contract that hands every call on to ``target``, and hands back what came of it."""
    send = f"363d3d373d3d363d3d73{target.address[2:]}5af1"
    answer = "3d600060003e602d573d6000fd5b3d6000f3"
    return "0x6032600c60003960326000f3" + send + answer


@pytest.fixture
def wallet(parties, private):
    """Makes a contract that is the delegate of the last organisation, and calls one contract for it."""

    def make(target):
        made = parties[2].authority.transfer(data=forwarder(target), silent=True).contract_address
        private.consortium.rotateDelegate(parties[2].organisation, made, {"from": parties[2].authority})
        return made

    return make


@pytest.mark.parametrize(("contract", "part"), ENTRY_POINTS)
def test_no_entry_point_takes_what_a_contract_sends_for_a_member(wallet, private, parties, contract, part):
    target = getattr(private, part)
    made = wallet(target)
    assert private.consortium.delegateOf(parties[2].organisation) == made != NOBODY
    for method, arguments in ENTRY_POINTS[contract, part].items():
        data = getattr(target, method).encode_input(*arguments)
        with pytest.raises(ValueError, match=REFUSED):
            web3.eth.call({"from": parties[2].authority.address, "to": made, "data": data})


@pytest.mark.parametrize(("contract", "part"), ENTRY_POINTS)
def test_all_that_look_for_a_contract_are_tried(contract, part):
    looking = {function for function, names in raised(contract).items() if "CallersNotAnAccount" in names}
    assert ENTRY_POINTS[contract, part].keys() == looking
