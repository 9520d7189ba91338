"""One cell: the methods for so many people, resemblance of support pictures, or odd requests."""

from __future__ import annotations

import functools
import time
from dataclasses import replace
from typing import Any

from benchmarks.harness import Configuration, Figures
from benchmarks.one_shot.altered import STRENGTHS, altered
from benchmarks.one_shot.outcomes import outcomes
from benchmarks.one_shot.sizes import size_of
from orchestrator.data.images.orl import orl_faces
from orchestrator.unlearning.person.admission import FaceSpace
from orchestrator.unlearning.person.meta_loss import MetaLoss
from orchestrator.unlearning.person.trial import (
    ASKING,
    META,
    METHODS,
    ORIGINAL,
    RETRAINED,
    Size,
    Split,
    accuracies,
    membership,
    meta_loss,
    relearned,
    split,
    trained,
    tug_of_war,
    unlearned,
)
from orchestrator.unlearning.subject import Subject, derived

PAPER = "meta-unlearn"


def work(cell: Configuration) -> Figures:
    """The figures of a cell."""
    size, seed = size_of(cell), int(cell["seed"])
    if cell["part"] == "methods":
        return methods(size, seed, int(cell["people"]))
    if cell["part"] == "resemblance":
        return resemblance(size, seed)
    meta, _, _ = learnt(size, seed, PAPER)
    base, parts, _ = stage(size, seed)
    return outcomes(base, parts, size, meta, int(cell["requests"]))


@functools.lru_cache(maxsize=1)
def stage(size: Size, seed: int) -> tuple[Subject, Split, float]:
    """The base of a split, and the seconds of its training; kept for the next cell."""
    parts, begin = split(orl_faces(), size, seed), time.perf_counter()
    base = trained(parts.training, parts.scale, size, derived(seed, ORIGINAL))
    return base, parts, time.perf_counter() - begin


@functools.lru_cache(maxsize=len(META))
def learnt(size: Size, seed: int, name: str) -> tuple[MetaLoss, list[float], float]:
    """A meta-loss, the objective by episode, and the seconds it took."""
    base, parts, _ = stage(size, seed)
    begin = time.perf_counter()
    meta, values = meta_loss(base, parts, size, name)
    return meta, values, time.perf_counter() - begin


def methods(size: Size, seed: int, people: int) -> Figures:
    """Every method beside the original and the retrained model."""
    base, parts, seconds = stage(size, seed)
    _, retain = parts.first(people)
    begin = time.perf_counter()
    retrained = trained(retain, parts.scale, size, derived(seed, RETRAINED))
    again = time.perf_counter() - begin
    reference = trained(retain, parts.scale, size, derived(seed, "reference"))
    other, attacked = accuracies(retrained, parts, people), relearned(retrained, parts, size, people)

    def row(subject: Subject, taken: float) -> dict[str, Any]:
        own = accuracies(subject, parts, people)
        gaps = {name: own[name] - other[name] for name in own}
        auc = membership(subject, reference, parts, people)
        back = relearned(subject, parts, size, people) - attacked
        return {"tow": tug_of_war(own, other), **own, "gaps": gaps, "back": back, "rmia": auc, "seconds": taken}

    rows = {ORIGINAL: row(base, seconds), RETRAINED: row(retrained, again)}
    ahead = {}
    for name in METHODS:
        meta = None
        if name in META:
            meta, values, ahead_of_time = learnt(size, seed, name)
            tenth = max(1, len(values) // 10)
            ends = [sum(part) / len(part) for part in (values[:tenth], values[-tenth:])]
            ahead[name] = {"seconds": ahead_of_time, "episodes": len(values), "first": ends[0], "last": ends[1]}
        begin = time.perf_counter()
        subject = unlearned(base, parts, size, name, people, meta)
        rows[name] = row(subject, time.perf_counter() - begin)
    return {"rows": rows, "ahead": ahead}


def resemblance(size: Size, seed: int) -> Figures:
    """ToW of the paper's step for all who may ask, by what was done to their pictures; and what admission says."""
    base, parts, _ = stage(size, seed)
    meta, _, _ = learnt(size, seed, PAPER)
    _, retain = parts.first(ASKING)
    other = accuracies(trained(retain, parts.scale, size, derived(seed, RETRAINED)), parts, ASKING)
    space = FaceSpace.of(parts.training, parts.validation, base.model, parts.scale)
    found = []
    for kind, strength in [("as it is", 0.0), *((kind, one) for kind, each in STRENGTHS.items() for one in each)]:
        pixels = parts.support.pixels
        if strength:
            pixels = altered(pixels, kind, strength, derived(seed, kind))
        asked = replace(parts, support=replace(parts.support, pixels=pixels))
        own = accuracies(unlearned(base, asked, size, PAPER, ASKING, meta), parts, ASKING)
        judged = [space.judged(pixels[place : place + 1], base.model, parts.scale) for place in range(ASKING)]
        found.append({
            "kind": kind, "strength": strength, "tow": tug_of_war(own, other), "forget": own["forget"],
            "pixels": sum(one.pixels for one in judged) / ASKING,
            "features": sum(one.features for one in judged) / ASKING,
            "warned": sum(one.far for one in judged), "refused": sum(not one.face for one in judged),
        })  # fmt: skip
    return {"original": tug_of_war(accuracies(base, parts, ASKING), other), "altered": found}
