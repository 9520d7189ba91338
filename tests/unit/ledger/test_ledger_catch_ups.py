"""Requests for content keys in the fold: which of them stand, who has answered, and what is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, authority, delegate, word_of
from unit.ledger.chronicle import Chronicle
from unit.ledger.history import History

from orchestrator.errors import ProtocolError
from orchestrator.ledger.asked import QUIET_BLOCKS, STANDING_BLOCKS
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.catch_ups import (
    latest_catch_up,
    needed,
    shareable,
    shareable_updates,
    standing_catch_ups,
    stands,
)
from orchestrator.ledger.contributions import in_order
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.state import replay
from orchestrator.types import Address, OrganisationId, UpdateId


class Asking(Chronicle):
    """A consortium in which members ask each other."""

    def __init__(self) -> None:
        super().__init__(prekeys=0)

    def ask(self, organisation: OrganisationId, number: int, key: bytes | None = None) -> None:
        key = f"one-time/{number}".encode() if key is None else key
        fields = {"number": number, "organisation": organisation, "key_digest": sha256(key), "key": "0x" + key.hex()}
        self.tell("CatchUpAsked", organisation, **fields)

    def answer(self, organisation: OrganisationId, number: int) -> None:
        fields = {"number": number, "organisation": organisation, "cid": f"Qm{number}"}
        self.tell("CatchUpAnswered", organisation, object_digest=word_of("object", number, organisation), **fields)

    def delegate_becomes(self, organisation: OrganisationId, current: Address) -> None:
        previous = self.state.members.seats[organisation].delegate
        self.tell("DelegateRotated", organisation, organisation=organisation, previous=previous, current=current)

    @property
    def standing(self) -> list[int]:
        return [asked.number for asked in standing_catch_ups(self.state)]


@pytest.fixture
def asking() -> Asking:
    return Asking()


def test_a_request_holds_its_key_and_who_sent_it(asking: Asking) -> None:
    assert asking.state.catch_ups == {} and latest_catch_up(asking.state, AURORA) is None
    asking.ask(AURORA, 1)
    (asked,) = asking.state.catch_ups.values()
    assert (asked.number, asked.organisation, asked.delegate, asked.ordinal) == (1, AURORA, delegate(AURORA), 1)
    assert sha256(asked.key) == asked.key_digest and asked.asked == asking.state.position
    assert stands(asking.state, asked) and asked.answers == {}


def test_a_newer_request_supersedes_that_of_the_same_member_only(asking: Asking) -> None:
    for number, name in enumerate((AURORA, BOREALIS, AURORA), 1):
        asking.ask(name, number)
    assert asking.standing == [2, 3]
    assert [asked.ordinal for asked in asking.state.catch_ups.values()] == [1, 1, 2]


def test_every_other_member_answers_once(asking: Asking) -> None:
    asking.ask(AURORA, 1)
    for name in (BOREALIS, CUMULUS):
        asking.answer(name, 1)
    answers = asking.state.catch_ups[1].answers
    assert list(answers) == [BOREALIS, CUMULUS] and answers[BOREALIS].cid == "Qm1"
    assert asking.standing == [1], "an answer does not end a request"


def test_a_request_ends_with_its_delegate(asking: Asking) -> None:
    asking.ask(AURORA, 1)
    asking.delegate_becomes(AURORA, NO_ADDRESS)
    assert asking.standing == []
    asking.delegate_becomes(AURORA, authority("the next"))
    assert asking.standing == []


def test_a_request_ends_with_its_membership(asking: Asking) -> None:
    asking.ask(CUMULUS, 1)
    asking.change_members((AURORA, BOREALIS))
    assert asking.standing == []


CONTRADICTIONS: dict[str, Callable[[Asking], object]] = {
    "request 1 was made before": lambda a: a.ask(BOREALIS, 1),
    "the digest is not that of the key": lambda a: a.tell(
        "CatchUpAsked", BOREALIS, number=2, organisation=BOREALIS, key_digest=word_of("other"), key="0x00"
    ),
    "there is no request 2": lambda a: a.answer(BOREALIS, 2),
    "aurora answers itself": lambda a: a.answer(AURORA, 1),
    "borealis has answered request 1 before": lambda a: [a.answer(BOREALIS, 1), a.answer(BOREALIS, 1)],
    "request 1 does not stand any more": lambda a: [a.ask(AURORA, 2), a.answer(BOREALIS, 1)],
    "cumulus acted, but the signature is of borealis": lambda a: a.tell(
        "CatchUpAnswered", BOREALIS, number=1, organisation=CUMULUS, object_digest=word_of("x"), cid="Qm"
    ),
}


@pytest.mark.parametrize("message", CONTRADICTIONS)
def test_contradictions_are_refused_by_name(asking: Asking, message: str) -> None:
    asking.ask(AURORA, 1)
    with pytest.raises(ProtocolError, match=message):
        CONTRADICTIONS[message](asking)


def test_numbers_may_leave_gaps(asking: Asking) -> None:
    """What nobody signed is passed over by every reader, and has its number all the same."""
    asking.ask(AURORA, 3)
    asking.ask(BOREALIS, 7)
    assert asking.standing == [3, 7]


def test_no_request_is_due_before_it_has_stood(asking: Asking) -> None:
    asking.ask(AURORA, 1)
    first = asking.state.catch_ups[1]
    assert first.due == first.asked.block + STANDING_BLOCKS
    asking.mine(QUIET_BLOCKS)
    asking.ask(AURORA, 2)
    second = asking.state.catch_ups[2]
    assert (second.streak, second.due) == (1, second.asked.block + STANDING_BLOCKS)


def test_who_asks_often_is_answered_later(asking: Asking) -> None:
    for number in range(1, 10):
        asking.ask(AURORA, number)
    *_, eighth, ninth = made = [*asking.state.catch_ups.values()]
    assert [asked.streak for asked in made] == [*range(1, 10)]
    assert [asked.next_block - asked.asked.block for asked in made] == [2, 4, 8, 16, 32, 64, 128, 256, 256]
    assert all(asked.due == asked.asked.block + STANDING_BLOCKS for asked in made[:7])
    assert ninth.due == eighth.asked.block + 256 == eighth.next_block
    asking.mine(256)
    asking.ask(AURORA, 10)
    last = asking.state.catch_ups[10]
    assert last.due == last.asked.block + STANDING_BLOCKS, "who waits is answered when its request has stood"


def test_the_wait_is_bounded_and_forgotten(asking: Asking) -> None:
    for number in range(1, 20):
        asking.ask(AURORA, number)
    last = asking.state.catch_ups[19]
    assert last.next_block == last.asked.block + 256
    asking.mine(QUIET_BLOCKS)
    asking.ask(AURORA, 20)
    assert asking.state.catch_ups[20].streak == 1


def test_a_new_delegate_begins_a_new_row(asking: Asking) -> None:
    asking.ask(AURORA, 1)
    asking.delegate_becomes(AURORA, delegate("the next"))
    key = b"another"
    fields = {"number": 2, "organisation": AURORA, "key_digest": sha256(key), "key": "0x" + key.hex()}
    record = replace(asking.records[-2], fields=fields, signer=delegate("the next"), block=asking.block + 1)
    asking.ledger.append(record)
    assert (asking.state.catch_ups[2].streak, asking.state.catch_ups[2].ordinal) == (1, 2)


def test_what_is_shared_is_active_and_not_to_be_shredded() -> None:
    history = History()
    for _ in range(2):
        history.round()
    updates = list(history.state.updates)
    assert shareable_updates(history.state) == in_order(history.state, updates)
    history.open_round()
    submitted = history.submit(AURORA)
    assert submitted not in shareable_updates(history.state), "nothing of a round that is open"
    request = history.request(AURORA, [updates[0]])
    held = history.state.revocations[request]
    assert held.approved and not held.effective, "it takes effect when the round has ended"
    assert shareable_updates(history.state) == in_order(history.state, updates[1:])


def test_compactions_are_shared_and_needed_until_somebody_has_its_word() -> None:
    history = History()
    history.round()
    proposed = history.propose(AURORA)
    assert UpdateId(proposed) in shareable(history.state)
    block = history.block
    assert UpdateId(proposed) in needed(history.state, BOREALIS, block)
    assert UpdateId(proposed) not in needed(history.state, AURORA, block), "who proposed it has endorsed it"
    history.endorse_artefact(proposed, BOREALIS)
    assert UpdateId(proposed) not in needed(history.state, BOREALIS, block)
    assert set(shareable_updates(history.state)) < set(needed(history.state, CUMULUS, block))


def test_the_fold_is_the_same_from_the_beginning(asking: Asking) -> None:
    for number, name in enumerate(MEMBERS, 1):
        asking.ask(name, number)
    asking.answer(AURORA, 2)
    assert replay(asking.records) == asking.state
