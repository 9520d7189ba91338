"""What was expected of the attacks and of the lock, beside what was measured; verdicts follow by the rules below."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.harness import Result
from benchmarks.inversion.figures import Line, lines, mean, successes, values
from benchmarks.inversion.sizes import FREE, LENET, NONE, PAPER, RESNET
from orchestrator.attacks.inversion.metrics import SUCCESS

PROTECTED = 0.2
"""Mean SSIM up to which the lock counts as holding."""
CONTROLS = ("dlg", "inverting-gradients", "grnn")
"""Attacks that must succeed without a lock, on most images, for the rest to mean anything."""
HOLDS, FAILS = "holds", "does not hold"
Expectation = tuple[str, str, str]
"""What was expected, what was measured, and the verdict."""


def expectations(result: Result) -> list[Expectation]:
    """Those that the finished cells allow to judge."""
    parts = (_controls, _paper, _adaptive, _diverges)
    return [one for part in parts for one in part(result)]


def broken(result: Result) -> list[str]:
    """Those that do not hold, a sentence each; without the controls nothing is shown about a lock at all."""
    return [f"{said}: {measured}" for said, measured, verdict in expectations(result) if verdict == FAILS]


def _controls(result: Result) -> Iterator[Expectation]:
    for line in _those(result, LENET, NONE.value):
        if line.method in CONTROLS:
            right, count = successes(result, line)
            said = f"Without a lock, {line.method} brings most images back (SSIM ≥ {SUCCESS}): {line.place}"
            yield said, f"{right} of {count}, {_mean(result, line)}", HOLDS if 2 * right > count else FAILS


def _paper(result: Result) -> Iterator[Expectation]:
    for line in _those(result, LENET, PAPER.value):
        if line.method in CONTROLS:
            said = (
                f"With the lock, {line.method} with the paper's knowledge has a mean SSIM ≤ {PROTECTED}: {line.place}"
            )
            near = mean(values(result, line, "ssim"))
            yield said, _mean(result, line), HOLDS if near <= PROTECTED else FAILS


def _adaptive(result: Result) -> Iterator[Expectation]:
    for line in _those(result, LENET, FREE.value):
        said = f"The lock holds (mean SSIM ≤ {PROTECTED}) against {line.method} with γ and β free: {line.place}"
        near = mean(values(result, line, "ssim"))
        right, count = successes(result, line)
        measured = f"{_mean(result, line)}, {right} of {count} images back"
        yield said, measured, HOLDS if near <= PROTECTED else FAILS


def _diverges(result: Result) -> Iterator[Expectation]:
    for line in _those(result, RESNET, NONE.value):
        if line.method == "dlg":
            right, count = successes(result, line)
            said = "DLG brings no image back from ResNet-20: behind ReLU there is no second derivative to follow"
            yield said, f"{right} of {count}, {_mean(result, line)}", HOLDS if not right else FAILS


def _those(result: Result, network: str, knowledge: str) -> list[Line]:
    return [
        line
        for line in lines(result)
        if (line.network, line.knowledge) == (network, knowledge) and values(result, line, "ssim")
    ]


def _mean(result: Result, line: Line) -> str:
    return f"mean SSIM {mean(values(result, line, 'ssim')):.3f}"
