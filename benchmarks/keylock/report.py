"""Tables of `make bench-keylock`, from its result alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.harness import Outcome, Report, Result, Table, t_interval
from benchmarks.harness.tables import Value
from benchmarks.keylock.claims import cells_of, limits
from benchmarks.keylock.sizes import PAPER, ROUNDS_OF_THE_PAPER

INTRODUCTION = """\
What the [key-lock](../methods/keylock.md) costs. **Time**: training steps with and without it in alternating turns of
one process, in seconds of the processor on one thread; of each turn a ratio, of these the median. **The paper's
federation**: three clients on Fashion-MNIST, far fewer rounds than the paper's {rounds}; clients measure with their own
locks. **Adapters**: three members train LoRA on a pretrained model, each behind its own lock; strength is the deviation
of scales around 1, shift that around 0. **Sealing**: AES-GCM in chunks with digest and commitment, one core."""

SHOWN_NOT = (
    "What the lock protects: that is measured by attacks (methods page).",
    "The paper's accuracies: they are of CIFAR and MNIST after 200 rounds; its figures stand beside for orientation.",
    "Times on a GPU, or with several threads.",
    "Convergence: rounds are few, and a difference of a point or two between single runs is none.",
)


def report(result: Result) -> Report:
    tables = [_limits(result), _times(result), _federations(result), _paper(), _adapters(result)]
    return Report("Key-lock: what it costs", INTRODUCTION.format(rounds=ROUNDS_OF_THE_PAPER), tables, SHOWN_NOT)


def _limits(result: Result) -> Table:
    rows: list[list[Value]] = [[item.what, item.wanted, item.found, item.verdict] for item in limits(result)]
    return Table("Limits", ["what", "limit", "measured", "verdict"], rows, left=frozenset({0, 3}))


def _times(result: Result) -> Table:
    rows: list[list[Value]] = []
    for cell in cells_of(result, part="time"):
        made, about = cell.figures or {}, cell.configuration
        ratios = made["ratios"]
        rows.append(
            [
                about["net"],
                about["turns"],
                about["steps"],
                about["batch"],
                1e3 * median(made["plain"]),
                1e3 * median(made["locked"]),
                made["ratio"],
                f"{min(ratios):.2f} to {max(ratios):.2f}",
            ]
        )
    columns = ["network", "turns", "steps a turn", "batch", "plain, ms", "locked, ms", "ratio", "of single turns"]
    note = "Image networks on 28×28 pixels; SmolLM2-135M with LoRA on q and v, sequences as in the packaged experiment."
    return Table("Training time", columns, rows, note)


def _federations(result: Result) -> Table:
    rows = [row for net in _each(result, "federation", "net") for row in _learnt(result, str(net))]
    columns = ["network", "lock", "images", "rounds", "right after half, %", "right at the end, %", "a stranger, %"]
    note = (
        "Mean of three clients on test images, each with its own lock. A stranger has the folded weights, and a lock "
        "and a key of its own."
    )
    return Table("Three clients on Fashion-MNIST", columns, rows, note, digits=1)


def _learnt(result: Result, net: str) -> Iterator[list[Value]]:
    for locked in (False, True):
        cells = cells_of(result, part="federation", net=net, locked=locked)
        if not cells:
            continue
        curves = [(cell.figures or {})["curve"] for cell in cells]
        about = cells[0].configuration
        half, end = ([curve[place] for curve in curves] for place in (about["rounds"] // 2 - 1, -1))
        stranger = [(cell.figures or {})["stranger"] for cell in cells]
        others: Value = t_interval(stranger) if locked else "–"
        rounds = f"{about['rounds']} of {ROUNDS_OF_THE_PAPER}"
        word = "own" if locked else "none"
        yield [net, word, about["images"], rounds, t_interval(half), t_interval(end), others]


def _paper() -> Table:
    rows: list[list[Value]] = [[name, plain, locked] for name, (plain, locked) in PAPER.items()]
    note = f"arXiv:2305.04095, 3 clients, {ROUNDS_OF_THE_PAPER} rounds."
    return Table("The paper's figures", ["network and data", "FedAvg, %", "FedKL, %"], rows, note, digits=2)


def _adapters(result: Result) -> Table:
    rows = [row for data in _each(result, "adapters", "data") for row in _used(result, str(data))]
    columns = ["data", "strength", "shift", "base", "own lock", "no key", "a stranger's lock"]
    note = (
        "Held-out figures, mean of the members: accuracy in percent for VADER sentences on MiniLM, loss in nats a "
        "token for State of the Union addresses on SmolLM2. Strength 0 is training without a lock."
    )
    return Table("Who can use what was trained behind locks", columns, rows, note)


def _used(result: Result, data: str) -> Iterator[list[Value]]:
    name, factor = ("accuracy", 100.0) if data == "vader" else ("loss", 1.0)
    pairs = [(cell.configuration["strength"], cell.configuration["shift"]) for cell in _adapted(result, data)]
    for strength, shift in dict.fromkeys(pairs):
        cells = cells_of(result, part="adapters", data=data, strength=strength, shift=shift)
        row: list[Value] = [data, f"{strength / 1e6:g}", f"{shift / 1e6:g}"]
        for look in ("base", "own", "no key", "stranger"):
            row.append(t_interval([factor * (cell.figures or {})[look][name] for cell in cells]))
        yield row


def _adapted(result: Result, data: str) -> list[Outcome]:
    return cells_of(result, part="adapters", data=data)


def _each(result: Result, part: str, axis: str, **where: object) -> Sequence[object]:
    """Values of an axis among the finished cells, in their order."""
    found = (cell.configuration[axis] for cell in cells_of(result, part=part, **where))
    return tuple(dict.fromkeys(found))
