"""The harness of all benchmarks: presets, resumable cells, result files, intervals, tables (docs/benchmarks)."""

from benchmarks.harness.cells import NOT_RUN, Configuration, Figures, Outcome, grid, values_of
from benchmarks.harness.intervals import Interval, bootstrap_interval, t_interval
from benchmarks.harness.page import Report, markdown
from benchmarks.harness.presets import Preset, preset_named
from benchmarks.harness.result import Result, read_result
from benchmarks.harness.runner import Benchmark, Plan, main, measure
from benchmarks.harness.tables import Table

__all__ = [
    "NOT_RUN",
    "Benchmark",
    "Configuration",
    "Figures",
    "Interval",
    "Outcome",
    "Plan",
    "Preset",
    "Report",
    "Result",
    "Table",
    "bootstrap_interval",
    "grid",
    "main",
    "markdown",
    "measure",
    "preset_named",
    "read_result",
    "t_interval",
    "values_of",
]
