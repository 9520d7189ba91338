"""A member takes back the one-time keys whose secrets it lost."""

from __future__ import annotations

from contract_support import SALT, refuses


def test_a_member_takes_back_what_it_lost(keys, parties):
    one, two = parties[:2]
    keys.publishPrekeys([b"k", b"l"], SALT, {"from": one.delegate})
    keys.publishPrekeys([b"m"], SALT, {"from": two.delegate})
    event = keys.discardPrekeys(SALT, {"from": one.delegate}).events["PrekeysDiscarded"]
    assert tuple(event.values()) == (one.organisation, 0, 2, SALT)
    assert keys.unusedPrekeys(one.organisation) == 0 and keys.unusedPrekeys(two.organisation) == 1
    keys.publishPrekeys([b"n"], SALT, {"from": one.delegate})
    assert keys.unusedPrekeys(one.organisation) == 1


def test_there_must_be_some(keys, parties):
    refuses("KeyDirectoryNoPrekeys", keys.discardPrekeys, SALT, sender=parties[0].delegate)


def test_only_delegates_discard(keys, parties):
    refuses("ConsortiumNotADelegate", keys.discardPrekeys, SALT, sender=parties[0].authority)
