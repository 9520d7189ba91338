"""An ``evaluation.json`` for the tests. Its figures are made up and belong to no models."""

from __future__ import annotations

from typing import Any

from report_sample import digest

ROLES = ("original", "unlearned", "retrained")
STEPS = [0, 10, 20, 30, 40]
SEEDS = [0, 1, 2]
_FINAL = {"unlearned": {0: 0.57, 10: 0.66, 100: 0.78}, "retrained": {0: 0.56, 10: 0.65, 100: 0.77}}


def evaluation() -> dict[str, Any]:
    """A classifier with a retrained reference, three values of k, three seeds; it passed."""
    return {
        "format": "loranchor/unlearning-evaluation",
        "version": 1,
        "models": {role: digest(f"model {role}") for role in ROLES},
        "task": {"kind": "classifier", "architecture": "BertForSequenceClassification"},
        "data": {name: {"digest": digest(name), "samples": 400, "left_out": 0} for name in ("forget", "retain", "test")}
        | {"canaries": None},
        "settings": {},
        "seeds": SEEDS,
        "accuracy": {
            "original": {"forget": 812_500, "retain": 900_000, "test": 801_000},
            "unlearned": {"forget": 553_000, "retain": 889_000, "test": 799_000},
            "retrained": {"forget": 551_000, "retain": 893_000, "test": 800_000},
        },
        "loss": {"original": None, "unlearned": None, "retrained": None},
        "gaps": {"forget": 200_000, "retain": -400_000, "test": -100_000},
        "relearning": [_attack(k) for k in (0, 10, 100)],
        "membership": {
            "loss": {role: {"auc": 523_000, "tpr": {"0.01": 14_000}} for role in ROLES},
            "rmia": {role: {"auc": 511_000, "tpr": {"0.01": 12_000}} for role in ROLES},
        },
        "references": 1,
        "extraction": None,
        "forget_quality": {"statistic": 61_000, "p_value": 412_000},
        "priv_leak": {"loss": -1_200_000, "rmia": 300_000},
        "tow_to_retrained": 99_300_000,
        "tow_product": {"unlearned": 31_750_000},
        "neighbours": {
            "original": {"distance": 3_210_000, "barriers": {"retain": 12_000, "forget": 61_000}, "lines": {}},
            "retrained": {"distance": 2_980_000, "barriers": {"retain": 15_000, "forget": 22_000}, "lines": {}},
        },
        "gate": {
            "verdict": "passed", "reasons": [], "attacked": 5_000_000, "retain": 2_000_000, "level": 950_000,
        },
        "code": digest("code"),
        "versions": {"python": "3.11.2"},
        "limits": ["Whoever knows a better attack than these may get more out of the model."],
    }  # fmt: skip


def without_reference() -> dict[str, Any]:
    """The same with no retrained model: nothing is judged."""
    found = evaluation()
    del found["models"]["retrained"], found["neighbours"]["retrained"]
    found["accuracy"]["retrained"] = None
    found["gaps"] = found["forget_quality"] = found["tow_to_retrained"] = None
    found["priv_leak"] = {"loss": None}
    del found["membership"]["rmia"], found["membership"]["loss"]["retrained"]
    for attack in found["relearning"]:
        attack.update(retrained=None, gap=None, widest_gap=None)
        for curve in attack["curves"]:
            curve["retrained"] = None
    found["gate"].update(verdict="not judged", reasons=["no retrained reference was given"])
    return found


def _attack(k: int) -> dict[str, Any]:
    ends = {role: _interval(100 * finals[k]) for role, finals in _FINAL.items()}
    curves = [
        {"seed": seed, "steps": STEPS, **{role: _curve(finals[k], seed) for role, finals in _FINAL.items()}}
        for seed in SEEDS
    ]
    return {"k": k, **ends, "gap": _interval(1.0), "widest_gap": 1_400_000, "curves": curves}


def _curve(final: float, seed: int) -> list[int]:
    return [round(1e6 * (0.55 + (final - 0.55) * step / STEPS[-1] + 0.01 * (seed - 1))) for step in STEPS]


def _interval(mean: float) -> dict[str, Any]:
    middle = round(1e6 * mean)
    return {"mean": middle, "low": middle - 2_500_000, "high": middle + 2_500_000, "n": len(SEEDS)}
