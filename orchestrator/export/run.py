"""An export from the records to the finished folder: where the stages meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.aggregation import Strategy, strategy_named
from orchestrator.daemon.access import Access
from orchestrator.errors import ConfigurationError
from orchestrator.export import card
from orchestrator.export.adapter import write_adapter
from orchestrator.export.base import ExportBase, open_base
from orchestrator.export.contents import sources_of
from orchestrator.export.facts import Facts
from orchestrator.export.folder import WORK, drafted, is_there
from orchestrator.export.merged import DTYPES, write_merged
from orchestrator.export.origins import Origin, origin_of
from orchestrator.export.record import BILLION, Identity, read_record, record_of, write_record
from orchestrator.export.selection import Chosen
from orchestrator.files import write_atomic
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import resolve
from orchestrator.release.supply.bom import check_installed, write_bom
from orchestrator.release.supply.making import bill_for

FORMATS = ("peft", "merged")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export.

    Attributes:
        rank: cut an adapter to it; None for all that there is. dtype: of a merged model.
        names: whether the card may name organisations.
        model, labels: the base by its name in the settings, and a classifier's classes.
    """

    format: str
    out: Path
    model: str
    labels: int
    rank: int | None = None
    dtype: str = "fp32"
    names: bool = False
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished folder. ``made`` is False where it was there already; ``what`` says how exact it is."""

    folder: Path
    made: bool
    what: str
    record: dict[str, Any]


def check(wanted: Wanted) -> None:
    """Refuse at once what cannot be meant.

    Raises:
        ConfigurationError: an unknown format or type, or options that do not go together.
    """
    if wanted.format not in FORMATS:
        raise ConfigurationError(f"unknown format {wanted.format!r}", mend=f"choose one of {', '.join(FORMATS)}")
    if wanted.dtype not in DTYPES:
        raise ConfigurationError(f"unknown type {wanted.dtype!r}", mend=f"choose one of {', '.join(DTYPES)}")
    if wanted.rank is not None and wanted.rank < 1:
        raise ConfigurationError(f"rank {wanted.rank} is none", mend="give a rank of 1 or more")
    if wanted.format == "merged" and wanted.rank is not None:
        raise ConfigurationError("a merged model has no rank", mend="leave --rank out, or give --format peft")
    if wanted.format == "peft" and wanted.dtype != "fp32":
        raise ConfigurationError("adapters are written in fp32", mend="leave --dtype out, or give --format merged")


def export(access: Access, state: LedgerState, chosen: Chosen, facts: Facts, wanted: Wanted) -> Exported:
    """Make the folder, or find that it is there.

    Raises:
        ConfigurationError: the folder is taken or cannot be written, or peft cannot hold this change.
        EnvironmentMissing: what writes the bill of materials is not installed.
        ContentKeyDestroyed, KeystoreError, StorageError, EnvelopeError: a contribution cannot be opened.
        DataError: the configured model is not the task's base. ProtocolError: a contribution does not fit.
    """
    check(wanted)
    check_installed()
    manifest = chosen.manifest
    if wanted.format == "peft" and manifest.hardenings:
        raise ConfigurationError(
            f"manifest {manifest.digest} has noise on the weights, which no adapter of low rank holds",
            mend="export the whole model with --format merged",
        )
    identity = Identity(wanted.format, manifest.digest, manifest.base, wanted.rank or 0, wanted.dtype, wanted.names)
    if is_there(wanted.out, identity):
        return Exported(wanted.out, False, "", dict(read_record(wanted.out) or {}))
    source = resolve(wanted.model, cache=wanted.cache)
    with drafted(wanted.out, identity) as draft:
        base = open_base(
            source, chosen.task.base, labels=wanted.labels, cache=wanted.cache, scratch=draft / WORK / "base"
        )
        origin = origin_of(source.name, source.folder)
        entries = [entry.update_id for entry in manifest.opened]
        with sources_of(access, state, entries, draft / WORK / "sealed") as sources:
            made = _weights(base, chosen, sources, draft, wanted, origin)
        write_atomic(draft / card.NAME, card.card(facts, origin, made).encode())
        write_bom(bill_for(state, chosen, facts, origin, draft), draft)
        record = _record(identity, facts, made, draft)
        write_record(record, draft)
    return Exported(wanted.out, True, card.what(made), dict(record))


def strategy_of(task: TaskSpec) -> Strategy:
    """What combines the contributions of a task's manifest."""
    return strategy_named(task.strategy.name, **task.strategy.settings)


def _weights(base: ExportBase, chosen: Chosen, sources: Any, draft: Path, wanted: Wanted, origin: Origin) -> card.Made:
    entries, strategy = chosen.manifest.entries, strategy_of(chosen.task)
    made = card.Made(wanted.format, base.kind, wanted.labels if base.kind == "classifier" else 0)
    if wanted.format == "peft":
        hub_id = origin.hub_id if origin.loads else None
        told = write_adapter(
            base, chosen.manifest.opened, sources, draft, strategy=strategy, rank=wanted.rank, hub_id=hub_id
        )
        return replace(
            made,
            rank=told.rank,
            cut=told.cut,
            error=told.error,
            strategy_error=told.strategy_error,
            saved=told.saved,
        )
    merged = write_merged(base, entries, sources, draft, strategy=strategy, dtype=wanted.dtype)
    return replace(made, dtype=merged.dtype, rounding=merged.rounding, strategy_error=merged.strategy_error)


def _record(identity: Identity, facts: Facts, made: card.Made, draft: Path) -> dict[str, Any]:
    """Errors are integers in billionths, since canonical objects hold no floats."""
    told: dict[str, Any] = {
        "consortium": facts.consortium,
        "checkpoint": facts.anchor.sequence if facts.anchor else None,
        "strategy": facts.strategy,
        "contributions": facts.contributions,
        "rank": made.rank,
        "error_billionths": round(made.error * BILLION),
        "strategy_error_billionths": round(made.strategy_error * BILLION),
        "rounding_billionths": round(made.rounding * BILLION),
    }
    return record_of(identity, told, draft)
