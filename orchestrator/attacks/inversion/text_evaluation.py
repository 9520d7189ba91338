"""`loranchor evaluate leakage --texts FILE`: what an adapter's gradient gives away of somebody's own texts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from orchestrator.attacks.inversion.dager import Dager
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.text_metrics import rouge, token_precision, token_recall
from orchestrator.attacks.inversion.text_victim import TextVictim
from orchestrator.cache import cache_folder
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.lock_key import LockKey
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.privacy.keylock.lora import AdapterLock
from orchestrator.training.adapter import attached
from orchestrator.training.settings import AdapterSettings
from orchestrator.types import MILLION
from orchestrator.unlearning.evaluation.folder import check_free, write_folder

FORMAT = "loranchor/text-leakage-evaluation"
MODULES = ("q_proj", "v_proj")
SPREAD = 0.02
"""Standard deviation of B, which is random here: as after some training, and not zero as in a first step."""
COMMON = 12
LIMITS = (
    "Gradients of one text each, of an adapter whose B is random; updates of several steps give away less for sure.",
    "An attack that failed is no protection: a better one, or several rounds, may succeed.",
)
Progress = Callable[[int, int], None]
"""Called after every text with (done, all)."""


@dataclass(frozen=True, slots=True)
class TextLeakage:
    """What is to be evaluated.

    Attributes:
        texts: a file in UTF-8; its tokens are cut into texts of ``length``. model: a language model like Llama.
        knowledge: of the attacker. strength: of the lock where the knowledge is of one, millionths.
        rank: of the adapter on q and v. count: how many texts are attacked. seed: of adapter and key.
    """

    texts: Path
    knowledge: Knowledge
    model: str
    rank: int = 64
    length: int = 32
    count: int = 3
    seed: int = 0
    strength: int = 500_000

    def __post_init__(self) -> None:
        if min(self.rank, self.count) < 1 or self.length < 2:
            raise ConfigurationError("a rank and a number of texts are from 1, the tokens of a text from 2")


def evaluate_texts(wanted: TextLeakage, output: Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """Attack the first texts of a file and write ``leakage.json``; the JSON document. It holds the texts.

    Raises:
        ConfigurationError: the output is there already, or the model has no q and v.
        DataError: the file cannot be read or is too short. DiskError: the output cannot be written.
    """
    check_free(output)
    base = load_base(resolve(wanted.model, cache=cache_folder()), cache=cache_folder())
    rows = _rows(wanted, base)
    public = Counter(rows[wanted.count :].flatten().tolist())
    common = tuple(token for token, _ in public.most_common(COMMON))
    attack = Dager(wanted.length, wanted.knowledge, common=common)
    weights = dict(base.model.named_parameters())
    torch.manual_seed(wanted.seed)
    found = []
    with attached(base.model, AdapterSettings(MODULES, wanted.rank, 2 * wanted.rank)) as made:
        for _, b in made.layers.values():
            torch.nn.init.normal_(b, std=SPREAD)
        key = LockKey(1, hashlib.sha256(f"loranchor leakage of texts/{wanted.seed}".encode()).digest())
        locked = wanted.knowledge.locked
        lock = AdapterLock.of(key, wanted.strength, made.layers, weights) if locked else None
        victim = TextVictim(made.model.eval(), made.layers, lock)
        for number, row in enumerate(rows[: wanted.count], start=1):
            text = row[None]
            gained = attack.run(victim, victim.observe({"input_ids": text, "labels": text}))
            found.append(_plain(base, gained.inputs[0].tolist(), row.tolist(), gained.figures))
            if progress:
                progress(number, wanted.count)
    document = _document(wanted, found)
    write_folder(output, {"leakage.json": canonical_bytes(document) + b"\n"})
    return document


def text_table(document: Mapping[str, Any]) -> Table:
    """A document for people."""
    said = f"dager on {document['model']}, r {document['rank']}, attacker: {document['knowledge']}"
    found = Table(title=said, title_justify="left")
    for name in ("text", "recall", "precision", "ROUGE-1", "ROUGE-2", "for sure", "found"):
        found.add_column(name, justify="left" if name == "found" else "right")
    for number, one in enumerate(document["texts"]):
        numbers = [f"{one[name] / MILLION:.2f}" for name in ("recall", "precision", "rouge_1", "rouge_2")]
        found.add_row(str(number), *numbers, str(one["accepted"]), " ".join(one["found"].split())[:60])
    return found


def _rows(wanted: TextLeakage, base: BaseModel) -> torch.Tensor:
    """The file's tokens, int64 [texts, length]."""
    try:
        content = wanted.texts.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{wanted.texts} cannot be read as text: {error}", mend="give a file in UTF-8") from error
    tokens = base.tokenizer(content, add_special_tokens=False, verbose=False)["input_ids"]
    rows = len(tokens) // wanted.length
    if rows < wanted.count:
        raise DataError(
            f"{wanted.texts} has {rows} texts of {wanted.length} tokens, not {wanted.count}",
            mend="ask for fewer or shorter texts, or give a longer file",
        )
    return torch.tensor(tokens[: rows * wanted.length]).view(rows, wanted.length)


def _plain(base: BaseModel, found: list[int], truth: list[int], told: Mapping[str, float]) -> dict[str, Any]:
    texts = [base.tokenizer.decode(tokens, skip_special_tokens=True) for tokens in (found, truth)]
    shares = {
        "recall": token_recall(found, truth),
        "precision": token_precision(found, truth),
        "rouge_1": rouge(texts[0], texts[1], 1),
        "rouge_2": rouge(texts[0], texts[1], 2),
    }
    numbers = {name: round(MILLION * value) for name, value in shares.items()}
    counts = {name: round(told[name]) for name in ("accepted", "ordered", "rank")}
    return {**numbers, **counts, "found": texts[0], "truth": texts[1]}


def _document(wanted: TextLeakage, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Shares are millionths, as in every canonical object."""
    return {
        "format": FORMAT,
        "version": 1,
        "attack": "dager",
        "knowledge": wanted.knowledge.value,
        "model": wanted.model,
        "rank": wanted.rank,
        "length": wanted.length,
        "seed": wanted.seed,
        "strength": wanted.strength if wanted.knowledge.locked else 0,
        "texts": [dict(one) for one in found],
        "limits": list(LIMITS),
    }
