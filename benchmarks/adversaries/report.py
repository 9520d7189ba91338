"""Tables of `make bench-adversaries`, from its result alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.harness import Report, Result, Table, t_interval, values_of
from benchmarks.harness.tables import Value

ATTACKS = ("label_flip", "sign_flip", "scaled", "noise", "copied")
WORDS = {
    "label_flip": "flipped labels",
    "sign_flip": "sign flipped",
    "scaled": "scaled ×10",
    "noise": "noise",
    "copied": "copied",
}
DEFENDED, BARE = "robust", "stack"
MOST = 0.03
"""What two adversaries among eight may cost of mean accuracy."""

INTRODUCTION = """\
Members of a federation train a sentiment classifier together (MiniLM, LoRA of rank 8, VADER sentences): eight
organisations, each domain split in two, or four, one a domain. Of the eight two are adversaries, of the four one. They
accept each other's updates and refuse nobody's. Training, verdicts, votes, weights and
folds are those of the daemon; there are no chains. Accuracy is the mean over the four domains, on their
whole held-out sets. **Without** is the same federation of only the honest members.

Defended runs use `aggregation=robust`, undefended ones `aggregation=stack`, which checks structure only: an
exact copy, whatever its factors, is refused by that already. `copied` is stronger than the protocol allows: updates are
released together, so nobody sees another's in time."""

SHOWN_NOT = (
    "Adversaries that adapt: stay just below every limit, or alternate between honest and hostile rounds.",
    "Backdoors: an update that does well on held-out data and harm on rare inputs passes all of these checks.",
    "A majority: with half of the members hostile, no vote helps.",
    "Longer training, larger models and other data. Settings were chosen on seed 0, whose figures are among these.",
)


def report(result: Result) -> Report:
    tables = [_table(result, count) for count in (8, 4)]
    return Report("Adversaries", INTRODUCTION, [*tables, _verdicts(result)], SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """Defended, no attack among eight may cost more than :data:`MOST` in the mean over seeds."""
    return [
        f"{WORDS[attack]} costs {100 * mean:.1f} points among eight, at most {100 * MOST:.0f} are allowed"
        for attack in ATTACKS
        if (mean := t_interval(costs(result, 8, attack, DEFENDED)).mean) is not None and mean > MOST
    ]


def costs(result: Result, organisations: int, attack: str, defence: str) -> list[float]:
    """Accuracy without the adversaries less accuracy with them, for each seed that has both."""
    return [
        without[0] - found[0]
        for seed in result.seeds
        if (without := _accuracy(result, organisations, "without", defence, seed))
        and (found := _accuracy(result, organisations, attack, defence, seed))
    ]


def _accuracy(result: Result, organisations: int, attack: str, defence: str, seed: int | None = None) -> list[float]:
    where = {"organisations": organisations, "attack": attack, "defence": defence}
    return values_of(result.cells, "accuracy", **where, **({} if seed is None else {"seed": seed}))


def _table(result: Result, organisations: int) -> Table:
    rows: list[list[Value]] = [_row(result, organisations, attack) for attack in ("without", *ATTACKS)]
    columns = ["adversaries", "defended", "costs, points", "undefended", "costs, points "]
    hostile = {8: "Two among eight", 4: "One among four"}[organisations]
    note = f"Costs are differences to the run without, by seed; at most {100 * MOST:.0f} points may be lost, defended."
    return Table(f"{hostile} organisations", columns, rows, note if organisations == 8 else "")


def _row(result: Result, organisations: int, attack: str) -> list[Value]:
    row: list[Value] = ["none: without them" if attack == "without" else WORDS[attack]]
    for defence in (DEFENDED, BARE):
        lost = [100 * cost for cost in costs(result, organisations, attack, defence)]
        row.append(t_interval(_accuracy(result, organisations, attack, defence)).text())
        row.append("" if attack == "without" else t_interval(lost).text(1))
    return row


def _verdicts(result: Result) -> Table:
    return Table(
        "Whose updates entered the model",
        [
            "organisations",
            "adversaries",
            "hostile accepted",
            "honest accepted",
            "honest refused",
            "reasons for hostile ones",
        ],
        list(_accepted(result)),
        "Defended, over all seeds and rounds; reasons are those of all judges.",
    )


def _accepted(result: Result) -> Iterator[list[Value]]:
    for organisations in (8, 4):
        for attack in ("without", *ATTACKS):
            where = {"organisations": organisations, "attack": attack, "defence": DEFENDED}
            counts = [
                sum(values_of(result.cells, name, **where))
                for name in ("hostile accepted", "honest accepted", "honest refused")
            ]
            reasons = sorted({code for codes in values_of(result.cells, "reasons", **where) for code in codes})
            words = WORDS.get(attack, "none: without them")
            yield [str(organisations), words, *counts, ", ".join(reasons).lower().replace("_", " ")]
