"""``evaluation.json`` of `loranchor evaluate unlearning`, read and checked for the page.

Its numbers are millionths; what was not to be had is null, and ``None`` here or absent. Members that this version does
not know are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.report.node import Node, Source, list_of, table_of

FORMAT = "loranchor/unlearning-evaluation"
VERSION = 1
ROLES = ("original", "unlearned", "retrained")
UNLEARNED, RETRAINED = ROLES[1:]
SETS = ("forget", "retain", "test")
VERDICTS = ("passed", "failed", "not judged")
EVALUATION = Source("evaluation", "name the evaluation.json that `loranchor evaluate unlearning` wrote")

Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``n`` seeds in points, with its interval where there is one."""

    mean: float | None
    low: float | None
    high: float | None
    n: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """One attack: held-out forget accuracy as a share at each of ``steps``, by role."""

    seed: int | None
    steps: tuple[int, ...]
    values: dict[str, Values]


@dataclass(frozen=True, slots=True)
class Attack:
    """The attacks with k forget examples, one a seed; ``end`` by role, ``gap`` and ``widest`` in points."""

    k: int
    end: dict[str, Estimate]
    gap: Estimate | None
    widest: float | None
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """A membership attack on one model: AUC, and true positives at 1 % false positives."""

    auc: float | None
    tpr: float | None


@dataclass(frozen=True, slots=True)
class DataSet:
    digest: str | None
    samples: int | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another model beside the unlearned one: distance of the weights, and loss barriers by set in nats."""

    distance: float | None
    barriers: dict[str, float]


@dataclass(frozen=True, slots=True)
class Gate:
    """The verdict, its reasons, and what passes, in points."""

    verdict: str
    reasons: tuple[str, ...]
    attacked: float | None
    retain: float | None
    level: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that the page shows of it; what lacks a role or a set was not measured."""

    models: dict[str, str]
    kind: str | None
    data: dict[str, DataSet]
    seeds: tuple[int, ...]
    accuracy: dict[str, dict[str, float]]
    gaps: dict[str, float]
    attacks: tuple[Attack, ...]
    membership: dict[str, dict[str, Guess]]
    extraction: dict[str, dict[str, float]]
    forget_quality: dict[str, float]
    priv_leak: dict[str, float]
    tow: float | None
    neighbours: dict[str, Neighbour]
    gate: Gate
    code: str | None
    limits: tuple[str, ...]

    @property
    def referenced(self) -> bool:
        """Whether a retrained model was compared with."""
        return RETRAINED in self.accuracy or any(RETRAINED in one.end for one in self.attacks)


def evaluation_of(document: Any) -> Evaluation:
    """Check an evaluation and give it types.

    Raises:
        FormatError: it is of another format or version, or a member is missing or has the wrong type; names the member.
    """
    node = Node(document, source=EVALUATION)
    format_, version = node.need("format").text(), node.need("version").count()
    if (format_, version) != (FORMAT, VERSION):
        raise node.error(f"it is {format_!r} version {version}, this page reads {FORMAT!r} version {VERSION}")
    task = node.maybe("task", lambda item: item.maybe("kind", Node.text))
    return Evaluation(
        models=table_of(node, "models", Node.text),
        kind=task,
        data=table_of(node, "data", _set),
        seeds=list_of(node, "seeds", Node.count),
        accuracy=table_of(node, "accuracy", _numbers),
        gaps=table_of(node, "gaps", Node.millionths),
        attacks=list_of(node, "relearning", _attack),
        membership=table_of(node, "membership", lambda item: _inner(item, _guess)),
        extraction=table_of(node, "extraction", _numbers),
        forget_quality=table_of(node, "forget_quality", Node.millionths),
        priv_leak=table_of(node, "priv_leak", Node.millionths),
        tow=node.maybe("tow_to_retrained", Node.millionths),
        neighbours=table_of(node, "neighbours", _neighbour),
        gate=_gate(node.need("gate")),
        code=node.maybe("code", Node.text),
        limits=list_of(node, "limits", Node.text),
    )


def _numbers(node: Node) -> dict[str, float]:
    return {name: item.millionths() for name, item in node.members() if item.value is not None}


def _inner(node: Node, read: Any) -> dict[str, Any]:
    return {name: read(item) for name, item in node.members() if item.value is not None}


def _set(node: Node) -> DataSet:
    return DataSet(node.maybe("digest", Node.text), node.maybe("samples", Node.count))


def _guess(node: Node) -> Guess:
    tpr = node.maybe("tpr", lambda item: item.maybe("0.01", Node.millionths))
    return Guess(node.maybe("auc", Node.millionths), tpr)


def _neighbour(node: Node) -> Neighbour:
    return Neighbour(node.maybe("distance", Node.millionths), table_of(node, "barriers", Node.millionths))


def _attack(node: Node) -> Attack:
    found = {role: node.maybe(role, _estimate) for role in (UNLEARNED, RETRAINED)}
    return Attack(
        k=node.need("k").count(),
        end={role: one for role, one in found.items() if one is not None},
        gap=node.maybe("gap", _estimate),
        widest=node.maybe("widest_gap", Node.millionths),
        curves=list_of(node, "curves", _curve),
    )


def _estimate(node: Node) -> Estimate:
    mean, low, high = (node.maybe(name, Node.millionths) for name in ("mean", "low", "high"))
    return Estimate(mean, low, high, node.maybe("n", Node.count))


def _curve(node: Node) -> Curve:
    steps, values = list_of(node, "steps", Node.count), {}
    for role in (UNLEARNED, RETRAINED):
        told = node.get(role)
        if told is not None:
            values[role] = tuple(None if item.value is None else item.millionths() for item in told.items())
            if len(values[role]) != len(steps):
                raise node.error(f"{told.path} has {len(values[role])} values for {len(steps)} steps")
    return Curve(node.maybe("seed", Node.count), steps, values)


def _gate(node: Node) -> Gate:
    return Gate(
        verdict=node.need("verdict").one_of(*VERDICTS),
        reasons=list_of(node, "reasons", Node.text),
        attacked=node.maybe("attacked", Node.millionths),
        retain=node.maybe("retain", Node.millionths),
        level=node.maybe("level", Node.millionths),
    )
