"""The settings of the group ``daemon``: how much it does by itself, how it logs, how its API is reached."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.daemon.gate import Gate, Mode
from orchestrator.errors import ConfigurationError

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the API listens and to whom. ``hosts`` are names beside the loopback's; ``port`` 0 is any free one."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 0
    hosts: tuple[str, ...] = ()
    rate: float = 20.0
    burst: int = 60
    open_metrics: bool = False


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """What the group ``daemon`` says."""

    gate: Gate = field(default_factory=Gate)
    log_format: str = "text"
    log_level: str = "info"
    api: ApiSettings = field(default_factory=ApiSettings)

    @classmethod
    def of(cls, group: Mapping[str, Any]) -> ControlSettings:
        """Read them.

        Raises:
            ConfigurationError: a value is none of those that make sense; names it.
        """
        log = _mapping(group, "log", "daemon")
        return cls(
            gate=Gate(Mode(_one_of(group, "mode", "daemon", tuple(Mode))), _flag(group, "dry_run", "daemon")),
            log_format=_one_of(log, "format", "daemon.log", FORMATS),
            log_level=_one_of(log, "level", "daemon.log", LEVELS),
            api=_api(_mapping(group, "api", "daemon")),
        )


def _api(group: Mapping[str, Any]) -> ApiSettings:
    where, host = "daemon.api", group["host"]
    hosts = group["hosts"]
    if not isinstance(hosts, (list, tuple)) or not all(isinstance(name, str) and name for name in hosts):
        raise ConfigurationError(f"{where}.hosts is {hosts!r}", mend="give a list of names, such as [aurora.example]")
    if not _loopback(host) and not _flag(group, "remote", where):
        raise ConfigurationError(
            f"{where}.host is {host}, which other machines can reach",
            mend=f"use 127.0.0.1, or set {where}.remote=true behind a proxy that speaks TLS",
        )
    return ApiSettings(
        enabled=_flag(group, "enabled", where),
        host=host,
        port=int(_number(group, "port", where, 0, 65535, whole=True)),
        hosts=tuple(hosts),
        rate=_number(group, "requests_per_second", where, 0.1, 1e6),
        burst=int(_number(group, "burst", where, 1, 1e6, whole=True)),
        open_metrics=_flag(group, "open_metrics", where),
    )


def _loopback(host: Any) -> bool:
    """ConfigurationError unless it is an IP address: a name would leave open what is listened to."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ConfigurationError(f"daemon.api.host is {host!r}", mend="give an IP address, such as 127.0.0.1") from None


def _mapping(group: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    value = group[name]
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where}.{name} is {value!r}", mend=f"set {where}.{name}.… one by one")
    return value


def _one_of(group: Mapping[str, Any], name: str, where: str, allowed: tuple[str, ...]) -> str:
    value = group[name]
    if value not in allowed:
        raise ConfigurationError(f"{where}.{name} is {value!r}", mend=f"choose one of {', '.join(allowed)}")
    return str(value)


def _flag(group: Mapping[str, Any], name: str, where: str) -> bool:
    value = group[name]
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where}.{name} is {value!r}", mend="give true or false")
    return value


def _number(
    group: Mapping[str, Any], name: str, where: str, least: float, most: float, *, whole: bool = False
) -> float:
    value = group[name]
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        raise ConfigurationError(f"{where}.{name} is {value!r}", mend=f"give {kind} from {least:g} to {most:g}")
    return float(value)
