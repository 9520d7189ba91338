"""`loranchor audit site` and `audit serve`: the page that recomputes everything in a browser."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands import audit_bundle
from orchestrator.commands.common import AsJson, Overrides, console, emit

if TYPE_CHECKING:
    from orchestrator.audit.site import Material

output = console()

To = Annotated[Path, typer.Option("--to", metavar="DIR", help="New folder to write.", show_default=False)]
SiteDir = Annotated[
    Path | None,
    typer.Option("--site", metavar="DIR", help="Serve what `audit site` wrote; reads no chain.", show_default=False),
]
EvaluationFile = Annotated[
    Path | None,
    typer.Option("--evaluation", metavar="FILE", help="An evaluation.json, for relearning curves.", show_default=False),
]
RunDir = Annotated[Path | None, typer.Option("--run-dir", help="Folder of a run.", show_default=False)]
Ipfs = Annotated[str | None, typer.Option("--ipfs", metavar="URL", help="An IPFS node.", show_default=False)]
Host = Annotated[str, typer.Option("--host", help="Address to listen on; others than this machine's are told.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")]


@dataclass(frozen=True)
class Source:
    """Where the page's data come from: chains and IPFS, or a bundle under the auditor's anchors."""

    run_dir: Path | None = None
    ipfs: str | None = None
    overrides: list[str] | None = None
    bundle: Path | None = None
    anchors: tuple[str | None, str | None, int | None, str | None, int | None] = (None,) * 5

    def material(self) -> Material:
        """Reads all of it."""
        if self.bundle is not None:
            return self._bundled(self.bundle)
        from orchestrator.audit import collect
        from orchestrator.audit.site import material_of
        from orchestrator.commands.audit import overrides_of_run, sources_of
        from orchestrator.settings import compose

        settings = compose([*overrides_of_run(self.run_dir), *(self.overrides or ())])
        evidence = collect(sources_of(self.run_dir, self.ipfs, self.overrides, None))
        public, private = settings.explorer("public"), settings.explorer("private")
        return material_of(evidence, public_explorer=public, private_explorer=private)

    def _bundled(self, bundle: Path) -> Material:
        from orchestrator.audit.site import material_of_bundle
        from orchestrator.errors import ConfigurationError

        if self.run_dir or self.ipfs or self.overrides:
            raise ConfigurationError(
                "a bundle is read offline, beside nothing else", mend="leave out the other sources and settings"
            )
        return material_of_bundle(bundle, audit_bundle.anchors_of(*self.anchors))


def site(
    to: To,
    evaluation: EvaluationFile = None,
    run_dir: RunDir = None,
    ipfs: Ipfs = None,
    bundle: audit_bundle.BundleFile = None,
    block_hash: audit_bundle.BlockHash = None,
    anchor: audit_bundle.AnchorAddress = None,
    chain_id: audit_bundle.ChainId = None,
    consortium_id: audit_bundle.ConsortiumId = None,
    private_chain_id: audit_bundle.PrivateChainId = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write the auditor's page and what it reads as static files, which any web server can serve."""
    anchors = (block_hash, anchor, chain_id, consortium_id, private_chain_id)
    folder = _write(to, Source(run_dir, ipfs, overrides, bundle, anchors), evaluation)
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    if as_json:
        emit({"site": str(folder), "files": files})
    else:
        output.print(f"{files} files in {folder}; `loranchor audit serve --site {folder}` shows them")


def serve(
    site: SiteDir = None,
    host: Host = "127.0.0.1",
    port: Port = 8130,
    evaluation: EvaluationFile = None,
    run_dir: RunDir = None,
    ipfs: Ipfs = None,
    bundle: audit_bundle.BundleFile = None,
    block_hash: audit_bundle.BlockHash = None,
    anchor: audit_bundle.AnchorAddress = None,
    chain_id: audit_bundle.ChainId = None,
    consortium_id: audit_bundle.ConsortiumId = None,
    private_chain_id: audit_bundle.PrivateChainId = None,
    overrides: Overrides = None,
) -> None:
    """Serve the auditor's page on this machine until stopped. It shows both chains as they were at the start."""
    from orchestrator.audit.site import SiteServer

    anchors = (block_hash, anchor, chain_id, consortium_id, private_chain_id)
    source = Source(run_dir, ipfs, overrides, bundle, anchors)
    with _folder(site, source, evaluation) as folder, SiteServer(folder, host, port) as server:
        if not server.loopback:
            output.print(f"Anybody who reaches {host} can read this page, and every record of the private chain in it.")
        output.print(f"The page is at {server.address} until you press Ctrl-C.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            output.print("Stopped.")


@contextmanager
def _folder(site: Path | None, source: Source, evaluation: Path | None) -> Iterator[Path]:
    """The given site, or one in a folder that goes when the server ends."""
    if site is not None:
        yield site
        return
    with tempfile.TemporaryDirectory(prefix="loranchor-site-") as scratch:
        yield _write(Path(scratch) / "site", source, evaluation)


def _write(to: Path, source: Source, evaluation: Path | None) -> Path:
    from orchestrator.audit.site import page_folder, view_files, write_site
    from orchestrator.audit.site.evaluation import read_evaluation

    page_folder()  # before chains are read for minutes
    curves = None if evaluation is None else read_evaluation(evaluation)
    return write_site(to, view_files(source.material(), curves))
