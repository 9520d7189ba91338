"""A member asks for what it cannot open, with a key of its own for every request."""

from __future__ import annotations

from contract_support import SALT, ZERO, refuses
from keys_support import sha


def test_a_request_is_told_with_its_key(keys, parties):
    one = parties[0]
    asked = keys.askCatchUp(b"one-time", SALT, {"from": one.delegate})
    event = asked.events["CatchUpAsked"]
    assert tuple(event.values()) == (1, one.organisation, sha(b"one-time"), "0x" + b"one-time".hex(), SALT)
    assert asked.return_value == 1 == keys.catchUpCount() == keys.catchUpOf(one.organisation)
    assert keys.catchUp(1) == (one.organisation, one.delegate.address, sha(b"one-time"))


def test_a_newer_request_takes_the_place_of_the_same_members(keys, parties):
    one, two = parties[:2]
    for number, (sender, key) in enumerate([(one, b"a"), (two, b"b"), (one, b"c")], 1):
        assert keys.askCatchUp(key, SALT, {"from": sender.delegate}).return_value == number
    assert [keys.catchUpOf(party.organisation) for party in parties] == [3, 2, 0]
    assert keys.catchUp(1)[2] == sha(b"a"), "what was asked stays to be read"


def test_a_key_serves_once_and_for_one_thing(keys, parties):
    one, two = parties[:2]
    keys.askCatchUp(b"a", SALT, {"from": one.delegate})
    keys.publishPrekeys([b"b"], SALT, {"from": one.delegate})
    for known in (b"a", b"b"):
        refuses("KeyDirectoryKeyKnown", keys.askCatchUp, known, SALT, sender=one.delegate)
    refuses("KeyDirectoryPrekeyKnown", keys.publishPrekeys, [b"a"], SALT, sender=one.delegate)
    assert keys.unusedPrekeys(one.organisation) == 1 and keys.prekeyAt(one.organisation, 0) == sha(b"b")
    keys.askCatchUp(b"a", SALT, {"from": two.delegate})  # nobody blocks a key by asking with it first


def test_keys_have_a_length(keys, parties):
    for wrong in (b"", b"k" * 4097):
        refuses("KeyDirectoryKeyLength", keys.askCatchUp, wrong, SALT, sender=parties[0].delegate)
    assert keys.askCatchUp(b"k" * 4096, ZERO, {"from": parties[0].delegate}).return_value == 1


def test_only_delegates_ask(keys, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", keys.askCatchUp, b"k", SALT, sender=sender)
