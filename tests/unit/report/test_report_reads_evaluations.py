"""The page reads what the verification suite writes; apart, because the suite needs torch."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import report_sample as sample

from orchestrator.report import render
from orchestrator.report.attacked import NO_REFERENCE, attacked
from orchestrator.report.evaluation import FORMAT, ROLES, VERDICTS, VERSION, evaluation_of
from orchestrator.unlearning.evaluation import document, findings, table
from orchestrator.unlearning.evaluation.gate import Limits, judge
from orchestrator.unlearning.evaluation.statistics import KolmogorovSmirnov

SEEDS, K = (0, 1, 2), (0, 100)


def suite_of(*roles: str) -> Any:
    """As much of a suite as its document is made of."""
    settings = SimpleNamespace(
        seeds=SEEDS, k=K, length=64, steps=10, every=5, attack_batch=8, measured=99, learning_rate=1e-4,
        forget_share=0.2, stride=0.05, line_samples=50, gamma=1.0, offline=0.3, limits=Limits(),
    )  # fmt: skip
    models = SimpleNamespace(
        digests={role: sample.digest(role) for role in roles},
        base=SimpleNamespace(kind="causal", architecture="LlamaForCausalLM"),
    )
    return SimpleNamespace(settings=settings, models=models, sets={})


def findings_of(*roles: str) -> findings.Findings:
    values = {"unlearned": (0.5, 0.6, 0.72), "retrained": (0.5, 0.59, 0.7)}
    attacks = [
        findings.Relearning(k, seed, (0, 5, 10), {role: values[role] for role in values if role in roles})
        for k in K
        for seed in SEEDS
    ]
    guesses = {role: findings.Guess(0.5 + 0.1 * place, {0.01: 0.02}) for place, role in enumerate(roles)}
    both = "retrained" in roles
    gaps = {k: [one.gap for one in attacks if one.k == k and one.gap is not None] for k in K} if both else {}
    return findings.Findings(
        accuracy={role: {"forget": 0.6, "retain": 0.9, "test": 0.8} for role in roles},
        loss={role: {"forget": 0.6, "retain": 0.9, "test": 0.8} for role in roles},
        references=1 if both else 0,
        membership={"loss": guesses, "min_k_plus_plus": guesses} | ({"rmia": guesses} if both else {}),
        priv_leak={"loss": -2.5 if both else None},
        extraction={role: findings.Extraction(0.25, 0.5, None, 3.5) for role in roles},
        forget_quality=KolmogorovSmirnov(0.1, 0.31) if both else None,
        tow_to_retrained=98.5 if both else None,
        tow_product={},
        neighbours={
            role: findings.Neighbour(1.25, {"retain": {0.0: 1.0}}, {"retain": 0.5, "forget": 0.25})
            for role in roles
            if role != "unlearned"
        },
        relearning=attacks,
        gate=judge(gaps, [0.0] if both else []),
    )


@pytest.mark.parametrize("roles", [ROLES, ROLES[:2]], ids=["with a reference", "without"])
def test_a_document_of_the_suite_is_shown(roles: tuple[str, ...]) -> None:
    told = findings_of(*roles)
    written = document.document_of(suite_of(*roles), told)
    found = evaluation_of(written)
    assert found.gate.verdict == told.gate.verdict and found.gate.reasons == told.gate.reasons
    assert [attack.k for attack in found.attacks] == list(K) and found.seeds == SEEDS
    shown = attacked(found)
    assert shown.relearning[0].cells[0] == "72.00 [72.00, 72.00]"
    assert {row.name: row.cells for row in shown.known}["Canaries: exposure, bits"][:2] == ("3.500", "3.500")
    retrained = {row.cells[-1] for row in (*shown.relearning, *shown.accuracy, *shown.beside)}
    assert (retrained == {NO_REFERENCE}) is ("retrained" not in roles)
    assert "Does it come back?" in render(sample.summary(), written)


def test_its_words_are_the_suites() -> None:
    assert (FORMAT, VERSION) == (document.FORMAT, document.VERSION)
    assert findings.ROLES == ROLES and table.NO_REFERENCE == NO_REFERENCE
    gaps = {0: [0.0, 0.0]}
    verdicts = (judge(gaps, [0.0]), judge(gaps, [-9.0]), judge({}, []))
    assert tuple(one.verdict for one in verdicts) == VERDICTS
