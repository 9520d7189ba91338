"""Pages of figures are made of the data beside them, and of nothing else."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.harness import Benchmark, markdown, read_result

FOLDER = Path(__file__).parents[3] / "docs" / "benchmarks"
DATA = sorted((FOLDER / "data").glob("*.json"))


@pytest.mark.parametrize("data", DATA, ids=lambda path: path.stem)
def test_a_page_is_what_its_data_say(data: Path) -> None:
    benchmark: Benchmark = import_module(f"benchmarks.{data.stem}.__main__").BENCHMARK
    result = read_result(data)
    assert result.name == benchmark.name == data.stem
    page = (FOLDER / f"{data.stem}.md").read_text("utf-8")
    assert page == markdown(benchmark.report(result), result)
    broken = list(benchmark.broken(result))
    assert page.count("| does not hold |") == len(broken), "each limit that is broken is said on the page"
    assert benchmark.frank or not broken
    assert all(cell.status == "done" for cell in result.cells), "a page of a whole run"


def test_no_page_of_figures_without_data() -> None:
    pages = {path.stem for path in FOLDER.glob("*.md")} - {"README"}
    assert pages == {path.stem for path in DATA}
