"""One cell: a network of the proxy, or a model, unlearned or a reference, with its figures and under attack."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from benchmarks.harness import Configuration, Figures
from benchmarks.relearning.sizes import PRETRAINED, RETRAINED, folder_given, size_of
from benchmarks.relearning.stages import Stage, forget_set, original, proxy
from benchmarks.relearning.training import accuracy, deterministic, loss
from orchestrator.attacks.relearning import RelearningSettings, draw, held_out_split, relearn, union_share
from orchestrator.data.images import Pictures
from orchestrator.errors import DataError
from orchestrator.models.resnet import ResNet18
from orchestrator.unlearning.chain import chain
from orchestrator.unlearning.figures import distance, loss_line
from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.subject import Budget, Data, Subject
from orchestrator.unlearning.tasks import ImageTask

ON_THE_LINE = 400
"""Retained images that, with the forget set, the loss on the line between two models is taken over."""


def work(cell: Configuration) -> Figures:
    """A cell's figures; see :func:`model_figures` and, for a network of the proxy, its accuracies."""
    deterministic()
    stage = Stage(cell["data"], folder_given(), size_of(cell), cell["seed"])
    if cell["part"] == "proxy":
        begin = time.perf_counter()
        return {**proxy(stage, cell["number"])[1], "seconds": time.perf_counter() - begin}
    return model_figures(cell, Parts(stage))


class Parts:
    """The images of a stage by what they are for: retained, forgotten, and of these an attacker's and the others."""

    def __init__(self, stage: Stage) -> None:
        training, places = stage.training, forget_set(stage)
        self.stage, self.classes = stage, training.classes
        self.forget, self.retain = training.at(places), training.without(places)
        seen, held_out = held_out_split(len(places))
        self.seen, self.held_out = seen, self.forget.at(held_out)
        self.line = Pictures.joined(self.forget, self.retain.first(ON_THE_LINE, stage.seed))

    def data(self) -> Data:
        return Data(self.stage.shuffled(self.retain), self.stage.shuffled(self.forget))


def model_figures(cell: Configuration, parts: Parts) -> Figures:
    """Accuracies, distance and barrier from the pretrained model, seconds, and a curve for each k of the attack.

    ``forget`` is of the held-out part of the forget set, like the curves; ``refused`` says why a method has no model.
    """
    stage, name = parts.stage, cell["method"]
    model, seconds = original(stage, RETRAINED if name == RETRAINED else PRETRAINED)
    if name not in (PRETRAINED, RETRAINED):
        try:
            seconds = _unlearn(model, cell, parts)
        except DataError as error:
            return {"refused": error.message}
    found: dict[str, Any] = {"seconds": seconds, **_accuracies(model, parts)}
    if name != PRETRAINED:
        found |= _way(original(stage, PRETRAINED)[0], model, parts)
        found["curves"] = {str(k): _attacked(model, parts, k) for k in stage.size.ks}
    return found


def _unlearn(model: ResNet18, cell: Configuration, parts: Parts) -> float:
    """Apply the cell's method in place; seconds it took."""
    size, method = parts.stage.size, method_named(cell["method"], **cell["settings"])
    if "after" in cell:
        method = chain(method_named(cell["after"]), method)
    budget, begin = Budget(size.unlearning_steps, size.unlearning_rate), time.perf_counter()
    method.run(Subject.whole(model, ImageTask(parts.classes)), parts.data(), budget, seed=cell["seed"])
    model.eval()
    return time.perf_counter() - begin


def _accuracies(model: ResNet18, parts: Parts) -> dict[str, float]:
    sets = {"forget": parts.held_out, "retain": parts.retain, "test": parts.stage.test}
    return {name: accuracy(model, parts.stage.seen(pictures)) for name, pictures in sets.items()}


def _way(before: ResNet18, after: ResNet18, parts: Parts) -> dict[str, float]:
    """How far the pretrained model is, and the barrier on the line to it; batch norm's figures are on the line too."""
    first, second = ({name: tensor.clone() for name, tensor in model.state_dict().items()} for model in (before, after))
    weights = [name for name, _ in after.named_parameters()]
    batches = parts.stage.seen(parts.line)
    line = loss_line(after, first, second, lambda: loss(after, batches))
    far = distance(*({name: state[name] for name in weights} for state in (first, second)))
    return {"distance": far, "barrier": line.barrier}


def _attacked(model: ResNet18, parts: Parts, k: int) -> dict[str, Any]:
    """Accuracy on the held-out part of the forget set by steps of the attack."""
    stage, size = parts.stage, parts.stage.size
    examples = parts.forget.at(draw(parts.seen, k, stage.seed))
    settings = RelearningSettings(size.attack_steps, size.attack_rate, size.every, size.batch)
    if k:
        settings = replace(settings, forget_share=union_share(len(parts.retain), k))
    held_out = stage.seen(parts.held_out)
    curve = relearn(
        Subject.whole(model, ImageTask(parts.classes)),
        stage.shuffled(parts.retain),
        stage.seen(examples),
        settings,
        lambda: accuracy(model, held_out),
        seed=stage.seed,
    )
    return {"steps": list(curve.steps), "values": list(curve.values)}
