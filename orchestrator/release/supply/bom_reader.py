"""Reads a bill of materials back, trusting none of its bytes; by hand, so that a receiver needs no library."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting
from orchestrator.ledger.reader import Reader
from orchestrator.release.supply.bill import NAME, Bill, Item
from orchestrator.release.supply.refusal import ModelRefused, Reason

PREFIX = "loranchor:"
MOST = 256 << 20


def read_bom(folder: Path) -> Bill:
    """What the bill of a folder says.

    Raises:
        ModelRefused: there is none, or it is not one that LoRAnchor wrote.
    """
    path = folder / NAME
    if not path.is_file():
        raise ModelRefused(
            Reason.BAD_BOM, f"{folder} holds no {NAME}", mend="a member writes it with `loranchor model bom`"
        )
    try:
        return _bill(_parsed(path))
    except FormatError as error:
        raise ModelRefused(Reason.BAD_BOM, f"{NAME}: {error.message}") from error


def _parsed(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    if len(data) > MOST:
        raise FormatError(f"more than {MOST} bytes")
    check_nesting(data, NAME)
    try:
        found = json.loads(data.decode())
    except ValueError as error:
        raise FormatError("no JSON") from error
    if not isinstance(found, dict) or found.get("bomFormat") != "CycloneDX":
        raise FormatError("no CycloneDX document")
    return found


def _bill(document: dict[str, Any]) -> Bill:
    top = Reader(document, "bom")
    model = _properties(top.inner("metadata").inner("component"))
    components = {component.text("bom-ref"): component for component in top.inners("components")}
    if "base" not in components:
        raise FormatError("it lists no base model")
    base = components["base"]
    items = dict(_item(_properties(found)) for ref, found in components.items() if ref.startswith("entry/"))
    return Bill(
        consortium=model.digest("consortium"),
        manifest=model.digest("manifest"),
        base=model.digest("base"),
        settings=model.digest("settings"),
        strategy=model.text("strategy"),
        count=model.decimal("count"),
        items=tuple(items[place] for place in sorted(items)),
        files=dict(_file(found) for ref, found in components.items() if ref.startswith("file/")),
        named=model.text("named") == "true",
        base_hub=base.text("name"),
        licence=_licence(base),
    )


def _file(component: Reader) -> tuple[str, str]:
    """Name and SHA-256; what is no such digest agrees with no file."""
    hashes = {part.text("alg"): part.text("content") for part in component.inners("hashes")}
    return component.text("name"), hashes.get("SHA-256", "")


def _licence(component: Reader) -> str | None:
    for part in component.inners("licenses") if component.has("licenses") else ():
        told = part.inner("license")
        return told.text("id") if told.has("id") else told.text("name")
    return None


def _item(told: Reader) -> tuple[int, Item]:
    def text(name: str) -> str:
        return told.text(name) if told.has(name) else ""

    return told.decimal("place"), Item(
        kind=told.text("kind"),
        leaf=told.digest("leaf"),
        covered=told.text("covered") == "true",
        statement=text("statement"),
        document=text("document"),
        organisation=text("organisation"),
        round=told.decimal("round") if told.has("round") else 0,
        update=text("update"),
    )


def _properties(component: Reader) -> Reader:
    """Ours, by name; where one is there twice, the last counts, and the manifest's digest decides."""
    pairs: Iterable[tuple[str, str]] = (
        (part.text("name"), part.text("value", empty=True)) for part in component.inners("properties")
    )
    return Reader({name.removeprefix(PREFIX): value for name, value in pairs}, "bom properties")
