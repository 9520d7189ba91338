"""EIP-712 digests against eth_account's own encoder, and recovery of signers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CONSORTIUM_ID, address_of_key, authority, private_key, sign, word_of

from orchestrator.commitment import eip712
from orchestrator.commitment.certificate import certificate_digest
from orchestrator.commitment.checkpoints import checkpoint_digest
from orchestrator.commitment.signatures import address_of, recover
from orchestrator.errors import FormatError
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.words import address, organisation_word
from orchestrator.types import Digest, RequestId

CONTRACT = address("0x" + "Ab" * 20)
CHAIN = 31337
PAIR = eip712.Pair(CONSORTIUM_ID, CHAIN, CONTRACT, 1337, authority(AURORA))
PAIR_TYPES = {
    "consortiumId": "bytes32",
    "publicChainId": "uint256",
    "publicAddress": "address",
    "privateChainId": "uint256",
    "privateAddress": "address",
}
PAIR_VALUES: dict[str, Any] = {
    "consortiumId": CONSORTIUM_ID,
    "publicChainId": CHAIN,
    "publicAddress": CONTRACT,
    "privateChainId": 1337,
    "privateAddress": authority(AURORA),
}


def expected(
    name: str, primary: str, types: dict[str, dict[str, str]], message: dict[str, Any], chain: bool = True
) -> bytes:
    """The digest by eth_account."""
    domain: dict[str, Any] = {"name": name, "version": "1"}
    if chain:
        domain |= {"chainId": CHAIN, "verifyingContract": CONTRACT}
    lists = {key: [{"name": item, "type": kind} for item, kind in fields.items()] for key, fields in types.items()}
    return bytes(_hash_eip191_message(encode_typed_data(domain, lists, message)))


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**256 - 1))
def test_checkpoint(small: int, large: int) -> None:
    checkpoint = Checkpoint(
        sequence=small,
        previous_head=word_of("head"),
        records_root=word_of("root"),
        tree_size=small,
        private_chain_id=large,
        private_block=small,
        private_block_hash=word_of("block"),
        manifest_digest=word_of("manifest"),
        awards_root=word_of("awards"),
        consortium_digest=word_of("consortium"),
        epoch=1,
    )
    types = {
        "sequence": "uint64",
        "previousHead": "bytes32",
        "recordsRoot": "bytes32",
        "treeSize": "uint64",
        "privateChainId": "uint256",
        "privateBlock": "uint64",
        "privateBlockHash": "bytes32",
        "manifestDigest": "bytes32",
        "awardsRoot": "bytes32",
        "consortiumDigest": "bytes32",
        "epoch": "uint64",
    }
    message = {
        "sequence": small,
        "previousHead": checkpoint.previous_head,
        "recordsRoot": checkpoint.records_root,
        "treeSize": small,
        "privateChainId": large,
        "privateBlock": small,
        "privateBlockHash": checkpoint.private_block_hash,
        "manifestDigest": checkpoint.manifest_digest,
        "awardsRoot": checkpoint.awards_root,
        "consortiumDigest": checkpoint.consortium_digest,
        "epoch": 1,
    }
    other = expected("LoRAnchor CheckpointAnchor", "Checkpoint", {"Checkpoint": types}, message)
    assert checkpoint_digest(checkpoint, CHAIN, CONTRACT) == other


def test_certificate() -> None:
    message = {"requestId": word_of("request"), "certificateDigest": word_of("certificate")}
    types = {"Certificate": dict.fromkeys(message, "bytes32")}
    found = certificate_digest(RequestId(word_of("request")), word_of("certificate"), CHAIN, CONTRACT)
    assert found == expected("LoRAnchor RevocationLedger", "Certificate", types, message)


def test_membership_change() -> None:
    seats = (eip712.Seat(AURORA, authority(AURORA)), eip712.Seat(BOREALIS, authority(BOREALIS)))
    change = eip712.MembershipChange(PAIR, 2, seats, 2)
    types = {
        "MembershipChange": {**PAIR_TYPES, "epoch": "uint64", "seats": "Seat[]", "quorum": "uint8"},
        "Seat": {"organisation": "bytes32", "authority": "address"},
    }
    rows = [
        {"organisation": organisation_word(seat.organisation), "authority": seat.authority} for seat in change.seats
    ]
    message = {**PAIR_VALUES, "epoch": 2, "seats": rows, "quorum": 2}
    assert change.digest() == expected("LoRAnchor Consortium", "MembershipChange", types, message, chain=False)


@pytest.mark.parametrize("paused", [True, False])
def test_pause_change(paused: bool) -> None:
    types = {"PauseChange": {**PAIR_TYPES, "epoch": "uint64", "nonce": "uint64", "paused": "bool"}}
    message = {**PAIR_VALUES, "epoch": 2, "nonce": 7, "paused": paused}
    found = eip712.PauseChange(PAIR, 2, 7, paused).digest()
    assert found == expected("LoRAnchor Consortium", "PauseChange", types, message, chain=False)


def test_decisions_on_awards() -> None:
    domain, name = eip712.distributor_domain(CHAIN, CONTRACT), "LoRAnchor AwardDistributor"
    root, other = word_of("root"), word_of("other")
    types = {"RootReplacement": {"sequence": "uint64", "previousRoot": "bytes32", "root": "bytes32"}}
    message: dict[str, Any] = {"sequence": 4, "previousRoot": root, "root": other}
    found = eip712.root_replacement_digest(domain, 4, root, other)
    assert found == expected(name, "RootReplacement", types, message)

    packed = keccak((3).to_bytes(32, "big") + (1).to_bytes(32, "big"))
    types = {"AwardVoid": {"sequence": "uint64", "root": "bytes32", "indicesHash": "bytes32"}}
    message = {"sequence": 4, "root": root, "indicesHash": packed}
    assert eip712.award_void_digest(domain, 4, root, [3, 1]) == expected(name, "AwardVoid", types, message)

    types = {"PayoutCapChange": {"previousCap": "uint256", "cap": "uint256", "nonce": "uint64"}}
    message = {"previousCap": 10**20, "cap": 2**96 - 1, "nonce": 0}
    assert eip712.payout_cap_digest(domain, 10**20, 2**96 - 1, 0) == expected(name, "PayoutCapChange", types, message)


def test_values_that_do_not_fit() -> None:
    with pytest.raises(FormatError, match="256 does not fit in uint8"):
        eip712.number(256, 8)
    with pytest.raises(FormatError, match="-1 does not fit in uint256"):
        eip712.number(-1)
    with pytest.raises(FormatError, match="not 0x and 40 lower-case"):
        eip712.account("0x" + "AB" * 20)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_recovers_what_wallets_sign(secret: bytes, message: bytes) -> None:
    if not 0 < int.from_bytes(secret, "big") < 2**255:
        return
    account = Account.from_key(secret)
    signature = account.unsafe_sign_hash(message).signature
    assert recover(message, bytes(signature)) == account.address.lower()
    assert recover(message, sign(PrivateKey(secret), message)) == account.address.lower()


def test_another_digest_recovers_somebody_else() -> None:
    key = private_key("delegate", AURORA)
    signature = sign(key, b"\1" * 32)
    assert recover(b"\1" * 32, signature) == address_of_key(key)
    assert recover(b"\2" * 32, signature) != address_of_key(key)


ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (b"", "not a 65-byte signature"),
        (bytes(64), "not a 65-byte signature"),
        (bytes(64) + b"\0", "with v 27 or 28"),
        (bytes(64) + b"\x1d", "with v 27 or 28"),
        (bytes(64) + b"\x1b", "no key can have made"),
        (b"\xff" * 32 + bytes(31) + b"\1\x1b", "no key can have made"),
        (b"\1" * 32 + (ORDER // 2 + 1).to_bytes(32, "big") + b"\x1b", "upper half"),
    ],
)
def test_malformed_signatures(signature: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        recover(b"\1" * 32, signature)


@given(st.binary(min_size=65, max_size=65))
def test_recover_never_breaks(signature: bytes) -> None:
    with suppress(FormatError):
        recover(b"\1" * 32, signature[:64] + bytes([27 + signature[64] % 2]))


def test_recover_wants_a_digest() -> None:
    with pytest.raises(FormatError, match="32 bytes, not 5"):
        recover(b"hello", bytes(65))
    with pytest.raises(FormatError, match="not an uncompressed public key"):
        address_of(bytes(33))
    assert Digest(word_of(1)) != word_of(2)
