"""The round ledger takes the next prekey of each member that has one."""

from __future__ import annotations

from brownie import KeyDirectory
from contract_support import SALT, ZERO, refuses
from keys_support import sha


def test_prekeys_go_in_their_order(private, parties, deployer):
    """The deployer plays the ledger."""
    one, two = parties[:2]
    keys = deployer.deploy(KeyDirectory, private.consortium)
    keys.bind(deployer, {"from": deployer})
    keys.publishPrekeys([b"a", b"b"], SALT, {"from": one.delegate})
    keys.publishPrekeys([b"c"], SALT, {"from": two.delegate})
    told = [tuple(event.values()) for event in keys.assignPrekeys(1, SALT, {"from": deployer}).events["PrekeyAssigned"]]
    assert told == [(1, one.organisation, 0, sha(b"a"), SALT), (1, two.organisation, 0, sha(b"c"), SALT)]
    keys.assignPrekeys(2, SALT, {"from": deployer})
    assert keys.prekeyOf(2, one.organisation) == sha(b"b") and keys.prekeyOf(2, two.organisation) == ZERO


def test_only_the_ledger_assigns(keys, parties, deployer):
    for sender in (parties[0].delegate, deployer):
        refuses("KeyDirectoryNotRoundLedger", keys.assignPrekeys, 1, SALT, sender=sender)
