"""The task object: what must be the same for all members of a round, and nothing else. Its digest opens the round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import Document, canonical_bytes, check_format, digest, parse
from orchestrator.ledger.hardenings import Hardening
from orchestrator.ledger.methods import FILTERS, ONE_RANK, SCORES, STRATEGIES, Method, read_method
from orchestrator.ledger.privacy import PrivacyRules, read_privacy
from orchestrator.ledger.reader import Reader
from orchestrator.types import MILLION, Digest

FORMAT = "loranchor/task"
UINT32 = 2**32 - 1
MAX_SLICES = 64


@dataclass(frozen=True, slots=True)
class BaseModel:
    """The model that every contribution is a change of. The digest covers every tensor, task head included."""

    digest: Digest
    architecture: str
    kind: Literal["causal_lm", "classifier"]


@dataclass(frozen=True, slots=True)
class AdapterRules:
    """Which low-rank changes are allowed.

    Attributes:
        modules: names of the adapted modules. ranks: the ranks a member may choose from.
        alpha, rslora: the scale is α/r, or α/√r with rsLoRA.
        dense: suffixes of parameter names that may be changed as a whole.
    """

    modules: tuple[str, ...]
    ranks: tuple[int, ...]
    alpha: int
    rslora: bool
    dense: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingRules:
    """How a member trains. ``learning_rate_nano`` is in 1e-9 units.

    Attributes:
        slices: stages of other layers and other samples each, so that a sample can be withdrawn; 1 where the object has
            no such member, which is optional, so that tasks without it keep their digests.
    """

    steps: int
    batch: int
    length: int
    learning_rate_nano: int
    optimizer: str
    seed: int
    slices: int = 1


@dataclass(frozen=True, slots=True)
class VerdictRules:
    """What an update must meet to be accepted.

    Attributes:
        policy: ``structural`` (digests, shapes, ranks, norms) or ``validation`` (also its score).
        filters: robust filters, applied in this order to what passed the checks of structure.
        minimum_score, max_norm: millionths. max_rank: largest rank of a module.
    """

    policy: Literal["structural", "validation"]
    filters: tuple[Method, ...]
    minimum_score: int
    max_norm: int
    max_rank: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Lengths of the phases, in private blocks."""

    submit: int
    release: int
    commit: int
    reveal: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a score measures and how; ``shared`` is the digest of an evaluation set that all score on, if any."""

    metric: Literal["loss", "accuracy"]
    scores: Literal["leave-one-out", "shapley"]
    shared: Digest | None


@dataclass(frozen=True)
class TaskSpec:
    """A validated task object.

    Attributes:
        per_round: what a round pays in all, in the token's smallest unit.
        hardening: noise that revocations of mode ``heal`` put into the manifest; None where the object has no member
            ``revocation``, which is optional, so that tasks without it keep their digests.
    """

    name: str
    base: BaseModel
    adapter: AdapterRules
    training: TrainingRules
    privacy: PrivacyRules
    strategy: Method
    lineage: Literal["chained", "isolated"]
    weights: Literal["uniform", "samples", "scores"]
    verdict: VerdictRules
    per_round: int
    deadlines: Deadlines
    minimum_updates: int
    evaluation: Evaluation
    document: Document = field(repr=False)
    hardening: Hardening | None = None

    @cached_property
    def digest(self) -> Digest:
        return digest(self.document)

    @cached_property
    def settings(self) -> Digest:
        """Digest of what decides weights and scales of a manifest, and how its contributions are combined."""
        chosen = {
            "adapter": self.document["adapter"],
            "lineage": self.lineage,
            "strategy": self.document["strategy"],
            "weights": self.weights,
        }
        return digest(chosen)

    def to_bytes(self) -> bytes:
        return canonical_bytes(self.document)

    @classmethod
    def from_bytes(cls, data: bytes) -> TaskSpec:
        """Reads a task object from its canonical bytes."""
        return cls.from_document(parse(data, format=FORMAT))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> TaskSpec:
        """Reads a task object.

        Raises:
            FormatError: a member is missing, unknown or malformed; names it.
        """
        check_format(document, format=FORMAT)
        canonical_bytes(dict(document))
        root = Reader(document, "task")
        spec = cls(
            name=root.text("name"),
            base=_base(root.inner("base")),
            adapter=_adapter(root.inner("adapter")),
            training=_training(root.inner("training")),
            privacy=read_privacy(root.inner("privacy")),
            strategy=read_method(root.inner("strategy"), STRATEGIES),
            lineage=root.choice("lineage", {"chained", "isolated"}),  # type: ignore[arg-type]
            weights=root.choice("weights", {"uniform", "samples", "scores"}),  # type: ignore[arg-type]
            verdict=_verdict(root.inner("verdict")),
            per_round=_awards(root.inner("awards")),
            deadlines=_deadlines(root.inner("deadlines")),
            minimum_updates=root.integer("minimum_updates", least=1, most=255),
            evaluation=_evaluation(root.inner("evaluation")),
            document=dict(document),
            hardening=_hardening(root.inner("revocation")) if root.has("revocation") else None,
        )
        root.end()
        _agrees_with_itself(spec)
        return spec


def _base(reader: Reader) -> BaseModel:
    kind: Any = reader.choice("kind", {"causal_lm", "classifier"})
    base = BaseModel(reader.digest("digest"), reader.text("architecture"), kind)
    reader.end()
    return base


def _adapter(reader: Reader) -> AdapterRules:
    rules = AdapterRules(
        modules=reader.texts("modules", least=1),
        ranks=reader.integers("ranks"),
        alpha=reader.integer("alpha", least=1),
        rslora=reader.flag("rslora"),
        dense=reader.texts("dense"),
    )
    reader.end()
    return rules


def _training(reader: Reader) -> TrainingRules:
    rules = TrainingRules(
        steps=reader.integer("steps", least=1),
        batch=reader.integer("batch", least=1),
        length=reader.integer("length", least=1),
        learning_rate_nano=reader.integer("learning_rate_nano", least=1),
        optimizer=reader.text("optimizer"),
        seed=reader.integer("seed"),
        slices=reader.integer("slices", least=2, most=MAX_SLICES) if reader.has("slices") else 1,
    )
    reader.end()
    return rules


def _verdict(reader: Reader) -> VerdictRules:
    policy: Any = reader.choice("policy", {"structural", "validation"})
    rules = VerdictRules(
        policy=policy,
        filters=tuple(read_method(item, FILTERS) for item in reader.inners("filters")),
        minimum_score=reader.integer("minimum_score", least=-(10**6) * MILLION),
        max_norm=reader.integer("max_norm", least=1),
        max_rank=reader.integer("max_rank", least=1),
    )
    reader.end()
    return rules


def _awards(reader: Reader) -> int:
    per_round = reader.decimal("per_round")
    reader.end()
    return per_round


def _deadlines(reader: Reader) -> Deadlines:
    submit, release, commit, reveal = (
        reader.integer(name, least=1, most=UINT32) for name in ("submit", "release", "commit", "reveal")
    )
    reader.end()
    return Deadlines(submit, release, commit, reveal)


def _evaluation(reader: Reader) -> Evaluation:
    metric: Any = reader.choice("metric", {"loss", "accuracy"})
    shared = None if reader.take("shared") is None else reader.digest("shared")
    scores: Any = reader.choice("scores", set(SCORES))
    reader.end()
    return Evaluation(metric, scores, shared)


def _hardening(reader: Reader) -> Hardening:
    found = Hardening.read(reader.inner("hardening"))
    reader.end()
    return found


def _trims_what_is_there(spec: TaskSpec) -> None:
    trim, rule = int(spec.strategy.settings.get("trim", 0)), spec.strategy.settings.get("rule")
    if rule is not None and (trim > 0) != (rule == "trimmed-mean"):
        raise FormatError(
            f"task.strategy.settings has trim {trim} with rule {rule}", mend="only a trimmed-mean has a trim, from 1"
        )
    if spec.minimum_updates <= 2 * trim:
        raise FormatError(
            f"task.minimum_updates is {spec.minimum_updates}, trimming {trim} at both ends needs {2 * trim + 1}",
            mend="raise minimum_updates or trim less",
        )


def _slices_what_stands_alone(spec: TaskSpec) -> None:
    rules = spec.training
    if rules.slices > 1 and spec.lineage != "isolated":
        raise FormatError(
            f"task.training.slices is {rules.slices} with lineage chained, where others train on top of each sample",
            mend="use lineage isolated, or leave slices out",
        )
    if rules.slices > rules.steps:
        raise FormatError(
            f"task.training.slices is {rules.slices}, which {rules.steps} steps are too few for",
            mend="use fewer slices",
        )


def _agrees_with_itself(spec: TaskSpec) -> None:
    if spec.strategy.name in ONE_RANK and len(spec.adapter.ranks) != 1:
        raise FormatError(
            f"task.adapter.ranks has {len(spec.adapter.ranks)} ranks, strategy {spec.strategy.name} works with one",
            mend="allow one rank, or use the strategy stack or flexlora",
        )
    if spec.strategy.name in ONE_RANK and spec.lineage == "isolated":
        raise FormatError(
            f"task.lineage is isolated, where ranks add up over rounds; strategy {spec.strategy.name} works with one",
            mend="use lineage chained, or the strategy stack or flexlora",
        )
    _slices_what_stands_alone(spec)
    _trims_what_is_there(spec)
    names = [item.name for item in spec.verdict.filters]
    if len(set(names)) != len(names):
        raise FormatError("task.verdict.filters names a filter twice")
    for item in spec.verdict.filters:
        if item.name == "multi-krum" and spec.minimum_updates < (least := 2 * int(item.settings["hostile"]) + 3):
            raise FormatError(
                f"task.minimum_updates is {spec.minimum_updates}, multi-krum against {item.settings['hostile']} hostile"
                f" updates needs {least}",
                mend="raise minimum_updates or expect fewer hostile updates",
            )
