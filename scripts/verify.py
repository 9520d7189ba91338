"""`brownie run verify [--network NAME]`: is what lies on a chain what these sources compile to? And publish them.

First a check that asks nobody but the chain: code byte for byte, metadata hash and immutables included, the
transactions that made and bound the contracts, and what they are bound to; without a network on both local chains.

Then, where that agrees:
    with ETHERSCAN_TOKEN      the sources are published at Etherscan (API V2), or at the explorer that
                              LORANCHOR_ETHERSCAN_URL names and that speaks Etherscan's language
    without                   build/verify/<chain id>/<Contract>/ gets what Sourcify, Etherscan and Blockscout take

Sends no transaction and needs no account.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from brownie._config import CONFIG

from orchestrator import deployment as d
from orchestrator.deployment.compiled import Compiled
from orchestrator.deployment.explorer import ETHERSCAN, Etherscan
from orchestrator.deployment.publication import SOURCIFY, Publication, publication, write_publication
from orchestrator.deployment.soundness import check_record
from orchestrator.deployment.verification import FINE, NONE, Verdict, Verifier
from orchestrator.errors import AuditFailure, EnvironmentMissing
from scripts.compiler import compiled_contracts
from scripts.nodes import LOCAL_NETWORKS, Node, node_of
from scripts.oneline import in_one_line
from scripts.settings import Settings
from scripts.tables import show, table_of
from tools.setup.paths import ROOT

CHECKS = ("code", "immutables", "constructor", "links", "binding")
PUBLICATIONS = ROOT / "build" / "verify"


def main() -> None:
    """Entry point of `brownie run verify`."""
    in_one_line("verify", verify)


def verify() -> None:
    settings = Settings.read()
    network = CONFIG.argv["network"]
    nodes = [node_of(name) for name in ([network] if network else LOCAL_NETWORKS)]
    records = [_record(settings, node) for node in nodes]
    compiled = compiled_contracts(afresh=True)
    verdicts: list[Verdict] = []
    for node, record in zip(nodes, records, strict=True):
        verdicts += _check(settings, node, record, compiled)
    if wrong := [verdict for verdict in verdicts if not verdict.ok]:
        unfinished = all(verdict.unfinished for verdict in wrong)
        raise AuditFailure(
            f"{len(wrong)} of {len(verdicts)} contracts are not as they should be: "
            f"{', '.join(dict.fromkeys(verdict.name for verdict in wrong))}",
            mend="finish with `brownie run deploy`" if unfinished else "do not use them before you know why",
        )
    print(f"all {len(verdicts)} contracts are what these sources compile to, and bound as they should be")
    for node, record in zip(nodes, records, strict=True):
        _publish(node, record, compiled)


def _record(settings: Settings, node: Node) -> d.DeploymentRecord:
    record = d.read_record(settings.deployments, node.chain.chain_id)
    if record is None or not record.contracts:
        raise EnvironmentMissing(
            f"there is no deployment file {d.record_path(settings.deployments, node.chain.chain_id)}",
            mend=f"deploy with `brownie run deploy --network {node.network}`, or get the file from who did",
        )
    check_record(record, d.record_path(settings.deployments, node.chain.chain_id))
    return record


def _check(
    settings: Settings, node: Node, record: d.DeploymentRecord, compiled: Mapping[str, Compiled]
) -> Sequence[Verdict]:
    """Print one line a contract."""
    description = d.read_description(settings.consortium) if settings.consortium else None
    verifier = Verifier(node.chain, record, _other(settings, record, description), compiled, description)
    verdicts = verifier.verdicts()
    compared = " and the consortium file" if description else ""
    print(f"{record.role} chain {record.chain_id} (network {node.network}), against the sources{compared}")
    rows = [(v.name, v.address, *(_cell(v.findings[column]) for column in CHECKS)) for v in verdicts]
    show(table_of(("contract", "address", *CHECKS), rows))
    for verdict in verdicts:
        for column in CHECKS:
            if verdict.findings[column] not in (FINE, NONE):
                print(f"  {verdict.name}, {column}: {verdict.findings[column]}")
    return verdicts


def _cell(finding: str) -> str:
    return finding if finding in (FINE, NONE) else "see below"


def _other(
    settings: Settings, record: d.DeploymentRecord, description: d.ConsortiumDescription | None
) -> d.DeploymentRecord | None:
    """The file of the other chain: the one that the consortium file names, the local one, or the only other one."""
    if description is not None:
        ids = [description.public_chain_id, description.private_chain_id]
    elif record.chain_id in d.LOCAL_CHAINS:
        ids = list(d.LOCAL_CHAINS)
    else:
        ids = [int(path.stem) for path in settings.deployments.glob("*.json") if path.stem.isdecimal()]
    found = [d.read_record(settings.deployments, chain_id) for chain_id in ids if chain_id != record.chain_id]
    others = [one for one in found if one is not None and one.role != record.role]
    same = [one for one in others if one.consortium_id == record.consortium_id]
    return same[0] if len(same) == 1 else None


def _publish(node: Node, record: d.DeploymentRecord, compiled: Mapping[str, Compiled]) -> None:
    """Hand the sources to an explorer, or write what one takes and say how."""
    found = [publication(name, entry, compiled[name], ROOT) for name, entry in record.contracts.items()]
    folder = PUBLICATIONS / str(record.chain_id)
    for one in found:
        write_publication(folder, one)
    shown = folder.relative_to(ROOT)
    print(
        f"{record.role} chain {record.chain_id}: {shown}/<Contract>/ has standard JSON, metadata, constructor arguments"
    )
    token, url = os.environ.get("ETHERSCAN_TOKEN"), os.environ.get("LORANCHOR_ETHERSCAN_URL")
    if token and (url or not node.local):
        explorer = Etherscan(url or ETHERSCAN, token, record.chain_id, pause=float(url is None) * 2 + 1)
        for one in found:
            print(f"  {one.name}: {explorer.publish(one)}", flush=True)
        return
    print(_next_step(node, record, found[0], shown))


def _next_step(node: Node, record: d.DeploymentRecord, first: Publication, folder: Path) -> str:
    if node.local:
        return "a local chain has no explorer; the folders show what one would get"
    if record.role == "private":
        return (
            "next: give each standard-input.json to an explorer of your own (Blockscout), by hand, or by running this "
            "again with ETHERSCAN_TOKEN and LORANCHOR_ETHERSCAN_URL=<its address>/api"
        )
    return (
        "next: run this again with ETHERSCAN_TOKEN, or give each contract to Sourcify, such as\n"
        f"  curl -sS -X POST -H 'Content-Type: application/json' --data @{folder}/{first.name}/sourcify.json "
        f"{SOURCIFY}/{record.chain_id}/{first.address}"
    )
