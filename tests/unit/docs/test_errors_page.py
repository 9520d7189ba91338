"""docs/errors.md names every error that the code can raise, with its exit code or status, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from orchestrator import errors
from orchestrator.daemon import alarms
from orchestrator.daemon.api.faults import OWN

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "errors.md").read_text("utf-8")
OF_THE_COMMAND_LINE = {"Usage": 2, "Interrupted": 130}


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    found = [line.strip("|").split("|") for line in section(title).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in found]


def classes() -> dict[str, tuple[tuple[str, ...], int | None]]:
    """Bases and own exit code of every class of the package, by name; read, since importing all would load torch."""
    found = {}
    for path in sorted((ROOT / "orchestrator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
                found[node.name] = (bases, exit_code(node))
    return found


def exit_code(node: ast.ClassDef) -> int | None:
    for line in node.body:
        if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "exit_code":
            assert isinstance(line.value, ast.Constant)
            return int(str(line.value.value))
    return None


def every_error() -> dict[str, int]:
    """Exit code by name of every subclass of LoranchorError, wherever it is."""
    known, found = {"LoranchorError": 1}, classes()
    while fresh := {name for name, (bases, _) in found.items() if name not in known and set(bases) & known.keys()}:
        for name in fresh:
            bases, own = found[name]
            known[name] = own if own is not None else next(known[base] for base in bases if base in known)
    del known["LoranchorError"]
    return known


def test_every_error_is_on_the_page_with_its_exit_code() -> None:
    told = {code: int(row[1]) for row in rows("Everywhere") for code in re.findall(r"`(\w+)`", row[0])}
    assert told == every_error() | OF_THE_COMMAND_LINE


def test_the_scan_finds_what_the_errors_say_of_themselves() -> None:
    found = every_error()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.LoranchorError]
    assert {kind.__name__: kind.exit_code for kind in kinds}.items() <= found.items()
    assert len(found) > len(kinds), "some are beside what raises them"


def test_every_refusal_of_the_api_is_on_the_page_in_its_words() -> None:
    told = {row[0].strip("`"): (int(row[1]), row[2], row[3]) for row in rows("Of the API")}
    assert {code: told[code] for code in OWN} == OWN
    assert set(told) - set(OWN) == {"ConfigurationError", "DiskError"}


def test_every_alarm_is_on_the_page() -> None:
    names = {value for value in vars(alarms).values() if isinstance(value, str) and re.fullmatch(r"[A-Z_]+", value)}
    assert {row[0].strip("`") for row in rows("Alarms")} == names


def test_every_row_says_what_is_wrong() -> None:
    for title in ("Everywhere", "Of the API", "Alarms"):
        assert all(row[2] for row in rows(title))
