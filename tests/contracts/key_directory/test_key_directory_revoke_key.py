"""A member takes its long-term key back."""

from __future__ import annotations

from contract_support import SALT, ZERO, refuses
from keys_support import sha


def test_a_revoked_key_is_gone(keys, parties):
    one = parties[0]
    keys.publishKey(b"key", SALT, {"from": one.delegate})
    event = keys.revokeKey(SALT, {"from": one.delegate}).events["KeyRevoked"]
    assert tuple(event.values()) == (one.organisation, sha(b"key"), SALT)
    assert keys.keyOf(one.organisation) == ZERO


def test_there_must_be_one(keys, parties):
    one = parties[0].delegate
    refuses("KeyDirectoryNoKey", keys.revokeKey, SALT, sender=one)
    keys.publishKey(b"key", SALT, {"from": one})
    keys.revokeKey(SALT, {"from": one})
    refuses("KeyDirectoryNoKey", keys.revokeKey, SALT, sender=one)


def test_only_delegates_revoke(keys, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", keys.revokeKey, SALT, sender=sender)
