"""A model for those who load nothing that they have not checked.

Between the check and the loading the folder must not be another's to write to: it is read twice.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import EnvironmentMissing
from orchestrator.release.supply.keys import read_public
from orchestrator.release.supply.verify import Verified, verify
from orchestrator.types import Digest

if TYPE_CHECKING:
    from torch import nn


def load_verified(
    folder: Path, key: Path, *, manifest: Digest | None = None, report: Path | None = None, base: Any = None
) -> tuple[nn.Module, Verified]:
    """Load an exported model, once :func:`orchestrator.release.supply.verify.verify` has nothing against it.

    Args:
        key: PEM file with the signer's public key. manifest, report: as :func:`verify` takes them.
        base: the plain base model that an adapter goes on; a merged model needs none.

    Raises:
        ModelRefused: something is wrong with the folder; nothing was loaded then.
        KeystoreError: the key cannot be read. EnvironmentMissing: transformers or peft is not installed.
    """
    verified = verify(folder, read_public(key), manifest=manifest, report=report)
    try:
        if (folder / "adapter_config.json").is_file():
            from peft import PeftModel

            return PeftModel.from_pretrained(base, str(folder), use_safetensors=True), verified
        import transformers
    except ImportError as error:
        raise EnvironmentMissing(f"{error.name} is not installed", mend="pip install 'loranchor[train]'") from error
    config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)
    found: Any = getattr(transformers, config.architectures[0])
    return found.from_pretrained(folder, use_safetensors=True), verified
