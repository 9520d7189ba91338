"""Plots of an evaluation, as SVG by matplotlib: the same findings give the same bytes on one version of it."""

from __future__ import annotations

import io
import statistics
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from orchestrator.errors import EnvironmentMissing
from orchestrator.unlearning.evaluation.findings import RETRAINED, UNLEARNED, Findings

COLOURS = {UNLEARNED: "#2a6fb0", RETRAINED: "#c2571a"}
STYLE: Any = {"svg.hashsalt": "loranchor", "svg.fonttype": "none", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}


def check_installed() -> None:
    """Raises EnvironmentMissing: matplotlib is not there."""
    if find_spec("matplotlib") is None:
        raise EnvironmentMissing("matplotlib is not installed", mend="pip install 'loranchor[plots]', or --no-plots")


def relearning_plot(findings: Findings) -> bytes:
    """Held-out forget accuracy by step, a panel a k: mean over seeds, and the band from the least to the most."""
    every = sorted({attack.k for attack in findings.relearning})
    figure, panels = _panels(len(every), "Relearning: forget samples that the attacker never saw")
    for panel, k in zip(panels, every, strict=True):
        for role in (UNLEARNED, RETRAINED):
            attacks = [attack for attack in findings.relearning if attack.k == k and role in attack.values]
            if attacks:
                _band(panel, attacks[0].steps, [[100 * v for v in attack.values[role]] for attack in attacks], role)
        panel.set_title(f"k = {k}")
        panel.set_xlabel("steps of the attack")
    panels[0].set_ylabel("held-out forget accuracy, %")
    panels[0].legend()
    return _svg(figure)


def lines_plot(findings: Findings) -> bytes:
    """Losses on the straight lines from the unlearned model to the original and to the retrained one."""
    figure, panels = _panels(len(findings.neighbours), "Loss between two models", share=False)
    for panel, (role, found) in zip(panels, findings.neighbours.items(), strict=True):
        for name, line in found.lines.items():
            panel.plot(list(line), list(line.values()), marker=".", label=f"{name}, barrier {found.barriers[name]:.3f}")
        panel.set_title(f"unlearned (0) to {role} (1)")
        panel.set_xlabel("place on the line")
        panel.legend()
    panels[0].set_ylabel("mean loss, nats")
    return _svg(figure)


def _panels(count: int, title: str, *, share: bool = True) -> tuple[Any, Sequence[Any]]:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(max(3.2 * count, 4.5), 3.2), layout="constrained")
        panels = figure.subplots(1, count, sharey=share, squeeze=False)[0]
        figure.suptitle(title)
    return figure, panels


def _band(panel: Any, steps: Sequence[int], curves: Sequence[Sequence[float]], role: str) -> None:
    columns = list(zip(*curves, strict=True))
    panel.plot(steps, [statistics.fmean(column) for column in columns], marker=".", color=COLOURS[role], label=role)
    low, high = [min(column) for column in columns], [max(column) for column in columns]
    panel.fill_between(steps, low, high, color=COLOURS[role], alpha=0.2, linewidth=0)


def _svg(figure: Any) -> bytes:
    from matplotlib import rc_context

    out = io.BytesIO()
    with rc_context(STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
