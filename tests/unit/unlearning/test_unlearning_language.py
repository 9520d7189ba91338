"""Every method on a transformers model: tied weights, masks, attention, classes and tokens."""

from __future__ import annotations

import pytest
import torch

from orchestrator.models import load_base, resolve
from orchestrator.unlearning.chain import chain
from orchestrator.unlearning.methods import method_named, methods
from orchestrator.unlearning.methods.recipe import Job
from orchestrator.unlearning.methods.representations import blocks, representations
from orchestrator.unlearning.subject import Batch, Budget, Data, Subject
from orchestrator.unlearning.tasks import CausalTask, ClassifierTask
from tests.unit.unlearning.small import differing, endless, state

SMALLER = {"tar": {"adversaries": 1, "inner_steps": 2}, "ssd": {"batches": 1}}
BUDGET = Budget(2, 1e-3)
ADAPTED = ("q_proj", "v_proj", "score")


def texts(seed: int, *, classes: bool) -> Batch:
    """Four texts of up to eight tokens; the last two are shorter and padded."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(2, 40, (4, 8), generator=generator)
    mask = torch.ones_like(tokens)
    mask[2:, 5:] = 0
    labels = torch.randint(2, (4,), generator=generator) if classes else torch.where(mask == 1, tokens, -100)
    return {"input_ids": tokens * mask, "attention_mask": mask, "labels": labels}


def subject_of(kind: str) -> Subject:
    """A tiny Llama whose query and value projections (and head) moved away from their base."""
    model = load_base(resolve("tiny:llama"), kind=kind, seed=1).model
    names = [name for name, _ in model.named_parameters() if any(ending in name for ending in ADAPTED)]
    base = {name: model.get_parameter(name).detach().clone() for name in names}
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name in names:
            model.get_parameter(name).add_(0.02 * torch.randn(base[name].shape, generator=generator))
    return Subject.adapted(model, ClassifierTask(2) if kind == "classifier" else CausalTask(258), base)


def data_of(kind: str) -> Data:
    classes = kind == "classifier"
    return Data(endless(texts(1, classes=classes), 4), endless(texts(2, classes=classes), 4))


@pytest.mark.parametrize("kind", ["classifier", "causal_lm"])
@pytest.mark.parametrize("name", methods())
def test_every_method_changes_the_adapted_weights_alone(name: str, kind: str) -> None:
    subject = subject_of(kind)
    before = state(subject)
    method_named(name, **SMALLER.get(name, {})).run(subject, data_of(kind), BUDGET, seed=5)
    behind = {"score.weight"} if name == "circuit-breakers" else set()
    assert differing(before, state(subject)) == set(subject.names) - behind
    assert not any(parameter.requires_grad for parameter in subject.model.parameters())


def test_a_whole_language_model_with_tied_weights() -> None:
    def made() -> Subject:
        return Subject.whole(load_base(resolve("tiny:llama"), seed=1).model, CausalTask(258))

    whole = chain(method_named("weight-distortion", sigma=0.001), method_named("cbft"), method_named("npo"))
    first, second = made(), made()
    for subject in (first, second):
        whole.run(subject, data_of("causal_lm"), Budget(3, 1e-4), seed=5)
    assert not differing(state(first), state(second))
    assert first.model.lm_head.weight is first.model.model.embed_tokens.weight


def test_a_teacher_has_its_tied_weights_too() -> None:
    subject = Subject.whole(load_base(resolve("tiny:llama"), seed=1).model, CausalTask(258))
    batch = texts(1, classes=False)
    job = Job("npo", subject, BUDGET, {}, 5, subject.snapshot(), iter(()), None)
    with torch.no_grad():
        before = subject.task.logits(subject.model, batch)
        subject.scale_delta({name: torch.tensor(0.5) for name in subject.names})
        assert not torch.equal(subject.task.logits(subject.model, batch), before)
    with job.teacher() as teacher:
        assert torch.equal(subject.task.logits(teacher, batch), before)


def test_forgetting_raises_the_loss_of_what_is_forgotten_alone() -> None:
    subject, given = subject_of("causal_lm"), data_of("causal_lm")

    def loss(source) -> float:
        with torch.no_grad(), subject.evaluated():
            return float(subject.task.losses(subject.model, next(source(0))).mean())

    assert given.forget is not None
    forgotten, kept = loss(given.forget), loss(given.retain)
    method_named("npo").run(subject, given, Budget(20, 1e-3), seed=5)
    assert loss(given.forget) > forgotten + 0.3
    assert loss(given.retain) < kept - 0.1


def test_representations_are_of_the_tokens_that_count() -> None:
    subject = subject_of("causal_lm")
    layers = blocks(subject.model)
    assert [type(layer).__name__ for layer in layers] == ["LlamaDecoderLayer"] * 2
    job = Job("tar", subject, BUDGET, {}, 5, subject.snapshot(), iter(()), None)
    batch = texts(1, classes=False)
    with torch.no_grad():
        found = representations(job, subject.model, batch, layers)
    assert [tuple(one.shape) for one in found] == [(int(batch["attention_mask"].sum()), 64)] * 2
