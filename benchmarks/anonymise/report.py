"""Tables of `make bench-anonymise`, from its result alone."""

from __future__ import annotations

from math import sqrt
from typing import Any

from benchmarks.anonymise.generators import MAKERS
from benchmarks.harness import Report, Result, Table
from benchmarks.harness.tables import Value

INTRODUCTION = """\
Personal data that belongs to nobody, planted into sentences of State of the Union addresses and of VADER, and
looked for by `orchestrator/anonymise` with its default settings ([method](../methods/anonymisation.md)). They come from
`benchmarks/anonymise/generators.py`, which computes check digits from the standards and shares no code and no pattern
with what looks for them; forms that the finders do not know, such as `name (at) host`, are among them on purpose.
Then the corpora as they are: nothing was planted there, so that whatever is found is counted as false."""

SHOWN_NOT = (
    "Names, postal addresses, and whatever else needs a reader to be recognised: none is looked for.",
    "Recall on your data: it depends on how people write there. Look at a sample of what comes out.",
    "That a text is anonymous in law: who is meant may follow from what it tells.",
    "That what was found in VADER is false: some of it may be real, and was counted as false all the same.",
)
LEAST_RECALL = 0.9


def report(result: Result) -> Report:
    tables = [_planted(result), _missed(result), _corpora(result), _shown(result)]
    expected = f"Expected: a recall of {LEAST_RECALL:g} for every kind, and nothing found in the addresses."
    failed = "".join(f"\n- Does not hold: {sentence}" for sentence in broken(result))
    return Report("Anonymisation", f"{INTRODUCTION}\n\n{expected}\n{failed}".rstrip(), tables, SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """Kinds of which fewer than 90 in 100 are gone, and a corpus that is changed; the page says so."""
    found = []
    for kind in MAKERS:
        figures = _figures(result, what="planted", kind=kind)
        if figures and figures["gone"] < LEAST_RECALL * figures["planted"]:
            found.append(f"{kind}: {figures['gone']} of {figures['planted']} planted items are gone")
    figures = _figures(result, what="corpus", source="sotu")
    if figures and figures["found"]:
        found.append(f"State of the Union: {figures['found']} were found where nobody planted any")
    return found


def _figures(result: Result, **where: object) -> dict[str, Any]:
    for cell in result.cells:
        if cell.figures is not None and all(cell.configuration.get(name) == value for name, value in where.items()):
            return dict(cell.figures)
    return {}


def _planted(result: Result) -> Table:
    rows: list[list[Value]] = []
    sums = [0, 0, 0, 0, 0]
    for kind in MAKERS:
        figures = _figures(result, what="planted", kind=kind)
        counts = [figures[name] for name in ("planted", "gone", "exact", "found", "false")] if figures else [0] * 5
        sums = [total + count for total, count in zip(sums, counts, strict=True)]
        rows.append(_row(kind, counts))
    rows.append(_row("all", sums))
    columns = ["kind", "planted", "gone", "recall", "95 %", "exact bounds and kind", "found", "false", "precision"]
    note = "Gone: no letter of the item is left. Recall is gone by planted, with Wilson's interval."
    return Table("Planted items", columns, rows, note)


def _row(name: str, counts: list[int]) -> list[Value]:
    planted, gone, exact, found, false = counts
    if not planted:
        return [name, *[None] * 8]
    low, high = wilson(gone, planted)
    precision = 1 - false / found if found else None
    return [name, planted, gone, gone / planted, f"{low:.3f} to {high:.3f}", exact, found, false, precision]


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    z, share = 1.959964, hits / tries
    middle, half = share + z * z / (2 * tries), z * sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries))
    return (middle - half) / (1 + z * z / tries), (middle + half) / (1 + z * z / tries)


def _missed(result: Result) -> Table:
    rows: list[list[Value]] = []
    for kind in MAKERS:
        missed = _figures(result, what="planted", kind=kind).get("missed", [])
        rows.append([kind, " · ".join(missed[:4]) or "none"])
    return Table("What was missed, a few of each kind", ["kind", "as it was planted"], rows, left=frozenset({0, 1}))


def _corpora(result: Result) -> Table:
    rows: list[list[Value]] = []
    for cell in result.cells:
        if cell.configuration["what"] == "corpus":
            name = " ".join(filter(None, (cell.configuration["source"], cell.configuration["shard"])))
            figures = cell.figures
            if figures is None:
                rows.append([name, None, None, None, None])
                continue
            found = ", ".join(f"{kind} {count}" for kind, count in figures["found"].items()) or "none"
            rows.append([name, figures["documents"], figures["characters"], figures["unchanged"], found])
    columns = ["corpus", "documents", "characters", "unchanged, byte for byte", "found"]
    return Table("Corpora as they are", columns, rows, left=frozenset({0, 4}))


def _shown(result: Result) -> Table:
    shown = _figures(result, what="corpus", source="sotu").get("shown", [])
    rows: list[list[Value]] = [[item] for item in shown] or [["none"]]
    return Table("What was found in State of the Union", ["item"], rows)
