"""What can be asked about requests before there are any."""

from __future__ import annotations

from contract_support import refuses


def test_before_anybody_asked(keys, parties):
    assert keys.catchUpCount() == 0 == keys.catchUpOf(parties[0].organisation)
    assert not keys.answeredCatchUp(1, parties[1].organisation)


def test_only_what_was_asked(keys, stranger):
    for unknown in (0, 1):
        refuses(f"KeyDirectoryUnknownCatchUp: {unknown}", keys.catchUp, unknown, sender=stranger)
