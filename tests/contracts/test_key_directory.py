"""Public keys: long-term ones replaced and revoked, one-time ones used once."""

from __future__ import annotations

import hashlib

import pytest
from brownie import KeyDirectory
from contract_support import NOBODY, SALT, ZERO, refuses


def sha(key):
    return "0x" + hashlib.sha256(key).hexdigest()


@pytest.fixture
def keys(private):
    return private.keys


def test_a_member_publishes_replaces_and_revokes_its_key(keys, parties):
    one = parties[0]
    event = keys.publishKey(b"first", SALT, {"from": one.delegate}).events["KeyPublished"]
    assert tuple(event.values()) == (one.organisation, sha(b"first"), "0x" + b"first".hex(), SALT)
    keys.publishKey(b"second", SALT, {"from": one.delegate})
    assert keys.keyOf(one.organisation) == sha(b"second")
    event = keys.revokeKey(SALT, {"from": one.delegate}).events["KeyRevoked"]
    assert tuple(event.values()) == (one.organisation, sha(b"second"), SALT)
    assert keys.keyOf(one.organisation) == ZERO
    refuses("KeyDirectoryNoKey", keys.revokeKey, SALT, sender=one.delegate)


def test_prekeys_are_numbered_and_never_used_twice(keys, parties):
    one, two = parties[:2]
    tx = keys.publishPrekeys([b"a", b"b"], SALT, {"from": one.delegate})
    told = [tuple(event.values()) for event in tx.events["PrekeyPublished"]]
    assert told == [
        (one.organisation, place, sha(key), "0x" + key.hex(), SALT) for place, key in enumerate((b"a", b"b"))
    ]
    keys.publishPrekeys([b"c"], SALT, {"from": one.delegate})
    assert keys.prekeyAt(one.organisation, 2) == sha(b"c") and keys.unusedPrekeys(one.organisation) == 3
    refuses("KeyDirectoryPrekeyKnown", keys.publishPrekeys, [b"b"], SALT, sender=one.delegate)
    refuses("KeyDirectoryPrekeyKnown", keys.publishPrekeys, [b"x", b"x"], SALT, sender=two.delegate)
    keys.publishPrekeys([b"a"], SALT, {"from": two.delegate})  # nobody blocks a key by publishing it first
    refuses("KeyDirectoryNoPrekeys", keys.publishPrekeys, [], SALT, sender=two.delegate)


def test_keys_have_a_length(keys, parties):
    one = parties[0].delegate
    for wrong in (b"", b"k" * 4097):
        refuses("KeyDirectoryKeyLength", keys.publishKey, wrong, SALT, sender=one)
        refuses("KeyDirectoryKeyLength", keys.publishPrekeys, [wrong], SALT, sender=one)
    keys.publishKey(b"k" * 4096, SALT, {"from": one})


def test_only_delegates_publish_and_only_the_ledger_assigns(keys, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", keys.publishKey, b"k", SALT, sender=sender)
        refuses("ConsortiumNotADelegate", keys.publishPrekeys, [b"k"], SALT, sender=sender)
        refuses("ConsortiumNotADelegate", keys.revokeKey, SALT, sender=sender)
    refuses("KeyDirectoryNotRoundLedger", keys.assignPrekeys, 1, SALT, sender=parties[0].delegate)


def test_bound_once_by_the_deployer(private, keys, deployer, stranger):
    refuses("KeyDirectoryAlreadyBound", keys.bind, stranger, sender=deployer)
    fresh = deployer.deploy(KeyDirectory, private.consortium)
    refuses("KeyDirectoryNotDeployer", fresh.bind, stranger, sender=stranger)
    refuses("KeyDirectoryZeroAddress", fresh.bind, NOBODY, sender=deployer)
    assert keys.rounds() == private.rounds


def test_a_member_takes_back_what_it_lost(private, keys, parties):
    one, two = parties[:2]
    refuses("KeyDirectoryNoPrekeys", keys.discardPrekeys, SALT, sender=one.delegate)
    keys.publishPrekeys([b"k", b"l"], SALT, {"from": one.delegate})
    keys.publishPrekeys([b"m"], SALT, {"from": two.delegate})
    event = keys.discardPrekeys(SALT, {"from": one.delegate}).events["PrekeysDiscarded"]
    assert tuple(event.values()) == (one.organisation, 0, 2, SALT)
    assert keys.unusedPrekeys(one.organisation) == 0 and keys.unusedPrekeys(two.organisation) == 1
    keys.publishPrekeys([b"n"], SALT, {"from": one.delegate})
    assert keys.unusedPrekeys(one.organisation) == 1
    refuses("ConsortiumNotADelegate", keys.discardPrekeys, SALT, sender=one.authority)
