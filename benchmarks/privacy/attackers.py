"""Who attacks what a member sends under each policy. The strongest of them is what stands in the list.

Each gets what is easiest for it: of texts the gradient of one step on one short text, of images that on one image.
What all members add up under ``secagg`` is one such text or image of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.leakage_text.cases import FREE, GUESS, MINILM, NEITHER, Case
from benchmarks.privacy.sizes import LENGTH, RANK, STRENGTH, Attacked, Row

GROUP = "price list"
CHANCE = "frequent tokens"
"""Names what is most frequent in others' texts, and looks at nothing."""
AGAIN = 8
"""Rounds in which one text is seen again, for whoever averages noise away."""
Settings = dict[str, Any]


def on_texts(row: Row, model: str, members: int) -> Iterator[tuple[str, Case]]:
    """Attackers by name. Where A is agreed on, what is sent is B alone."""
    known: Settings = {"model": model, "rank": RANK, "length": LENGTH}
    if "keylock" in row.parts:
        known |= {"strength": STRENGTH, "knowledge": NEITHER}
    if "dp" in row.parts:
        known["noise"] = row.noise
    if "secagg" in row.parts:
        known["batch"] = members
    yield CHANCE, Case(GROUP, CHANCE, **{**known, "source": GUESS})
    if row.strategy == "stack":
        yield "span of A's gradient", Case(GROUP, "A", **known)
    else:
        yield "span of B's gradient, first round", Case(GROUP, "B first", **known, source="B", zero=True)
    yield "span of B's gradient, later", Case(GROUP, "B", **known, source="B")
    if "dp" in row.parts:
        yield f"span of B's gradients of {AGAIN} rounds", Case(GROUP, "B again", **known, source="B", rounds=AGAIN)
    if "keylock" in row.parts and row.strategy == "stack" and model != MINILM:
        yield "solves for the lock", Case(GROUP, "free", **{**known, "knowledge": FREE})


def on_images(row: Row, size: Attacked) -> Iterator[tuple[str, Settings]]:
    """Attackers by name, with what :func:`benchmarks.privacy.pictures.work` needs of each."""
    knowledge = "free" if "keylock" in row.parts else "no-lock"
    common = {"knowledge": knowledge}
    if "secagg" not in row.parts:  # both take the gradient of a single image
        yield "layer by layer", {**common, "method": "recursive", "settings": {}}
        yield "inverting gradients", {**common, "method": "inverting-gradients", "settings": dict(size.inverting)}
    yield "DLG", {**common, "method": "dlg", "settings": dict(size.dlg)}
    if "keylock" in row.parts:
        paper = {"knowledge": "lock-known", "method": "dlg", "settings": dict(size.dlg)}
        yield "DLG, the paper's attacker", paper
