"""Benchmarks: figures that a command of the repository measured, with the machine beside them (docs/benchmarks)."""
