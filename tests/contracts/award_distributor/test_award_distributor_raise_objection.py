"""A member objects within the window; the first objection extends it, once."""

from __future__ import annotations

from awarding import close_window
from contract_support import ZERO, name, refuses
from settings import WINDOW

REASON = name("wrong-scores")


def test_the_first_objection_extends_the_window_once(distributor, published, parties):
    opens = distributor.publication(1)[1]
    tx = distributor.raiseObjection(1, REASON, {"from": parties[0].delegate})
    assert tuple(tx.events["ObjectionRaised"].values()) == (1, parties[0].organisation, REASON, opens + WINDOW)
    distributor.raiseObjection(1, REASON, {"from": parties[1].delegate})
    assert distributor.publication(1)[1] == opens + WINDOW


def test_only_delegates_object(distributor, published, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", distributor.raiseObjection, 1, REASON, sender=sender)


def test_once_a_member(distributor, published, parties):
    one = parties[0].delegate
    distributor.raiseObjection(1, REASON, {"from": one})
    refuses("AwardDistributorAlreadyObjected", distributor.raiseObjection, 1, REASON, sender=one)


def test_only_to_what_is_published(distributor, published, parties):
    refuses("AwardDistributorNotPublished", distributor.raiseObjection, 2, ZERO, sender=parties[0].delegate)


def test_not_after_the_window(distributor, published, parties):
    close_window(distributor)
    refuses("AwardDistributorWindowClosed", distributor.raiseObjection, 1, ZERO, sender=parties[0].delegate)
