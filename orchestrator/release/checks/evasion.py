"""How little has to be changed about an input until the model is wrong: words of texts, pixels of images.

The attacker has the weights. Judged is the share of rightly answered samples that fall at one budget: nearly every
model that was not trained against it falls far, so packaged policies warn and do not fail it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.attacks.evasion.curve import Curve, masked, robust_curve
from orchestrator.attacks.evasion.images import Fgsm, Pgd
from orchestrator.attacks.evasion.swaps import SwapSettings, WordSwaps
from orchestrator.attacks.shares import share_of
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.release.check import Finding, Subject, not_run
from orchestrator.release.opened import Images, Opened, some
from orchestrator.release.parts import Terms

SAMPLES = {"classifier": 60, "image_classifier": 200}
BUDGETS = {"classifier": (0.1, 0.2, 0.3), "image_classifier": (2 / 255, 4 / 255, 8 / 255, 16 / 255)}
JUDGED = {"classifier": 0.2, "image_classifier": 8 / 255}
"""A fifth of the words, or eight of 255 steps of every pixel."""


class Evasion:
    """``evasion.words``, or ``evasion.fgsm`` and ``evasion.pgd``; see :mod:`orchestrator.attacks.evasion`.

    Settings: ``samples`` of ``others`` attacked at most; ``budgets``, ``judged`` one of them; ``steps`` of PGD.
    """

    name = "evasion"
    needs = frozenset({"opened", "others", "terms"})
    kinds = frozenset({"classifier", "image_classifier"})

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> list[Finding]:
        """One finding an attack; the curve is in its figures."""
        opened, terms = subject.part("opened", Opened), subject.part("terms", Terms)
        count = int(settings.get("samples", SAMPLES[subject.kind]))
        judged = float(settings.get("judged", JUDGED[subject.kind]))
        budgets = sorted({0.0, judged, *map(float, settings.get("budgets", BUDGETS[subject.kind]))})
        if count < 1 or not 0 < judged <= 1 or budgets[0] < 0 or budgets[-1] > 1:
            raise ConfigurationError(f"release.checks.evasion is {dict(settings)}", mend="budgets are shares in (0, 1]")
        if subject.kind == "classifier":
            return [_words(opened, count, budgets, judged)]
        images = opened.images("others")
        chosen = Images(images.pixels[:count], images.labels[:count])
        return _pixels(opened, chosen, budgets, judged, int(settings.get("steps", 20)), terms.bootstrap.seed)


def _words(opened: Opened, count: int, budgets: Sequence[float], judged: float) -> Finding:
    try:
        attack = WordSwaps(opened.model, opened.tokenizer, SwapSettings(share=max(budgets)))
    except DataError as error:
        return not_run("evasion.words", error.message, applies=False)
    curve = attack.curve(some(opened.texts("others"), 0, count), budgets)
    beside = "neighbours by embedding are no synonyms, so some swaps change what a reader would say"
    return _finding("evasion.words", curve, judged, beside, "words")


def _pixels(
    opened: Opened, images: Images, budgets: Sequence[float], judged: float, steps: int, seed: int
) -> list[Finding]:
    single, many = (
        robust_curve(opened.model, attack, images.pixels, images.labels, budgets, seed=seed)
        for attack in (Fgsm(), Pgd(steps=steps))
    )
    beside = "a better attack finds more"
    if misled := masked(single, many):
        told = ", ".join(f"{budget:.3f}" for budget in misled)
        beside = f"one step did better than many at {told}: gradients mislead the attack, and the curve is too good"
    return [_finding(f"evasion.{curve.attack}", curve, judged, beside, "each pixel") for curve in (single, many)]


def _finding(name: str, curve: Curve, judged: float, beside: str, of: str) -> Finding:
    """The share of rightly answered samples that fall at the judged budget."""
    clean, left = curve.at(0.0), curve.at(judged)
    figures = {f"accuracy at {point.budget:.3f}": point.accuracy.value for point in curve.points}
    figures["samples"] = float(clean.count)
    right = round(clean.value * clean.count)
    if not right:
        return Finding(name, "warn", figures, why="the model answers no sample rightly, so none can fall")
    fallen = share_of(right - round(left.value * left.count), right)
    sure = f"95 % Wilson interval over {right} rightly answered samples, {judged:.3f} of {of}; {beside}"
    figures["fallen"] = fallen.value
    return Finding(name, "pass", figures, "fallen", (fallen.low, fallen.high), sure=sure)
