"""The two chains as the rest of the package sees them: connections, proxies, records and transactions.

Everything that imports web3.py lives here. Names are loaded on first use, so that ``orchestrator.chain.structs`` can be
read without paying for web3.py.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.chain.connection import Connection
    from orchestrator.chain.contracts import (
        PrivateContracts,
        PublicContracts,
        private_contracts,
        public_contracts,
    )
    from orchestrator.chain.deployment import Deployment, check_code, load_deployment
    from orchestrator.chain.port import Block, ChainPort, ChainReader, RawLog, Receipt, RpcRefused
    from orchestrator.chain.proxy import Call
    from orchestrator.chain.public_events import (
        Anchored,
        AwardClaim,
        AwardsPublication,
        read_anchored,
        read_awards,
    )
    from orchestrator.chain.reader import Attestation, Due, read_attestations, read_due, read_records
    from orchestrator.chain.sender import KeystoreSigner, Signed, Signer, TransactionSender, Usage
    from orchestrator.chain.senders import recover_sender

_HOME = {
    "Connection": "connection",
    "PrivateContracts": "contracts",
    "PublicContracts": "contracts",
    "private_contracts": "contracts",
    "public_contracts": "contracts",
    "Deployment": "deployment",
    "check_code": "deployment",
    "load_deployment": "deployment",
    "Block": "port",
    "ChainPort": "port",
    "ChainReader": "port",
    "RawLog": "port",
    "Receipt": "port",
    "RpcRefused": "port",
    "Call": "proxy",
    "Anchored": "public_events",
    "AwardClaim": "public_events",
    "AwardsPublication": "public_events",
    "read_anchored": "public_events",
    "read_awards": "public_events",
    "Attestation": "reader",
    "Due": "reader",
    "read_attestations": "reader",
    "read_due": "reader",
    "read_records": "reader",
    "KeystoreSigner": "sender",
    "Signed": "sender",
    "Signer": "sender",
    "TransactionSender": "sender",
    "Usage": "sender",
    "recover_sender": "senders",
}

__all__ = [
    "Anchored",
    "Attestation",
    "AwardClaim",
    "AwardsPublication",
    "Block",
    "Call",
    "ChainPort",
    "ChainReader",
    "Connection",
    "Deployment",
    "Due",
    "KeystoreSigner",
    "PrivateContracts",
    "PublicContracts",
    "RawLog",
    "Receipt",
    "RpcRefused",
    "Signed",
    "Signer",
    "TransactionSender",
    "Usage",
    "check_code",
    "load_deployment",
    "private_contracts",
    "public_contracts",
    "read_anchored",
    "read_attestations",
    "read_awards",
    "read_due",
    "read_records",
    "recover_sender",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
