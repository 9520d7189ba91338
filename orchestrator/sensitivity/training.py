"""Whether an organisation's own data may be trained on, by its own policy; asked before anything is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.anonymise.settings import Anonymisation
from orchestrator.errors import SensitivityRefused
from orchestrator.sensitivity.declaration import UNSTATED, Declaration
from orchestrator.sensitivity.policy import SensitivityPolicy


def training_refusals(values: Mapping[str, Any]) -> list[str]:
    """Why the data of these settings are not trained on: a sentence each. None, where no policy or no data is chosen.

    Raises:
        ConfigurationError: data, statement or policy are set wrong; names what.
    """
    policy, data = SensitivityPolicy.from_settings(values), values.get("data")
    if policy is None or not isinstance(data, Mapping):
        return []
    declared = Declaration.from_settings(data.get("statement"))
    chosen, found = declared.sensitivity_class, []
    rule, named = policy.rule("train", chosen), chosen or UNSTATED
    if rule == "refuse":
        found.append(f"data of class {named} are not trained on under the sensitivity policy {policy.name}")
    if rule == "anonymised" and not removes(Anonymisation.from_settings(data.get("anonymise"))):
        found.append(
            f"data of class {named} are trained on only with personal data taken out (data.anonymise, by tag or drop)"
            f" under the sensitivity policy {policy.name}"
        )
    if "train" in policy.complete and (lacking := declared.lacks()):
        found.append(f"the data statement lacks {', '.join(lacking)}")
    return found


def check_training(values: Mapping[str, Any]) -> None:
    """Raises SensitivityRefused: the data of these settings may not be trained on; says why."""
    if refused := training_refusals(values):
        raise SensitivityRefused(
            "; ".join(refused),
            mend="choose other data, data.anonymise or another sensitivity policy",
        )


def removes(anonymisation: Anonymisation | None) -> bool:
    """Whether personal data are gone: pseudonyms are still personal data (GDPR, Article 4 (5))."""
    return anonymisation is not None and anonymisation.operator != "pseudonym"
