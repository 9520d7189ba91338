"""Tables of `make bench-inversion`, from its result alone."""

from __future__ import annotations

from benchmarks.harness import Report, Result, Table, bootstrap_interval
from benchmarks.harness.tables import Value
from benchmarks.inversion.expectations import expectations
from benchmarks.inversion.figures import Line, gained, lines, mean, successes, values, wilson
from benchmarks.inversion.sizes import LOCAL

INTRODUCTION = """\
What one member's gradient gives away of the one image it was computed on, to whoever sees it, such as a curious
aggregator; and what the key-lock of Ren and others (arXiv 2305.04095) changes about that. Networks are untrained: a
LeNet with sigmoids, weights and biases U(−½, ½), and a ResNet-20. The lock sits on the LeNet's first convolution and
on every convolution of the ResNet, as in the authors' code. Images are Fashion-MNIST's test images and 32×32 patches
of two photographs; the generator that GGL searches learnt from training images and from other photographs. Gradients
are seen in float32, without the lock's own. What each attack does, and where it comes from, is in
[its own page](../methods/inversion.md).

Attackers by knowledge: **no-lock** (control), **key-known** (control), **lock-known** (the source paper's: the lock's
weights, and not the key), **neither-known** (only its form), **free** (γ and β are looked for themselves).

{pictures}"""

SHOWN_NOT = (
    "Batches: every gradient here is of one image, which is when most leaks. The head leak, label recovery and the "
    "layer-by-layer attack end with the first batch of two; searches get harder with each image more.",
    "Trained networks: gradients get smaller and say less as training goes on.",
    "Larger nets and images. Three images and few iterations on ResNet-20 show that little comes back so soon, and not "
    "that nothing can.",
    "The paper's own figures: they are of CIFAR-10 and larger sets, which no package carries, with 20,000 iterations "
    "of GRNN and networks of the authors.",
    "That an attack which failed cannot be made to succeed: budgets are small and equal, and a better attacker is "
    "always possible. Where one succeeded, the image was there.",
    "A generator such as GGL's own, a GAN of millions of images: the one here learnt for seconds.",
)


def report(result: Result) -> Report:
    """All tables; one for each network and set, and one for what was expected."""
    places = list(dict.fromkeys(line.place for line in lines(result)))
    tables = [_expected(result), *(_table(result, place) for place in places), _settings(result)]
    shown = "\n\n".join(f"![Reconstructions: {place}]({sheet_name(place)})" for place in places)
    return Report("What a gradient gives away of an image", INTRODUCTION.format(pictures=shown), tables, SHOWN_NOT)


def sheet_name(place: str) -> str:
    """File of the reconstructions of one network and set, beside the page."""
    return f"inversion-{place.replace(', ', '-')}.png"


def _table(result: Result, place: str) -> Table:
    columns = ["attack", "attacker", "SSIM", "PSNR, dB", "SSIM ≥ 0.6, %", "label, %", "seconds"]
    rows = [_row(result, line) for line in lines(result) if line.place == place]
    note = (
        "Means over images with 95 % intervals (bootstrap), PSNR cut at 150 dB; share of images that came back with "
        "Wilson's interval; share of labels found; mean seconds of one attack on one core. Where an attack had to give "
        "up, SSIM and PSNR count as 0."
    )
    return Table(f"What comes back: {place}", columns, rows, note, left=frozenset({0, 1}))


def _row(result: Result, line: Line) -> list[Value]:
    found = gained(result, line)
    if not found:
        return [line.method, line.knowledge, *[None] * 5]
    right, count = successes(result, line)
    low, high = wilson(right, count)
    labels = mean([100.0 * item["label"] for item in found])
    return [
        line.method,
        line.knowledge,
        bootstrap_interval(values(result, line, "ssim")).text(3),
        bootstrap_interval(values(result, line, "psnr")).text(1),
        f"{100 * right / count:.0f} [{100 * low:.0f}, {100 * high:.0f}]",
        f"{labels:.0f}",
        f"{mean(values(result, line, 'seconds')):.1f}",
    ]


def _expected(result: Result) -> Table:
    note = "Verdicts follow from the figures by fixed rules (`benchmarks/inversion/expectations.py`)."
    rows: list[list[Value]] = [list(one) for one in expectations(result)]
    columns = ["expected", "measured", "verdict"]
    return Table("What was expected", columns, rows, note, left=frozenset({0, 1, 2}))


def _settings(result: Result) -> Table:
    cells = [cell.configuration for cell in result.cells if cell.configuration["part"] == "attack"]
    known = {(cell["method"], cell["network"]): cell["settings"] for cell in cells}
    rows: list[list[Value]] = [
        [method, network, ", ".join(f"{key} {value:g}" for key, value in settings.items()) or "none"]
        for (method, network), settings in known.items()
    ]
    note = (
        f"Updates are of {LOCAL['steps']} steps of SGD at {LOCAL['rate']}. The same settings for every knowledge: a "
        "search that converged ends early, one under a lock may use all of them."
    )
    return Table("Settings", ["attack", "network", "settings"], rows, note, left=frozenset({0, 1, 2}))
