"""Loading gives every process the same bits and the same digest."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models import load_base, resolve
from orchestrator.models.base import state_digest, tensors_digest
from orchestrator.models.seeded import seeded_tensor, seeded_uniform

TINY = resolve("tiny:llama")
PINNED = "0x5f59377b2b679fdb82cf938375d436499239a1e7b1f0496abaed05774ba3bebe"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformers folder in bf16."""
    target = tmp_path_factory.mktemp("model") / "tiny"
    base = load_base(TINY, seed=3)
    base.model.to(torch.bfloat16).save_pretrained(target)
    base.tokenizer.save_pretrained(target)
    return target


def test_the_tiny_model_is_the_same_on_every_machine() -> None:
    assert load_base(TINY, seed=3).digest == PINNED
    assert load_base(TINY, seed=4).digest != PINNED


def test_digest_is_equal_in_another_process(folder: Path, tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from orchestrator.models import load_base, resolve\n"
        "source, cache = resolve(sys.argv[1]), pathlib.Path(sys.argv[2])\n"
        "print(load_base(source, kind='classifier', seed=9, cache=cache).digest)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(folder), str(tmp_path / "other")],
        capture_output=True,
        text=True,
        check=True,
    )
    here = load_base(resolve(str(folder)), kind="classifier", seed=9, cache=tmp_path / "here")
    assert other.stdout.strip() == here.digest


def test_a_folder_loads_in_fp32_and_frozen(folder: Path, tmp_path: Path) -> None:
    base = load_base(resolve(str(folder)), cache=tmp_path)
    assert base.architecture == "LlamaForCausalLM"
    assert {parameter.dtype for parameter in base.model.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in base.model.parameters())
    assert base.shapes["model.layers.0.self_attn.q_proj.weight"] == (64, 64)


def test_the_head_follows_from_the_seed_alone(folder: Path, tmp_path: Path) -> None:
    source = resolve(str(folder))
    torch.manual_seed(1)
    one = load_base(source, kind="classifier", labels=3, seed=9, cache=tmp_path)
    torch.manual_seed(2)
    two = load_base(source, kind="classifier", labels=3, seed=9, cache=tmp_path)
    other = load_base(source, kind="classifier", labels=3, seed=10, cache=tmp_path)
    assert state_digest(one.model) == state_digest(two.model)
    assert one.digest == two.digest != other.digest
    assert one.shapes["score.weight"] == (3, 64)
    assert torch.equal(one.model.score.weight, seeded_tensor(9, "score.weight", (3, 64)))


def test_the_digest_sees_every_byte(folder: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(folder, changed)
    before = load_base(resolve(str(changed)), cache=tmp_path / "cache").digest
    tensors = load_file(changed / "model.safetensors")
    name = sorted(tensors)[-1]
    tensors[name].view(torch.uint8)[-1] ^= 1
    save_file(tensors, changed / "model.safetensors", metadata={"format": "pt"})
    assert load_base(resolve(str(changed)), cache=tmp_path / "cache").digest != before


def test_the_digest_is_remembered(folder: Path, tmp_path: Path) -> None:
    source = resolve(str(folder))
    digest = load_base(source, cache=tmp_path).digest
    (entry,) = (tmp_path / "digests").iterdir()
    assert json.loads(entry.read_text()) == {"digest": digest, "folder": "tiny"}
    entry.write_text("damaged")
    assert load_base(source, cache=tmp_path).digest == digest


def test_shards_have_the_digest_of_one_file(folder: Path, tmp_path: Path) -> None:
    sharded = tmp_path / "sharded"
    shutil.copytree(folder, sharded)
    tensors = load_file(sharded / "model.safetensors")
    (sharded / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {f"model-{k + 1:05}-of-00002.safetensors": names[k::2] for k in range(2)}
    for file, held in parts.items():
        save_file({name: tensors[name] for name in held}, sharded / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, held in parts.items() for name in held}}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index))
    assert (
        load_base(resolve(str(sharded)), cache=tmp_path).digest
        == load_base(resolve(str(folder)), cache=tmp_path).digest
    )


def test_a_model_with_tensors_missing(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    tensors = load_file(broken / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"lacks model\.norm\.weight"):
        load_base(resolve(str(broken)), cache=tmp_path)


def test_a_folder_that_is_no_such_model(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "config.json").write_text('{"model_type": "unheard of"}')
    with pytest.raises(DataError, match="does not load as a causal_lm model"):
        load_base(resolve(str(broken)), cache=tmp_path)


def test_a_folder_without_a_tokenizer(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    for path in broken.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(DataError, match="holds no tokenizer"):
        load_base(resolve(str(broken)), cache=tmp_path)


def test_damaged_weights(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    data = (broken / "model.safetensors").read_bytes()
    (broken / "model.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match="does not load"):
        load_base(resolve(str(broken)), cache=tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match="no GPU"):
        load_base(TINY, device="cuda")


def test_tokenizer_is_byte_level() -> None:
    tokenizer = load_base(TINY).tokenizer
    text = "Übung, 試し\n"
    tokens = tokenizer(text)["input_ids"]
    assert len(tokens) == len(text.encode())
    assert tokenizer.decode(tokens) == text


def test_seeded_values_are_pinned() -> None:
    values = seeded_uniform(7, "score.weight", (2, 2))
    assert tensors_digest([("x", values)]) == "0xe0320404d4287ea3ad59a88339b0ac5166ea52f982b045f869581cbe419914db"
    wide = seeded_uniform(7, "x", (200, 200))
    assert float(wide.mean()) == pytest.approx(0, abs=1e-3)
    assert float(wide.std()) == pytest.approx(0.02, rel=0.02)
