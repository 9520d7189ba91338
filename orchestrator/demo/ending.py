"""What a person reads at the end of a demo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def show_results(console: Console, summary: Mapping[str, Any], folder: Path) -> None:
    """A table of what became of the model, the verdict of the audit, and what to try next."""
    rounds = max((len(found["rounds"]) for found in summary["held_out"].values()), default=0)
    columns = ["base", *(f"round {number}" for number in range(1, rounds + 1)), "revoked"]
    table = Table("organisation", *columns, "earned", "sent", title=f"held-out {summary['metric']}")
    for name, found in summary["held_out"].items():
        values = [found["base"], *found["rounds"], found["after_revocation"]]
        cells = ["–" if value is None else f"{value:.3f}" for value in values]
        earned = int(summary["tokens"]["awarded"][name]) / 10**18
        table.add_row(name, *cells, f"{earned:,.1f} {summary['tokens']['symbol']}", _size(summary["bytes_sent"][name]))
    console.print(table)
    revocation = summary["revocation"]
    if revocation:
        console.print(
            f"{revocation['organisation']} took back {len(revocation['update_ids'])} contributions"
            f" ({len(revocation['descendants'])} were trained on top of them); certificate"
            f" {revocation['certificate_digest']}; {len(revocation['shred_receipts'])} shred receipts",
            highlight=False,
        )
    verdict = "[green]passed[/green]" if summary["audit"]["ok"] else "[red]FAILED[/red]"
    console.print(f"audit: {verdict}; in all {sum(summary['seconds'].values()):.0f} s")
    first = next(iter(summary["held_out"]))
    home, password = folder / "organisations" / first, folder / "passwords" / first
    console.print(
        f"\nLook: {folder / 'report.html'} in a browser, {folder / 'summary.json'}\n"
        "Try next:\n"
        f"  loranchor network up --run-dir {folder / 'network'} --organisations {','.join(summary['held_out'])}\n"
        f"  loranchor audit verify --run-dir {folder}\n"
        f"  loranchor round status --home {home}\n"
        f"  loranchor model export --home {home} --password-file {password} --output {folder}-adapter"
        f" experiment={summary['experiment']}\n"
        "  EXPERIMENT=vader_minilm make demo",
        highlight=False,
        soft_wrap=True,
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
