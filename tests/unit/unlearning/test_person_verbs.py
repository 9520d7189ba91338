"""`loranchor evaluate one-shot` and `revoke one-shot`, on made people: figures, folders, mistakes in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli import run
from orchestrator.unlearning.person import evaluation
from tests.unit.unlearning.people import SIDE, some_people
from tests.unit.unlearning.person_folder import make_folder, picture, trained_model

TINY = ["evaluation.height=8", "evaluation.width=8", "evaluation.steps=6", "evaluation.epochs=1",
        "evaluation.hidden=8", "evaluation.embedding=4", "evaluation.method_steps=2"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("verbs") / "model", trained_model())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "person.pgm"
    path.write_bytes(b"P5\n%d %d\n255\n" % (SIDE, SIDE) + picture(7).numpy().tobytes())
    return path


def only_line(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    return captured.err


def test_an_evaluation_leaves_a_folder_that_takes_requests(
    tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluation, "orl_faces", lambda folder: some_people(12))
    out, chosen = tmp_path / "report", ["--method", "meta-unlearn", "--method", "ssd"]
    assert run(["evaluate", "one-shot", "--output", str(out), "--people", "2", "--json", *chosen, *TINY]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((out / "evaluation.json").read_text())
    assert [one["model"] for one in told["rows"]] == ["original", "retrained", "meta-unlearn", "ssd"]
    assert told["rows"][1]["tow"] == 100 and set(told["rows"][2]["gaps"]) == {"retain", "forget", "test"}
    asked = ["revoke", "one-shot", "--model", str(out / "model"), "--image", str(image), "--json"]
    assert run(asked) in (0, 10)
    assert json.loads(capsys.readouterr().out)["base"].startswith("0x")
    assert run(["evaluate", "one-shot", "--output", str(out), *TINY]) == 2
    assert "not empty" in only_line(capsys)


def test_forgetting_by_the_verb_and_closing_the_window(
    folder: Path, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = image.read_bytes()
    assert run(["revoke", "one-shot", "--model", str(folder), "--image", str(image), "--person", "0"]) == 0
    shown = capsys.readouterr().out
    assert ": forgotten: one step was taken" in shown and "kept accuracy" in shown and image.read_bytes() == before
    assert run(["revoke", "one-shot-close", "--model", str(folder)]) == 2
    assert "stays open until" in only_line(capsys)
    assert run(["revoke", "one-shot-close", "--model", str(folder), "--undo", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["undone"] is True


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--image", "nowhere.png"], 9, "nowhere.png cannot be read"),
        (["--image", "TEXT"], 9, "is no picture"),
        (["--image", "IMAGE", "--person", "1", "--person", "2"], 2, "2 --person for 1 --image"),
        (["--image", "IMAGE", "--shows", "left,hat"], 2, "no attribute 'hat'"),
        (["--image", "IMAGE", "--model", "elsewhere"], 2, "elsewhere holds no model of faces"),
    ],
)
def test_mistakes_are_told_in_one_line(
    folder: Path,
    image: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    words: str,
) -> None:
    (tmp_path / "text").write_text("no picture")
    places = {"IMAGE": str(image), "TEXT": str(tmp_path / "text")}
    given = [places.get(option, option) for option in options]
    given += [] if "--model" in given else ["--model", str(folder)]
    assert run(["revoke", "one-shot", *given]) == code
    assert words in only_line(capsys)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--method", "oracle"], "unknown method 'oracle'"),
        (["--people", "6"], "6 people ask"),
        (["--data", "celeba"], "is in no package"),
        (["evaluation.steps=0"], "out of bounds"),
        (["evaluation.steps=many"], "of another kind"),
    ],
)
def test_what_an_evaluation_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    monkeypatch.setattr(evaluation, "orl_faces", lambda folder: some_people(12))
    assert run(["evaluate", "one-shot", "--output", str(tmp_path / "out"), *options]) == 2
    assert words in only_line(capsys) and not (tmp_path / "out").exists()
