"""Tables of `make bench-secagg`, from its result alone."""

from __future__ import annotations

from benchmarks.harness import Outcome, Report, Result, Table
from benchmarks.harness.tables import Value

MOST_BYTES = 3.0
"""Times the bytes of plain fp32 that a member may send, where a round of the federation has the size of a model."""
A_MODEL = 184_320
"""Numbers of B of rank 8 on q and v of SmolLM2-135M: the smallest update that the limit is about."""
FEDERATION = 32
"""Bits of the ring that a round of the federation takes."""
FAR = 6.0
"""Standard deviations that χ² of uniform words may be from its mean, at most, over six statistics."""

INTRODUCTION = """\
Rounds of [secure aggregation](../methods/secure-aggregation.md) in one process: real keys, shares, masks, seals to all
members and reveals, and no chain. Members drop out after masking. Every sum is compared with the plain one, word for
word; a difference would end the run. **Times plain**: all that one member sends, over the same numbers in fp32, not
sealed. Seconds are of the processor. 184,320 numbers are B of rank 8 on q and v of SmolLM2-135M. A round of the
federation takes the ring of 2³²."""

SHOWN_NOT = (
    "The n² endorsements on a private chain, and rounds over real nodes.",
    "The sum, which two carriers submit as well: one more update of the plain size from each of these.",
    "That masks hide: χ² is a test of streams and signs. What hides an update is that AES-256 in counter mode and "
    "X25519 are what they are taken for.",
    "Times on several threads.",
)


def report(result: Result) -> Report:
    return Report("What secure aggregation costs", INTRODUCTION, [_limits(result), _rounds(result), _uniform(result)],
                  SHOWN_NOT)  # fmt: skip


def broken(result: Result) -> list[str]:
    """A sentence for each limit that a measured figure breaks."""
    return [f"{said}: {found}" for said, found, verdict in limits(result) if verdict == "does not hold"]


def limits(result: Result) -> list[tuple[str, str, str]]:
    """What was asked for, what was measured, and the verdict; only of what was measured."""
    found = []
    for cell in _done(result, "round"):
        about, figures = cell.configuration, cell.figures or {}
        if about["ring"] == FEDERATION and about["words"] >= A_MODEL:
            said = f"{about['members']} members, {about['words']:,} numbers: at most {MOST_BYTES:g} times plain fp32"
            found.append((said, f"{figures['times']:.3f}", _verdict(figures["times"] <= MOST_BYTES)))
    for cell in _done(result, "uniform"):
        most = max(map(abs, (cell.figures or {})["masked"]))
        said = f"χ² of a masked update within {FAR:g} standard deviations"
        found.append((said, f"{most:.2f}", _verdict(most <= FAR)))
    return found


def _verdict(kept: bool) -> str:
    return "holds" if kept else "does not hold"


def _limits(result: Result) -> Table:
    rows: list[list[Value]] = [list(item) for item in limits(result)]
    return Table("Limits", ["what", "measured", "verdict"], rows, left=frozenset({0, 2}))


def _rounds(result: Result) -> Table:
    rows: list[list[Value]] = []
    for cell in result.cells:
        about, figures = cell.configuration, cell.figures
        if about["part"] != "round":
            continue
        head: list[Value] = [f"{about['members']}, {about['gone']}", about["words"], f"2^{about['ring']}"]
        if figures is None:
            rows.append([*head, *[None] * 6])
            continue
        sizes = figures["sizes"]
        rest = sum(sizes.values()) - sizes["update"]
        rows.append(
            [*head, sum(sizes.values()), figures["times"], sizes["update"], rest, figures["mask"], figures["sum"]]
        )
    columns = ["members, gone", "numbers", "ring", "sent by a member, bytes", "times plain", "of it update",
               "keys, shares, reveal", "mask, s a member", "sum, s"]  # fmt: skip
    return Table("Rounds", columns, rows, "Every sum was the plain one, bit for bit. Bytes are the same on every run.")


def _uniform(result: Result) -> Table:
    rows: list[list[Value]] = []
    for cell in _done(result, "uniform"):
        figures = cell.figures or {}
        for name, word in (("masked", "masked, without all masks that the round revealed"), ("bare", "in the open")):
            sizes = [abs(value) for value in figures[name]]
            rows.append([word, len(sizes), min(sizes), max(sizes)])
    note = (
        "Bytes at each place of a word, the two lowest together, the highest of neighbours. Keys are random, so that "
        "another run prints other figures."
    )
    columns = ["10⁶ words of an update", "statistics", "nearest to the mean, σ", "farthest, σ"]
    return Table("χ² against uniform words", columns, rows, note, digits=2)


def _done(result: Result, part: str) -> list[Outcome]:
    return [cell for cell in result.cells if cell.configuration["part"] == part and cell.figures is not None]
