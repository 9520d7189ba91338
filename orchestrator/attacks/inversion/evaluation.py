"""`loranchor evaluate leakage`: a chosen attack on small victims, as JSON, as a table and as a page of pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from rich.table import Table

from orchestrator.attacks.inversion.cases import Case, case, others
from orchestrator.attacks.inversion.generator import trained_decoder
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.metrics import SUCCESS
from orchestrator.attacks.inversion.pictures import Row, png, sheet
from orchestrator.attacks.inversion.protocol import LocalSteps
from orchestrator.attacks.inversion.registry import OF_UPDATES, WITH_DECODER, attack_named
from orchestrator.attacks.inversion.trial import Gained, attempt
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.unlearning.evaluation.folder import check_free, write_folder

FORMAT = "loranchor/leakage-evaluation"
LATENT, DECODER_STEPS, LEARNT_FROM = 32, 400, 6_000
MILLION = 1_000_000
LIMITS = (
    "Networks are untrained, and gradients are of one image: that is when most leaks.",
    "An attack that failed is no protection: a better one, or more time, may succeed.",
)
Progress = Callable[[int, int], None]
"""Called after every image with (done, all)."""


@dataclass(frozen=True, slots=True)
class Leakage:
    """What is to be evaluated.

    Attributes:
        attack: of :data:`ATTACKS`. knowledge: of the attacker; with it goes whether victims have a lock.
        data, network: of the victims, see :func:`case`. images: how many. seed: of everything.
        local: steps of SGD at ``rate`` before an update is sent, for attacks on updates.
        settings: of the attack, besides its own.
    """

    attack: str
    knowledge: Knowledge
    data: str
    network: str
    images: int
    seed: int = 0
    local: int = 4
    rate: float = 0.1
    settings: tuple[tuple[str, int | float], ...] = ()


def evaluate(
    wanted: Leakage, output: Path, *, folder: Path | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Attack so many victims and write ``leakage.json``, ``leakage.html`` and ``leakage.svg``; the JSON document.

    Args:
        output: the folder to make. folder: of the images; None is the cache.

    Raises:
        ConfigurationError: the output is there already, or what is wanted has no meaning.
        DataError: images are not there, or fewer than wanted. DiskError: the output cannot be written.
    """
    if wanted.images < 1:
        raise ConfigurationError(f"{wanted.images} images cannot be attacked", mend="ask for one or more")
    check_free(output)
    settings: dict[str, Any] = dict(wanted.settings)
    if wanted.attack in WITH_DECODER:
        learnt = others(wanted.data, folder).first(LEARNT_FROM, wanted.seed)
        settings["decoder"] = trained_decoder(learnt, LATENT, steps=DECODER_STEPS, seed=wanted.seed)
    attack = attack_named(wanted.attack, wanted.knowledge, **settings)
    local = LocalSteps(wanted.local, wanted.rate) if wanted.attack in OF_UPDATES else None
    cases = [_case(wanted, number, folder) for number in range(wanted.images)]
    found: list[Gained] = []
    for number, one in enumerate(cases):
        found.append(attempt(one, attack, seed=1_000 * wanted.seed + number, local=local))
        if progress:
            progress(number + 1, wanted.images)
    document = document_of(wanted, found)
    pictures = _sheet(wanted, cases, found)
    page = _page(wanted, document, pictures)
    files = {"leakage.json": canonical_bytes(document) + b"\n", "leakage.svg": pictures.encode()}
    write_folder(output, {**files, "leakage.html": page.encode()})
    return document


def document_of(wanted: Leakage, found: Sequence[Gained]) -> dict[str, Any]:
    """What is written: numbers are millionths, as in every canonical object."""
    count = len(found)
    totals = {name: round(MILLION * sum(getattr(one, name) for one in found) / count) for name in ("ssim", "psnr")}
    return {
        "format": FORMAT,
        "version": 1,
        "attack": wanted.attack,
        "knowledge": wanted.knowledge.value,
        "data": wanted.data,
        "network": wanted.network,
        "seed": wanted.seed,
        "mean": totals,
        "successes": sum(one.success for one in found),
        "labels": sum(one.label for one in found),
        "images": [_plain(one) for one in found],
        "limits": list(LIMITS),
    }


def knowledge_named(name: str) -> Knowledge:
    """Raises ConfigurationError: there is no such knowledge."""
    try:
        return Knowledge(name)
    except ValueError:
        known = ", ".join(Knowledge)
        raise ConfigurationError(f"no attacker knows {name!r}", mend=f"choose one of {known}") from None


def table(document: Mapping[str, Any]) -> Table:
    """A document for people."""
    said = f"{document['attack']} on {document['network']} and {document['data']}, attacker: {document['knowledge']}"
    found = Table(title=said, title_justify="left")
    for name in ("image", "SSIM", "PSNR, dB", "label", "seconds", ""):
        found.add_column(name, justify="left" if not name else "right")
    for number, one in enumerate(document["images"]):
        numbers = [f"{one[name] / MILLION:.{digits}f}" for name, digits in (("ssim", 3), ("psnr", 1))]
        label = "found" if one["label"] else "not found"
        found.add_row(str(number), *numbers, label, f"{one['seconds'] / MILLION:.1f}", one["refused"] or "")
    return found


def _plain(one: Gained) -> dict[str, Any]:
    numbers = {name: round(MILLION * getattr(one, name)) for name in ("ssim", "psnr", "seconds")}
    return {**numbers, "label": one.label, "refused": one.refused or None}


def _case(wanted: Leakage, number: int, folder: Path | None) -> Case:
    return case(wanted.data, wanted.network, number, locked=wanted.knowledge.locked, seed=wanted.seed, folder=folder)


def _sheet(wanted: Leakage, cases: Sequence[Case], found: Sequence[Gained]) -> str:
    truth = Row("the images", [png(one.image[0]) for one in cases])
    images = [None if one.image is None else png(one.image) for one in found]
    own = Row(f"{wanted.attack}, {wanted.knowledge.value}", images, [f"{one.ssim:.2f}" for one in found])
    return sheet("Reconstructions", [truth, own])


def _page(wanted: Leakage, document: dict[str, Any], pictures: str) -> str:
    """One file that shows all, without scripts and without anything from elsewhere."""
    said = f"{wanted.attack} on {wanted.network} and {wanted.data}, attacker: {wanted.knowledge.value}"
    told = (
        f"{document['successes']} of {wanted.images} images came back (SSIM ≥ {SUCCESS}); "
        f"mean SSIM {document['mean']['ssim'] / MILLION:.3f}, mean PSNR {document['mean']['psnr'] / MILLION:.1f} dB; "
        f"{document['labels']} labels found."
    )
    limits = "".join(f"<li>{escape(sentence)}</li>" for sentence in LIMITS)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>What a gradient gives away</title>'
        "<style>body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "svg{width:100%}</style></head>"
        f"<body><h1>What a gradient gives away</h1><p>{escape(said)}.</p><p>{escape(told)}</p>{pictures}"
        f"<p>SSIM stands below each reconstruction.</p><ul>{limits}</ul></body></html>\n"
    )
