"""Checkpoints and attestations, built by the definitions and not by the contracts."""

from __future__ import annotations

from typing import Any

from contract_support import CHECKPOINT, ZERO, contract_domain, digest, sign_all
from eth_abi import encode
from eth_utils import keccak

GENESIS: tuple[Any, ...] = (0, ZERO, ZERO, 0, 0, 0, ZERO, ZERO, ZERO, ZERO, 0)
FIELDS = [field for _, field in CHECKPOINT]


def head_of(checkpoint: tuple[Any, ...]) -> str:
    """The EIP-712 struct hash."""
    type_hash = keccak(text="Checkpoint(" + ",".join(f"{type_} {field}" for type_, field in CHECKPOINT) + ")")
    values = [bytes.fromhex(value[2:]) if isinstance(value, str) else value for value in checkpoint]
    return "0x" + keccak(type_hash + encode([type_ for type_, _ in CHECKPOINT], values)).hex()


def successor(anchor: Any, consortium: Any, previous: tuple[Any, ...] = GENESIS, **changes: Any) -> tuple[Any, ...]:
    """An honest next checkpoint, but for ``changes``."""
    values = {
        "sequence": previous[0] + 1,
        "previousHead": head_of(previous),
        "recordsRoot": digest(f"records {previous[0] + 1}"),
        "treeSize": previous[3] + 10,
        "privateChainId": anchor.privateChainId(),
        "privateBlock": previous[5] + 5,
        "privateBlockHash": digest("block"),
        "manifestDigest": digest("manifest"),
        "awardsRoot": ZERO,
        "consortiumDigest": str(consortium.consortiumDigest()),
        "epoch": consortium.epoch(),
    }
    values.update(changes)
    return tuple(values[field] for field in FIELDS)


def with_(checkpoint: tuple[Any, ...], **changes: Any) -> tuple[Any, ...]:
    return tuple(changes.get(field, value) for field, value in zip(FIELDS, checkpoint, strict=True))


def attest(anchor: Any, checkpoint: tuple[Any, ...], accounts: Any) -> list[str]:
    domain = contract_domain("LoRAnchor CheckpointAnchor", anchor)
    return sign_all(accounts, domain, "Checkpoint", CHECKPOINT, checkpoint)
