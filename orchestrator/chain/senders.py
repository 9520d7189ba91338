"""Who really sent a transaction: the address that its raw signature recovers to.

A node's ``from`` is only its word. The transaction is put together again from the node's fields; its hash must be the
hash that was asked for, so the fields are those that were signed, and the address comes from the signature alone.
Ganache stores what an impersonated account sent under a made-up signature, which recovers to somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from orchestrator.chain import rpc_values as rpc
from orchestrator.errors import ChainError, ProtocolError
from orchestrator.types import Address, Digest

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class ForgedSender(ProtocolError):
    """A transaction that its alleged sender did not sign."""


def recover_sender(transaction: Mapping[str, Any], *, expected_hash: Digest, chain_id: int) -> Address:
    """The address that signed.

    Args:
        transaction: the node's fields (``eth_getTransactionByHash``), of type 0, 1 or 2.

    Raises:
        ChainError: the fields are malformed, of an unknown type, or do not hash to ``expected_hash``.
        ForgedSender: no valid signature for this chain, or one by somebody other than the node's ``from``.
    """
    r, s = _scalar(transaction, "r"), _scalar(transaction, "s")
    if r == 0 or s == 0:  # how Anvil stores what an impersonated account sent
        raise ForgedSender(f"transaction {expected_hash} carries no signature")
    type_ = rpc.quantity(transaction.get("type", "0x0"), "transaction type")
    if type_ == 0:
        unsigned, signed, parity = _legacy(transaction, chain_id)
    elif type_ in (1, 2):
        unsigned, signed, parity = _typed(transaction, type_, chain_id)
    else:
        raise ChainError(f"transaction {expected_hash} has type {type_}", mend="upgrade LoRAnchor to read it")
    actual = "0x" + keccak(signed).hex()
    if actual != expected_hash:
        raise ChainError(f"the node's transaction {expected_hash} hashes to {actual}", mend="do not trust this node")
    signer = _recover(keccak(unsigned), r, s, parity, expected_hash)
    claimed = rpc.address(transaction.get("from"), "transaction sender")
    if signer != claimed:
        raise ForgedSender(f"transaction {expected_hash} says it is from {claimed}, but {signer} signed it")
    return signer


def _recover(message: bytes, r: int, s: int, parity: int, name: Digest) -> Address:
    if parity not in (0, 1) or s > _HALF_ORDER:
        raise ForgedSender(f"transaction {name} carries no valid signature")
    try:
        key = Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(message)
    except (BadSignature, ValidationError) as error:
        raise ForgedSender(f"transaction {name} carries no valid signature") from error
    return Address(key.to_address())


def _legacy(fields: Mapping[str, Any], chain_id: int) -> tuple[bytes, bytes, int]:
    body = [_scalar(fields, "nonce"), _scalar(fields, "gasPrice"), *_target(fields)]
    v = _scalar(fields, "v")
    signed = rlp.encode([*body, v, _scalar(fields, "r"), _scalar(fields, "s")])
    if v in (27, 28):
        return rlp.encode(body), signed, v - 27
    parity = v - 35 - 2 * chain_id
    return rlp.encode([*body, chain_id, 0, 0]), signed, parity


def _typed(fields: Mapping[str, Any], type_: int, chain_id: int) -> tuple[bytes, bytes, int]:
    # the signed chain id is the node's field: that of another chain fails the hash or the recovery
    named_chain = _scalar(fields, "chainId")
    fees = ["gasPrice"] if type_ == 1 else ["maxPriorityFeePerGas", "maxFeePerGas"]
    body = [named_chain, _scalar(fields, "nonce"), *(_scalar(fields, fee) for fee in fees), *_target(fields)]
    body.append(_access_list(fields.get("accessList", [])))
    parity = _scalar(fields, "yParity") if fields.get("yParity") is not None else _scalar(fields, "v")
    prefix = bytes([type_])
    signed = prefix + rlp.encode([*body, parity, _scalar(fields, "r"), _scalar(fields, "s")])
    return prefix + rlp.encode(body), signed, parity if named_chain == chain_id else -1


def _target(fields: Mapping[str, Any]) -> list[Any]:
    to = fields.get("to")
    data = fields.get("input", fields.get("data"))
    return [
        _scalar(fields, "gas"),
        b"" if to is None else bytes.fromhex(rpc.address(to, "transaction target")[2:]),
        _scalar(fields, "value"),
        rpc.data(data, "transaction data"),
    ]


def _access_list(entries: Any) -> list[Any]:
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ChainError("the node's access list is malformed")
    return [
        [
            bytes.fromhex(rpc.address(rpc.mapping(entry, "access list").get("address"), "access list")[2:]),
            [bytes.fromhex(rpc.digest(key, "storage key")[2:]) for key in entry.get("storageKeys", [])],
        ]
        for entry in entries
    ]


def _scalar(fields: Mapping[str, Any], name: str) -> int:
    return rpc.quantity(fields.get(name), f"transaction {name}")
