"""A member publishes its long-term key; a later one replaces it."""

from __future__ import annotations

from contract_support import SALT, refuses
from keys_support import sha


def test_a_later_key_replaces_the_first(keys, parties):
    one = parties[0]
    event = keys.publishKey(b"first", SALT, {"from": one.delegate}).events["KeyPublished"]
    assert tuple(event.values()) == (one.organisation, sha(b"first"), "0x" + b"first".hex(), SALT)
    keys.publishKey(b"second", SALT, {"from": one.delegate})
    assert keys.keyOf(one.organisation) == sha(b"second")


def test_keys_have_a_length(keys, parties):
    one = parties[0].delegate
    for wrong in (b"", b"k" * 4097):
        refuses("KeyDirectoryKeyLength", keys.publishKey, wrong, SALT, sender=one)
    keys.publishKey(b"k" * 4096, SALT, {"from": one})


def test_only_delegates_publish(keys, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", keys.publishKey, b"k", SALT, sender=sender)
