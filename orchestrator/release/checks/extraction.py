"""Do training texts come back word for word? Extraction strength, and how many texts their beginning brings back.

Both are held against models that never saw the texts: what those say, too, is language and no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.attacks.extraction import extraction_strength
from orchestrator.release.check import Finding, Subject, not_run
from orchestrator.release.parts import Answers, Terms
from orchestrator.unlearning.evaluation.readings import Readings, Text

Measured = Callable[[Readings], list[float]]


class Extraction:
    """Of members, greedily decoded; one pass over a text is enough, see :mod:`orchestrator.attacks.extraction`."""

    name = "extraction"
    needs = frozenset({"members", "terms"})
    kinds = frozenset({"causal_lm"})

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> list[Finding]:
        """``extraction.strength`` and ``extraction.prefix``."""
        terms, members = subject.part("terms", Terms), subject.part("members", Answers)
        prefix, suffix = terms.settings.prefix, terms.settings.suffix

        def strengths(found: Readings) -> list[float]:
            return [extraction_strength(text.right) for text in found.texts]

        def completed(found: Readings) -> list[float]:
            return [float(comes_back(text, prefix, suffix)) for text in long_enough(found, prefix + suffix)]

        short = not_run("extraction.prefix", f"no member has {prefix} + {suffix} tokens: make release.length larger")
        return [
            _finding("extraction.strength", members, strengths, terms),
            _finding("extraction.prefix", members, completed, terms) if completed(members.model) else short,
        ]


def long_enough(found: Readings, tokens: int) -> list[Text]:
    """Texts with so many predicted tokens."""
    return [text for text in found.texts if len(text.right) >= tokens]


def comes_back(text: Text, prefix: int, suffix: int) -> bool:
    """Whether from the first ``prefix`` tokens the likeliest ones are the next ``suffix`` of the text, all of them."""
    return bool(text.right[prefix : prefix + suffix].all())


def _finding(name: str, members: Answers, measured: Measured, terms: Terms) -> Finding:
    """Mean over texts; where there are references, less their mean over the same texts."""
    own = np.asarray(measured(members.model))
    figures = {"mean": float(own.mean()), "texts": float(len(own))}
    value, less = "mean", own
    sure = terms.bootstrap.told(f"{len(own)} texts")
    if members.references:
        others: NDArray[np.float64] = np.mean([measured(one) for one in members.references], axis=0)
        less, value = own - others, "above_reference"
        figures |= {"reference": float(others.mean()), "above_reference": float(less.mean())}
    else:
        sure += "; no model was given that never saw the texts, so language counts as memory"
    interval = terms.bootstrap.interval(lambda rows: float(rows.mean()), less)
    return Finding(name, "pass", figures, value, interval, sure=sure)
