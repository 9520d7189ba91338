"""From a report to its publication on a chain in memory, and every step that is refused by name."""

from __future__ import annotations

import pytest
from chain_nodes import AccountSigner
from unit.disclosure.registry_chain import (
    EMBARGO,
    RegistryChain,
    contact,
    desk_on,
    member_sender,
    opening_of,
    recipient,
    report_of,
    sender_of,
)
from unit.ledger.actors import AURORA, BOREALIS

from orchestrator.disclosure import Desk, read_cases, refusal
from orchestrator.disclosure.acting import acknowledge, extend, hand_in, publish
from orchestrator.disclosure.fetching import fetch_opening
from orchestrator.disclosure.reminding import reminders, seen
from orchestrator.disclosure.report import Report
from orchestrator.disclosure.telling import case_lines
from orchestrator.errors import ConfigurationError, EnvelopeError, ObjectMissing
from orchestrator.storage import MemoryStore

DAY = 86_400
DAYS = {"answer_days": 7, "due_days": 14}


@pytest.fixture
def chain() -> RegistryChain:
    return RegistryChain()


@pytest.fixture
def desk(chain: RegistryChain) -> Desk:
    return desk_on(chain)


@pytest.fixture
def finder() -> AccountSigner:
    return AccountSigner()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def handed_in(desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore) -> int:
    id, _ = hand_in(desk, opening_of(finder), contact(desk).recipients, sender_of(chain, finder), store)
    return id


def test_the_whole_way(desk: Desk, chain: RegistryChain, finder: AccountSigner) -> None:
    swarm: list[MemoryStore] = []
    theirs, ours = MemoryStore(swarm), MemoryStore(swarm)
    private, statement = recipient(desk, AURORA)
    opening = opening_of(finder)
    id, cid = hand_in(desk, opening, [statement], sender_of(chain, finder), theirs)
    case = read_cases(desk)[id]
    assert (id, case.sealed, case.state(desk.now())) == (1, cid, "waiting")
    assert case.ends == case.committed_at + EMBARGO

    assert fetch_opening(desk, id, private, ours, timeout=1) == opening
    assert cid in ours.pinned and b"address" not in theirs.objects[cid]
    acknowledge(desk, id, member_sender(chain, AURORA), ends=case.ends - DAY)
    later = case.ends + 30 * DAY
    extend(desk, id, later, member_sender(chain, BOREALIS))
    assert read_cases(desk)[id].proposed(by_reporter=False) == later
    extend(desk, id, later, sender_of(chain, finder))
    case = read_cases(desk)[id]
    assert case.ends == later and case.proposed(by_reporter=False) is None

    chain.sleep(later - desk.now())
    stranger = sender_of(chain, AccountSigner())
    _, where = publish(desk, id, opening, stranger, ours)
    case = read_cases(desk)[id]
    assert case.published is not None and (case.published.cid, case.published.digest) == (where, opening.report.digest)
    assert Report.from_bytes(theirs.fetch(where, limit=1 << 20)) == opening.report
    assert [item.what for item in case.happenings] == [
        "committed", "acknowledged", "proposed", "proposed", "extended", "published"
    ]  # fmt: skip
    assert [item.organisation for item in case.happenings[1:4]] == ["aurora", "borealis", ""]
    assert "published: " + where in case_lines(case, desk.now())[-1]


def test_nothing_of_a_report_leaves_before_the_embargo_is_over(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore, handed_in: int
) -> None:
    before = set(store.objects)
    with pytest.raises(refusal.UnderEmbargo, match="report 1 is under embargo until 2027-"):
        publish(desk, handed_in, opening_of(finder), sender_of(chain, finder), store)
    assert set(store.objects) == before


def test_nobody_prolongs_or_stops_it_alone(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore, handed_in: int
) -> None:
    ends = read_cases(desk)[handed_in].ends
    extend(desk, handed_in, ends + 10**9, member_sender(chain, AURORA))
    chain.sleep(ends - desk.now())
    publish(desk, handed_in, opening_of(finder), sender_of(chain, finder), store)
    assert read_cases(desk)[handed_in].state(desk.now()) == "published"


def test_a_late_acknowledgement_is_refused_by_name(desk: Desk, chain: RegistryChain, handed_in: int) -> None:
    chain.sleep(EMBARGO)
    with pytest.raises(refusal.EmbargoOver, match="comes too late"):
        acknowledge(desk, handed_in, member_sender(chain, AURORA))
    assert not read_cases(desk)[handed_in].acknowledged


def test_an_acknowledgement_comes_once_and_shortens_only(desk: Desk, chain: RegistryChain, handed_in: int) -> None:
    ends, one = read_cases(desk)[handed_in].ends, member_sender(chain, AURORA)
    with pytest.raises(refusal.EmbargoTooLong, match="cannot put the end of report 1 off"):
        acknowledge(desk, handed_in, one, ends=ends + 1)
    with pytest.raises(ConfigurationError, match="would be over now"):
        acknowledge(desk, handed_in, one, ends=desk.now())
    acknowledge(desk, handed_in, one)
    with pytest.raises(refusal.AlreadyAcknowledged, match="report 1 is acknowledged already"):
        acknowledge(desk, handed_in, member_sender(chain, BOREALIS))


def test_an_acknowledgement_may_end_the_embargo_where_that_is_meant(
    desk: Desk, chain: RegistryChain, handed_in: int
) -> None:
    acknowledge(desk, handed_in, member_sender(chain, AURORA), ends=desk.now(), at_once=True)
    assert read_cases(desk)[handed_in].state(desk.now()) == "over"


def test_extensions_are_later_and_in_time(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, handed_in: int
) -> None:
    ends, own = read_cases(desk)[handed_in].ends, sender_of(chain, finder)
    with pytest.raises(refusal.EmbargoNotLater, match="is not later"):
        extend(desk, handed_in, ends, own)
    chain.sleep(EMBARGO)
    with pytest.raises(refusal.EmbargoOver, match="the embargo of report 1 ended at"):
        extend(desk, handed_in, ends + DAY, own)


def test_a_second_report_with_the_same_digest_is_refused_by_name(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore, handed_in: int
) -> None:
    stored = set(store.objects)
    with pytest.raises(refusal.ReportKnown, match="report 1 is this very report"):
        hand_in(desk, opening_of(finder), contact(desk).recipients, sender_of(chain, finder), store)
    assert set(store.objects) == stored and len(chain.reports) == 1
    other = opening_of(finder, report=report_of(title="Another one"))
    assert hand_in(desk, other, contact(desk).recipients, sender_of(chain, finder), store)[0] == 2


def test_a_wrong_preimage_is_refused_by_name(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore, handed_in: int
) -> None:
    chain.sleep(EMBARGO)
    stored, own = set(store.objects), sender_of(chain, finder)
    for wrong in (opening_of(finder, salt="00"), opening_of(finder, report=report_of(steps="None."))):
        with pytest.raises(refusal.WrongReport, match="not what report 1 was committed to"):
            publish(desk, handed_in, wrong, own, store)
    assert set(store.objects) == stored


def test_what_is_public_stays_so_and_its_reporter_alone_says_more(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore, handed_in: int
) -> None:
    chain.sleep(EMBARGO)
    stranger = sender_of(chain, AccountSigner())
    publish(desk, handed_in, opening_of(finder), stranger, store)
    with pytest.raises(refusal.AlreadyRevealed, match="report 1 is public already"):
        publish(desk, handed_in, opening_of(finder), stranger, store)
    publish(desk, handed_in, opening_of(finder), sender_of(chain, finder), store)


def test_there_is_no_other_report(desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore) -> None:
    with pytest.raises(refusal.UnknownReport, match="there is no report 7"):
        publish(desk, 7, opening_of(finder), sender_of(chain, finder), store)
    with pytest.raises(refusal.UnknownReport, match="there is no report 7"):
        acknowledge(desk, 7, member_sender(chain, AURORA))
    with pytest.raises(refusal.UnknownReport, match="there is no report 7"):
        seen(desk, 7)


def test_a_copied_commitment_shows_and_opens_for_nobody(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore, handed_in: int
) -> None:
    thief = AccountSigner()
    sender_of(chain, thief).send(desk.registry.commit_report(read_cases(desk)[handed_in].commitment))
    case = read_cases(desk)[2]
    assert (case.copy_of, case.sealed) == (1, None)
    assert "the same commitment as report 1" in case_lines(case, desk.now())[0]
    with pytest.raises(ObjectMissing, match="does not say where report 2 lies"):
        fetch_opening(desk, 2, recipient(desk, AURORA)[0], store, timeout=1)
    chain.sleep(EMBARGO + 1)
    with pytest.raises(refusal.WrongReport):
        publish(desk, 2, opening_of(finder), sender_of(chain, thief), store)


def test_who_copies_a_waiting_commitment_keeps_nobody_out(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore
) -> None:
    opening = opening_of(finder)
    sender_of(chain, AccountSigner()).send(desk.registry.commit_report(opening.commitment))  # overtakes
    private, statement = recipient(desk, AURORA)
    id, _ = hand_in(desk, opening, [statement], sender_of(chain, finder), store)
    assert (id, read_cases(desk)[2].copy_of) == (2, 1)
    assert fetch_opening(desk, 2, private, store, timeout=1) == opening


def test_a_sealed_report_of_another_case_is_told_apart(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore, handed_in: int
) -> None:
    from orchestrator.disclosure.cases import with_sealed

    thief, cid = AccountSigner(), read_cases(desk)[handed_in].sealed
    assert cid is not None
    sender_of(chain, thief).send(with_sealed(desk.registry.commit_report(read_cases(desk)[1].commitment), cid))
    with pytest.raises(refusal.WrongReport, match="is not sealed for report 2"):
        fetch_opening(desk, 2, recipient(desk, AURORA)[0], store, timeout=1)


def test_without_anybody_to_seal_to_nothing_is_sent(
    desk: Desk, chain: RegistryChain, finder: AccountSigner, store: MemoryStore
) -> None:
    with pytest.raises(EnvelopeError, match="nobody to seal the report to"):
        hand_in(desk, opening_of(finder), [], sender_of(chain, finder), store)
    assert not store.objects and not chain.reports


def test_members_are_reminded_before_it_is_too_late(desk: Desk, chain: RegistryChain, handed_in: int) -> None:
    def due() -> dict[int, str]:
        return reminders(seen(desk), desk.now(), DAYS)

    assert due() == {}
    chain.sleep(7 * DAY)
    assert due() == {1: "nobody has acknowledged it in time"}
    acknowledge(desk, handed_in, member_sender(chain, AURORA))
    assert due() == {}
    chain.sleep(EMBARGO - 14 * DAY - 7 * DAY)
    assert due() == {1: "its embargo ends in 13 days"}
    chain.sleep(14 * DAY)
    assert due() == {1: "its embargo is over: anybody who has it may publish it"}
    with pytest.raises(ConfigurationError, match=r"disclosure\.due_days is -1"):
        reminders(seen(desk), desk.now(), {**DAYS, "due_days": -1})
