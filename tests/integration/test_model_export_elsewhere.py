"""Exports in an environment that has never heard of LoRAnchor: torch, transformers, peft and safetensors alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from orchestrator.aggregation import Stack
from orchestrator.export.adapter import write_adapter
from orchestrator.export.merged import write_merged
from orchestrator.types import UpdateId
from tests.unit.aggregation.folders import held
from tests.unit.aggregation.make import entries_of
from tests.unit.export.make_export import TEXTS, bases, folded_logits, random_delta

ROOT = Path(__file__).resolve().parents[2]
CLOSE = 1e-4
PACKAGES = ("torch", "transformers", "peft", "safetensors")

STRANGER = """
import importlib.util, json, sys
base, adapter, merged, texts = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
assert importlib.util.find_spec("orchestrator") is None
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification as Model, AutoTokenizer
batch = AutoTokenizer.from_pretrained(merged)(texts, padding=True, return_tensors="pt")
plain = Model.from_pretrained(base, dtype="float32", num_labels=2)
found = {}
with torch.no_grad():
    for name, model in (("peft", PeftModel.from_pretrained(plain, adapter)), ("merged", Model.from_pretrained(merged))):
        found[name] = model.eval()(**batch).logits.tolist()
    found["unloaded"] = PeftModel.from_pretrained(plain, adapter).merge_and_unload().eval()(**batch).logits.tolist()
assert not [name for name in sys.modules if name.startswith("orchestrator")]
print(json.dumps(found))
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment of its own, with the versions that were tested."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    index = os.environ.get("LORANCHOR_TORCH_INDEX")
    extra = ["--extra-index-url", index] if index else []
    install = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q", *extra]
    subprocess.run([*install, "-c", ROOT / "requirements" / "loranchor.lock", *PACKAGES], check=True, cwd=folder)
    return folder / "bin" / "python"


@pytest.mark.timeout(1200)
def test_plain_peft_and_transformers_say_what_the_fold_says(python: Path, tmp_path: Path) -> None:
    base, export = bases("packaged:minilm-l6", "classifier", tmp_path / "unused")
    deltas = {
        UpdateId(f"{number}-{name}"): random_delta(
            base,
            10 * number + place,
            ranks,
            endings=("query", "value"),
            dense=("classifier.weight", "classifier.bias"),
            rslora=name == "c",
            size=0.05,
        )
        for number in (1, 2)
        for place, (name, ranks) in enumerate((("a", (2, 3)), ("b", (8,)), ("c", (1, 5))))
    }
    entries, adapter, merged = entries_of(list(deltas)), tmp_path / "adapter", tmp_path / "merged"
    adapter.mkdir()
    write_adapter(export, entries, held(deltas), adapter, strategy=Stack(), rank=None, hub_id=None)
    write_merged(export, entries, held(deltas), merged, strategy=Stack())
    expected = folded_logits(base, entries, deltas)
    words = [str(export.folder), str(adapter), str(merged), json.dumps(TEXTS)]
    done = subprocess.run(
        [python, "-I", "-c", STRANGER, *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"HF_HUB_OFFLINE": "1", "HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found.keys() == {"peft", "merged", "unloaded"}
    for name, logits in found.items():
        assert float((torch.tensor(logits) - expected).abs().max()) <= CLOSE, name
