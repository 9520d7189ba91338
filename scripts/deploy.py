"""`brownie run deploy [--network NAME] [--dry-run] [--raise-fee]`: the contracts of one chain; without a network those
of both local chains.

    --dry-run     send nothing; show what would be done, gas, cost, the account's balance and what is missing
    --raise-fee   where a transaction of an interrupted run still waits, send it again for a higher fee

A second run sends nothing. An interrupted run goes on where it stopped. Settings come from the environment
(scripts/settings.py); docs/deploying.md walks through every kind of network.
"""

from __future__ import annotations

from brownie._config import CONFIG

from orchestrator import deployment as d
from orchestrator.deployment.hints import next_step
from orchestrator.deployment.lock import locked
from scripts.compiler import compiled_contracts
from scripts.forecast import check_funds, dry_run
from scripts.nodes import LOCAL_NETWORKS, Node, node_of
from scripts.oneline import in_one_line
from scripts.runs import Plan, bind_pair, development_description
from scripts.settings import Settings
from scripts.tables import report


def main() -> None:
    """Entry point of `brownie run deploy`."""
    in_one_line("deploy", deploy)


def deploy() -> None:
    settings = Settings.read()
    description = d.read_description(settings.consortium) if settings.consortium else None
    network = CONFIG.argv["network"]
    nodes = [node_of(name) for name in ([network] if network else LOCAL_NETWORKS)]
    description = description or development_description(settings.deployments, nodes[0])
    creation = {name: compiled.creation for name, compiled in compiled_contracts().items()}
    plan = Plan(settings, description, creation)
    if settings.dry_run:
        dry_run(plan, nodes)
        return
    with locked(settings.deployments):
        runs = [plan.on(node) for node in nodes]
        for run in runs:
            check_funds(run, plan)
            run.run()
        bound, hindrance = bind_pair(plan, nodes)
    for run in runs:
        print("".join(f"{line}\n" for line in run.said), end="")
    _report(settings, nodes)
    sent = sum(run.lane.sent for run in [*runs, *bound])
    print(f"transactions sent: {sent}" if sent else "nothing to do: everything is deployed, transactions sent: 0")
    print(f"next: {hindrance or _hint(plan, nodes)}")


def _report(settings: Settings, nodes: list[Node]) -> None:
    for node in nodes:
        record = d.read_record(settings.deployments, node.chain.chain_id)
        assert record is not None
        report(record, str(d.record_path(settings.deployments, node.chain.chain_id)))


def _hint(plan: Plan, nodes: list[Node]) -> str:
    local, development = all(node.local for node in nodes), plan.settings.consortium is None
    return next_step(plan.records(), plan.description, local=local, development=development)
