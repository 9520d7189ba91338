"""Declarations, policies, what is trained on and what is released."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.errors import ConfigurationError, FormatError, SensitivityRefused, StatementIncomplete
from orchestrator.ledger.data_statement import Anonymised, DataStatement
from orchestrator.sensitivity import (
    CLASSES,
    UNSTATED,
    Declaration,
    SensitivityPolicy,
    check_training,
    declared,
    release_allowed,
    training_refusals,
)
from orchestrator.settings import compose
from orchestrator.types import OrganisationId

COMPLETE = {
    "class": "personal",
    "source": "own customers",
    "licence": "own",
    "legal_basis": "consent",
    "collected": "2019-05/2024-12-31",
    "contact": "privacy@example.org",
}
WHOLE = Declaration.from_settings(COMPLETE)


def policy(name: str = "default", *changes: str) -> SensitivityPolicy:
    found = SensitivityPolicy.from_settings(compose([f"sensitivity={name}", *changes]).values)
    assert found is not None
    return found


def statement(name: str = "aurora", chosen: Declaration = WHOLE, done: str | None = None) -> DataStatement:
    anonymised = None if done is None else Anonymised(done, 2, {"email": 3})
    permissions = chosen.members().get("permissions", {})
    words = {"provenance": "here", "permission": "yes", "sensitivity": "some"}
    return DataStatement(
        OrganisationId(name),
        **words,
        sensitivity_class=chosen.sensitivity_class,
        permissions=permissions,
        anonymised=anonymised,
    )


def of_class(name: str | None) -> Declaration:
    basis = {} if name in ("personal", "special-category") else {"legal_basis": "not-personal"}
    return Declaration.from_settings({**COMPLETE, "class": name, **basis})


def test_nothing_declared_is_a_statement_as_before() -> None:
    old = DataStatement(OrganisationId("aurora"), "Own archive, 2010-2024", "Consent of the authors", "low")
    assert Declaration.from_settings(None).members() == {}
    assert old.digest == "0xc7b50fd57a34c8aa00cbbd108c9911206571853af1d039288895f0ab8eac5eba"


def test_a_statement_is_read_back_with_everything() -> None:
    made = statement(done="tag")
    assert DataStatement.from_bytes(made.to_bytes()) == made
    assert declared(made) == WHOLE


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sensitivity_class": "secret"}, r"data_statement\.sensitivity_class is 'secret'; one of confidential"),
        ({"permissions": {"owner": "me"}}, r"data_statement\.permissions has the unknown member owner"),
        ({"permissions": {}}, r"data_statement\.permissions\.source is missing"),
        ({"anonymised": {"operator": "hash", "documents": 1, "found": {}}}, r"anonymised\.operator is 'hash'"),
        ({"anonymised": {"operator": "tag", "documents": 1, "found": {"ip": -1}}}, r"anonymised\.found\.ip is -1"),
        ({"anonymised": {"operator": "tag", "documents": 1, "found": {}, "by": ""}}, "unknown member by"),
    ],
)
def test_strange_statements_are_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(FormatError, match=told):
        DataStatement.from_document({**statement().document(), **change})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"class": "secret"}, "class is secret, one of public, internal"),
        ({"legal_basis": "because"}, "legal_basis is because"),
        ({"legal_basis": "not-personal"}, "legal_basis is not-personal, the class is personal"),
        ({"collected": "May 2020"}, "collected is May 2020"),
        ({"contact": " "}, "data.statement.contact is ' '"),
        ({"collected": 2014}, "data.statement.collected is 2014; give text in quotes"),
        ({"owner": "me"}, "data.statement has owner; it takes class"),
    ],
)
def test_strange_declarations_are_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Declaration.from_settings({**COMPLETE, **change})


@pytest.mark.parametrize("member", sorted(COMPLETE))
def test_every_lacking_member_is_named(member: str) -> None:
    lacking = Declaration.from_settings({**COMPLETE, member: None})
    with pytest.raises(StatementIncomplete, match=f"lacks {member}; set data.statement.{member}"):
        lacking.check_complete()
    WHOLE.check_complete()


@pytest.mark.parametrize("name", ["default", "strict", "research"])
def test_packaged_policies_rule_every_class_and_none_releases_what_is_most_sensitive(name: str) -> None:
    chosen = policy(name)
    assert set(chosen.train) == set(chosen.release) == {*CLASSES, UNSTATED}
    assert chosen.rule("release", "special-category") == "refuse"
    assert chosen.rule("train", "special-category") != "allow"


def test_wrong_policies_are_named() -> None:
    group = compose(["sensitivity=default"]).values["sensitivity"]
    for change, told in (
        ({"train": {"public": "allow"}}, "sensitivity.train has no rule for every class"),
        ({"release": {**group["release"], "public": "maybe"}}, "sensitivity.release.public is 'maybe'"),
        ({"complete": {"train": "no", "release": True}}, "sensitivity.complete.train is 'no'"),
        ({"complete": None}, "sensitivity.complete is not set"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            SensitivityPolicy.from_settings({"sensitivity": {**group, **change}})
    assert SensitivityPolicy.from_settings({}) is None


def values(rules: str, anonymise: Any = None, **change: Any) -> dict[str, Any]:
    data = {"statement": {**COMPLETE, **change}, "anonymise": anonymise}
    return {"data": data, "sensitivity": compose([f"sensitivity={rules}"]).values["sensitivity"]}


def test_what_may_not_be_trained_on_is_refused_by_name() -> None:
    special = values("default", **{"class": "special-category"})
    assert training_refusals(values("default")) == []
    with pytest.raises(SensitivityRefused, match="data of class special-category are not trained on under the sens"):
        check_training(special)
    assert training_refusals({"data": special["data"]}) == [], "no policy was chosen"
    assert training_refusals({"sensitivity": special["sensitivity"]}) == [], "no data were"


def test_anonymised_is_by_tag_or_drop() -> None:
    (why,) = training_refusals(values("strict"))
    assert "only with personal data taken out" in why
    assert training_refusals(values("strict", {"operator": "tag"})) == []
    assert training_refusals(values("strict", {"operator": "pseudonym"})) == [why]


def test_a_policy_may_demand_completeness() -> None:
    refused = training_refusals(values("strict", {}, contact=None, licence=None))
    assert refused == ["the data statement lacks licence, contact"]


def test_release_by_class() -> None:
    found = {name: release_allowed([statement(chosen=of_class(name))], policy()).verdict for name in CLASSES}
    expected = {"public": "pass", "internal": "fail", "confidential": "fail", "personal": "fail"}
    assert found == {**expected, "special-category": "fail"}
    assert release_allowed([statement(done="tag")], policy()).verdict == "warn"
    assert release_allowed([statement(done="pseudonym")], policy()).verdict == "fail"
    assert release_allowed([statement(done="tag")], policy("strict")).verdict == "fail"
    assert release_allowed([statement(chosen=Declaration())], policy("research")).verdict == "pass"


def test_release_names_who_refuses_and_counts() -> None:
    told = release_allowed(
        [statement(chosen=of_class("public")), statement("borealis"), statement("cumulus", of_class("internal"))],
        policy(),
        expected=4,
    )
    assert (told.verdict, told.named) == ("fail", ("borealis", "cumulus"))
    assert told.figures == {
        "class internal": 1.0,
        "class personal": 1.0,
        "class public": 1.0,
        "missing": 1.0,
        "refused": 2.0,
    }
    assert "1 of 4 data statements are missing; borealis: data of class personal were trained on without" in told.why


def test_release_wants_complete_statements_and_some() -> None:
    lacking = Declaration.from_settings({**COMPLETE, "class": "public", "contact": None})
    told = release_allowed([statement(chosen=lacking)], policy())
    assert (told.verdict, told.why) == ("fail", "aurora: the data statement lacks contact")
    assert release_allowed([], policy()).verdict == "not-run"
    assert release_allowed([], policy(), expected=2).verdict == "fail"
