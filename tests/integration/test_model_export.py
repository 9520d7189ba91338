"""`loranchor model`: what members sealed, exported and used by those who have no LoRAnchor."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from model_world import ModelWorld, error, played
from unit.ledger.actors import AURORA, CUMULUS

from orchestrator.export.loading import folded_model
from orchestrator.export.selection import choose
from orchestrator.ledger.canonical import parse
from orchestrator.models import load_base, resolve
from tests.unit.export.make_export import logits, plain_adapted, plain_merged

CLOSE = 1e-4


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelWorld]:
    with played(tmp_path_factory.mktemp("world"), rounds=2) as made:
        yield made


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base as a folder that anybody can load."""
    base, folder = load_base(resolve("tiny:llama")), tmp_path_factory.mktemp("plain")
    base.model.save_pretrained(folder)
    return folder


def folded(world: ModelWorld, **which: Any) -> Any:
    state = world.history.state
    chosen = choose(state, world.history.tasks, **which)
    return chosen, folded_model(world.services[AURORA], state, chosen, "tiny:llama", 2)


def test_both_formats_are_the_fold(
    world: ModelWorld, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen, base = folded(world)
    expected = logits(base.model, base.tokenizer)
    assert float((expected - logits(load_base(resolve("tiny:llama")).model, base.tokenizer)).abs().max()) > 100 * CLOSE
    assert len(chosen.manifest.entries) == 6
    assert world.typed(monkeypatch, "export", "--output", str(tmp_path / "peft"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["made"] and told["record"]["manifest"] == chosen.manifest.digest
    assert world.typed(monkeypatch, "export", "--format", "merged", "--output", str(tmp_path / "merged")) == 0
    assert chosen.manifest.digest in capsys.readouterr().out
    adapted = plain_adapted(tmp_path / "peft", plain, "causal_lm")
    assert float((logits(adapted, base.tokenizer) - expected).abs().max()) <= CLOSE
    model, tokenizer = plain_merged(tmp_path / "merged", "causal_lm")
    assert float((logits(model, tokenizer) - expected).abs().max()) <= CLOSE
    assert {path.name for path in tmp_path.iterdir()} == {"peft", "merged"}, "nothing is left beside them"
    assert not any(path.name.startswith(".") for folder in tmp_path.iterdir() for path in folder.iterdir())
    papers = {"README.md", "bom.cdx.json"}
    settings = papers | {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    check_record(tmp_path / "peft", papers | {"adapter_config.json", "adapter_model.safetensors"})
    check_record(tmp_path / "merged", settings)
    check_card(world, (tmp_path / "peft" / "README.md").read_text(), chosen.manifest.digest)


def check_record(folder: Path, files: set[str]) -> None:
    import hashlib

    record = parse((folder / "loranchor-export.json").read_bytes().strip(), format="loranchor/export")
    assert set(record["files"]) == files == {path.name for path in folder.iterdir()} - {"loranchor-export.json"}
    for name, entry in record["files"].items():
        data = (folder / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": "0x" + hashlib.sha256(data).hexdigest()}


def check_card(world: ModelWorld, page: str, manifest: str) -> None:
    assert page.startswith("---\nlibrary_name: peft\n") and manifest in page
    assert "Contributions: 6, of 3 organisations, in 2 rounds." in page
    assert "without names: 2, 2, 2." in page
    assert f"Checkpoint {max(world.heads)} of contract" in page
    for name in ("aurora", "borealis", CUMULUS, str(world.home)):
        assert name not in page


def test_names_are_told_where_they_may_be(world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "named"
    assert world.typed(monkeypatch, "export", "--names", "--rank", "4", "--output", str(out)) == 0
    page = (out / "README.md").read_text()
    assert "aurora 2, borealis 2, cumulus 2" in page and "cut to rank 4" in page


def test_an_export_that_is_there_is_not_made_again_and_nothing_is_overwritten(
    world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()  # an empty folder may be there
    assert world.typed(monkeypatch, "export", "--output", str(out)) == 0
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert world.typed(monkeypatch, "export", "--output", str(out)) == 0
    assert "already" in capsys.readouterr().out
    assert world.typed(monkeypatch, "export", "--output", str(out), "--rank", "2") == 2
    assert "not empty" in error(capsys)
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before
    (out / "adapter_config.json").write_text("{}")
    assert world.typed(monkeypatch, "export", "--output", str(out)) == 2
    assert "adapter_config.json is not what its record says" in error(capsys)


def test_two_members_write_the_same_adapter(world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        assert world.typed(monkeypatch, "export", "--round", "1", "--output", str(tmp_path / name)) == 0
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert "Contributions: 3, of 3" in one["README.md"].decode()


def test_which_manifest(world: ModelWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, _ = folded(world, round_number=1)
    second, _ = folded(world)
    assert first.manifest.digest != second.manifest.digest == folded(world, round_number=2)[0].manifest.digest
    assert folded(world, manifest=first.manifest.digest)[0].manifest == first.manifest
    out = tmp_path / "first"
    assert world.typed(monkeypatch, "export", "--manifest", first.manifest.digest, "--output", str(out)) == 0
    assert json.loads((out / "loranchor-export.json").read_text())["manifest"] == first.manifest.digest


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--rank", "0"], 2, "rank 0"),
        (["--rank", "-3"], 2, "rank -3"),
        (["--format", "gguf"], 2, "unknown format 'gguf'"),
        (["--format", "merged", "--rank", "4"], 2, "has no rank"),
        (["--format", "merged", "--dtype", "int4"], 2, "unknown type 'int4'"),
        (["--dtype", "bf16"], 2, "fp32"),
        (["--manifest", "0x" + "ab" * 32], 2, "no manifest 0xabab"),
        (["--manifest", "latest"], 2, "'latest' is no digest"),
        (["--round", "7"], 2, "no round 7"),
        (["--round", "1", "--manifest", "0x" + "ab" * 32], 2, "not both"),
    ],
)
def test_bad_input_is_one_line_and_makes_nothing(
    world: ModelWorld,
    words: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert world.typed(monkeypatch, "export", *words, "--output", str(tmp_path / "out")) == code
    assert said in error(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way(
    world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("mine")
    for output in ("out", "out/below"):
        assert world.typed(monkeypatch, "export", "--output", str(tmp_path / output)) == 2
        assert "out" in error(capsys)
    assert (tmp_path / "out").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1


def test_another_base_is_refused(
    world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("model_world.MODEL", {"name": "packaged:smollm2-135m", "labels": 0})
    assert world.typed(monkeypatch, "export", "--output", str(tmp_path / "out")) == 9
    assert "base digest" in error(capsys)
    assert list(tmp_path.iterdir()) == []


def test_generate_is_the_fold_and_deterministic(
    world: ModelWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["generate", "--prompt", "aurora says", "--max-tokens", "12", "--json"]
    texts = []
    for more in ([], [], ["--temperature", "2", "--seed", "3"], ["--temperature", "2", "--seed", "3"]):
        assert world.typed(monkeypatch, *words, *more) == 0
        texts.append(json.loads(capsys.readouterr().out)["text"])
    assert texts[0] == texts[1] != texts[2] == texts[3]
    _, base = folded(world)
    tokens = base.tokenizer("aurora says", return_tensors="pt")
    greedy = base.model.generate(**tokens, max_new_tokens=12, do_sample=False)[0, tokens["input_ids"].shape[1] :]
    assert texts[0] == base.tokenizer.decode(greedy, skip_special_tokens=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--prompt", ""], "prompt is empty"),
        (["--prompt", "a", "--max-tokens", "0"], "0 tokens"),
        (["--prompt", "a", "--temperature", "-1"], "temperature -1"),
        (["--prompt", "a" * 300], "over 256"),
    ],
)
def test_what_cannot_be_generated(
    world: ModelWorld, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.typed(monkeypatch, "generate", *words) == 2
    assert said in error(capsys)


def test_a_key_that_is_not_here(
    world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from orchestrator.errors import ContentKeyDestroyed

    def gone(self: Any, update_id: str) -> bytes:
        raise ContentKeyDestroyed(f"the content key of {update_id} was destroyed")

    monkeypatch.setattr("orchestrator.keystore.Keystore.content_key", gone)
    assert world.typed(monkeypatch, "export", "--output", str(tmp_path / "out")) == 6
    assert "was destroyed" in error(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_revoked_contribution_is_not_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with played(tmp_path / "world", rounds=1) as own:
        before, _ = folded(own)
        own.request(CUMULUS)
        own.settle()
        after, _ = folded(own)
        assert len(after.manifest.entries) == 2
        capsys.readouterr()
        out = tmp_path / "out"
        assert own.typed(monkeypatch, "export", "--manifest", before.manifest.digest, "--output", str(out)) == 7
        assert "was revoked by request" in error(capsys)
        assert not out.exists()
        assert own.typed(monkeypatch, "export", "--output", str(out)) == 0
        assert "Contributions: 2, of 2 organisations" in (out / "README.md").read_text()
    shutil.rmtree(out)
