"""Whether a model may be released, as far as the statements on the data behind it decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.ledger.data_statement import DataStatement
from orchestrator.sensitivity.declaration import OF_PEOPLE, UNSTATED, Declaration
from orchestrator.sensitivity.policy import SensitivityPolicy

SURE = "statements are their organisations' own word, bound by digests on the private chain; nobody saw the data"


@dataclass(frozen=True, slots=True)
class ReleaseFinding:
    """What the statements say. The members are those of a finding of the release gate that bear the same names.

    Attributes:
        verdict: ``not-run`` without any statement, ``warn`` where data of people were trained on.
        figures: statements by class, how many are refused, incomplete and missing.
        why: one sentence each that decided, joined. sure: what nobody can know. named: organisations that refuse.
    """

    verdict: Literal["pass", "warn", "fail", "not-run"]
    figures: Mapping[str, float] = field(default_factory=dict)
    why: str = ""
    sure: str = SURE
    named: tuple[str, ...] = ()
    name: str = "data"


def release_allowed(
    statements: Sequence[DataStatement], policy: SensitivityPolicy, *, expected: int | None = None
) -> ReleaseFinding:
    """Ask the policy about every statement.

    Args:
        expected: how many data sets the model was trained on; without a statement of each it is not released.
    """
    if not statements and not expected:
        return ReleaseFinding("not-run", why="no data statement was given")
    missing = max(0, (expected or 0) - len(statements))
    reasons = [f"{missing} of {expected} data statements are missing"] if missing else []
    told = [(str(item.organisation), why) for item in statements for why in _objections(item, policy)]
    reasons += [f"{organisation}: {why}" for organisation, why in told]
    classes = Counter(item.sensitivity_class or UNSTATED for item in statements)
    figures = {f"class {name}": float(count) for name, count in sorted(classes.items())}
    figures |= {"refused": float(len({name for name, _ in told})), "missing": float(missing)}
    named = tuple(sorted({name for name, _ in told}))
    if reasons:
        return ReleaseFinding("fail", figures, "; ".join(reasons), named=named)
    if people := sorted({str(item.organisation) for item in statements if item.sensitivity_class in OF_PEOPLE}):
        why = f"data of people, taken out by patterns where a policy asked for it: names are not ({', '.join(people)})"
        return ReleaseFinding("warn", figures, why)
    return ReleaseFinding("pass", figures, f"every statement's class is allowed by the policy {policy.name}")


def _objections(statement: DataStatement, policy: SensitivityPolicy) -> list[str]:
    rule, named = policy.rule("release", statement.sensitivity_class), statement.sensitivity_class or UNSTATED
    found = []
    if rule == "refuse":
        found.append(f"a model trained on data of class {named} is not released under the policy {policy.name}")
    if rule == "anonymised" and (statement.anonymised is None or statement.anonymised.operator == "pseudonym"):
        found.append(f"data of class {named} were trained on without personal data taken out (pseudonyms do not count)")
    if "release" in policy.complete and (lacking := declared(statement).lacks()):
        found.append(f"the data statement lacks {', '.join(lacking)}")
    return found


def declared(statement: DataStatement) -> Declaration:
    """What a statement declares, as the settings would."""
    return Declaration(statement.sensitivity_class, **dict(statement.permissions))
