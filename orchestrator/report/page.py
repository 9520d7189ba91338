"""From a summary to the page, and onto the disk."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import Environment, PackageLoader, StrictUndefined

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.canonical import check_nesting
from orchestrator.report import attacked, revoked, text, view
from orchestrator.report.evaluation import EVALUATION, evaluation_of
from orchestrator.report.lines import stages
from orchestrator.report.rows import Revocation
from orchestrator.report.summary import parse

_MEND = "name the summary.json of a run"


def render(summary: dict[str, Any], evaluation: dict[str, Any] | None = None) -> str:
    """The page of one run.

    Args:
        summary: the parsed ``summary.json``.
        evaluation: the parsed ``evaluation.json`` of `loranchor evaluate unlearning`, for the chapter on revocations.

    Raises:
        FormatError: one of them does not follow its format; names the member.
    """
    run = parse(summary)
    page = environment().get_template("report.html.j2")
    return page.render(
        run=run,
        tiles=list(view.tiles(run)),
        events=view.events(run),
        chapters=revoked.chapters(run),
        evaluation=None if evaluation is None else attacked.attacked(evaluation_of(evaluation)),
        organisations=list(view.organisation_rows(run)),
        held_out_charts=view.held_out(run),
        stages=stages(run),
        charts=(view.token_chart(run), view.gas_chart(run), view.bytes_chart(run), view.seconds_chart(run)),
        modes=view.MODES,
        not_evaluated=view.NOT_EVALUATED,
        scopes=revoked.SCOPES,
        approved_by=revoked.APPROVED_BY,
        awards=revoked.AWARDS,
        network_command=view.network_command(run),
    )


def write(
    summary_path: str | os.PathLike[str],
    out_path: str | os.PathLike[str],
    evaluation_path: str | os.PathLike[str] | None = None,
) -> Path:
    """Read ``summary.json`` and write the page beside it or anywhere else, all at once or not at all.

    Args:
        evaluation_path: an ``evaluation.json`` to show with it.

    Raises:
        ConfigurationError: a file cannot be read or the page cannot be written.
        FormatError: a file is no JSON, or not what it should be.
    """
    target = Path(out_path)
    summary = _read(Path(summary_path), _MEND)
    page = render(summary, None if evaluation_path is None else _read(Path(evaluation_path), EVALUATION.mend) or {})
    try:
        _replace(target, page)
    except OSError as error:
        message = f"cannot write {target}: {error.strerror}"
        raise ConfigurationError(message, mend="name a folder you may write to") from error
    return target


def _read(source: Path, mend: str) -> Any:
    try:
        return _load(source.read_bytes(), source, mend)
    except OSError as error:
        raise ConfigurationError(f"cannot read {source}: {error.strerror}", mend=mend) from error


def _load(data: bytes, source: Path, mend: str) -> Any:
    try:
        check_nesting(data, source.name)
        return json.loads(data, parse_constant=_no_constant)
    except (ValueError, FormatError) as error:
        raise FormatError(f"{source} is not JSON: {error}", mend=mend) from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _replace(target: Path, page: str) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(page)
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@cache
def environment() -> Environment:
    """Where pages' templates are, and what they may use; everything is escaped."""
    environment = Environment(
        loader=PackageLoader("orchestrator.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=text.count,
        size=text.size,
        tokens=text.tokens,
        exact_tokens=text.exact_tokens,
        share=text.share,
        words=text.words,
        parts=text.parts,
        clock=text.clock,
    )
    environment.globals.update(
        NOT_RECORDED=text.NOT_RECORDED,
        figure=lambda metric, value: text.figure(metric)(value),
        change=text.change,
        duration=text.duration,
        REASONS=(attacked.NO_REFERENCE, attacked.NOT_MEASURED),
    )
    environment.tests["revocation"] = lambda value: isinstance(value, Revocation)
    return environment
