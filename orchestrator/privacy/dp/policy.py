"""The policy ``dp``: what it promises, which tasks it cannot serve, and what their trainings cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy.dp import accounting
from orchestrator.privacy.dp.settings import DpSettings
from orchestrator.privacy.policy import Place, Plain, Promise
from orchestrator.privacy.settings import PrivacySettings

if TYPE_CHECKING:
    from orchestrator.training import Discipline

ONE_FACTOR = ("ffa", "rolora")
"""Strategies that train one factor of each module, so that noise is not multiplied by noise."""


class DifferentialPrivacy(Plain):
    """See the module."""

    name = "dp"
    promise = Promise(
        "Each sample of a member, or with unit member all its data, against everybody who sees updates or models: what"
        " they learn of it is bounded by ε and δ, whatever else they know.",
        "Nobody but the member can check that noise was added: its ε is its own word; what many samples have in common"
        " is learned all the same.",
        bounded=True,
    )

    def objections(self, task: TaskSpec) -> Iterator[str]:
        if task.training.slices > 1:
            policy, slices = task.privacy.policy, task.training.slices
            yield f"privacy.policy is {policy} with training.slices {slices}: ε is not counted by slices"

    def warnings(self, task: TaskSpec) -> Iterator[str]:
        settings = task.privacy.settings["dp"]
        if task.strategy.name not in ONE_FACTOR:
            yield (
                f"strategy {task.strategy.name} trains both factors, and their noises multiply: ffa freezes one, and"
                " is the usual choice under dp"
            )
        if settings["generator"] == "torch":
            yield "privacy.dp.generator is torch: whoever sees enough of its noise can compute the rest"

    def epsilon(self, settings: PrivacySettings, trainings: int) -> int:
        dp = DpSettings.of(settings)
        steps = dp.steps * trainings
        return accounting.millionths(accounting.epsilon(dp.accountant, dp.noise, dp.rate, steps, dp.delta))

    def discipline(self, settings: PrivacySettings, place: Place) -> Discipline:
        dp = DpSettings.of(settings)
        if dp.unit == "member":
            from orchestrator.privacy.dp.member import ByMember

            return ByMember(dp).discipline()
        from orchestrator.privacy.dp.example import ByExample

        return ByExample(dp, place).discipline()


POLICY = DifferentialPrivacy()
