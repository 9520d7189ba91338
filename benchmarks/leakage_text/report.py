"""Tables of `make bench-leakage-text`, from its result alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.harness import NOT_RUN, Outcome, Report, Result, Table, t_interval
from benchmarks.harness.tables import Value
from benchmarks.leakage_text.cases import Case, case_of
from benchmarks.leakage_text.world import OTHERS, OWN, RATE, WARM_BATCH, WARM_STEPS

RECOVERS = 0.9
"""Token recall that a rank of 64 and texts of 32 tokens are expected to reach; the last token is never an input."""
MAIN = "r 64, 32 tokens"

INTRODUCTION = f"""\
DAGER (arXiv 2405.15586) on gradients and updates of LoRA adapters on q and v, with α = 2·r. **Victims** train
SmolLM2-135M on State of the Union speeches of {OWN["years"][0]} to {OWN["years"][1]}, or MiniLM to classify reviews.
Unless B is zero, adapters have {WARM_STEPS} AdamW steps of {WARM_BATCH} texts of others behind them (speeches of
{OTHERS["years"][0]} to {OTHERS["years"][1]}, at {RATE:g}), so that B ≠ 0. **Attackers** know the model, the adapter and
what was sent, in float32. They hold what the first layer reads of each of the vocabulary's tokens against the row span
of its gradient; order comes from the second layer's. Where tokens in the span do not explain half of it, they name the
nearest, as many as the texts have tokens. The method and its limits: [text inversion](../methods/inversion-text.md).

**Recall** and **precision** count distinct tokens; a text's last token is predicted and never read, so that nobody
finds it unless it occurs before. **ROUGE-1** and **-2** are F1 of words and of pairs of words in what was found,
decoded: tokens in order first, then those without, nearest first. **In the span**: how many tokens an attack is sure
of. **Rank**: of the subspace that was looked at. **Seconds**: of the attack, on one core."""

SHOWN_NOT = (
    "Larger models, and texts of thousands of tokens.",
    "Attacks that use a language model to put tokens in order or to fill gaps: what they make of half of the tokens.",
    "Attacks that look for the texts by optimisation, and those on layers beyond the second.",
    "What a lock or noise cost in quality: that is in the price list of the privacy policies.",
    "Adaptive attacks on a lock of MiniLM, whose first layer sees positions: none was made.",
    "Any ε: noise here is drawn once on one gradient, and a σ far below 1 has no guarantee worth its name.",
)

NOTES = {
    "one gradient": "Chance is the first and the last row: a guess of the most frequent tokens of others' speeches, "
    "as many as the text has. q and v read the same inputs, so that 2·r rows count. A's gradient is zero while B is; "
    "B's is not, and A is known.",
    "gradients of one text in several rounds": "Between two rounds the adapter is trained on by others. Each round "
    "adds 2·r rows in the span of the same tokens: a small rank bounds what one round tells, not what all tell.",
    "key-lock": "γ = 1 + strength·u and β = strength·w⊙v for uniform u and v of variance 1. The first attacker knows "
    "the scheme alone. The second guesses three tokens from the twelve that are most frequent in others' texts and the "
    "twelve nearest to the span, solves for γ and sees that it fits; it tests no order, which the second layer's own "
    "lock hides from it. The third learned γ and β from rounds of other texts.",
    "clipping and noise": "As Opacus does it: the example's gradient is clipped to norm 1 over all adapters, σ is the "
    "noise multiplier; batch of one. Attackers know σ and keep the directions that noise alone would not have.",
    "updates of local training": f"A after training less A before. SGD at 0.1, AdamW at {RATE:g}, gradients clipped to "
    "norm 1. This product's training begins with B = 0 and an A from a seed that all members can compute.",
    "MiniLM, a classifier": "Tokens are tested at positions, so that the first layer gives the order, too.",
}


def report(result: Result) -> Report:
    groups = list(dict.fromkeys(case.group for case in _listed(result)))
    tables = [_table(result, group) for group in groups]
    return Report("Texts out of LoRA gradients", INTRODUCTION, [*tables, _samples(result)], SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """The attack must work where it is expected to: with few tokens, a large rank and B ≠ 0."""
    found = [cell.figures["recall"] for cell in result.cells if cell.figures and cell.configuration["name"] == MAIN]
    if not found or sum(found) / len(found) >= RECOVERS:
        return []
    return [f"{MAIN}: token recall is {sum(found) / len(found):.2f}, {RECOVERS} was expected: the attack is broken"]


def _listed(result: Result) -> list[Case]:
    return list(dict.fromkeys(case_of(cell.configuration) for cell in result.cells))


def _table(result: Result, group: str) -> Table:
    columns = ["case", "recall", "precision", "ROUGE-1", "ROUGE-2", "in the span", "rank", "distinct tokens", "seconds"]
    rows = [_row(case, _of(result, case)) for case in _listed(result) if case.group == group]
    return Table(group[0].upper() + group[1:], columns, rows, NOTES[group], 2)


def _row(case: Case, cells: list[Outcome]) -> list[Value]:
    if not cells:
        return [case.name, *[NOT_RUN] * 8]
    figures: list[Value] = [t_interval(_values(cells, name)) for name in ("recall", "precision", "rouge 1", "rouge 2")]
    told = [_mean([cell.figures["told"][name] for cell in cells if cell.figures and name in cell.figures["told"]])
            for name in ("accepted", "rank")]  # fmt: skip
    return [case.name, *figures, *told, *(_mean(_values(cells, name)) for name in ("distinct", "seconds"))]


def _of(result: Result, case: Case) -> list[Outcome]:
    return [cell for cell in result.cells if cell.figures is not None and case_of(cell.configuration) == case]


def _values(cells: list[Outcome], name: str) -> list[float]:
    return [float(cell.figures[name]) for cell in cells if cell.figures]


def _mean(numbers: list[float]) -> str:
    return f"{sum(numbers) / len(numbers):.1f}" if numbers else "–"


def _samples(result: Result) -> Table:
    """Of the first text of every case what was found, shortened."""
    return Table(
        "What was found of the first text",
        ["case", "found"],
        list(_sampled(result)),
        "Speeches alone, which are in the public domain. Line breaks are spaces; 160 characters at most.",
        left=frozenset({0, 1}),
    )


def _sampled(result: Result) -> Iterator[list[Value]]:
    truths: dict[str, str] = {}
    for cell in result.cells:
        figures = cell.figures
        if figures is None or cell.configuration["text"] or "found" not in figures or cell.configuration["few"]:
            continue
        if figures["truth"] not in truths:
            truths[figures["truth"]] = f"text {len(truths) + 1}"
            yield [f"{truths[figures['truth']]} itself", _short(figures["truth"])]
        case = case_of(cell.configuration)
        yield [f"{truths[figures['truth']]}: {case.group}, {case.name}", _short(figures["found"])]


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return (plain if len(plain) <= 160 else plain[:160] + " …") or "nothing"
