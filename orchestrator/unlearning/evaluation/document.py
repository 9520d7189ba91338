"""``evaluation.json``: the findings as a canonical object, with digests of code, models and data."""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orchestrator import __version__
from orchestrator.types import MILLION, Digest
from orchestrator.unlearning.evaluation.findings import RETRAINED, ROLES, UNLEARNED, Findings
from orchestrator.unlearning.evaluation.measure import Suite
from orchestrator.unlearning.evaluation.settings import SETS
from orchestrator.unlearning.evaluation.statistics import Interval, t_interval

FORMAT = "loranchor/unlearning-evaluation"
VERSION = 1
PACKAGES = ("numpy", "peft", "safetensors", "tokenizers", "torch", "transformers")
SOURCES = ("attacks", "unlearning", "models", "data", "training", "contribution")
"""Packages whose code makes the figures."""
LIMITS = (
    "Intervals are over seeds of the attacks on these very models; they say nothing about other trainings.",
    "Whoever knows a better attack than these may get more out of the model.",
    "Membership inference compares the forget set with texts that were not trained on; where the two differ in kind, "
    "an AUC far from 0.5 shows that and no memory, so compare it with the retrained model's.",
)


def document_of(suite: Suite, findings: Findings) -> dict[str, Any]:
    """The whole of it; numbers in millionths, what was not to be had null.

    Gaps and intervals are in millionths of a point, everything else in millionths of its unit.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "models": dict(suite.models.digests),
        "task": {"kind": suite.models.base.kind, "architecture": suite.models.base.architecture},
        "data": {name: _set(suite, name) for name in SETS},
        "settings": _settings(suite),
        "seeds": list(suite.settings.seeds),
        "accuracy": _by_role(findings.accuracy),
        "loss": _by_role(findings.loss),
        "gaps": _gaps(findings),
        "relearning": [_attack(findings, k) for k in suite.settings.k],
        "membership": {
            name: {role: _guess(one) for role, one in by.items()} for name, by in findings.membership.items()
        },
        "references": findings.references,
        "extraction": {role: _numbers(asdict(one)) for role, one in findings.extraction.items()} or None,
        "forget_quality": None if findings.forget_quality is None else _numbers(asdict(findings.forget_quality)),
        "priv_leak": _numbers(findings.priv_leak),
        "tow_to_retrained": millionths(findings.tow_to_retrained),
        "tow_product": _numbers(findings.tow_product),
        "neighbours": {role: _neighbour(one) for role, one in findings.neighbours.items()},
        "gate": _gate(suite, findings),
        "code": code_digest(),
        "versions": versions(),
        "limits": list(LIMITS),
    }


def millionths(value: float | None) -> int | None:
    """A number as canonical objects hold it; None for none, or for one that is not finite."""
    return None if value is None or not math.isfinite(value) else round(value * MILLION)


def code_digest(sources: Sequence[str] = SOURCES) -> Digest:
    """SHA-256 over names and bytes of the sources that make the figures."""
    root, total = Path(__file__).parents[2], hashlib.sha256()
    for path in sorted(path for name in sources for path in (root / name).rglob("*.py")):
        for part in (path.relative_to(root).as_posix().encode(), path.read_bytes()):
            total.update(len(part).to_bytes(8, "big") + part)
    return Digest("0x" + total.hexdigest())


def versions() -> dict[str, str]:
    """Of Python, of this program, and of what it computes with."""
    found = {"python": platform.python_version(), "loranchor": __version__}
    return found | {name: importlib.metadata.version(name) for name in PACKAGES}


def _set(suite: Suite, name: str) -> dict[str, Any] | None:
    if name not in suite.sets:
        return None
    one = suite.sets[name]
    return {"digest": one.digest, "samples": len(one), "left_out": one.left_out}


def _settings(suite: Suite) -> dict[str, Any]:
    settings = suite.settings
    return {
        "length": settings.length,
        "attack": {
            "k": list(settings.k),
            "steps": settings.steps,
            "every": settings.every,
            "batch": settings.attack_batch,
            "measured": settings.measured,
            "learning_rate_nano": round(settings.learning_rate * 1_000_000_000),
            "forget_share": millionths(settings.forget_share),
        },
        "line": {"stride": millionths(settings.stride), "samples": settings.line_samples},
        "rmia": {"gamma": millionths(settings.gamma), "offline": millionths(settings.offline)},
    }


def _by_role(table: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    return {role: _numbers(table[role]) if role in table else None for role in ROLES}


def _gaps(findings: Findings) -> dict[str, int | None] | None:
    if not findings.judged:
        return None
    mine, other = findings.accuracy[UNLEARNED], findings.accuracy[RETRAINED]
    return {name: millionths(100 * (mine[name] - other[name])) for name in ("forget", "retain", "test")}


def _attack(findings: Findings, k: int) -> dict[str, Any]:
    gaps = findings.gaps(k)
    return {
        "k": k,
        **{role: _interval(findings.attacked(k, role)) for role in (UNLEARNED, RETRAINED)},
        "gap": _interval(t_interval(gaps) if gaps else None),
        "widest_gap": millionths(findings.widest(k)),
        "curves": [
            {
                "seed": attack.seed,
                "steps": list(attack.steps),
                **{role: _curve(attack.values.get(role)) for role in (UNLEARNED, RETRAINED)},
            }
            for attack in findings.relearning
            if attack.k == k
        ],
    }


def _curve(values: tuple[float, ...] | None) -> list[int | None] | None:
    return None if values is None else [millionths(value) for value in values]


def _interval(found: Interval | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {**{name: millionths(getattr(found, name)) for name in ("mean", "low", "high")}, "n": found.n}


def _guess(found: Any) -> dict[str, Any]:
    return {"auc": millionths(found.auc), "tpr": {f"{rate:g}": millionths(tpr) for rate, tpr in found.tpr.items()}}


def _neighbour(found: Any) -> dict[str, Any]:
    lines = {name: [millionths(loss) for loss in line.values()] for name, line in found.lines.items()}
    return {"distance": millionths(found.distance), "barriers": _numbers(found.barriers), "lines": lines}


def _gate(suite: Suite, findings: Findings) -> dict[str, Any]:
    limits = suite.settings.limits
    return {
        "verdict": findings.gate.verdict,
        "reasons": list(findings.gate.reasons),
        "attacked": millionths(limits.attacked),
        "retain": millionths(limits.retain),
        "level": millionths(limits.level),
    }


def _numbers(table: Mapping[str, float | None]) -> dict[str, int | None]:
    return {name: millionths(value) for name, value in table.items()}
