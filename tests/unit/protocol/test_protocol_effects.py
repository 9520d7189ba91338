"""Ids of effects, and whose turn it is."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import word_of

from orchestrator.protocol import effects as fx
from orchestrator.types import OrganisationId

KINDS = [
    kind
    for kind in vars(fx).values()
    if isinstance(kind, type) and issubclass(kind, fx.Effect) and kind is not fx.Effect and is_dataclass(kind)
]
ORGANISATIONS = st.lists(
    st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True).map(OrganisationId), min_size=1, max_size=9, unique=True
).map(tuple)


def effect_of(kind: type[fx.Effect], number: int) -> fx.Effect:
    """An effect whose arguments follow from a number."""
    values = {item.name: number if item.type == "int" else word_of(item.name, number) for item in fields(kind)}
    return kind(**values)


def test_there_are_effects_to_look_at() -> None:
    assert len(KINDS) >= 26


def test_names_are_unique() -> None:
    names = [kind.name for kind in KINDS]
    assert all(names) and len(set(names)) == len(names)
    assert not any("/" in name for name in names)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_id_follows_from_the_arguments_alone(kind: type[fx.Effect]) -> None:
    one, again, other = effect_of(kind, 1), effect_of(kind, 1), effect_of(kind, 2)
    assert one == again and one.id == again.id
    assert one.id != other.id
    assert one.id.split("/")[0] == kind.name
    assert len(one.id.split("/")) == 1 + len(fields(kind)) > 1


@given(
    first=st.tuples(st.sampled_from(KINDS), st.integers(0, 99)),
    second=st.tuples(st.sampled_from(KINDS), st.integers(0, 99)),
)
def test_ids_are_equal_only_where_effects_are(
    first: tuple[type[fx.Effect], int], second: tuple[type[fx.Effect], int]
) -> None:
    one, other = effect_of(*first), effect_of(*second)
    assert (one.id == other.id) == (one == other)


def test_what_takes_long_has_a_lane() -> None:
    """What computes with tensors has one thread; what waits for other nodes must not wait for it."""
    model = {kind for kind in KINDS if kind.lane == "model"}
    assert model == {
        fx.TrainUpdate, fx.JudgeUpdates, fx.EvaluateManifest, fx.MeasureRevocation, fx.CompareCompaction,
        fx.PrepareMasks, fx.SendMasked, fx.SumMasked,
    }  # fmt: skip
    assert {kind for kind in KINDS if kind.lane == "fetch"} >= {fx.CollectUpdates, fx.ShredUpdates}
    assert not {kind for kind in KINDS if kind.lane == "model" and kind.shared}


def test_what_leaves_no_trace_on_a_chain_is_marked() -> None:
    local = {kind for kind in KINDS if kind.local}
    said = {fx.CompareCompaction, fx.SendMasked}  # which record what they found or made
    assert {kind for kind in KINDS if kind.lane == "model"} - said < local
    assert local >= {fx.CollectUpdates, fx.SettleKeys, fx.MeasureRevocation}
    assert not local & {
        fx.SubmitUpdate,
        fx.AttestCheckpoint,
        fx.EndorseCertificate,
        fx.ShredUpdates,
        fx.CompareCompaction,
    }
    assert not any(kind.local and kind.shared for kind in KINDS)


@given(
    members=ORGANISATIONS,
    key=st.text(min_size=1, max_size=60),
    waited=st.integers(-50, 10_000),
    patience=st.integers(1, 50),
)
def test_exactly_one_member_has_the_turn_and_all_agree(
    members: tuple[OrganisationId, ...], key: str, waited: int, patience: int
) -> None:
    chosen = fx.organisation_of_turn(members, key, waited, patience)
    assert members.count(chosen) == 1
    assert fx.organisation_of_turn(tuple(members), key, waited, patience) == chosen


@given(
    members=ORGANISATIONS,
    key=st.text(min_size=1, max_size=60),
    waited=st.integers(0, 10_000),
    patience=st.integers(1, 50),
)
def test_everybody_gets_the_turn_in_time(
    members: tuple[OrganisationId, ...], key: str, waited: int, patience: int
) -> None:
    turns = [
        fx.organisation_of_turn(members, key, waited + block, patience) for block in range(patience * len(members))
    ]
    assert {name: turns.count(name) for name in members} == dict.fromkeys(members, patience)


def test_the_first_turn_depends_on_the_effect() -> None:
    members = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))
    first = {fx.organisation_of_turn(members, fx.CloseRound(number).id, 0, 6) for number in range(1, 4)}
    assert first == set(members)
