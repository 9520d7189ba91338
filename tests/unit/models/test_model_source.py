"""Names of models, and folders that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models import resolve
from orchestrator.models.convert import convert_gguf
from orchestrator.models.convert import main as convert


def test_tiny() -> None:
    assert resolve("tiny:llama").folder is None
    with pytest.raises(ConfigurationError, match="unknown tiny model 'gpt'"):
        resolve("tiny:gpt")


def test_packaged(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown packaged model"):
        resolve("packaged:other", cache=tmp_path)
    with pytest.raises(DataError, match="make setup"):
        resolve("packaged:smollm2-135m", cache=tmp_path)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no model folder at"):
        resolve(str(tmp_path / "nowhere"))


def test_no_config(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no config\.json"):
        resolve(str(tmp_path))


def test_no_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DataError, match=r"no \.safetensors file"):
        resolve(str(tmp_path))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pth", "model.ckpt"])
def test_pickled_weights_are_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / name).write_bytes(b"\x80\x04")
    with pytest.raises(DataError, match=f"pickled weights \\({name}\\)"):
        resolve(str(tmp_path))


def test_a_hub_id_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="no model folder at nobody/nothing, and as a Hugging Face id"):
        resolve("nobody/nothing")


def test_converting_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="no GGUF file"):
        convert_gguf(tmp_path / "none.gguf", tmp_path / "out")
    assert convert([str(tmp_path / "none.gguf"), str(tmp_path / "out")]) == DataError.exit_code
    assert convert([]) == 2
    assert "usage" in capsys.readouterr().err


def test_converting_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\0" * 64)
    with pytest.raises(DataError, match=r"bad\.gguf"):
        convert_gguf(tmp_path / "bad.gguf", tmp_path / "models" / "out")
    assert list((tmp_path / "models").iterdir()) == []
