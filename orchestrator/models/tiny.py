"""A tiny Llama with random weights and a byte-level tokenizer, made in memory for tests. It knows nothing."""

from __future__ import annotations

from typing import Any

import torch

from orchestrator.models.base import Kind
from orchestrator.models.seeded import seeded_tensor

PAD, END = 0, 1


def tiny_llama(kind: Kind, labels: int, seed: int) -> Any:
    """The model: 2 layers of width 64 over 258 tokens."""
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    make: Any = LlamaConfig  # its fields are made at run time
    settings = make(
        vocab_size=258,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        pad_token_id=PAD,
        bos_token_id=END,
        eos_token_id=END,
        tie_word_embeddings=kind == "causal_lm",
        num_labels=labels,
    )
    model = (LlamaForCausalLM if kind == "causal_lm" else LlamaForSequenceClassification)(settings)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(seeded_tensor(seed, name, tuple(parameter.shape)))
    return model


def byte_tokenizer() -> Any:
    """One token a byte, after the padding and the end token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<pad>": PAD, "<end>": END} | {letter: index + 2 for index, letter in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    make: Any = PreTrainedTokenizerFast
    return make(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")
