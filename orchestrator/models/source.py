"""From the name of a model in the settings to the folder that holds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cache import cache_folder
from orchestrator.errors import ConfigurationError, DataError

PACKAGED = ("minilm-l6", "smollm2-135m")
TINY = ("llama",)
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model that can be loaded.

    Attributes:
        name: as the settings give it.
        folder: a transformers folder; None for a tiny model, which is made in memory.
    """

    name: str
    folder: Path | None


def resolve(name: str, *, cache: Path | None = None) -> ModelSource:
    """Find a model: ``packaged:NAME``, ``tiny:llama``, a local folder or a Hugging Face id.

    Raises:
        ConfigurationError: the name has none of these forms.
        DataError: there is no such folder, or it holds no safetensors model.
    """
    scheme, colon, rest = name.partition(":")
    if colon and scheme == "packaged":
        return ModelSource(name, _packaged(rest, cache or cache_folder()))
    if colon and scheme == "tiny":
        if rest not in TINY:
            raise ConfigurationError(f"unknown tiny model {rest!r}", mend=f"choose one of {', '.join(TINY)}")
        return ModelSource(name, None)
    folder = Path(name).expanduser()
    if folder.exists() or not _HUB_ID.fullmatch(name):
        return ModelSource(name, check_folder(folder))
    return ModelSource(name, check_folder(_download(name)))


def check_folder(folder: Path) -> Path:
    """The folder, if it is a transformers folder with safetensors.

    Raises:
        DataError: it is not; says which file is missing. Pickled weights are never opened.
    """
    mend = "give a folder made by save_pretrained, a Hugging Face id or packaged:" + "|".join(PACKAGED)
    if not folder.is_dir():
        raise DataError(f"no model folder at {folder}", mend=mend)
    if not (folder / "config.json").is_file():
        raise DataError(f"{folder} has no config.json, so it is no transformers model", mend=mend)
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(path.name for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for path in folder.glob(pattern))
        if pickles:
            raise DataError(
                f"{folder} has only pickled weights ({pickles[0]}), which could run code and are not opened",
                mend="convert them with save_pretrained(..., safe_serialization=True)",
            )
        raise DataError(f"{folder} has no .safetensors file", mend=mend)
    return folder


def _packaged(name: str, cache: Path) -> Path:
    if name not in PACKAGED:
        raise ConfigurationError(f"unknown packaged model {name!r}", mend=f"choose one of {', '.join(PACKAGED)}")
    folder = cache / "models" / name
    if not folder.is_dir():
        raise DataError(f"the packaged model {name} is not in {cache}", mend="run `make setup`")
    return check_folder(folder)


def _download(name: str) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    from requests import RequestException

    patterns = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja"]
    try:
        return Path(huggingface_hub.snapshot_download(name, allow_patterns=patterns))
    except (HfHubHTTPError, LocalEntryNotFoundError, RequestException, OSError, ValueError) as error:
        raise DataError(
            f"no model folder at {name}, and as a Hugging Face id it cannot be fetched: {type(error).__name__}",
            mend="check the name and the network, or give a local folder",
        ) from error
