"""The price list: every policy at its smallest, attacks on what it sends, and the page of a made-up result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pytest
import torch

from benchmarks.harness import Configuration, Outcome, Plan, Preset, Result, markdown
from benchmarks.privacy import clients, pictures, rounds, words
from benchmarks.privacy.__main__ import BENCHMARK
from benchmarks.privacy.attackers import CHANCE, on_texts
from benchmarks.privacy.cells import plan
from benchmarks.privacy.figures import strongest
from benchmarks.privacy.plot import plot, points
from benchmarks.privacy.report import broken, claims, report
from benchmarks.privacy.sizes import IMAGE_ROWS, TEXT_ROWS, Row
from orchestrator.attacks.inversion.cases import Case, fresh
from orchestrator.attacks.inversion.victim import ImageVictim
from orchestrator.data.images import Pictures
from orchestrator.models import images

MACHINE = {"cpu": "a", "cores": 1, "memory_gib": 1.0, "gpu": "none", "os": "b"}
TINY = {"part": "use", "data": "sotu", "experiment": "tiny", "rounds": 1, "steps": 2, "batch": 2, "held_out": 2,
        "rate": 0.02, "clip": 1.0, "seed": 0}  # fmt: skip

SEVERAL = [row for row in TEXT_ROWS if row.name in ("none, stack", "keylock, stack", "dp+keylock, σ 0.5", "secagg")]


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def cells() -> Plan:
    return plan(Preset("default", 60.0))


def figures_of(cell: Configuration, **worse: float) -> dict[str, Any]:
    """Figures such as a run makes; attacks get all without a policy, and little under one."""
    if cell["part"] == "use":
        sent = 1e5 * (worse.get("bytes", 2.0) if cell["row"]["policy"] == "secagg" else 1.0)
        return {"curve": [0.5, 0.75], "seconds": 2.0, "bytes": sent, "epsilon": 4.0 * bool(cell["row"]["noise"])}
    blind = cell["attacker"] == CHANCE
    got = worse.get("got", 0.99) if cell["row"]["policy"] == "none" else 0.2
    count = len(cell.get("texts", cell.get("images")))
    return {"ssim" if cell["data"] == "fashion" else "recall": [0.15 if blind else got] * count, "seconds": [1.0]}


def result_of(cells: Plan, **worse: float) -> Result:
    outcomes = tuple(Outcome(cell, "done", figures_of(cell, **worse), 1.0, "2026-01-01", MACHINE)
                     for cell in cells.cells)  # fmt: skip
    return Result("privacy", "default", (0,), "none", "make bench-privacy", "c", "0x" + "a" * 64, "2026-01-01", {},
                  (MACHINE,), outcomes)  # fmt: skip


def test_every_row_is_used_and_attacked(cells: Plan) -> None:
    for data, rows in (("fashion", IMAGE_ROWS), ("vader", TEXT_ROWS), ("sotu", TEXT_ROWS)):
        for part in ("use", "attack"):
            found = [cell["row"] for cell in cells.cells if (cell["part"], cell["data"]) == (part, data)]
            assert {row["name"] for row in found} == {row.name for row in rows}
    assert len({str(cell) for cell in cells.cells}) == len(cells.cells)
    assert len(plan(Preset("full", None)).cells) > len(cells.cells)


@pytest.mark.parametrize("row", SEVERAL, ids=lambda row: row.name)
def test_a_federation_under_each_policy_learns_and_says_what_it_costs(row: Row) -> None:
    found = rounds.work({**TINY, "row": asdict(row)})
    assert len(found["curve"]) == 2 and found["curve"][0] != found["curve"][1]
    assert found["seconds"] > 0 and found["bytes"] > 1_000
    assert (found["epsilon"] > 0) == ("dp" in row.parts)


def test_masks_change_nothing_but_bytes() -> None:
    """The mean of a masked sum is the plain mean, but for what a division leaves."""
    plain, masked = (rounds.work({**TINY, "row": asdict(Row(name, name))})["curve"][-1] for name in ("none", "secagg"))
    assert masked == pytest.approx(plain, abs=2e-5)


def bright() -> Pictures:
    """Images whose class is how bright they are."""
    labels = torch.arange(60) % 2
    return Pictures((labels * 200).to(torch.uint8)[:, None, None, None].expand(60, 1, 28, 28).contiguous(), labels, 2)


def test_clients_under_each_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "load_images", lambda name: (bright(), bright()))
    about = {"images": 60, "tests": 20, "rounds": 2, "batch": 10, "learning": 0.05, "clip": 1.0, "seed": 0}
    found = {row.name: clients.work({**about, "row": asdict(row)}) for row in IMAGE_ROWS}
    assert found["none"] == {**clients.work({**about, "row": asdict(IMAGE_ROWS[0])}), **_times(found["none"])}
    assert found["secagg"]["curve"] == pytest.approx(found["none"]["curve"], abs=100 / 20 / 3 + 1e-9)
    assert found["dp, σ 1"]["epsilon"] < found["dp, σ 0.5"]["epsilon"] and found["none"]["epsilon"] == 0
    assert found["secagg"]["bytes"] > found["none"]["bytes"] == found["dp, σ 1"]["bytes"]


def _times(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"seconds": found["seconds"]}


def test_private_gradients_are_clipped_image_by_image() -> None:
    net = images.build("lenet", 2, 1, False, side=28, seed=0)
    pictures_ = bright()
    batch = {"pixel_values": pictures_.pixels[:4] / 255, "labels": pictures_.labels[:4]}

    class Silent:
        def normal(self, deviation: float, like: torch.Tensor) -> torch.Tensor:
            assert deviation == 0.0
            return torch.zeros_like(like)

        def chosen(self, count: int, rate: float) -> list[int]:
            return []

    clients.set_private(net, batch, 1e6, 0.0, 4.0, Silent())
    private = [weight.grad.clone() for weight in net.parameters() if weight.grad is not None]
    net.zero_grad()
    torch.nn.functional.cross_entropy(net(batch["pixel_values"], ()), batch["labels"]).backward()  # type: ignore[no-untyped-call]
    for one, weight in zip(private, net.parameters(), strict=True):
        assert weight.grad is not None and torch.allclose(one, weight.grad, atol=1e-6)
    clients.set_private(net, batch, 1e-3, 0.0, 4.0, Silent())
    norm = torch.cat([weight.grad.flatten() for weight in net.parameters() if weight.grad is not None]).norm()
    assert 0 < float(norm) <= 1e-3 * (1 + 1e-5)


def one_case(data: str, network: str, number: int, *, locked: bool, seed: int = 0) -> Case:
    """An image of noise on a LeNet without a lock."""
    model = fresh("lenet", 10, (1, 28, 28), locked=False, seed=seed)
    image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(number)).double()
    return Case(ImageVictim(model, (1, 28, 28), 10), image, torch.tensor([number % 10]))


def test_images_are_attacked_as_their_policy_sends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "case", one_case)
    rows = {row.name: row for row in IMAGE_ROWS}
    told = {"knowledge": "no-lock", "method": "recursive", "settings": {}}
    about = {"settings": told, "clip": 1.0, "images": [0, 1], "seed": 0}
    bare = pictures.work({**about, "row": asdict(rows["none"])})
    noisy = pictures.work({**about, "row": asdict(rows["dp, σ 1"])})
    assert min(bare["ssim"]) > 0.9 and max(noisy["ssim"]) < 0.5
    summed = {**told, "method": "dlg", "settings": {"rounds": 1, "starts": 1}}
    found = pictures.work({**about, "settings": summed, "images": [0], "row": asdict(rows["secagg"])})
    assert len(found["ssim"]) == 3 and len(found["seconds"]) == 1
    refused = pictures.work({**about, "row": asdict(rows["secagg"])})
    assert refused["ssim"] == [0.0] * 6, "the attack on one image has nothing to go by"


def test_reconstructions_are_held_against_the_image_that_they_show() -> None:
    truth = torch.rand(3, 1, 12, 12, dtype=torch.float64)
    assert pictures.in_best_order(truth[[2, 0, 1]], truth) == pytest.approx([1.0] * 3)


def test_texts_are_attacked_as_cases_of_the_other_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"recall": 0.5, "precision": 0.5, "rouge 1": 0.5, "seconds": 1.0, "found": "never kept"}
    monkeypatch.setattr(words, "attacked", lambda cell: {**known, "recall": float(cell["text"])})
    (_, case), *_ = on_texts(TEXT_ROWS[0], "tiny:llama", 3)
    found = words.work({"case": asdict(case), "texts": [0, 1]})
    assert found["recall"] == [0.0, 1.0] and "found" not in found


def test_who_attacks_what() -> None:
    named = {row.name: dict(on_texts(row, "packaged:smollm2-135m", 3)) for row in TEXT_ROWS}
    assert "solves for the lock" in named["keylock, stack"]
    assert {case.source for name, case in named["keylock"].items() if name != CHANCE} == {"B"}
    assert {case.noise for case in named["dp, σ 1"].values()} == {1.0}
    assert {case.batch for case in named["secagg"].values()} == {3}
    assert all(case.strength for case in named["dp+keylock, σ 0.5"].values())


def test_what_was_expected_is_judged(cells: Plan) -> None:
    assert broken(result_of(cells)) == [] and len(list(claims(result_of(cells)))) == 8
    assert len(broken(result_of(cells, got=0.4))) == 5, "attacks that do not work without a policy"
    assert len(broken(result_of(cells, bytes=3.5))) == 3
    assert list(claims(result_of(Plan([])))) == []


def test_the_page_and_its_plot(cells: Plan) -> None:
    made = result_of(cells)
    page, drawn = markdown(report(made), made), plot(made)
    for text in ("SmolLM2", "dp+keylock, σ 0.5", "What this does not show", "by chance"):
        assert text in page
    assert drawn.count("<circle") == 2 * sum(len(points(made, data)) for data in ("fashion", "vader", "sotu"))
    assert BENCHMARK.frank
    best = strongest(made, "sotu", TEXT_ROWS[0])
    assert best is not None and best.attacker != CHANCE
    empty = Result(**{**{name: getattr(made, name) for name in made.__slots__},
                      "cells": tuple(Outcome(cell) for cell in cells.cells)})  # fmt: skip
    assert "not run" in markdown(report(empty), empty) and plot(empty).startswith("<svg")
