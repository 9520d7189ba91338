"""`loranchor evaluate unlearning` on tiny models, from folders to verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from orchestrator import cli
from orchestrator.ledger.canonical import parse
from orchestrator.unlearning.evaluation.document import FORMAT
from tests.unit.unlearning_evaluation import evaluation_world as world

QUICK = [
    "evaluation.length=14",
    "evaluation.attack={k: [0, 4], steps: 6, every: 3, batch: 16, learning_rate: 1.0e-4}",
    "evaluation.seeds=[0,1,2]",
    "evaluation.line={stride: 0.25, samples: 16}",
    "evaluation.threads=1",
]


def arguments(folder: Path, out: Path, unlearned: str, *more: str, suffix: str = "csv") -> list[str]:
    sets = [f"evaluation.{path.stem}={path}" for path in sorted(folder.glob(f"*.{suffix}"))]
    models = ["--original", str(folder / "original"), "--unlearned", str(folder / unlearned)]
    return ["evaluate", "unlearning", *models, "--output", str(out), *more, *sets, *QUICK]


def retrained(folder: Path) -> list[str]:
    return ["--retrained", str(folder / "retrained")]


def document(out: Path) -> dict[str, Any]:
    return parse((out / "evaluation.json").read_bytes().rstrip(b"\n"), format=FORMAT)


def test_a_model_that_forgot_nothing_fails(
    classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "report"
    assert cli.run(arguments(classifiers, out, "original", *retrained(classifiers))) == 10
    printed, errors = capsys.readouterr()
    assert "Gate: failed" in printed and "under attack with k = 0 the gap is in [+" in printed
    assert errors == "" and "no reference" in printed  # the retrained model is not its own reference
    assert {path.name for path in out.iterdir()} == {"evaluation.json", "relearning.svg", "lines.svg"}
    assert [path.name for path in out.parent.iterdir()] == ["report"]
    for name in ("relearning.svg", "lines.svg"):
        assert ElementTree.fromstring((out / name).read_text("utf-8")).tag.endswith("svg")
    found = document(out)
    assert found["gate"]["verdict"] == "failed" and len(found["gate"]["reasons"]) == 2
    assert found["accuracy"]["original"] == found["accuracy"]["unlearned"]
    assert found["gaps"]["forget"] > 20_000_000  # it knows by heart what the retrained one guesses
    assert found["models"]["original"] == found["models"]["unlearned"] != found["models"]["retrained"]
    assert found["neighbours"]["original"]["distance"] == 0 < found["neighbours"]["retrained"]["distance"]
    assert found["membership"]["loss"]["unlearned"]["auc"] > 650_000
    assert found["membership"]["rmia"].keys() == found["membership"]["lira"].keys() == {"original", "unlearned"}
    assert found["priv_leak"]["loss"] < 0 and found["priv_leak"]["rmia"] is None
    assert found["forget_quality"]["p_value"] < 50_000
    assert found["extraction"] is None and "min_k_plus_plus" not in found["membership"]
    assert found["data"]["forget"]["samples"] == 40 and found["data"]["canaries"] is None


def test_the_retrained_model_itself_passes(
    classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    given = arguments(classifiers, out, "retrained", *retrained(classifiers), "--json", "--no-plots")
    assert cli.run(given) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == document(out)
    assert [path.name for path in out.iterdir()] == ["evaluation.json"]
    assert found["gate"]["verdict"] == "passed" and found["gate"]["reasons"] == []
    for attack in found["relearning"]:
        assert attack["gap"] == {"mean": 0, "low": 0, "high": 0, "n": 3} and attack["widest_gap"] == 0
        assert all(curve["unlearned"] == curve["retrained"] for curve in attack["curves"])
        assert [curve["steps"] for curve in attack["curves"]] == [[0, 3, 6]] * 3
    assert found["gaps"] == {"forget": 0, "retain": 0, "test": 0}
    assert found["forget_quality"] == {"statistic": 0, "p_value": 1_000_000}
    assert found["tow_to_retrained"] == 100_000_000
    assert found["priv_leak"]["loss"] == 0
    assert found["neighbours"]["retrained"]["distance"] == 0
    assert found["neighbours"]["retrained"]["barriers"] == {"retain": 0, "forget": 0}


def test_without_a_retrained_model_nothing_is_judged(
    classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    more = world.write_csv(tmp_path / "more.csv", [*world.TEST, *world.RETAIN[:2]])
    given = ["--no-plots", "evaluation.attack.k=[0]"]
    assert cli.run([*arguments(classifiers, out, "original", *given), f"evaluation.test={more}"]) == 0
    printed = capsys.readouterr().out
    assert "2 texts of test are in another set, too, and were left out" in printed
    assert "Gate: not judged" in printed and "no retrained reference was given" in printed
    assert printed.count("no reference") > 10
    found = document(out)
    assert found["gate"]["verdict"] == "not judged"
    for name in ("gaps", "forget_quality", "tow_to_retrained"):
        assert found[name] is None
    assert found["accuracy"]["retrained"] is None and found["relearning"][0]["gap"] is None
    assert "rmia" not in found["membership"] and found["references"] == 0


def test_more_references_let_the_retrained_model_be_attacked_too(classifiers: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    references = ["--reference", str(classifiers / "another"), "--reference", str(classifiers / "third")]
    given = [*references, "--no-plots", "evaluation.attack.k=[0]"]
    assert cli.run(arguments(classifiers, out, "original", *retrained(classifiers), *given)) == 10
    found = document(out)
    assert found["references"] == 2
    assert found["membership"]["rmia"].keys() == {"original", "unlearned", "retrained"}
    assert found["priv_leak"]["rmia"] is not None


def test_equal_arguments_give_equal_bytes(classifiers: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        given = ["evaluation.attack.k=[4]", "evaluation.seeds=[7]"]
        code = cli.run(arguments(classifiers, tmp_path / name, "original", *retrained(classifiers), *given))
        assert code == 10
    for file in ("evaluation.json", "relearning.svg", "lines.svg"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_language_models_with_canaries(writers: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    given = [*retrained(writers), "evaluation.attack.k=[4]", "evaluation.seeds=[0,1]"]
    assert cli.run(arguments(writers, out, "original", *given, suffix="jsonl")) == 10
    found = document(out)
    assert found["task"]["kind"] == "causal_lm"
    mine, other = found["extraction"]["unlearned"], found["extraction"]["retrained"]
    assert mine["exposure"] > 4_000_000 > other["exposure"]  # of log2(61), 5.9 bits
    assert mine["canary_strength"] > other["canary_strength"]
    assert mine["exact"] > other["exact"]
    guesses = found["membership"]["min_k_plus_plus"]
    assert guesses["unlearned"]["auc"] > guesses["retrained"]["auc"]
