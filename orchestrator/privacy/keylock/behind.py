"""Which modules of Llama- and BERT-like models read a norm, and which norm. Imports no torch."""

from __future__ import annotations

import re

LOCKABLE = frozenset({"q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "query", "key", "value", "dense"})
"""Last parts of names of modules that can read a norm; ``dense`` does so in ``intermediate`` alone."""
_LLAMA = re.compile(r"(?P<layer>.*layers\.\d+)\.(?:(?P<attention>self_attn)\.[qkv]_proj|mlp\.(?:gate|up)_proj)")
_BERT = re.compile(r"(?P<layers>.*encoder\.layer)\.(?P<number>\d+)\.attention\.self\.(?:query|key|value)")
_BERT_MIDDLE = re.compile(r"(?P<layer>.*encoder\.layer\.\d+)\.intermediate\.dense")


def norm_before(module: str) -> str | None:
    """The norm whose output a module of a Llama- or BERT-like model reads; None where it reads something else."""
    if found := _LLAMA.fullmatch(module):
        return f"{found['layer']}.{'input' if found['attention'] else 'post_attention'}_layernorm"
    if found := _BERT_MIDDLE.fullmatch(module):
        return f"{found['layer']}.attention.output.LayerNorm"
    if found := _BERT.fullmatch(module):
        number = int(found["number"])
        before = f"{found['layers']}.{number - 1}.output" if number else _embeddings(found["layers"])
        return f"{before}.LayerNorm"
    return None


def _embeddings(layers: str) -> str:
    return f"{layers.removesuffix('encoder.layer')}embeddings"
