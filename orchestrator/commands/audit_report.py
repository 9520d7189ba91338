"""`loranchor audit report`: an audit on paper, for who decides and for who examines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.common import AsJson, Overrides, console, emit

if TYPE_CHECKING:
    from orchestrator.audit.paper import Told

output = console()

FORMATS = ("html", "pdf")
NAME = "audit-report"

To = Annotated[Path, typer.Option("--to", metavar="FOLDER|FILE", help="A folder, or a file ending in .html or .pdf.")]
Format = Annotated[
    list[str] | None,
    typer.Option("--format", metavar="html|pdf", help="For a folder; both by default.", show_default=False),
]
Language = Annotated[str, typer.Option("--language", metavar="en|ja", help="Of the page; a PDF is in English.")]
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="What `audit verify --json` printed, instead of an audit now."),
]


def report(
    to: To,
    format_: Format = None,
    language: Language = "en",
    from_: From = None,
    handover: Annotated[
        Path | None, typer.Option("--handover", metavar="DIR", help="What a member handed over.", show_default=False)
    ] = None,
    run_dir: Annotated[Path | None, typer.Option("--run-dir", help="Folder of a run.", show_default=False)] = None,
    ipfs: Annotated[str | None, typer.Option("--ipfs", metavar="URL", help="An IPFS node.", show_default=False)] = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Audit, and write the result for people. Ends with 0 if everything agrees, with 8 if anything does not."""
    from orchestrator.audit.paper import Told, paper_of, read_result
    from orchestrator.errors import AuditFailure

    files = _targets(to, format_, language)
    told = _audited(handover, run_dir, ipfs, overrides) if from_ is None else Told(read_result(from_))
    paper = paper_of(told, language)
    for kind, path in files:
        _write(kind, path, paper)
    count = len(told.result.findings)
    if as_json:
        emit({"ok": told.result.ok, "findings": count, "files": [str(path) for _, path in files]})
    else:
        verdict = "everything agrees" if told.result.ok else f"findings: {count}"
        output.print(f"{', '.join(str(path) for _, path in files)}: {verdict}", markup=False, soft_wrap=True)
    if not told.result.ok:
        raise typer.Exit(AuditFailure.exit_code)


def _audited(handover: Path | None, run_dir: Path | None, ipfs: str | None, overrides: list[str] | None) -> Told:
    from orchestrator.audit import collect, read_handed, verify_evidence
    from orchestrator.audit.paper import Told, facts_of
    from orchestrator.audit.recomputed import Recomputed
    from orchestrator.commands.audit import sources_of

    handed = None if handover is None else read_handed(handover)
    sources = sources_of(run_dir, ipfs, overrides, handed)
    evidence = collect(sources)
    result = verify_evidence(evidence, handed)
    if not evidence.readable:
        return Told(result)
    return Told(result, facts_of(Recomputed(evidence)), sources.public.block(evidence.public.block).timestamp)


def _targets(to: Path, formats: list[str] | None, language: str) -> list[tuple[str, Path]]:
    """What to write where, before an audit that may take long."""
    from orchestrator.audit.paper import LANGUAGES
    from orchestrator.errors import ConfigurationError

    if unknown := [name for name in formats or () if name not in FORMATS]:
        raise ConfigurationError(f"there is no format {unknown[0]!r}", mend="choose html or pdf")
    if language not in LANGUAGES:
        raise ConfigurationError(f"there is no report in {language!r}", mend=f"choose one of {', '.join(LANGUAGES)}")
    suffix = to.suffix.lower().removeprefix(".")
    if suffix in FORMATS and not to.is_dir():
        if formats and formats != [suffix]:
            raise ConfigurationError(f"{to} is no file for {', '.join(formats)}", mend="name a folder")
        found = [(suffix, to)]
    else:
        wanted = list(dict.fromkeys(formats or (FORMATS if language == "en" else ("html",))))
        found = [(kind, to / f"{NAME}.{kind}") for kind in wanted]
    if language != "en" and any(kind == "pdf" for kind, _ in found):
        raise ConfigurationError(
            f"no font is packaged for a PDF in {language!r}", mend="make the HTML page, and print it to PDF"
        )
    return found


def _write(kind: str, path: Path, paper: object) -> None:
    from orchestrator.audit.paper import html_of, pdf_of
    from orchestrator.audit.paper.blocks import Paper
    from orchestrator.errors import ConfigurationError
    from orchestrator.files import write_atomic

    assert isinstance(paper, Paper)
    data = pdf_of(paper) if kind == "pdf" else html_of(paper).encode()
    try:
        write_atomic(path, data)
    except OSError as error:
        mend = "name a folder you may write to"
        raise ConfigurationError(f"cannot write {path}: {error.strerror}", mend=mend) from error
