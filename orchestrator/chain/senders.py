"""Who really sent a transaction: the address that its raw signature recovers to.

A node's ``from`` is only its word. The transaction is put together again from the node's fields; its hash must be the
hash that was asked for, so the fields are those that were signed, and the address comes from the signature alone.
Ganache stores what an impersonated account sent under a made-up signature, which recovers to somebody else.

Types: 0 (with or without EIP-155), 1 (EIP-2930), 2 (EIP-1559), 3 (EIP-4844, whose blobs are no part of a block) and 4
(EIP-7702). A typed transaction signs its type byte ‖ rlp(fields without the signature).
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

_LAST_TYPE = 4
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class NoSender(ProtocolError):
    """A transaction that nobody is known to have signed; what it tells does not count."""


class ForgedSender(NoSender):
    """A transaction that its alleged sender did not sign."""


class UnknownType(NoSender):
    """A transaction of a type that has no part in this version of the records (docs/decisions/0050)."""


def recover_sender(transaction: Mapping[str, Any], *, expected_hash: Digest, chain_id: int) -> Address:
    """The address that signed.

    Args:
        transaction: the node's fields (``eth_getTransactionByHash``), of type 0 to 4.

    Raises:
        ChainError: the fields are malformed, or do not hash to ``expected_hash``.
        ForgedSender: no valid signature for this chain, or one by somebody other than the node's ``from``.
        UnknownType: none of those types.
    """
    type_ = rpc.quantity(transaction.get("type", "0x0"), "transaction type")
    if type_ > _LAST_TYPE:
        raise UnknownType(f"transaction {expected_hash} is of type {type_}, whose signature is not read")
    r, s = _scalar(transaction, "r"), _scalar(transaction, "s")
    if r == 0 or s == 0:  # how Anvil stores what an impersonated account sent
        raise ForgedSender(f"transaction {expected_hash} carries no signature")
    if type_ == 0:
        unsigned, signed, parity = _legacy(transaction, chain_id)
    else:
        unsigned, signed, parity = _typed(transaction, type_, chain_id)
    actual = "0x" + keccak(signed).hex()
    if actual != expected_hash:
        raise ChainError(f"the node's transaction {expected_hash} hashes to {actual}", mend="do not trust this node")
    signer = _recover(keccak(unsigned), r, s, parity, expected_hash)
    claimed = rpc.address(transaction.get("from"), "transaction sender")
    if signer != claimed:
        raise ForgedSender(f"transaction {expected_hash} says it is from {claimed}, but {signer} signed it")
    return signer


def raw_transaction(transaction: Mapping[str, Any], *, expected_hash: Digest, chain_id: int) -> bytes:
    """The signed bytes of a transaction, put together from the node's fields.

    Raises:
        ChainError: the fields are malformed, or do not hash to ``expected_hash``. UnknownType: not of type 0 to 4.
    """
    type_ = rpc.quantity(transaction.get("type", "0x0"), "transaction type")
    if type_ > _LAST_TYPE:
        raise UnknownType(f"transaction {expected_hash} is of type {type_}, whose bytes are not known")
    signed = (_legacy(transaction, chain_id) if type_ == 0 else _typed(transaction, type_, chain_id))[1]
    if (actual := "0x" + keccak(signed).hex()) != expected_hash:
        raise ChainError(f"the node's transaction {expected_hash} hashes to {actual}", mend="do not trust this node")
    return signed


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
    if type_ == 3:
        body += [_scalar(fields, "maxFeePerBlobGas"), _blob_hashes(fields.get("blobVersionedHashes"))]
    elif type_ == 4:
        body.append(_authorizations(fields.get("authorizationList")))
    parity = _parity(fields)
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
    return [
        [
            bytes.fromhex(rpc.address(rpc.mapping(entry, "access list").get("address"), "access list")[2:]),
            [bytes.fromhex(rpc.digest(key, "storage key")[2:]) for key in _list(entry.get("storageKeys", []), "keys")],
        ]
        for entry in _list(entries, "access list")
    ]


def _blob_hashes(hashes: Any) -> list[bytes]:
    return [bytes.fromhex(rpc.digest(item, "blob hash")[2:]) for item in _list(hashes, "list of blob hashes")]


def _authorizations(entries: Any) -> list[Any]:
    """Each as it was signed by the account that it is about; whose signature that is does not matter here."""
    found = []
    for entry in _list(entries, "authorization list"):
        fields = rpc.mapping(entry, "authorization")
        target = bytes.fromhex(rpc.address(fields.get("address"), "authorization")[2:])
        numbers = [_scalar(fields, name) for name in ("chainId", "nonce")]
        signature = [_parity(fields), _scalar(fields, "r"), _scalar(fields, "s")]
        found.append([numbers[0], target, numbers[1], *signature])
    return found


def _list(value: Any, what: str) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ChainError(f"the node's {what} is malformed")
    return value


def _parity(fields: Mapping[str, Any]) -> int:
    return _scalar(fields, "yParity") if fields.get("yParity") is not None else _scalar(fields, "v")


def _scalar(fields: Mapping[str, Any], name: str) -> int:
    return rpc.quantity(fields.get(name), f"transaction {name}")
