"""What follows from the curves of attacks, by hand."""

from __future__ import annotations

from orchestrator.unlearning.evaluation.findings import Findings, Relearning
from orchestrator.unlearning.evaluation.gate import judge


def findings(*attacks: Relearning) -> Findings:
    return Findings({}, {}, 0, {}, {}, {}, None, None, {}, {}, attacks, judge({}, []))


def attack(k: int, seed: int, mine: tuple[float, ...], other: tuple[float, ...]) -> Relearning:
    return Relearning(k, seed, (0, 5, 10), {"unlearned": mine, "retrained": other})


def test_gaps_at_the_end_and_at_their_widest() -> None:
    """It knows at once what the retrained model learns in the end."""
    found = findings(
        attack(0, 0, (0.5, 1.0, 1.0), (0.5, 0.5, 1.0)),
        attack(0, 1, (0.5, 0.75, 0.75), (0.5, 0.5, 1.0)),
        attack(5, 0, (0.25, 0.25, 0.25), (0.5, 0.5, 0.75)),
    )
    assert found.gaps(0) == [0.0, -25.0]
    assert found.widest(0) == 37.5
    assert (found.gaps(5), found.widest(5)) == ([-50.0], -50.0)
    mean = found.attacked(0, "unlearned")
    assert mean is not None and (mean.mean, mean.n) == (87.5, 2)


def test_without_a_retrained_model_there_are_none() -> None:
    found = findings(Relearning(0, 0, (0,), {"unlearned": (0.5,)}))
    assert (found.gaps(0), found.widest(0), found.attacked(0, "retrained")) == ([], None, None)
    assert not found.judged
