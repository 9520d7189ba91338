"""`loranchor audit …`: checks everything from the outside, without a key and without a daemon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands import audit_bundle, audit_report, audit_site, audit_watch
from orchestrator.commands.common import AsJson, Overrides, console, emit

if TYPE_CHECKING:
    from orchestrator.audit import Handed, Sources
    from orchestrator.chain.deployment import Deployment
    from orchestrator.settings import Settings, Side

app = typer.Typer(help="Audits: recompute everything from both chains and IPFS.", no_args_is_help=True)
output = console()
app.command()(audit_watch.watch)
app.command()(audit_report.report)
app.command()(audit_site.site)
app.command()(audit_site.serve)

RunDir = Annotated[
    Path | None,
    typer.Option("--run-dir", help="Folder of a demo run or of a local network.", show_default=False),
]
Ipfs = Annotated[
    str | None,
    typer.Option("--ipfs", metavar="URL", help="HTTP API of an IPFS node; else the settings' one.", show_default=False),
]
HandoverDir = Annotated[
    Path | None,
    typer.Option("--handover", metavar="DIR", help="What a member handed over, to be compared.", show_default=False),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="New folder to write.", show_default=False)]


@app.command()
def verify(
    handover: HandoverDir = None,
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
    """Audit both chains, IPFS and a handover, or a bundle offline. Ends with 0 if everything agrees, with 8 if not."""
    from orchestrator.audit import print_report, read_handed
    from orchestrator.audit import verify as audit
    from orchestrator.errors import AuditFailure, ConfigurationError

    if bundle is not None:
        if handover or run_dir or ipfs or overrides:
            raise ConfigurationError(
                "a bundle is checked offline, beside nothing else", mend="leave out the other sources and settings"
            )
        anchors = audit_bundle.anchors_of(block_hash, anchor, chain_id, consortium_id, private_chain_id)
        report = audit_bundle.check(bundle, anchors)
    else:
        folder = handover or _own_handover(run_dir)
        handed = None if folder is None else read_handed(folder)
        report = audit(sources_of(run_dir, ipfs, overrides, handed), handed)
    if as_json:
        emit(report.document())
    else:
        print_report(report, output)
    if not report.ok:
        raise typer.Exit(AuditFailure.exit_code)


@app.command()
def handover(
    out: Out,
    run_dir: RunDir = None,
    ipfs: Ipfs = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write what an auditor is handed, from the chains and IPFS alone."""
    from orchestrator.audit import write_handover

    folder = write_handover(out, sources_of(run_dir, ipfs, overrides, None))
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    if as_json:
        emit({"handover": str(folder), "files": files})
    else:
        output.print(f"{files} files in {folder}; an auditor checks them with `loranchor audit verify --handover`")


@app.command()
def bundle(
    to: audit_bundle.To,
    disclose: audit_bundle.Disclose = None,
    run_dir: RunDir = None,
    ipfs: Ipfs = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write one file for an auditor without access, with proofs, and with the private records that you disclose."""
    said = audit_bundle.make(sources_of(run_dir, ipfs, overrides, None), to, disclose)
    if as_json:
        emit(said)
        return
    output.print(f"{said['lines']} lines in {to}, proven by public block {said['block']}", soft_wrap=True)
    output.print(f"The auditor takes that block's hash from a source of his own; here it is {said['block_hash']}",
                 soft_wrap=True)  # fmt: skip


def _own_handover(run_dir: Path | None) -> Path | None:
    """The handover of a demo run, if there is one."""
    folder = None if run_dir is None else run_dir / "handover"
    return folder if folder is not None and folder.is_dir() else None


def sources_of(run_dir: Path | None, ipfs: str | None, overrides: list[str] | None, handed: Handed | None) -> Sources:
    """Where an audit reads, by its options; deployments for want of the auditor's own out of what was handed."""
    from orchestrator.audit import Sources
    from orchestrator.settings import compose
    from orchestrator.storage import IpfsStore

    settings = compose([*overrides_of_run(run_dir), *(overrides or ())])
    public, public_handed = _deployment(settings, "public", handed)
    private, private_handed = _deployment(settings, "private", handed)
    return Sources(
        public=settings.connection("public"),
        private=settings.connection("private"),
        store=IpfsStore(ipfs or ipfs_address(settings)),
        public_deployment=public,
        private_deployment=private,
        addresses_handed=public_handed or private_handed,
    )


def overrides_of_run(run_dir: Path | None) -> list[str]:
    """Settings that follow from a run folder: its network, and its deployments where it has its own.

    Raises:
        ConfigurationError: there is no local network in it.
    """
    from orchestrator.errors import ConfigurationError
    from orchestrator.localnet.state import state_path

    if run_dir is None:
        return []
    network = next((place for place in (run_dir, run_dir / "network") if state_path(place).is_file()), None)
    if network is None:
        raise ConfigurationError(f"there is no local network in {run_dir}", mend="name the folder of a run")
    own = [f"chain.network='{network}'"]
    return [*own, f"chain.deployments='{run_dir / 'deployments'}'"] if (run_dir / "deployments").is_dir() else own


def _deployment(settings: Settings, side: Side, handed: Handed | None) -> tuple[Deployment, bool]:
    """The auditor's own deployment file; for want of one that of the handover, which is told."""
    from orchestrator.chain.deployment import load_deployment
    from orchestrator.errors import EnvironmentMissing

    try:
        return load_deployment(settings.deployments, settings.chain_id(side), side), False
    except EnvironmentMissing:
        if handed is None or side not in handed.deployments:
            raise
        return handed.deployments[side], True


def ipfs_address(settings: Settings) -> str:
    """The set node, else any of the local network: each reaches the objects of all."""
    from orchestrator.localnet import read_network

    network = None if settings.network is None else read_network(settings.network)
    if settings.group("storage")["api_url"] is None and network is not None and network.storage:
        return network.storage[min(network.storage)].api_url
    return settings.ipfs_api()
