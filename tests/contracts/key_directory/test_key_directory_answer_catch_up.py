"""Each other member answers a standing request, once."""

from __future__ import annotations

import pytest
from contract_support import SALT, ZERO, digest, key, membership_change, refuses, sign_membership

OBJECT = digest("sealed object")
ANSWER = (OBJECT, "QmObject", SALT)


@pytest.fixture
def number(keys, parties):
    """The first member's request."""
    return keys.askCatchUp(b"one-time", SALT, {"from": parties[0].delegate}).return_value


def test_an_answer_says_where_the_object_is(keys, parties, number):
    two = parties[1]
    event = keys.answerCatchUp(number, *ANSWER, {"from": two.delegate}).events["CatchUpAnswered"]
    assert tuple(event.values()) == (number, two.organisation, OBJECT, "QmObject", SALT)
    assert [keys.answeredCatchUp(number, one.organisation) for one in parties] == [False, True, False]


def test_every_other_member_answers_once(keys, parties, number):
    for sender in parties[1:]:
        keys.answerCatchUp(number, *ANSWER, {"from": sender.delegate})
        refuses("KeyDirectoryCatchUpAnswered", keys.answerCatchUp, number, *ANSWER, sender=sender.delegate)
    assert keys.catchUpOf(parties[0].organisation) == number, "an answer does not end the request"


def test_only_what_was_asked(keys, parties, number):
    for unknown in (0, number + 1):
        refuses(
            f"KeyDirectoryUnknownCatchUp: {unknown}", keys.answerCatchUp, unknown, *ANSWER, sender=parties[1].delegate
        )


def test_not_ones_own(keys, parties, number):
    refuses("KeyDirectoryOwnCatchUp", keys.answerCatchUp, number, *ANSWER, sender=parties[0].delegate)


def test_only_the_latest_of_its_member(keys, parties, number):
    other = keys.askCatchUp(b"another's", SALT, {"from": parties[2].delegate}).return_value
    later = keys.askCatchUp(b"later", SALT, {"from": parties[0].delegate}).return_value
    superseded = f"KeyDirectoryCatchUpSuperseded: {number}, {later}"
    refuses(superseded, keys.answerCatchUp, number, *ANSWER, sender=parties[1].delegate)
    for standing in (other, later):
        keys.answerCatchUp(standing, *ANSWER, {"from": parties[1].delegate})


def test_a_request_ends_with_the_delegate_that_made_it(private, keys, parties, number):
    """Whoever stole a delegate and asked with it is told nothing more once the authority has noticed."""
    one, two = parties[:2]
    private.consortium.revokeDelegate(one.organisation, {"from": one.authority})
    refuses("KeyDirectoryCatchUpLapsed", keys.answerCatchUp, number, *ANSWER, sender=two.delegate)
    fresh = key("the next delegate")
    private.consortium.rotateDelegate(one.organisation, fresh, {"from": one.authority})
    refuses("KeyDirectoryCatchUpLapsed", keys.answerCatchUp, number, *ANSWER, sender=two.delegate)
    again = keys.askCatchUp(b"again", SALT, {"from": fresh}).return_value
    keys.answerCatchUp(again, *ANSWER, {"from": two.delegate})


def test_a_member_that_left_gets_nothing(private, pair, keys, parties, number, stranger):
    change = membership_change(pair, [one.seat for one in parties[1:]], 2)
    signed = sign_membership(change, [one.authority for one in parties])
    private.consortium.changeMembership(change, signed, {"from": stranger})
    refuses("ConsortiumUnknownOrganisation", keys.answerCatchUp, number, *ANSWER, sender=parties[1].delegate)
    refuses("ConsortiumNotADelegate", keys.answerCatchUp, number, *ANSWER, sender=parties[0].delegate)


def test_an_answer_is_whole(keys, parties, number):
    for lacking in ((ZERO, "QmObject"), (OBJECT, ""), (ZERO, "")):
        refuses("KeyDirectoryAnswerIncomplete", keys.answerCatchUp, number, *lacking, SALT, sender=parties[1].delegate)
    assert not keys.answeredCatchUp(number, parties[1].organisation)


def test_only_delegates_answer(keys, parties, number, stranger):
    for sender in (stranger, parties[1].authority):
        refuses("ConsortiumNotADelegate", keys.answerCatchUp, number, *ANSWER, sender=sender)
