"""How a daemon logs: lines for people or JSON for programs, each with what it is about, and without secrets.

What a line is about follows from the effect under way in its thread, or from an effect's id among its arguments: then
``effect``, and the ``round``, ``update``, ``request`` or ``sequence`` in that id, are members of the JSON object.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from typing import IO, Any

from orchestrator.chain.action import current_action
from orchestrator.protocol.effects import Effect

_URL = re.compile(r"\b(https?|wss?)://(?:[^\s/@'\"<>]*@)?([^\s/?#'\"<>@]+)([/?#][^\s'\"<>]*)?", re.IGNORECASE)
_CREDENTIAL = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)
_NAMES = {"update_id": "update", "request_id": "request", "artefact_id": "artefact"}
_SHOWN = {"round", "update", "request", "sequence", "index", "artefact", "epoch"}


def _kinds(base: type[Effect] = Effect) -> Iterator[type[Effect]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def correlation(effect_id: str) -> dict[str, Any]:
    """An effect's id in its parts: ``effect`` and what it is about. Empty for what is no effect's id."""
    name, *values = effect_id.split("/")
    kind = next((kind for kind in _kinds() if kind.name == name), None)
    if kind is None or len(values) != len(fields(kind)):
        return {}
    named = {_NAMES.get(item.name, item.name): value for item, value in zip(fields(kind), values, strict=True)}
    about = {key: int(value) if value.isdecimal() else value for key, value in named.items() if key in _SHOWN}
    return {"effect": effect_id} | about


def without_secrets(text: str) -> str:
    """Addresses without user, password, path and query, which may hold a provider's key; and no credentials."""
    shortened = _URL.sub(lambda found: f"{found[1]}://{found[2]}{'/…' if (found[3] or '/') != '/' else ''}", text)
    return _CREDENTIAL.sub(r"\1 …", shortened)


def about(record: logging.LogRecord) -> dict[str, Any]:
    """What a log line is about."""
    words = [current_action(), *(record.args if isinstance(record.args, tuple) else ())]
    found = (correlation(word) for word in words if isinstance(word, str))
    return next((item for item in found if item), {})


class TextFormatter(logging.Formatter):
    """Lines for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (UTC), ``level``, ``logger``, ``message``, what it is about, ``traceback``."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        document: dict[str, Any] = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            **about(record),
        }
        if record.exc_info:
            document["traceback"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(document, ensure_ascii=False, default=str)


def configure_logging(style: str = "text", level: str = "info", stream: IO[str] | None = None) -> None:
    """Log to standard error, instead of wherever it was logged before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("uvicorn", "uvicorn.error", "urllib3", "web3"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
