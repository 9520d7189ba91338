"""What comes after a deployment, in one line that fits what is deployed."""

from __future__ import annotations

from orchestrator.deployment.consortium import ConsortiumDescription
from orchestrator.deployment.record import DeploymentRecord

SEPOLIA = 11155111


def next_step(
    records: dict[str, DeploymentRecord | None],
    description: ConsortiumDescription,
    *,
    local: bool,
    development: bool,
) -> str:
    """What the deployer does next.

    Args:
        records: of the public and the private chain, as far as there are any.
        local: both are chains of this machine. development: without a consortium file.
    """
    for role, record in records.items():
        if record is None or "Consortium" not in record.contracts:
            network = network_of(role, description, local=local)
            return f"deploy the {role} chain (`brownie run deploy --network {network}`); the pair is bound then"
    for role, record in records.items():
        if record is not None and "Consortium" not in record.bindings:
            network = network_of(role, description, local=local)
            return (
                f"bind the {role} chain's Consortium to the other: "
                f"`brownie run deploy --network {network}` with the files of both chains in the folder"
            )
    if development:
        return (
            "look around (`brownie console --network public`); these members' keys are the local nodes' own. For "
            "daemons, name a consortium file in LORANCHOR_CONSORTIUM (docs/deploying.md)"
        )
    names = " and ".join(f"{record.chain_id}.json" for record in records.values() if record)
    checks = "`brownie run verify`" if local else "`brownie run verify --network NAME` on each chain"
    return f"{checks}, then give {names} to every member, who runs `loranchor doctor` and `loranchor round agree`"


def network_of(role: str, description: ConsortiumDescription, *, local: bool) -> str:
    """The name of a chain's network, where it follows from its id."""
    if local:
        return role
    if role == "private":
        return "besu"
    return "sepolia" if description.public_chain_id == SEPOLIA else "NAME"
