"""One-time keys are numbered, and none is ever used twice."""

from __future__ import annotations

from contract_support import SALT, refuses
from keys_support import sha


def test_prekeys_are_numbered(keys, parties):
    one = parties[0]
    tx = keys.publishPrekeys([b"a", b"b"], SALT, {"from": one.delegate})
    told = [tuple(event.values()) for event in tx.events["PrekeyPublished"]]
    assert told == [
        (one.organisation, place, sha(key), "0x" + key.hex(), SALT) for place, key in enumerate((b"a", b"b"))
    ]
    keys.publishPrekeys([b"c"], SALT, {"from": one.delegate})
    assert keys.prekeyAt(one.organisation, 2) == sha(b"c") and keys.unusedPrekeys(one.organisation) == 3


def test_a_prekey_serves_once(keys, parties):
    one, two = parties[:2]
    keys.publishPrekeys([b"a", b"b"], SALT, {"from": one.delegate})
    refuses("KeyDirectoryPrekeyKnown", keys.publishPrekeys, [b"b"], SALT, sender=one.delegate)
    refuses("KeyDirectoryPrekeyKnown", keys.publishPrekeys, [b"x", b"x"], SALT, sender=two.delegate)
    keys.publishPrekeys([b"a"], SALT, {"from": two.delegate})  # nobody blocks a key by publishing it first


def test_there_must_be_some(keys, parties):
    refuses("KeyDirectoryNoPrekeys", keys.publishPrekeys, [], SALT, sender=parties[0].delegate)


def test_keys_have_a_length(keys, parties):
    for wrong in (b"", b"k" * 4097):
        refuses("KeyDirectoryKeyLength", keys.publishPrekeys, [wrong], SALT, sender=parties[0].delegate)


def test_only_delegates_publish(keys, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", keys.publishPrekeys, [b"k"], SALT, sender=sender)
