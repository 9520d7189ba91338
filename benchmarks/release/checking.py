"""A model's folder through the gate, as `loranchor release check` does it, and what came out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.cache import cache_folder
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.release.report import ReleaseReport, Row
from orchestrator.release.run import check_release
from orchestrator.settings import compose
from orchestrator.types import MILLION, OrganisationId
from orchestrator.unlearning.evaluation.models import ModelSettings

POLICY = "safe-default"


def checked(
    model: Path | str, references: Sequence[str], overrides: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    """Figures of a report by :data:`POLICY`: the verdict, what failed or was missing, and every finding.

    Args:
        names: organisations, whose data are public, as each of their statements says.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        files = ",".join(str(_statement(folder, name)) for name in names)
        settings = compose([f"release={POLICY}", "release.threads=1", f"release.statements=[{files}]", *overrides])
        done = check_release(str(model), references, settings, ModelSettings(), folder / "report", cache=cache_folder())
    return told(done.report)


def told(report: ReleaseReport) -> dict[str, Any]:
    """What a cell keeps of a report."""
    return {
        "verdict": report.verdict,
        "missing": list(report.missing),
        "failed": [row.name for row in report.rows if row.verdict == "fail"],
        "findings": {row.name: _row(row) for row in report.rows},
    }


def _row(row: Row) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "verdict": row.verdict,
        "value": row.value,
        "figures": {name: value / MILLION for name, value in row.figures.items()},
        "interval": None if row.interval is None else [value / MILLION for value in row.interval],
        "named": list(row.named),
        "why": row.why,
        "sure": row.sure,
    }
    return found


def _statement(folder: Path, name: str) -> Path:
    told = {"source": "packaged", "licence": "as its package says", "legal_basis": "not-personal"}
    permissions = {**told, "collected": "2014", "contact": "the benchmark"}
    made = DataStatement(
        OrganisationId(name), "packaged data", "public", "none", sensitivity_class="public", permissions=permissions
    )
    path = folder / f"{name}.json"
    path.write_bytes(made.to_bytes() + b"\n")
    return path
