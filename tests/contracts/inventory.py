"""Which custom errors the functions of a contract can raise, and which of them the tests ask for.

The first is followed through the syntax trees, into libraries and into our other contracts; the second is read off the
tests: an error counts where a test function names it and has something refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from orchestrator.chain.abi import PRIVATE, PUBLIC, artifact
from tools.reference.reach import Reach
from tools.reference.source import read_source

FOLDER = Path(__file__).parent
CONTRACTS = tuple(dict.fromkeys(PUBLIC + PRIVATE))
_WORD = re.compile(r"[A-Z]\w+")


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@cache
def reach() -> Reach:
    """Brownie keeps trees too, but not those of all libraries."""
    return Reach(read_source().trees)


@cache
def errors() -> frozenset[str]:
    """Every custom error that an ABI of ours names."""
    return frozenset(entry["name"] for name in CONTRACTS for entry in artifact(name).errors.values())


@cache
def raised(contract: str) -> Mapping[str, frozenset[str]]:
    """Errors by function, the constructor included."""
    return {function: frozenset(names & errors()) for function, names in reach().of(contract).items()}


def changing(contract: str) -> list[str]:
    """Functions that change state."""
    entries = artifact(contract).functions.values()
    return [entry["name"] for entry in entries if entry["stateMutability"] not in ("view", "pure")]


def file_of(contract: str, function: str) -> Path:
    """Where the tests of a function are: each that changes state has its file, the others share one."""
    own = function if function in (*changing(contract), "constructor") else "views"
    return FOLDER / snake(contract) / f"test_{snake(contract)}_{snake(own)}.py"


@cache
def refused_in(path: Path, method: str | None = None) -> frozenset[str]:
    """Errors that some test of a file names and has refused; with ``method``, only tests that mention that one."""
    found: set[str] = set()
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            parts = list(ast.walk(function))
            if _refuses(parts) and (method is None or _mentions(parts, method)):
                found |= {word for part in parts for word in _words(part)}
    return frozenset(found & errors())


def _refuses(parts: list[ast.AST]) -> bool:
    """Whether something is handed to a helper whose name begins with `refuse`."""
    calls = (part.func for part in parts if isinstance(part, ast.Call))
    return any(isinstance(called, ast.Name) and called.id.startswith("refuse") for called in calls)


def _mentions(parts: list[ast.AST], method: str) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == method for part in parts)


def _words(part: ast.AST) -> Iterator[str]:
    """The error at the head of a string, which may go on with the values that are expected."""
    if isinstance(part, ast.Constant) and isinstance(part.value, str) and (found := _WORD.match(part.value)):
        yield found[0]
