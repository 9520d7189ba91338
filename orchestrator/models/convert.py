"""A GGUF file into a plain transformers folder: ``python -m orchestrator.models.convert GGUF OUT``.

Reading GGUF takes half a minute each time; the folder that this makes loads in under a second. The weights are what the
GGUF file holds: a file of 4-bit weights gives dequantised 4-bit weights, and ``loranchor.json`` in the folder says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from orchestrator.errors import DataError, EnvironmentMissing

ORIGIN_FILE = "loranchor.json"


def convert_gguf(source: Path, target: Path) -> Path:
    """Write ``target`` as a transformers folder in bf16 safetensors; it appears whole or not at all.

    Args:
        source: a GGUF file of an architecture that transformers can read.
        target: the folder to make; one that is there already is replaced.

    Raises:
        DataError: there is no such file, or transformers cannot read it.
        EnvironmentMissing: torch, transformers or gguf is not installed.
    """
    if not source.is_file():
        raise DataError(f"no GGUF file at {source}", mend="run `make setup` or give the path of a .gguf file")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write(source, work)
        if target.exists():
            shutil.rmtree(target)
        work.chmod(0o755)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _write(source: Path, folder: Path) -> None:
    try:
        import gguf  # noqa: F401  # transformers asks for it
        import torch
        import transformers
    except ImportError as error:
        raise EnvironmentMissing(f"{error.name} is not installed", mend="pip install 'loranchor[train]'") from error
    try:
        where: dict[str, Any] = {"pretrained_model_name_or_path": source.parent, "gguf_file": source.name}
        tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
        loaded = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{source.name} is not a GGUF model that transformers reads: {error}") from error
    # save_pretrained refuses a model that came from GGUF: the same weights in a model made from its configuration
    settings = loaded.config.to_dict()
    for key in ("quantization_config", "_name_or_path"):
        settings.pop(key, None)
    make: Any = transformers.AutoModelForCausalLM
    model = make.from_config(type(loaded.config)(**settings))
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)  # the weights are written for their owner alone
    (folder / ORIGIN_FILE).write_text(json.dumps(_origin(source), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _origin(source: Path) -> dict[str, str]:
    with source.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return {"source": source.name, "sha256": digest, "weights": "dequantised from GGUF, stored in bfloat16"}


def main(arguments: list[str]) -> int:
    """Run the converter; the last line of output is the folder."""
    if len(arguments) != 2:
        print("usage: python -m orchestrator.models.convert GGUF OUT", file=sys.stderr)
        return 2
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        print(convert_gguf(Path(arguments[0]), Path(arguments[1])))
    except (DataError, EnvironmentMissing) as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
