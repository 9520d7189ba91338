"""What a certificate tells beyond digests: scope, mid-round requests, modes, figures that follow, awards by reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CONSORTIUM_ID, CUMULUS, MEMBERS, task
from unit.ledger.history import History

from orchestrator.commitment.certificate import build_certificate, certificate_bytes, check_certificate
from orchestrator.commitment.certificate_v1 import LIMITS as LIMITS_V1
from orchestrator.commitment.consequences import REASONS, Consequence, consequence_of
from orchestrator.commitment.figures import MOST_SAMPLES, MOST_VALUE, figures_of, lower_median
from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.awards import awards, awards_tree
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.types import RequestId, UpdateId


def certificate(history: History, request: RequestId, **options: Any) -> dict[str, Any]:
    return build_certificate(history.state, request, history.tasks, consortium_id=CONSORTIUM_ID, **options)


def certified(history: History, request: RequestId) -> dict[str, Any]:
    history.verify(request)
    return certificate(history, request)


def by_quorum(history: History, updates: list[UpdateId], reason: str) -> RequestId:
    request = history.request(AURORA, updates, reason=reason)
    history.support(request, BOREALIS, approves=True)
    return request


def test_scope_is_what_counted_when_it_was_asked() -> None:
    history = History()
    first, second = history.round(), history.round()
    one = history.request(AURORA, [first[AURORA]])
    assert certified(history, one)["request"]["scope"] == "contributions"
    rest = history.request(AURORA, [second[AURORA]])
    assert certified(history, rest)["request"]["scope"] == "organisation"
    third = history.round()
    whole = by_quorum(history, list(third.values()), "POISONED")
    told = certified(history, whole)["request"]
    assert (told["scope"], told["approved_by"]) == ("round", "quorum")
    assert (told["owners"], told["supporters"]) == (list(MEMBERS), [AURORA, BOREALIS])


def test_a_request_in_mid_round_names_the_round_and_what_is_void_in_it() -> None:
    history = History()
    first = history.round()
    history.open_round()
    updates = {name: history.submit(name) for name in MEMBERS}
    request = history.request(CUMULUS, [first[CUMULUS]])
    for update in updates.values():
        history.release(update)
    for name in MEMBERS:
        history.judge(name, dict.fromkeys(updates.values(), 10_000))
    history.close()
    told = certified(history, request)
    assert told["effect"]["round"] == {"id": 2, "failed": False, "void": [updates[CUMULUS]]}
    assert told["effect"]["approved"] != told["effect"]["effective"]
    assert told["lineage"]["stays"] == [updates[AURORA], updates[BOREALIS]]


def test_a_round_that_it_failed_is_said_to_have_failed() -> None:
    history = History()
    first = history.round()
    history.open_round()
    request = history.request(CUMULUS, [first[CUMULUS]], mode="replay")
    history.fail("revocation")
    assert certified(history, request)["effect"]["round"] == {"id": 2, "failed": True, "void": []}


def test_replay_takes_descendants_and_says_how_many_rounds_are_trained_again() -> None:
    history = History()
    first, second, third = history.round(), history.round(), history.round()
    request = history.request(CUMULUS, [first[CUMULUS]], mode="replay")
    told = certified(history, request)
    assert set(told["lineage"]["leaves"]) == {first[CUMULUS], *second.values(), *third.values()}
    assert told["lineage"]["stays"] == [] and len(told["lineage"]["descendants"]) == 6
    assert told["takes"]["rounds_to_train"] == [list(MEMBERS)] * 2  # the first one keeps the others' contributions
    assert told["manifest"]["documents"]["after"]["count"] == 2
    assert len(told["limits"]) == 7
    assert all(item["update"] == first[CUMULUS] for item in told["awards"]["listed"])


def test_heal_without_a_hardening_in_the_task_takes_none() -> None:
    history = History()
    assert certified(history, history.request(CUMULUS, [history.round()[CUMULUS]], mode="heal"))["takes"] == {
        "hardening": [],
        "rounds_to_train": [],
    }


def test_isolated_what_was_superseded_returns() -> None:
    history, spec = History(), task(lineage="isolated")
    first, second = history.round(spec), history.round(spec)
    told = certified(history, history.request(CUMULUS, [second[CUMULUS]]))
    assert told["lineage"]["returns"] == [first[CUMULUS]]
    assert told["lineage"]["leaves"] == [second[CUMULUS]]


def test_heal_names_the_hardening_of_its_task_and_that_it_is_each_members_own() -> None:
    history, spec = History(), task(revocation={"hardening": {"method": "weight-distortion", "sigma_nano": 4_000_000}})
    request = history.request(CUMULUS, [history.round(spec)[CUMULUS]], mode="heal")
    told = certified(history, request)
    (entry,) = told["takes"]["hardening"]
    assert (entry["kind"], entry["request_id"], entry["sigma_nano"]) == ("hardening", request, 4_000_000)
    assert "seed" not in entry and "commitment" not in str(told)  # who knows the seed takes the noise off again
    assert told["manifest"]["documents"]["after"]["count"] == 3
    assert any("leave it out of its own copy" in limit for limit in told["limits"])


# -- figures


def row(organisation: str, before: int, after: int, samples: int = 10, metric: str = "loss") -> dict[str, Any]:
    return {"organisation": organisation, "metric": metric, "before": before, "after": after, "samples": samples}


def test_figures_follow_from_the_rows() -> None:
    rows = [row("a", 10, 30), row("b", 20, 25), row("c", 30, 29), row("d", 40, 60), row("e", 1, 2, metric="accuracy")]
    rows.append(row("f", 0, 0, metric="unavailable"))
    loss = {"metric": "loss", "members": 4, "samples": 40, "before": 20, "after": 29}
    alone = {"metric": "accuracy", "members": 1, "samples": 10, "before": 1, "after": 2}
    assert figures_of(rows) == [
        {**alone, "change": 1, "least_change": 1, "largest_change": 1},
        {**loss, "change": 5, "least_change": -1, "largest_change": 20},
    ]
    assert figures_of(rows[-1:]) == []


@settings(max_examples=40)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=9))
def test_half_of_the_members_are_at_or_above_a_median_and_half_at_or_below(values: list[int]) -> None:
    found = lower_median(values)
    assert 2 * sum(item <= found for item in values) >= len(values)
    assert 2 * sum(item >= found for item in values) >= len(values)


@pytest.mark.parametrize(("before", "samples"), [(-(2**63), 1), (2**63 - 1, 1), (1, 2**64 - 1), (MOST_VALUE + 1, 1)])
def test_no_members_figures_keep_a_certificate_from_being_made(before: int, samples: int) -> None:
    """The contract takes 64 bits; canonical objects hold 53."""
    history = History()
    updates = history.round()
    request = history.request(AURORA, [updates[AURORA]])
    history.verify(request, [AURORA, BOREALIS])
    figures = {
        "value_before": before if abs(before) < 2**53 else str(before),
        "value_after": 2,
        "samples": samples if samples < 2**53 else str(samples),
    }
    history.tell("VerificationRecorded", CUMULUS, request_id=request, organisation=CUMULUS, metric="loss", **figures)
    told = certificate(history, request)
    assert [item["metric"] for item in told["results"]] == ["loss", "loss", "out_of_range"]
    assert told["figures"][0]["members"] == 2
    certificate_bytes(told)


def test_the_largest_rows_that_count_add_up() -> None:
    rows = [row(str(index), -MOST_VALUE, MOST_VALUE, MOST_SAMPLES) for index in range(255)]
    canonical_bytes(figures_of(rows))


def test_a_row_names_its_record_and_the_data_statement() -> None:
    history = History()
    updates = history.round(participants=[AURORA, CUMULUS])
    told = certified(history, history.request(AURORA, [updates[AURORA]]))
    places = [record for record in history.records if record.kind == "VerificationRecorded"]
    for found, record in zip(told["results"], places, strict=True):
        assert found["recorded"] == {"block": record.block, "log_index": record.log_index}
    statements = [item["data_statement"] for item in told["results"]]
    assert statements == [history.state.updates[updates[AURORA]].data_statement_digest, None, statements[2]]
    assert statements[2] == history.state.updates[updates[CUMULUS]].data_statement_digest


# -- awards


def test_awards_of_the_revoked_by_sequence_index_and_root() -> None:
    history = History()
    first, second = history.round(), history.round()
    told = certified(history, history.request(CUMULUS, [first[CUMULUS], second[CUMULUS]]))["awards"]
    (spec,) = history.tasks.values()
    assert told["consequence"] == "vested"
    for sequence, number, updates in ((1, 1, first), (2, 2, second)):
        paid = awards(history.state, number, spec.per_round)
        award = next(item for item in paid if item.update_id == updates[CUMULUS])
        assert told["listed"][sequence - 1] == {
            "sequence": sequence,
            "root": awards_tree(sequence, paid).root,
            "index": award.index,
            "update": award.update_id,
            "account": award.account,
            "amount": str(award.amount),
        }
    assert len(told["listed"]) == 2


def test_what_earned_nothing_lists_nothing() -> None:
    history = History()
    updates = history.round(scores=dict.fromkeys(MEMBERS, -1))
    assert certified(history, history.request(CUMULUS, [updates[CUMULUS]]))["awards"]["listed"] == []


@pytest.mark.parametrize(
    ("reason", "owner", "quorum"),
    [
        ("WITHDRAWN", "vested", "vested"),
        ("withdrawn", "vested", "vested"),
        ("erasure", "keep", "keep"),
        ("ORDER", "keep", "keep"),
        ("POISONED", "void", "void"),
        ("Changed our mind", "vested", "void"),
    ],
)
def test_consequence_by_reason(reason: str, owner: str, quorum: str) -> None:
    assert consequence_of(reason, by_owner=True).value == owner
    assert consequence_of(reason, by_owner=False).value == quorum
    assert set(REASONS.values()) == set(Consequence)


def test_a_cause_voids_what_is_not_claimed() -> None:
    history = History()
    updates = history.round()
    told = certified(history, by_quorum(history, [updates[CUMULUS]], "POISONED"))
    assert told["awards"]["consequence"] == "void" and len(told["awards"]["listed"]) == 1


# -- version 1


def test_what_was_certified_in_version_1_is_checked_by_its_rules() -> None:
    history = History()
    request = history.request(CUMULUS, [history.round()[CUMULUS]])
    history.verify(request)
    old = certificate(history, request, version=1)
    assert (old["version"], old["limits"]) == (1, list(LIMITS_V1))
    check = {"consortium_id": CONSORTIUM_ID}
    assert check_certificate(certificate_bytes(old), history.state, request, history.tasks, **check) == old
    altered = certificate_bytes({**old, "results": old["results"][:1]})
    with pytest.raises(FormatError, match="differs from the records in 'results'"):
        check_certificate(altered, history.state, request, history.tasks, **check)


def test_version_1_knew_drop_alone_and_others_are_unknown() -> None:
    history = History()
    request = history.request(CUMULUS, [history.round()[CUMULUS]], mode="heal")
    history.verify(request)
    with pytest.raises(ProtocolError, match="no release certified mode heal in version 1"):
        certificate(history, request, version=1)
    newer = certificate_bytes({**certificate(history, request), "version": 3})
    with pytest.raises(FormatError, match="version 3 is unknown, this release reads 1, 2"):
        check_certificate(newer, history.state, request, history.tasks, consortium_id=CONSORTIUM_ID)
