"""What a block explorer shows of one round: transactions and their logs, as a node of the public chain gives them."""

from __future__ import annotations

from typing import Any

from orchestrator.chain.abi import artifact
from orchestrator.chain.codec import decode_values, encode_call
from orchestrator.chain.contracts import public_of
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.port import ChainPort
from orchestrator.chain.public_events import AwardClaim, AwardsPublication, read_anchored, read_awards
from orchestrator.chain.rpc_values import data
from orchestrator.errors import EnvironmentMissing
from orchestrator.types import Address, Digest

STEPS = ("founding", "anchoring", "publishing", "claiming")


def record(chain: ChainPort, deployment: Deployment) -> dict[str, Any]:
    """The founding, the first checkpoint, the publication of its awards and the first claim.

    Raises:
        EnvironmentMissing: the chain has not come that far. ChainError: it is down.
    """
    contracts, last = public_of(chain, deployment), chain.block_number()
    anchored = list(read_anchored(chain, contracts, deployment.first_block, last))
    awards = list(read_awards(chain, contracts, deployment.first_block, last))
    published = [event for event in awards if isinstance(event, AwardsPublication)]
    claims = [event for event in awards if isinstance(event, AwardClaim)]
    if not anchored or not published or not claims:
        raise EnvironmentMissing("no award was claimed on this chain yet", mend="let a round end there first")
    founding = Digest(deployment.contracts["Consortium"].transaction)
    places = [found.place.transaction for found in (anchored[0], published[0], claims[0])]
    hashes = dict(zip(STEPS, (founding, *places), strict=True))
    return {
        "chain_id": chain.chain_id,
        "contracts": {name: item.address for name, item in deployment.contracts.items()},
        "steps": {name: _step(chain, hash_) for name, hash_ in hashes.items()},
        "digest_signed": "0x" + _digest_of(chain, contracts.anchor.address, chain.transactions([places[0]])[0]),
    }


def _step(chain: ChainPort, hash_: Digest) -> dict[str, Any]:
    fields, receipt = chain.transactions([hash_])[0], chain.receipt(hash_)
    assert receipt is not None
    logs = [
        {"address": log.address, "topics": list(log.topics), "data": "0x" + log.data.hex(), "index": log.log_index}
        for log in receipt.logs
    ]
    return {"block": receipt.block, "gas": receipt.gas_used, "transaction": _plain(fields), "logs": logs}


def _plain(fields: Any) -> dict[str, Any]:
    """All fields that the hash covers, as JSON takes them."""
    return {name: "0x" + value.hex() if isinstance(value, bytes) else value for name, value in sorted(fields.items())}


def _digest_of(chain: ChainPort, anchor: Address, fields: Any) -> str:
    """What the contract itself says that delegates sign: its view `digestOf`, of the checkpoint that was anchored."""
    entries = artifact("CheckpointAnchor").functions
    sent = data(fields.get("input", fields.get("data")), "input")
    checkpoint = decode_values(entries["anchor"]["inputs"], sent[4:], "anchor")[1]
    return chain.call(anchor, encode_call(entries["digestOf"], [checkpoint])).hex()
