"""Plans of revocations with their awards, how far rounds have come, and what people name with options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task
from unit.ledger.history import History

from orchestrator.chain.public_events import AwardClaim, AwardsPublication, AwardVoided
from orchestrator.commands.revoke_plan import document_of, lines_of
from orchestrator.disputes import planning
from orchestrator.disputes.again import progress_of, words_of
from orchestrator.disputes.planning import UNKNOWN, awards_at_stake, planned
from orchestrator.disputes.scopes import named_updates
from orchestrator.disputes.timeline import document_of as document_of_events
from orchestrator.disputes.timeline import timeline
from orchestrator.errors import ChainError, ConfigurationError, StorageError
from orchestrator.ledger.entities import Mode
from orchestrator.ledger.scope import check_reason
from orchestrator.types import OrganisationId, RequestId, UpdateId
from orchestrator.unlearning.plan import Plan
from orchestrator.unlearning.policy import Policy

SCORES = {AURORA: 30_000, BOREALIS: 20_000, CUMULUS: 10_000}


@pytest.fixture
def lived() -> tuple[History, list[dict[OrganisationId, UpdateId]]]:
    history = History()
    return history, [history.round(scores=SCORES) for _ in range(3)]


def plan(
    history: History, updates: list[UpdateId], tmp_path: Any, by: Any = CUMULUS, reason: str = "WITHDRAWN"
) -> Plan:
    how: dict[str, Any] = {"reason": reason, "policy": Policy()}
    return planned(history.state, history.tasks, tmp_path, by, updates, **how)


class Chain:
    """A distributor whose first checkpoint's awards have vested, whose second's have not, and whose third is not
    published; one award is claimed, one is void."""

    def __init__(self, claimed: tuple[int, int] | None = None, voided: tuple[int, int] | None = None) -> None:
        self.claimed, self.voided = claimed, voided
        self.chain = SimpleNamespace(block_number=lambda: 50)

    def vested_from(self, sequence: int, *, block: int) -> int:
        assert sequence in (1, 2), "the contract refuses a checkpoint that is not published"
        return {1: 51, 2: 52}[sequence]

    def events(self, *_: Any) -> Iterator[Any]:
        for sequence in (1, 2):
            yield _event(AwardsPublication, sequence=sequence)
        for kind, named in ((AwardClaim, self.claimed), (AwardVoided, self.voided)):
            if named is not None:
                yield _event(kind, sequence=named[0], index=named[1])


def _event(kind: type[Any], **facts: int) -> Any:
    made = object.__new__(kind)
    for name, value in facts.items():
        object.__setattr__(made, name, value)
    return made


def fates(found: Mapping[str, Any]) -> list[str]:
    return [row["fate"] for row in found["listed"]]


@pytest.mark.parametrize(
    ("reason", "by", "chain", "expected"),
    [
        ("WITHDRAWN", CUMULUS, Chain(), ["payable", "to be voided", "to be voided"]),
        ("ERASURE", CUMULUS, Chain(), ["payable"] * 3),
        ("POISONED", AURORA, Chain(), ["to be voided"] * 3),
        ("POISONED", AURORA, Chain(claimed=(1, 2)), ["claimed", "to be voided", "to be voided"]),
        ("ERASURE", CUMULUS, Chain(voided=(2, 2)), ["payable", "void", "payable"]),
    ],
)
def test_what_becomes_of_awards(
    lived: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, reason: str, by: OrganisationId, chain: Chain,
    expected: list[str],
) -> None:  # fmt: skip
    history, rounds = lived
    monkeypatch.setattr(planning, "read_awards", chain.events)
    public: Any = SimpleNamespace(awards=chain, deployment=SimpleNamespace(first_block=0))
    made = plan(history, [item[CUMULUS] for item in rounds], tmp_path, by, reason)
    assert fates(awards_at_stake(history.state, made, history.tasks, lambda: public)) == expected


def test_a_plan_goes_on_without_the_public_chain(lived: Any, tmp_path: Any) -> None:
    history, rounds = lived

    def down() -> Any:
        raise ChainError("the public chain's node is down")

    made = plan(history, [rounds[0][CUMULUS]], tmp_path)
    awards = awards_at_stake(history.state, made, history.tasks, down)
    assert fates(awards) == [UNKNOWN]
    document = document_of(history.state, made, awards)
    assert document["chosen"] == "drop" and set(document["modes"]) == {"drop", "heal", "replay"}
    assert document["modes"]["replay"]["rounds_to_train"] == [[AURORA, BOREALIS, CUMULUS]] * 2
    assert document["modes"]["replay"]["seconds"] is None
    first, *_ = lines_of(history.state, made, awards)
    assert first == "cumulus would revoke 1 contribution; that needs nobody's consent, and takes effect at once"


def test_a_journal_that_cannot_be_read_keeps_nobody_from_asking(lived: Any, tmp_path: Any) -> None:
    history, rounds = lived
    (tmp_path / "daemon.sqlite").write_bytes(b"this is no database" * 100)
    assert plan(history, [rounds[0][CUMULUS]], tmp_path).modes[Mode.REPLAY].seconds is None


def test_progress_of_a_replay_and_of_a_heal(lived: Any) -> None:
    history, rounds = lived
    replayed: RequestId = history.request(CUMULUS, [rounds[1][CUMULUS]], mode="replay")
    history.replace(replayed)
    asked = []

    def tasks() -> Any:
        asked.append(1)
        return history.tasks

    found = progress_of(history.state, tasks)[replayed]
    assert words_of(Mode.REPLAY, found) == "1 round is to be trained again; since then: none; 1 left"
    history.round(participants=[AURORA])
    healed: RequestId = history.request(AURORA, [rounds[0][AURORA]], mode="heal")
    history.replace(healed)
    history.round()
    found = progress_of(history.state, tasks)
    expected = "1 round is to be trained again; since then: round 4, without borealis and cumulus"
    assert words_of(Mode.REPLAY, found[replayed]) == expected
    assert words_of(Mode.HEAL, found[healed]) == "rounds of recovery since: round 5"
    assert asked == [1, 1]


def test_no_task_is_fetched_where_nothing_is_trained_again(lived: Any) -> None:
    history, rounds = lived
    history.replace(history.request(CUMULUS, [rounds[0][CUMULUS]]))

    def never() -> Any:
        raise AssertionError("nobody asked for tasks")

    assert progress_of(history.state, never) == {}


def test_tasks_that_are_not_to_be_had_are_told(lived: Any) -> None:
    history, rounds = lived
    request = history.request(CUMULUS, [rounds[0][CUMULUS]], mode="replay")

    def gone() -> Any:
        raise StorageError("no node has it")

    assert "not known here: no node has it" in words_of(Mode.REPLAY, progress_of(history.state, gone)[request])


def test_contributions_are_named_by_ids_or_by_round_and_owner(lived: Any) -> None:
    history, rounds = lived
    state, tasks = history.state, history.tasks
    first = rounds[0][CUMULUS]
    assert named_updates(state, tasks, AURORA, updates=[first[:14], first]) == (first,)
    assert named_updates(state, tasks, CUMULUS) == tuple(item[CUMULUS] for item in rounds)
    assert named_updates(state, tasks, CUMULUS, round_number=2) == (rounds[1][CUMULUS],)
    assert named_updates(state, tasks, CUMULUS, round_number=2, of=["all"]) == tuple(rounds[1].values())
    assert named_updates(state, tasks, CUMULUS, of=["aurora"]) == tuple(item[AURORA] for item in rounds)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"updates": ["0x1234"], "round_number": 1}, "contributions are named twice"),
        ({"of": ["nobody"]}, "nobody has no contribution; choose of aurora, borealis, cumulus, all"),
        ({"round_number": 9}, "cumulus has no live contribution to round 9"),
    ],
)
def test_options_that_name_nothing_are_refused(lived: Any, options: dict[str, Any], message: str) -> None:
    history, _ = lived
    with pytest.raises(ConfigurationError, match=message):
        named_updates(history.state, history.tasks, CUMULUS, **options)


def test_others_contributions_need_a_reason(lived: Any) -> None:
    history, rounds = lived
    check_reason(history.state, CUMULUS, [rounds[0][CUMULUS]], "")
    with pytest.raises(ConfigurationError, match="an update of aurora is revoked for a reason only"):
        check_reason(history.state, CUMULUS, list(rounds[0].values())[:1], "  ")


def test_a_task_may_name_a_hardening_in_its_plan(tmp_path: Any) -> None:
    history = History()
    noise = {"hardening": {"method": "weight-distortion", "sigma_nano": 1_000_000}}
    first = history.round(task(revocation=noise))
    assert plan(history, [first[CUMULUS]], tmp_path).modes[Mode.HEAL].hardening


def test_a_time_line_goes_from_the_request_to_the_last_receipt(lived: Any) -> None:
    history, rounds = lived
    history.open_round()
    first, second = (item[CUMULUS] for item in rounds[:2])
    request = history.request(CUMULUS, [first, second])
    history.fail("revocation")
    history.verify(request)
    history.certify(request)
    history.shred(request)
    events = timeline(history.records, history.state, history.state.revocations[request])
    told = [(event.organisation, event.words.partition(",")[0].partition(" 0x")[0]) for event in events]
    assert told[:3] == [
        (CUMULUS, "asks for 2 contributions back"),
        (CUMULUS, "approved"),
        ("", "takes effect with the end of round 4"),
    ]
    assert [words for _, words in told if words.startswith("measured")] == [
        "measured loss 3500000 before and 3600000 after"
    ] * 3
    assert ("", "checkpoint 4 is due: shredding begins when it is anchored") in told
    assert told[-1] == (CUMULUS, "shredded by every member")
    blocks = [item["block"] for item in document_of_events(events)]
    assert blocks == sorted(blocks) and blocks[0] == history.state.revocations[request].requested.block
