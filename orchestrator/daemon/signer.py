"""Who holds an organisation's hot key, as its settings say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.keystore import Keystore, Role
from orchestrator.keystore.holders import KeyHolder
from orchestrator.keystore.remote import RemoteKey
from orchestrator.settings import Settings, choices

KEYSTORE, WEB3SIGNER = "keystore", "web3signer"


def holders_of(settings: Settings, home: Path) -> dict[Role, KeyHolder]:
    """Holders of keys that are not in the home's keystore; empty where all are. Makes no request.

    Raises:
        ConfigurationError: the settings name no signer, or half of one.
    """
    values = settings.values.get("signer") or {"kind": KEYSTORE}
    if not isinstance(values, Mapping) or values.get("kind") not in (KEYSTORE, WEB3SIGNER):
        raise ConfigurationError("signer is none that is known", mend=f"add signer={'|'.join(choices('signer'))}")
    if values["kind"] == KEYSTORE:
        return {}
    if values["url"] is None:
        raise ConfigurationError("no address is set for the signer", mend="set signer.url, such as https://signer:9000")
    return {
        "delegate": RemoteKey(
            str(values["url"]),
            Keystore.addresses(home).delegate,
            timeout=_seconds(values),
            authorities=_file(values, "authorities"),
            client=_client(values),
        )
    }


def _seconds(values: Mapping[str, Any]) -> float:
    found = values["timeout"]
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found <= 0:
        raise ConfigurationError(f"signer.timeout is {found!r}", mend="give seconds")
    return float(found)


def _file(values: Mapping[str, Any], name: str) -> str | None:
    path = values[name]
    if path is not None and not Path(path).is_file():
        raise ConfigurationError(f"signer.{name} names {path}, which is no file", mend="correct it")
    return None if path is None else str(path)


def _client(values: Mapping[str, Any]) -> tuple[str, str] | None:
    certificate, key = _file(values, "certificate"), _file(values, "key")
    if (certificate is None) != (key is None):
        raise ConfigurationError("signer.certificate and signer.key belong together", mend="set both, or neither")
    return None if certificate is None or key is None else (certificate, key)
