"""Every strategy through the workbench: two rounds of three members, judged; and what hostile updates meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from unit.ledger.actors import MEMBERS, task_document

from orchestrator.aggregation import strategies
from orchestrator.contribution import Frozen, LowRank, Reason, parse, serialise
from orchestrator.data import DataSettings
from orchestrator.ledger.manifest import Entry, Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import shares
from orchestrator.models import load_base, resolve
from orchestrator.types import ZERO_DIGEST, OrganisationId, UpdateId
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench

CHOSEN: dict[str, dict[str, Any]] = {
    "stack": {},
    "fedex": {},
    "fedit": {},
    "ffa": {"fraction_bits": 16, "rule": "mean", "trim": 0},
    "flexlora": {"rank": 4},
    "rolora": {"fraction_bits": 16},
}


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[OrganisationId, TorchWorkbench]]:
    threads, made = torch.get_num_threads(), {}
    for name in MEMBERS:
        folder = tmp_path_factory.mktemp(name)
        for number in range(12):
            (folder / f"{number}.txt").write_text(f"line {number} of what {name} knows, and nobody else beside {name}")
        made[name] = TorchWorkbench(Equipment(name, "tiny:llama", DataSettings("text", {}, folder, 200_000, 4, 7)))
    yield made
    torch.set_num_threads(threads)


def spec_of(name: str, **settings: Any) -> TaskSpec:
    rules = {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": 50_000_000, "max_rank": 8}
    training = {"steps": 3, "batch": 2, "length": 24, "learning_rate_nano": 20_000_000, "optimizer": "adamw", "seed": 7}
    document = task_document(
        base={
            "digest": load_base(resolve("tiny:llama")).digest,
            "architecture": "LlamaForCausalLM",
            "kind": "causal_lm",
        },
        training=training,
        verdict=rules,
        strategy={"name": name, "settings": {**CHOSEN[name], **settings}},
    )
    document["adapter"]["ranks"] = [4]
    document["minimum_updates"] = 1 + 2 * int(document["strategy"]["settings"].get("trim", 0))
    return TaskSpec.from_document(document)


class Consortium:
    """Rounds of three members, without chains."""

    def __init__(self, benches: dict[OrganisationId, TorchWorkbench], spec: TaskSpec) -> None:
        self.benches, self.spec = benches, spec
        self.held: dict[UpdateId, bytes] = {}

    @property
    def manifest(self) -> Manifest:
        entries = []
        for number in sorted({int(update[0]) for update in self.held}):
            group = sorted(update for update in self.held if int(update[0]) == number)
            for update, weight in zip(group, shares([1] * len(group)), strict=True):
                owner = OrganisationId(update[2:])
                entries.append(Entry(number, owner, update, ZERO_DIGEST, ZERO_DIGEST, ZERO_DIGEST, weight))
        return Manifest(self.spec.base.digest, self.spec.settings, self.spec.strategy.name, tuple(entries))

    def round(self, number: int) -> dict[UpdateId, bytes]:
        manifest = self.manifest
        return {
            UpdateId(f"{number}-{name}"): bench.train(
                self.spec, manifest, self.held.__getitem__, number, lambda step, steps: None
            ).payload
            for name, bench in self.benches.items()
        }

    def judged(self, updates: dict[UpdateId, bytes]) -> dict[UpdateId, str]:
        judge = next(iter(self.benches.values()))
        found = judge.judge(self.spec, self.manifest, list(updates), {**self.held, **updates}.__getitem__, {})
        assert all(item.accept == (not item.reason) for item in found.values())
        return {update: found[update].reason for update in updates}

    def loss(self) -> float:
        figures = [bench.evaluate(self.spec, self.manifest, self.held.__getitem__) for bench in self.benches.values()]
        return sum(figure.value for figure in figures) / len(figures)


def test_all_are_tried_here() -> None:
    assert set(CHOSEN) == set(strategies())


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_two_rounds_lower_the_loss_and_a_third_can_start_without_a_member(
    benches: dict[OrganisationId, TorchWorkbench], name: str
) -> None:
    consortium = Consortium(benches, spec_of(name))
    losses = [consortium.loss()]
    for number in (1, 2):
        updates = consortium.round(number)
        assert set(consortium.judged(updates).values()) == {""}
        consortium.held |= updates
        losses.append(consortium.loss())
    assert losses[2] < losses[1] < losses[0]
    bench = next(iter(benches.values()))
    assert bench._folded is not None and bench._folded.strategy.name == name
    for update in [item for item in consortium.held if item.endswith("aurora")]:
        del consortium.held[update]
    assert set(consortium.judged(consortium.round(3)).values()) == {""}


def test_another_strategy_folds_anew(benches: dict[OrganisationId, TorchWorkbench]) -> None:
    consortium = Consortium(benches, spec_of("fedit"))
    consortium.held |= consortium.round(1)
    averaged = consortium.loss()
    consortium.spec = spec_of("stack")
    exact = consortium.loss()
    assert averaged != exact, "the means of the factors make another model"
    consortium.spec = spec_of("fedit")
    assert consortium.loss() == averaged


def test_what_ffa_refuses_and_the_round_goes_on(benches: dict[OrganisationId, TorchWorkbench]) -> None:
    consortium = Consortium(benches, spec_of("ffa"))
    before, updates = consortium.loss(), consortium.round(1)
    good = updates[UpdateId("1-borealis")]
    delta = parse(good)
    assert delta.frozen == Frozen("a", 7)
    whole = replace(delta, frozen=None)
    assert len(serialise(whole)) - len(good) == pytest.approx(
        sum(4 * low.a.numel() for low in delta.modules.values()), abs=1500
    )

    def with_b(change: Any) -> bytes:
        return serialise(
            replace(delta, modules={name: LowRank(low.a, change(low.b), 16) for name, low in delta.modules.items()})
        )

    hostile = {
        "1-whole": serialise(whole),
        "1-otherseed": good.replace(b'\\"seed\\":7', b'\\"seed\\":8'),
        "1-offgrid": with_b(lambda b: b / 3),
        "1-overflow": with_b(lambda b: b * 2.0**24),
        "1-nan": with_b(lambda b: b * float("nan")),
        "1-shape": with_b(lambda b: b[:-1]),
    }
    found = consortium.judged({**updates, **{UpdateId(name): data for name, data in hostile.items()}})
    assert {str(name): reason for name, reason in found.items() if name not in updates} == {
        "1-whole": Reason.WRONG_FACTOR,
        "1-otherseed": Reason.WRONG_FACTOR,
        "1-offgrid": Reason.OFF_GRID,
        "1-overflow": Reason.OVERFLOW,
        "1-nan": Reason.NOT_FINITE,
        "1-shape": Reason.BAD_SHAPE,
    }
    assert {found[name] for name in updates} == {""}
    consortium.held |= updates
    assert consortium.loss() < before


def test_what_rolora_refuses(benches: dict[OrganisationId, TorchWorkbench]) -> None:
    consortium = Consortium(benches, spec_of("rolora"))
    consortium.held |= consortium.round(1)
    updates = consortium.round(2)
    delta = parse(updates[UpdateId("2-borealis")])
    assert delta.frozen == Frozen("b")
    turned = {name: replace(low, a=low.a / 2, b=low.b * 2) for name, low in delta.modules.items()}
    hostile = {
        UpdateId("2-turned"): serialise(replace(delta, modules=turned)),
        UpdateId("2-asbefore"): serialise(replace(delta, frozen=Frozen("a"))),
        UpdateId("2-free"): serialise(replace(delta, frozen=None)),
    }
    found = consortium.judged({**updates, **hostile})
    assert {found[name] for name in hostile} == {Reason.WRONG_FACTOR}
    assert {found[name] for name in updates} == {""}


@pytest.mark.parametrize("rule", ["median", "trimmed-mean"])
def test_rules_of_ffa_come_from_the_task(benches: dict[OrganisationId, TorchWorkbench], rule: str) -> None:
    consortium = Consortium(benches, spec_of("ffa", rule=rule, trim=1 if rule == "trimmed-mean" else 0))
    before = consortium.loss()
    consortium.held |= consortium.round(1)
    assert consortium.loss() < before
    bench = next(iter(benches.values()))
    assert bench._folded is not None and bench._folded.strategy.settings["rule"] == rule
    assert bench._folded.tally.relative_error > 0
