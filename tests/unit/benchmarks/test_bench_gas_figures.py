"""What `make bench-gas` asks of its figures: every entry point has one, and no limit is passed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.gas.figures import CONTRACTS, LIMITS, broken, entry_points, usages
from benchmarks.gas.meter import calldata_floor
from benchmarks.gas.report import report
from benchmarks.harness import Result, read_result
from benchmarks.harness.cells import Outcome

DATA = Path(__file__).parents[3] / "docs" / "benchmarks" / "data" / "gas.json"


@pytest.fixture(scope="module")
def result() -> Result:
    return read_result(DATA)


def changed(result: Result, contract: str, function: str, gas: int | None, case: str = "") -> Result:
    """The result with another figure for these transactions, or without them."""
    cells = []
    for cell in result.cells:
        rows = []
        for row in (cell.figures or {}).get("usages", []):
            meant = (row["contract"], row["function"]) == (contract, function) and row["variant"].startswith(case)
            if not meant:
                rows.append(row)
            elif gas is not None:
                rows.append({**row, "gas": gas})
        cells.append(replace(cell, figures={**(cell.figures or {}), "usages": rows}))
    return replace(result, cells=tuple(cells))


def test_the_figures_of_the_documentation_hold(result: Result) -> None:
    assert broken(result) == []


def test_state_changing_functions_are_found_in_the_abis() -> None:
    assert len(CONTRACTS) == 10
    assert entry_points("CheckpointAnchor") == ["anchor", "proveEquivocation"]
    assert set(entry_points("ContributionToken")) == {"approve", "mint", "permit", "transfer", "transferFrom"}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_an_entry_point_without_a_figure_is_told(result: Result, contract: str) -> None:
    for function in entry_points(contract):
        assert f"{contract}.{function} has no figure" in broken(changed(result, contract, function, None))


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.function}, {limit.case}")
def test_a_limit_that_is_passed_is_told(result: Result, limit) -> None:
    above = changed(result, limit.contract, limit.function, limit.most + 1, limit.case)
    assert [sentence for sentence in broken(above) if f"the limit is {limit.most}" in sentence]
    at = changed(result, limit.contract, limit.function, limit.most, limit.case)
    assert not [sentence for sentence in broken(at) if "the limit is" in sentence]
    gone = changed(result, limit.contract, limit.function, None, limit.case)
    assert [sentence for sentence in broken(gone) if "has a limit and no figure" in sentence]


def test_anchoring_costs_the_same_for_any_number_of_updates(result: Result) -> None:
    apart = changed(result, "CheckpointAnchor", "anchor", 80_000, "3 signatures, 1 update")
    assert [sentence for sentence in broken(apart) if "more than 100 apart" in sentence]


def test_a_cell_that_did_not_run_is_told(result: Result) -> None:
    cut = replace(result, cells=(*result.cells[1:], Outcome(result.cells[0].configuration)))
    assert [sentence for sentence in broken(cut) if sentence.endswith("not run")]


def test_the_floor_of_calldata_is_that_of_eip_7623(result: Result) -> None:
    assert calldata_floor(bytes(100)) == 22_000 and calldata_floor(b"\x01" * 100) == 25_000
    floored = {(one.function, one.variant) for one in usages(result) if one.floor}
    assert floored == {("publish", "100 checkpoints up to the head"), ("publishKey", "another in its place")}


def test_every_figure_is_in_a_table(result: Result) -> None:
    tables = {table.title: table for table in report(result).tables}
    for usage in usages(result):
        assert [row for row in tables[usage.contract].rows if usage.gas in row and usage.function in row]
    totals = tables["A round on the public chain"].rows
    assert [row[0] for row in totals] == ["3", "10", "100"]
    assert all(isinstance(row[1], int) and isinstance(row[2], int) and row[1] < row[2] for row in totals)
