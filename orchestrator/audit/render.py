"""An audit report for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestrator.audit.report import AuditReport, CheckResult

_NOTES = 4


def print_report(report: AuditReport, console: Console) -> None:
    """Table, findings, limits and verdict."""
    console.print(_table(report))
    for finding in report.findings:
        console.print(f"[red]✗[/] {escape(str(finding))}", soft_wrap=True)
    console.print("Not checked:")
    for text in report.not_checked:
        console.print(f"  · {escape(text)}", soft_wrap=True)
    if report.usage:
        console.print("Used: " + ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in report.usage.items()))
    console.print(_verdict(report), soft_wrap=True)


def _table(report: AuditReport) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("check", min_width=28)
    table.add_column("verdict", no_wrap=True)
    table.add_column("compared", justify="right")
    table.add_column("detail", min_width=28)
    for result in report.results:
        mark = "[green]agrees[/]" if result.ok else "[red]does not agree[/]"
        table.add_row(result.title, mark, str(result.count), escape("\n".join(_details(result))))
    return table


def _details(result: CheckResult) -> Iterator[str]:
    if not result.ok:
        yield f"{len(result.findings)} finding{'s' * (len(result.findings) != 1)}, below"
    yield from result.notes[-_NOTES:]
    if len(result.notes) > _NOTES:
        yield f"and {len(result.notes) - _NOTES} more notes (--json shows them)"


def _verdict(report: AuditReport) -> str:
    if report.ok:
        count = sum(result.count for result in report.results)
        return f"[bold green]Everything agrees[/]: {count} comparisons with {report.against}."
    count = len(report.findings)
    return f"[bold red]The audit failed[/]: {count} thing{'s' * (count != 1)} do{'es' * (count == 1)} not agree."
