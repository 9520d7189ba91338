"""Tables of `make bench-release`, from its result alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.harness import Report, Result, Table
from benchmarks.harness.tables import Value
from benchmarks.release.claims import cells_of, judged
from benchmarks.release.sizes import LM, MODELS

INTRODUCTION = """\
What `loranchor release check --policy safe-default` says of models of which it is known what it must find. Three
organisations train one round each; their updates have equal weights in the fold. One organisation has 20 canaries in
its data (SmolLM2-135M on State of the Union addresses), or plants a phrase (MiniLM on VADER) or a patch (LeNet on
Fashion-MNIST) on half of its samples and sends its update three times as large. *Revoked* is the fold of the others,
which after one round is what retraining gives. *DP* trains everybody by DP-SGD with that noise, as a multiple of the
clip. What each figure means: [release gate](../methods/release.md)."""

SHOWN_NOT = (
    "Other trainings: intervals are over samples of one model, and the default preset has one seed.",
    "A culprit that hides: its update is boosted, and nothing of it is kept small.",
    "Several rounds, in which others train on a poisoned model and carry some of it on.",
    "The bill of materials and the signature: folders here are not exports of a manifest. `tests/unit/release_supply` "
    "has them.",
    "Data statements say that the data are public; whether they are is not measured.",
)


def report(result: Result) -> Report:
    """All tables."""
    tables = [_claims(result), _verdicts(result), _findings(result), _privacy(result), _triggers(result)]
    return Report("The release gate on known models", INTRODUCTION, tables, SHOWN_NOT)


def _claims(result: Result) -> Table:
    said = {None: "not run", True: "holds", False: "**does not hold**"}
    return Table("What it must show", ["claim", "result"], [[text, said[holds]] for text, holds in judged(result)])


def _each(result: Result) -> list[tuple[str, str, Mapping[str, Any]]]:
    cells = cells_of(result)
    return [
        (world, model, found) for world, models in MODELS.items() for model in models
        for found in cells.get((world, model), ())
    ]  # fmt: skip


def _verdicts(result: Result) -> Table:
    rows: list[list[Value]] = [
        [world, model, found["verdict"], ", ".join(found["failed"]) or "–", ", ".join(found["missing"]) or "–"]
        for world, model, found in _each(result)
        if "verdict" in found
    ]
    return Table("Verdicts", ["world", "model", "verdict", "failed by", "demanded and not run"], rows)


def _findings(result: Result) -> Table:
    rows = [
        [world, model, name, found["verdict"], _figure(found), _interval(found["interval"]), _short(found["named"])]
        for world, model, figures in _each(result)
        for name, found in figures.get("findings", {}).items()
        if found["verdict"] != "not-run"
    ]
    note = (
        "Interval: over samples of this model, as each finding's `sure` says in the report. Named canaries are planted "
        "texts, of which the first is shown."
    )
    return Table("Every check", ["world", "model", "check", "verdict", "figure", "interval", "named"], rows, note)


def _privacy(result: Result) -> Table:
    """ε beside what it costs and what it buys; the loss on unseen texts is not measured by the gate."""
    rows: list[list[Value]] = []
    for world, model, found in _each(result):
        if world == LM and "findings" in found:
            epsilon = found.get("epsilon")
            names = ("canaries", "membership.loss", "membership.rmia", "extraction.strength")
            row: list[Value] = [model, "–" if epsilon is None else f"{epsilon:.2f}"]
            row += [_figure(found["findings"].get(name, {})) for name in names]
            rows.append([*row, "–" if "loss" not in found else f"{found['loss']:.3f}"])
        if "exposure" in found:
            bits = ", ".join(f"{times}×: {value:.1f}" for times, value in found["exposure"].items())
            rows.append([model, "–", f"exposure {bits}", "–", "–", "–", "–"])
    columns = ["model", "ε at δ = 10⁻⁵", "canaries", "loss attack", "RMIA", "extraction", "loss on unseen texts"]
    return Table("Remembering, and differential privacy", columns, rows)


def _triggers(result: Result) -> Table:
    rows: list[list[Value]] = []
    for world, model, found in _each(result):
        if "trigger" in found:
            parts = [found["trigger"][name] for name in ("rate", "without", "accuracy")]
            rows.append([world, model, *(f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]" for one in parts)])
        if "price" in found:
            price = found["price"]
            told = f"clean accuracy lost {price['clean_lost']:.3f}, {price['slower']:.1f} times the processor time"
            rows.append([world, f"{model}: {told}", "–", "–", "–"])
    columns = ["world", "model", "trigger's success", "anyway", "accuracy"]
    return Table("The known trigger, and what hardening costs", columns, rows)


def _figure(found: Mapping[str, Any]) -> str:
    value = found.get("value")
    return f"{value} {found['figures'][value]:.3f}" if value else "–"


def _interval(found: Sequence[float] | None) -> str:
    return "–" if found is None else f"{found[0]:.3f} to {found[1]:.3f}"


def _short(names: Sequence[str]) -> str:
    if not names:
        return "–"
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
