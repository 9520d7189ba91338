"""Tables of `make bench-privacy`, from its result alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.harness import Report, Result, Table, bootstrap_interval, t_interval
from benchmarks.harness.tables import Value
from benchmarks.privacy.figures import attempts, chance, data_of, ends, listed, mean, strongest, used
from benchmarks.privacy.sizes import DELTA_INVERSE, LENGTH, RANK, STRENGTH, Row

PLOT = "privacy.svg"
BACK = {"fashion": 0.6, "vader": 0.9, "sotu": 0.9}
"""What the strongest attacker must get without any policy, or a list says nothing of the others."""
MOST_BYTES = 3.0
"""Times the bytes of ``none`` with the same strategy that ``secagg`` may send."""
TITLES = {
    "fashion": "Fashion-MNIST, LeNet",
    "vader": "VADER sentences, MiniLM",
    "sotu": "State of the Union addresses, SmolLM2",
}
UNITS = {"fashion": "right, %", "vader": "right, %", "sotu": "loss, nats"}
GAINS = {"fashion": "SSIM", "vader": "token recall", "sotu": "token recall"}

INTRODUCTION = f"""\
What each [privacy policy](../privacy-policies.md) costs, and what it keeps from the strongest attacker that was tried.
**Use**: members train together, a few rounds; the figure is the mean of their held-out ones, each behind its own lock
where it has one. **Seconds**: of the processor, one thread, for one update of one member, training, masks and seals
included. **Bytes**: what one member sends for one update, sealed to all, with keys, shares and the carried sum under
`secagg`. **ε**: of all rounds together, at δ = 1/{DELTA_INVERSE:,}, by PRV. **Attack**: the mean over texts or images
of what the best of the attackers below got; each sees the gradient of one step on a single text of {LENGTH} tokens or
a single image, which is the easiest there is, and under `secagg` the mean of one such of each member. Adapters have
rank {RANK}, so that a text fits into what one step shows; locks have strength {STRENGTH / 1e6:g}. Where a row names no
strategy, it is `ffa`, whose A is agreed on, so that B alone is sent; clients with images take the plain mean.

![Use and attack by policy]({PLOT})"""

SHOWN_NOT = (
    "Training to the end: rounds are few, and members have little data. Over a longer training a price is another one.",
    "Other attackers. What none of these gets is not safe for that: only `dp` bounds those that nobody thought of.",
    "That a lock is why B's gradient under it tells little: nobody looked for an attacker that solves for a lock from "
    "B alone. From A's gradient it is solved (`keylock, stack` on SmolLM2).",
    "A lock of MiniLM under an attacker that solves for it: its first layer sees positions, and none was made.",
    "`dp` with the lock of convolutions: that sits on a batch norm, behind which no image has a gradient of its own.",
    "Updates of many steps on many texts, which tell less than a gradient: [texts](../methods/inversion-text.md).",
    "What the sum of many members hides: here it is of three or four.",
    "Transactions of masked rounds on the private chain, and times on a GPU.",
)


def report(result: Result) -> Report:
    """For each data set the list, then who attacked and what all of them got."""
    data = data_of(result)
    tables = [_claims(result), *(_prices(result, name) for name in data), *(_attackers(result, name) for name in data)]
    return Report("The price list of the privacy policies", INTRODUCTION, tables, SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """A sentence for each claim that the figures break."""
    return [f"{said}: {found}" for said, found, verdict in claims(result) if verdict == "does not hold"]


def claims(result: Result) -> Iterator[tuple[str, str, str]]:
    """What was expected, what was measured, and the verdict, of what was measured at all."""
    for data in data_of(result):
        for row in listed(result, data):
            best, costs = strongest(result, data, row), used(result, data, row)
            if row.policy == "none" and best is not None:
                said = f"{TITLES[data]}, {row.name}: the attack works (mean {GAINS[data]} ≥ {BACK[data]})"
                yield said, f"{best.mean:.2f}", _verdict(best.mean >= BACK[data])
            plain = used(result, data, Row("none", "none", row.strategy))
            if row.policy == "secagg" and costs and plain:
                times = costs[0]["bytes"] / plain[0]["bytes"]
                said = f"{TITLES[data]}, {row.name}: at most {MOST_BYTES:g} times the bytes of `none`"
                yield said, f"{times:.2f}", _verdict(times <= MOST_BYTES)


def _verdict(kept: bool) -> str:
    return "holds" if kept else "does not hold"


def _claims(result: Result) -> Table:
    rows: list[list[Value]] = [list(item) for item in claims(result)]
    return Table("What was expected", ["expected", "measured", "verdict"], rows, left=frozenset({0, 1, 2}))


def _prices(result: Result, data: str) -> Table:
    columns = ["policy", "ε", UNITS[data], "s an update", "times", "kB an update", "times", "strongest attacker",
               GAINS[data], "by chance"]  # fmt: skip
    rows = [_price(result, data, row) for row in listed(result, data)]
    starts = [item["curve"][0] for row in listed(result, data) for item in used(result, data, row)]
    before = f"Before any round: {(100 if data == 'vader' else 1) * mean(starts):.3f}. " if starts else ""
    note = f"{before}Times: of the first row."
    return Table(f"Price list: {TITLES[data]}", columns, rows, note, left=frozenset({0, 7}))


def _price(result: Result, data: str, row: Row) -> list[Value]:
    costs, best, blind = used(result, data, row), strongest(result, data, row), chance(result, data, row)
    gained: list[Value] = [None, None] if best is None else [best.attacker, bootstrap_interval(best.gained).text(2)]
    gained.append("–" if blind is None else f"{blind.mean:.2f}")
    if not costs:
        return [row.name, *[None] * 6, *gained]
    first = used(result, data, listed(result, data)[0])
    cost: list[Value] = []
    for name, unit in (("seconds", 1.0), ("bytes", 1e3)):
        own = mean([item[name] for item in costs])
        cost += [f"{own / unit:,.1f}", f"{own / mean([item[name] for item in first]):.2f}" if first else None]
    epsilon = f"{costs[0]['epsilon']:.2f}" if costs[0]["epsilon"] else "none"
    return [row.name, epsilon, t_interval(ends(result, data, row)), *cost, *gained]


def _attackers(result: Result, data: str) -> Table:
    rows: list[list[Value]] = []
    for row in listed(result, data):
        for item in attempts(result, data, row):
            seconds = mean([float(value) for value in item.figures["seconds"]])
            rows.append([row.name, item.attacker, bootstrap_interval(item.gained).text(2), f"{seconds:.1f}"])
    columns = ["policy", "attacker", GAINS[data], "seconds"]
    return Table(f"All attackers: {TITLES[data]}", columns, rows, left=frozenset({0, 1}))
