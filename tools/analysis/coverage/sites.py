"""The branches that the sources have: every `if`, `?:`, `&&` and `||` with two ways to go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHORT_CIRCUITS = ("&&", "||")


@dataclass(frozen=True, order=True)
class Site:
    """A place where the code goes one way or the other.

    Attributes:
        path: source file. start, length: where it is in the file, in bytes, as source maps name it.
        owner: `Contract.function`.
        condition: its text on one line.
        ways: how the two ways are called: not jumping and jumping.
    """

    path: str
    start: int
    length: int
    owner: str
    condition: str
    ways: tuple[str, str]


def sites_of(path: str, source: str, tree: Mapping[str, Any]) -> list[Site]:
    """All sites of one source file, from the compiler's syntax tree."""
    return sorted(_walk(tree, _Place(path, source.encode())))


@dataclass(frozen=True)
class _Place:
    path: str
    source: bytes
    owner: str = ""

    def inside(self, node: Mapping[str, Any]) -> _Place:
        kind = node["nodeType"]
        if kind == "ContractDefinition":
            return _Place(self.path, self.source, node["name"])
        if kind == "FunctionDefinition":
            name = node["name"] or node["kind"]
            return _Place(self.path, self.source, f"{self.owner}.{name}" if self.owner else name)
        return self

    def text(self, node: Mapping[str, Any]) -> str:
        start, length = span(node)
        return " ".join(self.source[start : start + length].decode().split())


def span(node: Mapping[str, Any]) -> tuple[int, int]:
    start, length, _ = node["src"].split(":")
    return int(start), int(length)


def _walk(node: Any, place: _Place) -> Iterator[Site]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, place)
    if not isinstance(node, dict):
        return
    if "nodeType" in node:
        place = place.inside(node)
        yield from _site(node, place)
    for value in node.values():
        yield from _walk(value, place)


def _site(node: Mapping[str, Any], place: _Place) -> Iterator[Site]:
    # solc jumps over the body of an `if`, to the first value of a `?:`, and past the right side of `&&` and `||`
    if node["nodeType"] == "IfStatement":
        condition, ways = node["condition"], ("true", "false")
    elif node["nodeType"] == "Conditional":
        condition, ways = node["condition"], ("false", "true")
    elif node["nodeType"] == "BinaryOperation" and node["operator"] in SHORT_CIRCUITS:
        condition, ways = node, ("right side counts", "left side decides")
    else:
        return
    yield Site(place.path, *span(node), place.owner, place.text(condition), ways)
