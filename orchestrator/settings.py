"""Settings: the packaged Hydra configuration, an organisation's own values, and what the command line says.

Later wins: defaults, experiment, ``organisation.json``, overrides. An unknown group, choice or key is refused with the
valid ones named, in one line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from orchestrator.errors import ChainError, ConfigurationError, StorageError
from orchestrator.types import OrganisationId

if TYPE_CHECKING:
    from orchestrator.chain.connection import Connection
    from orchestrator.organisation import Organisation

Side = Literal["public", "private"]
CONF = Path(__file__).parent / "conf"


@dataclass(frozen=True)
class Settings:
    """What was composed.

    Attributes:
        values: all settings as plain nested dictionaries.
        organisation: whose settings these are; None outside an organisation's home.
    """

    values: Mapping[str, Any]
    organisation: Organisation | None = None

    def group(self, name: str) -> Mapping[str, Any]:
        """One group's settings; ``ConfigurationError`` when nothing was chosen for it."""
        found = self.values.get(name)
        if not isinstance(found, Mapping):
            raise ConfigurationError(
                f"no {name} is chosen", mend=f"add {name}={'|'.join(choices(name)) or 'NAME'} or experiment=NAME"
            )
        return found

    @property
    def deployments(self) -> Path:
        """Folder of the deployment files."""
        return Path(self.group("chain")["deployments"])

    @property
    def network(self) -> Path | None:
        """Run folder of the local network; None where there is none."""
        folder = self.group("chain")["network"]
        return None if folder is None else Path(folder)

    def chain_id(self, side: Side) -> int:
        return _number(self._chain(side), "chain_id", f"chain.{side}")

    def chain_url(self, side: Side) -> str:
        """Address of a chain's node: the setting, else where the local network's listens."""
        url = self._chain(side)["url"]
        if url is not None:
            return str(url)
        network = _local_network(self.network)
        if network is None or side not in network.chains:
            raise ConfigurationError(
                f"no address is set for the {side} chain",
                mend=f"run `loranchor network up`, or set chain.{side}.url",
            )
        if network.chains[side].process is None:
            raise ChainError(f"the local {side} chain is stopped", mend="start it with `loranchor network up`")
        return str(network.chains[side].rpc_url)

    def connection(self, side: Side) -> Connection:
        """A connection to that chain; it makes no request yet."""
        from orchestrator.chain.connection import Connection

        return Connection(
            self.chain_url(side),
            self.chain_id(side),
            float(self.group("chain")["timeout"]),
            finality_depth=_number(self._chain(side), "finality_depth", f"chain.{side}"),
        )

    def hints_url(self, side: Side) -> str | None:
        """WebSocket address of a chain's node, which tells of new blocks; None where there is none."""
        if "chain" not in self.values or (url := self._chain(side).get("ws_url")) is None:
            return None
        if not str(url).startswith(("ws://", "wss://")) or not str(url).partition("://")[2].strip("/"):
            raise ConfigurationError(f"chain.{side}.ws_url is no WebSocket address", mend="use ws://HOST:PORT, or null")
        return str(url)

    def explorer(self, side: Side) -> str | None:
        """Address of a chain's block explorer, without a slash at its end; None where none is set."""
        url = self._chain(side).get("explorer")
        if url is None:
            return None
        if not str(url).startswith(("https://", "http://")):
            raise ConfigurationError(f"chain.{side}.explorer is no web address", mend="use https://HOST, or null")
        return str(url).rstrip("/")

    def _chain(self, side: Side) -> Mapping[str, Any]:
        entry = self.group("chain").get(side)
        if not isinstance(entry, Mapping):
            raise ConfigurationError(f"chain.{side} is {entry!r}", mend=f"set chain.{side}.url and the like")
        return entry

    def ipfs_api(self, organisation: OrganisationId | str | None = None) -> str:
        """Address of the HTTP API of an organisation's IPFS node, by default this one's."""
        url = self.group("storage")["api_url"]
        if url is not None:
            return str(url)
        name = organisation or (self.organisation.name if self.organisation else None)
        network = _local_network(self.network)
        if name is None or network is None or name not in network.storage:
            more = f" --organisations {','.join([*network.storage, str(name)])}" if network and name else ""
            raise ConfigurationError(
                f"no IPFS node is set{f' for {name}' if name else ''}",
                mend=f"run `loranchor network up{more}`, or set storage.api_url",
            )
        if network.storage[name].process is None:
            raise StorageError(f"the local IPFS node of {name} is stopped", mend="start it with `loranchor network up`")
        return str(network.storage[name].api_url)


def compose(overrides: Sequence[str] = (), *, organisation_home: Path | None = None) -> Settings:
    """Compose the settings.

    Args:
        overrides: Hydra overrides, ``key=value``.
        organisation_home: the folder that ``loranchor org init`` made.

    Raises:
        ConfigurationError: an unknown group, choice or key, a value of the wrong kind, or no organisation there.
    """
    from orchestrator.overrides import composed

    organisation = None
    own: list[str] = []
    if organisation_home is not None:
        from orchestrator.organisation import load_organisation

        organisation = load_organisation(organisation_home)
        own = [f"{key}={_quoted(value)}" for key, value in organisation.settings.items()]
    return Settings(composed(CONF, [*own, *overrides]), organisation)


def choices(group: str) -> list[str]:
    """Names that a group can be set to."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


def _number(entry: Mapping[str, Any], key: str, where: str) -> int:
    value = entry[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"{where}.{key} is {value!r}", mend="give a natural number")
    return value


def _local_network(folder: Path | None) -> Any:
    if folder is None:
        return None
    from orchestrator.localnet import read_network

    return cast("Any", read_network(folder))
