"""Whatever is wrong with an evaluation's arguments is one line, told before anything is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from orchestrator import cli
from orchestrator.errors import DiskError
from orchestrator.unlearning.evaluation import folder as output_folder
from orchestrator.unlearning.evaluation import plots
from tests.unit.unlearning_evaluation import evaluation_world as world


def run(classifiers: Path, tmp_path: Path, *more: str, **changed: str) -> tuple[int, Path]:
    """The verb with good arguments, some of them changed."""
    out = tmp_path / "report"
    options = {name: str(classifiers / "original") for name in ("original", "unlearned")} | {"output": str(out)}
    options |= changed
    sets = [f"evaluation.{name}={classifiers / name}.csv" for name in ("forget", "retain", "test")]
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    return cli.run(["evaluate", "unlearning", "--no-plots", *given, *sets, "evaluation.length=14", *more]), out


def told(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err
    lines = err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), err
    return lines[0]


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["evaluation=nope"], 2, "there is no evaluation 'nope'"),
        (["evaluation.nope=1"], 2, "there is no setting 'evaluation.nope'"),
        (["evaluation.forget=null"], 2, "evaluation.forget is not set"),
        (["evaluation.forget={domain: tweets}"], 2, "evaluation.forget is"),
        (["evaluation.forget={source: vader, part: half}"], 2, "has part 'half'"),
        (["evaluation.forget={source: nope}"], 2, "unknown data source 'nope'"),
        (["evaluation.forget=nowhere.csv"], 9, "nowhere.csv cannot be read"),
        (["evaluation.forget=data.txt"], 9, "neither .csv nor .jsonl"),
        (["evaluation.columns.text=sentence"], 9, "has no text in 'sentence'"),
        (["evaluation.columns.label=class"], 9, "has a text without a label"),
        (["evaluation.labels=[yes,no]"], 9, "has the label '0'; it must be one of yes, no"),
        (["evaluation.attack.k=[0,9]"], 2, "a fifth of the forget set are 8 samples"),
        (["evaluation.attack.k=[-1]"], 2, "evaluation.attack.k is -1"),
        (["evaluation.attack.k=[]"], 2, "evaluation.attack.k is []"),
        (["evaluation.seeds=[1,1]"], 2, "give a list of different numbers"),
        (["evaluation.attack.learning_rate=0"], 2, "evaluation.attack.learning_rate is 0"),
        (["evaluation.attack.steps=none"], 2, "evaluation.attack.steps is 'none'"),
        (["evaluation.line.stride=0.3"], 2, "give one that divides 1"),
        (["evaluation.length=300"], 2, "the model takes 256 tokens"),
        (["evaluation.length=true"], 2, "evaluation.length is True"),
        (["evaluation.device=tpu"], 2, "evaluation.device is 'tpu'"),
        (["model=nope"], 2, "there is no model 'nope'"),
    ],
)
def test_settings_and_data(
    classifiers: Path, tmp_path: Path, more: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out = run(classifiers, tmp_path, *more)
    assert (found, words in (line := told(capsys))) == (code, True), line
    assert not out.exists() and list(tmp_path.iterdir()) == []


def test_a_gpu_that_is_not_there(
    classifiers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    found, _ = run(classifiers, tmp_path, "evaluation.device=cuda")
    assert found == 2 and "there is no GPU" in told(capsys)


def test_models_that_are_none(classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run(classifiers, tmp_path, unlearned=str(tmp_path / "nowhere"))
    assert code == 9 and "no model folder at" in told(capsys)
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _ = run(classifiers, tmp_path, unlearned=str(empty))
    assert code == 9 and "has no config.json" in told(capsys)
    code, _ = run(classifiers, tmp_path, "--reference", str(classifiers / "original"))
    assert code == 9 and "reference 1, is the original model over again" in told(capsys)


def test_models_of_different_kinds(
    classifiers: Path, writers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = run(classifiers, tmp_path, unlearned=str(writers / "original"))
    assert code == 9 and "is a LlamaForCausalLM, the first model a LlamaForSequenceClassification" in told(capsys)


def test_a_model_that_says_nothing_of_its_kind(
    classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(classifiers / "original", tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["LlamaModel"]}))
    code, _ = run(classifiers, tmp_path, original=str(folder))
    assert code == 2 and "does not say what it predicts; choose it with model=NAME" in told(capsys)


def test_a_model_that_is_not_finite(classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shutil.copytree(classifiers / "original", tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    tensors["score.weight"] = torch.full_like(tensors["score.weight"], float("nan"))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    code, _ = run(classifiers, tmp_path, unlearned=str(folder))
    assert code == 9 and "score.weight is not finite" in told(capsys)


def test_an_export_that_was_changed(classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from orchestrator.export.record import Identity, record_of, write_record
    from orchestrator.types import ZERO_DIGEST

    folder = shutil.copytree(classifiers / "original", tmp_path / "model")
    identity = Identity("merged", ZERO_DIGEST, ZERO_DIGEST, 0, "fp32", False)
    write_record(record_of(identity, {}, folder), folder)
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    code, _ = run(classifiers, tmp_path, unlearned=str(folder))
    assert code == 9 and "config.json is not what the export's record says" in told(capsys)


def test_sets_that_are_one(classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run(classifiers, tmp_path, f"evaluation.test={classifiers / 'forget.csv'}")
    assert code == 9 and "40 of 40 texts of evaluation.test are in other sets, too" in told(capsys)


def test_sets_too_small(classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = world.write_csv(tmp_path / "small.csv", [("ab", 0), ("ba", 1)])
    code, _ = run(classifiers, tmp_path, f"evaluation.test={small}")
    assert code == 9 and "evaluation.test has 2 texts, at least 4 are needed" in told(capsys)
    code, _ = run(classifiers, tmp_path, f"evaluation.forget={small}", "evaluation.attack.k=[0]")
    assert code == 9 and "a forget set of 2 samples" in told(capsys)
    empty = world.write_csv(tmp_path / "empty.csv", [])
    code, _ = run(classifiers, tmp_path, f"evaluation.retain={empty}")
    assert code == 9 and "evaluation.retain holds no text" in told(capsys)


@pytest.mark.parametrize("label", ["2", "x", "1.5"])
def test_labels_that_are_none(
    classifiers: Path, tmp_path: Path, label: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = world.write_csv(tmp_path / "odd.csv", [*world.TEST, ("odd one", label)])
    code, _ = run(classifiers, tmp_path, f"evaluation.test={data}")
    assert code == 9 and f"has the label {label}" in told(capsys).replace("'", "")


def test_an_output_that_is_there(classifiers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "mine.txt").write_text("mine")
    code, out = run(classifiers, tmp_path)
    assert code == 2 and "is not an empty folder" in told(capsys)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    code, _ = run(classifiers, tmp_path, output=str(tmp_path / "report" / "mine.txt" / "below"))
    assert code == 2 and "is no folder to write to" in told(capsys)


def test_a_folder_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = output_folder.os.fsync

    def full(handle: int) -> None:
        real(handle)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output_folder.os, "fsync", full)
    with pytest.raises(DiskError, match="No space left"):
        output_folder.write_folder(tmp_path / "report", {"a": b"1", "b": b"2"})
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled_also_the_present_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report").mkdir()
    monkeypatch.chdir(tmp_path / "report")
    output_folder.check_free(Path())
    output_folder.write_folder(Path(), {"a": b"1"})
    assert [path.name for path in tmp_path.rglob("*")] == ["report", "a"]
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o755


def test_plots_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestrator.errors import EnvironmentMissing

    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentMissing, match="--no-plots"):
        plots.check_installed()


def test_the_verb_needs_its_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["evaluate", "unlearning", "--original", "x"]) == 2
    assert "--unlearned" in told(capsys)
