"""What the scripts print."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator import deployment as d
from orchestrator.deployment.pricing import Price
from orchestrator.deployment.survey import Todo

WIDTH = 140  # where there is no terminal to ask for its width


def show(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False).print(table)


def table_of(columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[str] = ()) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", no_wrap=column == "address")
    for row in rows:
        table.add_row(*row)
    return table


def ether(wei: int) -> str:
    """In ether, six digits behind the point, rounded up: what is asked for suffices."""
    whole = -(-wei // 10**12)
    return f"{Decimal(whole) / 10**6:f} ETH"


def gwei(wei: int) -> str:
    return f"{Decimal(wei) / 10**9:.3f} gwei"


def todo_table(todos: Sequence[Todo], price: Price, *, addresses: bool) -> Table:
    """One line a step, and the sum of those that are left."""
    rows = [
        (
            todo.what,
            todo.doing,
            todo.address if todo.done or addresses else "",
            "" if todo.done else f"{todo.gas:,}",
            "" if todo.done else ether(todo.gas * price.expected),
        )
        for todo in todos
    ]
    gas = sum(todo.gas for todo in todos)
    rows.append(("all", "", "", f"{gas:,}", ether(gas * price.expected)))
    return table_of(("contract", "to do", "address", "gas", "cost now"), rows, numbers=("gas", "cost now"))


def report(record: d.DeploymentRecord, path: str) -> None:
    """What lies on a chain, with every transaction that made it so."""
    print(f"{record.role} chain {record.chain_id}, deployed by {record.deployer or 'an earlier version'}")
    for name, contract in record.contracts.items():
        print(f"  {name:<23} {contract.address}  block {contract.block:<8} {contract.transaction}")
    for name, binding in record.bindings.items():
        print(f"  {name + '.bind':<23} {'':<42}  block {binding.block:<8} {binding.transaction}")
    print(f"  written to {path}")
