"""The evaluation itself: every figure of the suite, for every model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.attacks.relearning import RelearningSettings, draw, held_out_split, relearn
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning import figures
from orchestrator.unlearning.evaluation import gate, privacy
from orchestrator.unlearning.evaluation.findings import (
    ORIGINAL,
    RETRAINED,
    ROLES,
    UNLEARNED,
    Findings,
    Neighbour,
    Relearning,
)
from orchestrator.unlearning.evaluation.models import Models
from orchestrator.unlearning.evaluation.readings import Readings, accuracy, read
from orchestrator.unlearning.evaluation.sets import EvaluationSet
from orchestrator.unlearning.evaluation.settings import EvaluationSettings
from orchestrator.unlearning.subject import Subject, Task
from orchestrator.unlearning.tasks import CausalTask, ClassifierTask

Progress = Callable[[str, float], None]
"""Told what is being done, and how much of all is done, from 0 to 1."""
LEAST = 4
"""Texts of a set below which nothing can be said."""
READING = 0.15
"""About what part of the time goes into reading and lines; attacks take the rest."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Models, sets and settings that were checked against each other.

    Raises:
        ConfigurationError: an attack asks for more examples than there are, or texts are longer than the model takes.
        DataError: a set is too small.
    """

    models: Models
    sets: Mapping[str, EvaluationSet]
    settings: EvaluationSettings

    def __post_init__(self) -> None:
        for name in ("retain", "test"):
            if len(self.sets[name]) < LEAST:
                raise DataError(f"evaluation.{name} has {len(self.sets[name])} texts, at least {LEAST} are needed")
        most = getattr(self.models.base.model.config, "max_position_embeddings", self.settings.length)
        if self.settings.length > most:
            raise ConfigurationError(
                f"evaluation.length is {self.settings.length}, the model takes {most} tokens", mend="make it shorter"
            )
        seen, _ = held_out_split(len(self.sets["forget"]))
        if self.settings.k[-1] > len(seen):
            raise ConfigurationError(
                f"evaluation.attack.k has {self.settings.k[-1]}, and a fifth of the forget set are {len(seen)} samples",
                mend="ask for fewer, or give a larger forget set",
            )

    @property
    def roles(self) -> list[str]:
        """The models that are compared, in the order of the table."""
        return [role for role in ROLES if role in self.models.states]

    @property
    def subject(self) -> Subject:
        """The model in memory; every parameter is an attacker's to change."""
        kind, classes = self.models.base.kind, self.models.classes
        task: Task = ClassifierTask(classes) if kind == "classifier" else CausalTask(classes)
        return Subject.whole(self.models.model, task)


def evaluate(suite: Suite, progress: Progress | None = None) -> Findings:
    """Measure everything.

    Raises:
        DataError: a loss is not finite, or the references say the same of all samples.
    """
    told = progress or (lambda what, done: None)
    readings = _readings(suite, told)
    own, references = {role: readings[role] for role in suite.roles}, _references(suite)
    extraction = privacy.extraction(own)
    guesses = privacy.guesses(
        readings, suite.roles, references, gamma=suite.settings.gamma, offline=suite.settings.offline
    )
    told("distances and lines", READING / 2)
    neighbours = _neighbours(suite)
    relearning = tuple(_relearning(suite, told))
    shares = {role: [found[name].accuracy for name in ("forget", "retain", "test")] for role, found in own.items()}
    told("done", 1.0)
    return Findings(
        accuracy={role: {name: one.accuracy for name, one in found.items()} for role, found in own.items()},
        loss={role: {name: one.loss for name, one in found.items()} for role, found in own.items()},
        references=len(references),
        membership=guesses,
        priv_leak={name: privacy.leak(found) for name, found in guesses.items()},
        extraction=extraction,
        forget_quality=_quality(own),
        tow_to_retrained=_tow(shares),
        tow_product={role: figures.tow_product(*found) for role, found in shares.items()},
        neighbours=neighbours,
        relearning=relearning,
        gate=_gate(suite, own, relearning),
    )


def _readings(suite: Suite, told: Progress) -> dict[str, dict[str, Readings]]:
    """By role, references too, then by set."""
    found: dict[str, dict[str, Readings]] = {}
    texts = suite.models.base.kind == "causal_lm"
    for number, role in enumerate(suite.models.states):
        told(f"reading the {role} model", READING / 2 * number / len(suite.models.states))
        suite.models.become(role)
        subject = suite.subject
        found[role] = {
            name: read(subject, one.batches(suite.settings.batch), texts=texts and name != "retain")
            for name, one in suite.sets.items()
        }
    return found


def _neighbours(suite: Suite) -> dict[str, Neighbour]:
    """The way to the former and to the retrained model, with losses on retained and on forgotten data."""
    states, subject = suite.models.states, suite.subject
    found = {}
    for role in suite.roles:
        if role == UNLEARNED:
            continue
        lines = {}
        for name in ("retain", "forget"):
            rows = range(min(suite.settings.line_samples, len(suite.sets[name])))
            batches = list(suite.sets[name].batches(suite.settings.batch, rows))
            lines[name] = figures.loss_line(
                suite.models.model,
                states[UNLEARNED],
                states[role],
                lambda batches=batches: read(subject, batches).loss,  # type: ignore[misc]
                stride=suite.settings.stride,
            )
        found[role] = Neighbour(
            figures.distance(states[UNLEARNED], states[role]),
            {name: dict(zip(line.places, line.losses, strict=True)) for name, line in lines.items()},
            {name: line.barrier for name, line in lines.items()},
        )
    return found


def _relearning(suite: Suite, told: Progress) -> Iterator[Relearning]:
    """Unlearned and retrained model under the same attacks."""
    settings, forget = suite.settings, suite.sets["forget"]
    seen, held_out = held_out_split(len(forget))
    measured = list(forget.batches(settings.batch, held_out[: settings.measured]))
    attack = RelearningSettings(
        settings.steps, settings.learning_rate, settings.every, settings.attack_batch, settings.forget_share
    )
    attacked = [role for role in suite.roles if role != ORIGINAL]
    every = [(k, seed) for k in settings.k for seed in settings.seeds]
    curves: dict[tuple[int, int], dict[str, tuple[float, ...]]] = {one: {} for one in every}
    steps: tuple[int, ...] = ()
    for place, role in enumerate(attacked):
        suite.models.become(role)
        subject = suite.subject
        for number, (k, seed) in enumerate(every):
            done = (place * len(every) + number) / (len(attacked) * len(every))
            what = f"attack on the {role} model, k = {k}, seed {seed}"

            def tell(step: int, of: int, done: float = done, what: str = what) -> None:
                share = done + step / of / (len(attacked) * len(every))
                told(what, READING + (1 - READING) * share)

            curve = relearn(
                subject,
                lambda seed: suite.sets["retain"].shuffled(settings.attack_batch, seed),
                [forget.samples.batch([row]) for row in draw(seen, k, seed)],
                attack,
                lambda subject=subject: accuracy(subject, measured),  # type: ignore[misc]
                seed=seed,
                progress=tell,
            )
            steps = curve.steps
            curves[k, seed][role] = curve.values
    return (Relearning(k, seed, steps, values) for (k, seed), values in curves.items())


def _references(suite: Suite) -> list[str]:
    """Models that never saw the forget set: those given for it; for want of any, the retrained one."""
    given = [role for role in suite.models.states if role not in ROLES]
    return given or [role for role in suite.roles if role == RETRAINED]


def _quality(own: Mapping[str, Mapping[str, Readings]]) -> figures.KolmogorovSmirnov | None:
    if RETRAINED not in own:
        return None
    return figures.forget_quality(*(own[role]["forget"].losses.tolist() for role in (UNLEARNED, RETRAINED)))


def _tow(shares: Mapping[str, Sequence[float]]) -> float | None:
    return figures.tow_to_retrained(shares[UNLEARNED], shares[RETRAINED]) if RETRAINED in shares else None


def _gate(suite: Suite, own: Mapping[str, Mapping[str, Readings]], attacks: Sequence[Relearning]) -> gate.Gate:
    if RETRAINED not in own:
        return gate.judge({}, [])
    gaps: dict[int, list[float]] = {}
    for attack in attacks:
        if attack.gap is not None:
            gaps.setdefault(attack.k, []).append(attack.gap)
    retain = figures.gap(own[UNLEARNED]["retain"].accuracy, own[RETRAINED]["retain"].accuracy)
    return gate.judge(gaps, [retain], suite.settings.limits)
