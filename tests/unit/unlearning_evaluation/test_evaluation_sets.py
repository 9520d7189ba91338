"""Sets of an evaluation: files, packaged sources, what is left out, and how texts become samples."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.attacks.rows import IGNORED
from orchestrator.data import DataSettings, Document, load_documents
from orchestrator.data.prepare import split
from orchestrator.errors import DataError
from orchestrator.models.tiny import byte_tokenizer
from orchestrator.settings import choices, compose
from orchestrator.unlearning.evaluation.sets import EvaluationSet, _apart, _label, load_sets
from orchestrator.unlearning.evaluation.settings import EvaluationSettings
from tests.unit.unlearning_evaluation import evaluation_world as world

Rows = list[tuple[str, Any]]


def settings(folder: Path, *overrides: str, **sets: Rows) -> EvaluationSettings:
    """Of sets that are written as CSV files; those that are not given have one text each."""
    data: dict[str, Rows] = {"forget": [("f", 0)], "retain": [("r", 1)], "test": [("t", 1)]} | sets
    named = [f"evaluation.{name}={world.write_csv(folder / f'{name}.csv', rows)}" for name, rows in data.items()]
    return EvaluationSettings.from_group(compose(["evaluation=unlearning", *named, *overrides]).group("evaluation"))


def loaded(given: EvaluationSettings, kind: str = "classifier", classes: int = 2) -> dict[str, EvaluationSet]:
    return load_sets(given, byte_tokenizer(), kind=kind, classes=classes)


def content(found: EvaluationSet) -> list[tuple[str, int]]:
    rows = byte_tokenizer().batch_decode(found.samples.tokens, skip_special_tokens=True)
    return sorted(zip(rows, found.samples.labels.tolist(), strict=True))


def test_csv_and_jsonl_say_the_same(tmp_path: Path) -> None:
    rows: Rows = [("Größe", "yes"), ("zwei, drei", "no")]
    names = "evaluation.labels=[no,yes]"
    rest: dict[str, Rows] = {"retain": [("r", "no")], "test": [("t", "no")]}
    one = loaded(settings(tmp_path, names, forget=rows, **rest))["forget"]
    lines = [json.dumps({"text": text, "label": label}) for text, label in reversed(rows)]
    (tmp_path / "same.jsonl").write_text("\n\n".join(lines), encoding="utf-8")
    two = loaded(settings(tmp_path, names, f"evaluation.forget={tmp_path / 'same.jsonl'}", **rest))["forget"]
    assert content(one) == content(two) == [("Größe", 1), ("zwei, drei", 0)]
    assert one.digest == two.digest


def test_columns_of_other_names(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps({"sentence": "so", "class": 1, "text": "other"}), encoding="utf-8")
    columns = "evaluation.columns={text: sentence, label: class}"
    for name in ("retain", "test"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"sentence": name, "class": 0}), encoding="utf-8")
    others = [f"evaluation.{name}={tmp_path / name}.jsonl" for name in ("retain", "test")]
    assert content(loaded(settings(tmp_path, columns, f"evaluation.forget={path}", *others))["forget"]) == [("so", 1)]


def test_several_files_are_one_set_without_repetitions(tmp_path: Path) -> None:
    world.write_csv(tmp_path / "a.csv", [("one", 0), ("two", 1)])
    world.write_csv(tmp_path / "b.csv", [("two", 1), ("three", 0), (" ", 0)])
    both = f"evaluation.forget=[{tmp_path / 'a.csv'},{tmp_path / 'b.csv'}]"
    assert content(loaded(settings(tmp_path, both))["forget"]) == [("one", 0), ("three", 0), ("two", 1)]


def test_texts_that_two_sets_share_are_left_out_of_one(tmp_path: Path) -> None:
    shared: Rows = [("kept", 0)]
    found = loaded(
        settings(
            tmp_path,
            forget=[*shared, ("a", 0), ("b", 1)],
            retain=[*shared, ("c", 0)],
            test=[("a", 0), ("c", 1), ("d", 1), ("e", 0)],
        )
    )
    assert [text for text, _ in content(found["forget"])] == ["a", "b"]
    assert [text for text, _ in content(found["test"])] == ["d", "e"]
    assert {name: one.left_out for name, one in found.items()} == {"forget": 1, "retain": 0, "test": 2}


def test_a_large_set_is_cut_by_a_hash_of_its_texts(tmp_path: Path) -> None:
    rows: Rows = [(f"text {number}", number % 2) for number in range(40)]
    one = loaded(settings(tmp_path, "evaluation.samples=10", forget=rows))["forget"]
    two = loaded(settings(tmp_path, "evaluation.samples=10", forget=rows[::-1]))["forget"]
    assert len(one) == 10 and one.digest == two.digest
    assert content(one) != content(loaded(settings(tmp_path, forget=rows[:10]))["forget"])


def test_batches_hold_every_sample_before_any_comes_again(tmp_path: Path) -> None:
    rows: Rows = [(f"text {number}", number % 2) for number in range(10)]
    found = loaded(settings(tmp_path, forget=rows))["forget"]
    assert [len(batch["labels"]) for batch in found.batches(4)] == [4, 4, 2]
    assert [len(batch["labels"]) for batch in found.batches(4, [1, 2])] == [2]
    drawn = itertools.islice(found.shuffled(4, seed=1), 5)
    tokens = [tuple(row) for batch in drawn for row in batch["input_ids"].tolist()]
    assert len(tokens) == 20 and len(set(tokens[:10])) == len(set(tokens[10:])) == 10
    again = next(found.shuffled(4, seed=1))["input_ids"]
    assert [tuple(row) for row in again.tolist()] == tokens[:4]
    assert next(found.shuffled(4, seed=2))["input_ids"].tolist() != again.tolist()


def test_texts_of_a_language_model_begin_with_an_end(tmp_path: Path) -> None:
    found = loaded(settings(tmp_path, "evaluation.length=6", forget=[("ab", ""), ("abcdefgh", "")]), "causal_lm")
    loaded(settings(tmp_path, forget=[("ab", "no number"), ("cd", "")]), "causal_lm")  # labels are nothing to it
    labels = sorted(found["forget"].samples.labels.tolist())
    assert [row[:3] for row in labels] == [[1, *byte_tokenizer()("ab")["input_ids"]]] * 2
    assert labels[0][3:] == [IGNORED] * 3 and IGNORED not in labels[1]
    assert sorted(found["forget"].samples.mask.sum(1).tolist()) == [3, 6]


def test_the_packaged_experiment_has_the_data_of_its_trainings() -> None:
    """The forget set are dune's training sentences with turned labels; the clean ones of its validation are in test."""
    group = compose(["evaluation=vader_minilm", "evaluation.samples=100000"]).group("evaluation")
    experiment = compose(["experiment=vader_minilm"]).values
    assert group["split"] == {
        "share": experiment["data"]["validation"]["share"],
        "seed": experiment["experiment"]["seed"],
    }
    found = loaded(EvaluationSettings.from_group(group))
    data = DataSettings("vader", {"domain": "tweets"}, seed=group["split"]["seed"])
    training, validation = split(load_documents(data), data)
    own = {document.text: document.label for document in training}
    assert len(found["forget"]) + found["forget"].left_out == len(training)
    turned = [1 - (document.label or 0) for document in training if document.text in own]
    assert int(found["forget"].samples.labels.sum()) == pytest.approx(sum(turned), abs=found["forget"].left_out)
    assert len(found["others"]) + found["others"].left_out == len(validation)
    assert sum(one.left_out for one in found.values()) < 60


def test_there_are_packaged_evaluations() -> None:
    assert {"unlearning", "vader_minilm"} <= set(choices("evaluation"))


def test_what_was_trained_on_or_planted_is_no_reference_of_canaries() -> None:
    names = {"retain": "r", "forget": "f", "test": "tuc", "canaries": "c", "canary_references": "xyzcrf"}
    found = _apart({name: [Document(text) for text in texts] for name, texts in names.items()})
    assert [item.text for item in found["canary_references"][0]] == ["x", "y", "z"]
    assert [item.text for item in found["test"][0]] == ["t", "u"]


@pytest.mark.parametrize("label", ["9" * 5000, "\u0663"])
def test_a_label_that_is_no_class_number_is_told(label: str) -> None:
    with pytest.raises(DataError, match="has the label"):
        _label(Path("texts.csv"), 1, label, None)
