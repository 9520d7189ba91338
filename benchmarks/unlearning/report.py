"""Tables of `make bench-unlearning`, from its result alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.harness import NOT_RUN, Report, Result, Table, t_interval
from benchmarks.harness.tables import Value
from benchmarks.unlearning.cells import DEFAULT, rows
from benchmarks.unlearning.exactness import exactness, inexact
from benchmarks.unlearning.gate import (
    LOST,
    POINTS,
    WITHIN,
    attack_gaps,
    gaps,
    headroom,
    ks_of,
    outcomes,
    verdict,
    void,
)
from benchmarks.unlearning.modes import ISOLATED_ORIGINAL, ISOLATED_RETRAINED, REFERENCES, RETRAINED
from benchmarks.unlearning.worlds import CANARIES, SPACE_BITS, WORLDS, World

PLOTS = ("unlearning-gaps.svg", "unlearning-curves.svg")

UNATTACKED = (RETRAINED, ISOLATED_RETRAINED, ISOLATED_ORIGINAL)
"""Rows without a gap under attack: the references themselves, and what is there for its headroom alone."""

INTRODUCTION = f"""\
An organisation is to be forgotten that took part in every round. What modes of revocation (docs/decisions 0095) and
methods of unlearning make of the model, each beside **retrained**: the same federation without that organisation from
the first round on. Rounds, verdicts, weights, manifests and folds are those of the daemon; there are no chains. Modes
named `isolated:` are for lineage `isolated`, beside their own retrained federation; all others for `chained`.

Methods change the ΔW of the model that still has the contributor, on the joined training data of all others, which no
member of a real federation has; those that need it are given the contributor's data, too. Their strength is tuned with
the first seed on retained training data: the strongest that leaves at most {LOST:.0f} points less there than dropping
does.

**Forget** is, with flipped labels, the share of the contributor's training sentences to which the model gives the
label that it taught, the wrong one; with canaries, the mean exposure of {CANARIES} planted secrets over the
{SPACE_BITS:.0f} bits that it could be, so that 5 points are {SPACE_BITS / 20:.1f} bits. **Retain** is the share of
right answers (of right next tokens) on the others' held-out samples. **Relearn@k**: the attacker trains the adapted
weights on retained data and k of the contributor's samples, none of which the forget figure is measured on; the
retrained model is attacked in the same way, with the same samples in the same order. All gaps are differences to
retrained, seed by seed, in points.

**Gate**: at every k the 95 % interval of the gap under attack lies within ± {WITHIN:.0f} points, and at most
{LOST:.0f} points of retain are lost. One seed has no interval; its value itself is taken then.

![Gaps to the retrained model under attack]({PLOTS[0]})

![What comes back under attack, by step]({PLOTS[1]})"""

SHOWN_NOT = (
    "Attackers with more steps, more data or more than the adapted weights: the attack is one of minutes on two cores.",
    "Larger models and longer training; these were trained for minutes, and methods may change places elsewhere.",
    "Tuning of methods beyond one strength each: steps and learning rates are the same for all.",
    "What a mode costs a real federation in waiting: seconds are those of the CPU, of one training after another.",
    "Adversaries that are not systematic: flipped labels can be forgotten by learning the right ones.",
)


def report(result: Result) -> Report:
    tables = [table for name, world in WORLDS.items() for table in _tables(result, name, world)]
    return Report("Unlearning under attack", INTRODUCTION, [_headroom(result), *tables, exactness(result)], SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """Nothing to forget, a default that fails its gate, a drop that is slow or not exact."""
    found = [f"{name} is void: {reason}" for name, world in WORLDS.items() if (reason := void(result, name, world))]
    for name in WORLDS:
        told = verdict(result, name, DEFAULT)
        if told.startswith("fails"):
            found.append(f"{name}: the default, {DEFAULT}, {told}")
        found += inexact(result, name)
    return found


def shown(result: Result, world: str) -> tuple[str, ...]:
    """Rows of a world's tables."""
    return rows(world, full=result.preset == "full")


def _headroom(result: Result) -> Table:
    listed: list[Sequence[Value]] = []
    for name, world in WORLDS.items():
        for isolated in (False, True):
            found = headroom(result, name, isolated)
            bits = NOT_RUN if found.mean is None else f"{found.mean / POINTS * SPACE_BITS:.1f}" if world.copies else "–"
            told = "" if found.mean is None else void(result, name, world) or "there is something to forget"
            lineage = "isolated" if isolated else "chained"
            listed.append([world.title, lineage, found, bits, "–" if isolated else told])
    columns = ["what is to be forgotten", "lineage", "original − retrained, points", "bits of exposure", "headroom"]
    note = "Fewer than 10 points, or 5 bits of exposure, would make the world's other figures void."
    return Table("Headroom", columns, listed, note, 1, left=frozenset({0, 1, 4}))


def _tables(result: Result, name: str, world: World) -> Iterator[Table]:
    yield _gaps(result, name, world)
    yield _levels(result, name, world)


def _gaps(result: Result, name: str, world: World) -> Table:
    ks = ks_of(result, name)
    listed: list[Sequence[Value]] = []
    for row in shown(result, name):
        if row in UNATTACKED:
            continue
        own: list[Value] = [t_interval(gaps(result, name, row, figure)) for figure in ("forget", "retain")]
        under: list[Value] = [t_interval(attack_gaps(result, name, row, k)) for k in ks]
        listed.append([row, *own, *under, "–" if row in REFERENCES else verdict(result, name, row)])
    columns = ["row", "forget gap", "retain gap", *(f"relearn@{k} gap" for k in ks), "gate"]
    attack = world.attack
    note = (
        f"Points, with 95 % intervals. {world.rounds} rounds of {world.steps} steps of {world.batch} samples; attack: "
        f"{attack.steps} steps of {attack.batch} at {attack.learning_rate:g}, {100 * attack.forget_share:.0f} % of the "
        f"rows from the k examples; methods: {world.method.steps} steps of {world.method.batch} at "
        f"{world.method.learning_rate:g}."
    )
    last = len(columns) - 1
    return Table(f"{world.title}: gaps to retrained", columns, listed, note, 1, left=frozenset({0, last}))


def _levels(result: Result, name: str, world: World) -> Table:
    ks = ks_of(result, name)
    listed: list[Sequence[Value]] = []
    for row in shown(result, name):
        cells = list(outcomes(result, name, row).values())
        listed.append(
            [
                row,
                *(_mean(cells, figure) for figure in ("forget", "retain", "test", "auc")),
                *(_attacked(cells, k) for k in ks),
                _mean(cells, "seconds"),
                _megabytes(cells),
                _strength(cells),
            ]
        )
    columns = ["row", "forget", "retain", "test", "MIA AUC", *(f"relearn@{k}" for k in ks), "seconds", "MB", "strength"]
    note = (
        "Means over seeds. Test: everybody's held-out samples, the contributor's clean ones included. MIA AUC: of the "
        "loss attack on what the contributor taught; 0.5 is guessing. Seconds: of the CPU, for the work itself without "
        "tuning. MB: updates that members must send, or for a method the ΔW that all need. A strength with * is the "
        "weakest that there is, and costs more than it may."
    )
    return Table(f"{world.title}: figures", columns, listed, note)


def _mean(cells: Sequence[Any], figure: str) -> Value:
    return sum(cell.figures[figure] for cell in cells) / len(cells) if cells else NOT_RUN


def _attacked(cells: Sequence[Any], k: int) -> Value:
    found = [cell.figures["attacks"][str(k)]["values"][-1] for cell in cells if str(k) in cell.figures["attacks"]]
    if cells and not any(cell.configuration["ks"] for cell in cells):
        return "–"
    return sum(found) / len(found) if found else NOT_RUN


def _megabytes(cells: Sequence[Any]) -> Value:
    return sum(cell.figures["payload"] for cell in cells) / len(cells) / 1e6 if cells else NOT_RUN


def _strength(cells: Sequence[Any]) -> Value:
    found = [cell.figures for cell in cells if "strength" in cell.figures]
    return f"{found[0]['strength']:.3g}" + ("" if found[0]["kept"] else "*") if found else "–"
