"""Tables of `make bench-relearning`, from its result alone."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness import Report, Result, Table, t_interval, values_of
from benchmarks.harness.tables import Value
from benchmarks.relearning.claims import HEADROOM, RECOVERED, claims
from benchmarks.relearning.figures import attackers, ended, excess, listed, models, refusal, values
from benchmarks.relearning.sizes import PRETRAINED, RETRAINED, size_of

PLOT = "relearning.svg"

INTRODUCTION = """\
What comes back after unlearning, when somebody goes on training: the protocol of Siddiqui and others (arXiv
2505.22310) with ResNet-18 on {data}. The forget set is the tenth of class 0 that is most memorised, by a proxy: the
confidence of eight small networks that saw an image less that of those that did not. The **pretrained** model saw all
images; the **retrained** one, the reference, never saw the forget set. Each method gets the pretrained model, the
images to keep and, where it needs them, those to forget. Then an attacker fine-tunes on the images to keep and k
forgotten ones, and is measured on the four fifths of the forget set that no attacker ever has. With k = 0 it only has
what was kept.

{size}

![Relearning curves of all methods]({plot})"""

SIZE = """\
This run: {images:,} training images, a network of width {width:g} (the paper's is 1), batches of {batch}; {steps:,}
steps of pretraining at {rate:g}, {unlearning_steps:,} of unlearning at {unlearning_rate:g}, {attack_steps:,} of the
attack at {attack_rate:g}. The paper trains 300 epochs, unlearns 100 and attacks 10, on CIFAR; here rates are larger
and steps are fewer. Methods have the paper's settings, where they are not in the table of settings below."""

SHOWN_NOT = (
    "The paper's own figures: they are of CIFAR-10 and CIFAR-100, which no package carries. With the files at hand, "
    "`IMAGES=cifar10 IMAGES_FOLDER=… make bench-relearning` runs the same protocol on them (their binary version).",
    "What longer unlearning or a longer attack does: both are counted in steps, and far shorter than the paper's.",
    "Methods at their best: strengths are not tuned for this data set.",
    "Memorisation itself: the proxy takes eight networks where the estimate it stands for takes thousands.",
    "Bit-equal figures on a GPU: they are equal on a CPU with one thread.",
)


def report(result: Result) -> Report:
    tables = [_forgotten(result), _methods(result), _gaps(result), _claims(result), _settings(result)]
    cell = models(result)[0].configuration
    size = size_of(cell)
    described = SIZE.format(**{name: getattr(size, name) for name in size.__slots__})
    introduction = INTRODUCTION.format(data=cell["data"], size=described, plot=PLOT)
    return Report("Relearning after unlearning, on images", introduction, tables, SHOWN_NOT)


def _forgotten(result: Result) -> Table:
    rows: list[list[Value]] = [
        [f"{name} model", _text(values(result, name, "forget"), 1), _text(values(result, name, "test"), 1)]
        for name in (PRETRAINED, RETRAINED)
    ]
    both = [values(result, name, "forget") for name in (PRETRAINED, RETRAINED)]
    rows.append(["difference, points", _text([a - b for a, b in zip(*both, strict=False)], 1), "–"])
    for word in ("held in", "held out"):
        found = [100 * value for value in values_of(result.cells, word, part="proxy")]
        rows.append(
            [f"networks of the proxy, images {word}", "–", _text([sum(found) / len(found)] if found else [], 1)]
        )
    columns = ["model", "right on the forget set, %", "right on test images or as said, %"]
    note = f"The experiment is void where the first two differ by fewer than {HEADROOM:.0f} points on the forget set."
    return Table("What there is to forget", columns, rows, note)


def _methods(result: Result) -> Table:
    ks = attackers(result)
    columns = ["model", "forget", *(f"relearn, k={k}" for k in ks), "retain", "test", "distance", "barrier", "seconds"]
    rows = [_row(result, name, ks) for name in listed(result)]
    note = (
        "Percent right on held-out forgotten images before an attack and at its end, on kept and on test images; "
        "‖θ₀ − θ‖₂ over all weights and the largest rise of loss above the straight line between its ends, from the "
        "pretrained model; seconds of the method alone, of the references those of their training."
    )
    return Table("Methods", columns, rows, note)


def _row(result: Result, name: str, ks: Sequence[int]) -> list[Value]:
    if not values(result, name, "forget"):
        return [name, refusal(result, name), *["–"] * (len(ks) + 5)]
    attacked: list[Value] = ["–" if name == PRETRAINED else _text(ended(result, name, k), 1) for k in ks]
    shares = [_text(values(result, name, figure), 1) for figure in ("retain", "test")]
    way = ["–" if name == PRETRAINED else _text(values(result, name, item), 2) for item in ("distance", "barrier")]
    return [
        name,
        _text(values(result, name, "forget"), 1),
        *attacked,
        *shares,
        *way,
        _text(values(result, name, "seconds"), 0),
    ]


def _gaps(result: Result) -> Table:
    ks = attackers(result)
    rows: list[list[Value]] = [
        [name, _before(result, name), *(_text(excess(result, name, k), 1) for k in ks)]
        for name in listed(result)
        if name not in (PRETRAINED, RETRAINED)
    ]
    note = (
        f"Points above the retrained model under the same attack; from {RECOVERED:.0f} on a method counts as recovered."
    )
    return Table("Above the retrained model", ["method", "before", *(f"k={k}" for k in ks)], rows, note)


def _before(result: Result, name: str) -> str:
    pairs = zip(values(result, name, "forget"), values(result, RETRAINED, "forget"), strict=False)
    return _text([own - reference for own, reference in pairs], 1)


def _claims(result: Result) -> Table:
    columns = ["the paper says", "measured here", "verdict"]
    note = (
        "The verdicts follow from the figures by fixed rules (`benchmarks/relearning/claims.py`), one seed or several."
    )
    return Table(
        "Beside the paper's claims", columns, [list(claim) for claim in claims(result)], note, left=frozenset({0, 1})
    )


def _settings(result: Result) -> Table:
    found = {cell.configuration["method"]: cell.configuration["settings"] for cell in models(result)}
    rows: list[list[Value]] = [
        [name, ", ".join(f"{key} {value:g}" for key, value in sorted(found[name].items()))]
        for name in listed(result)
        if found[name]
    ]
    note = (
        "The deviation of weight distortion is 0.02/√width, since weights of a narrower network are larger; `tar` goes "
        "on where `circuit-breakers` was half of the steps."
    )
    return Table("Settings of the methods", ["method", "settings"], rows, note, left=frozenset({0, 1}))


def _text(numbers: Sequence[float], digits: int) -> str:
    return t_interval(numbers).text(digits)
