"""The sender follows from the raw signature, whatever the node says."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.chain.senders import ForgedSender, recover_sender
from orchestrator.errors import ChainError
from orchestrator.types import Digest

ACCOUNT = Account.from_key("0x" + "11" * 32)
TARGET = "0x" + "22" * 20
ACCESS = [{"address": TARGET, "storageKeys": ["0x" + "01" * 32]}]
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def signed(kind: str, chain_id: int | None = 1337, to: str | None = TARGET) -> tuple[dict[str, Any], Digest]:
    """What a node answers for a transaction of that kind."""
    body: dict[str, Any] = {"nonce": 3, "gas": 90_000, "value": 5, "data": "0x1234"}
    body |= {"to": Account.from_key("0x" + "33" * 32).address} if to else {}
    body |= {} if chain_id is None else {"chainId": chain_id}
    fees = {"gasPrice": 7} if kind != "2" else {"maxFeePerGas": 9, "maxPriorityFeePerGas": 1, "type": 2}
    extra = {"accessList": ACCESS} if kind != "0" else {}
    body |= fees | extra | ({"type": 1} if kind == "1" else {})
    raw = ACCOUNT.sign_transaction(body)
    parts = rlp.decode(raw.raw_transaction[0 if kind == "0" else 1 :])
    shown = {name: hex(value) for name, value in body.items() if isinstance(value, int)}
    shown |= {"input": body["data"], "from": ACCOUNT.address, "to": body.get("to"), "type": hex(int(kind))}
    shown |= {"accessList": ACCESS} if kind != "0" else {}
    v, r, s = (hex(int.from_bytes(part, "big")) for part in parts[-3:])
    shown |= {"v": v, "r": r, "s": s} | ({"yParity": v} if kind != "0" else {})
    return shown, Digest("0x" + raw.hash.hex().removeprefix("0x"))


@pytest.mark.parametrize("kind", ["0", "1", "2"])
@pytest.mark.parametrize("to", [TARGET, None])
def test_all_types_recover(kind: str, to: str | None) -> None:
    fields, hash_ = signed(kind, to=to)
    assert recover_sender(fields, expected_hash=hash_, chain_id=1337) == ACCOUNT.address.lower()


def test_a_legacy_signature_without_chain_id_recovers() -> None:
    fields, hash_ = signed("0", chain_id=None)
    assert int(fields["v"], 16) in (27, 28)
    assert recover_sender(fields, expected_hash=hash_, chain_id=1337) == ACCOUNT.address.lower()


@pytest.mark.parametrize("kind", ["0", "1", "2"])
def test_a_signature_for_another_chain_does_not_count(kind: str) -> None:
    fields, hash_ = signed(kind, chain_id=1)
    with pytest.raises(ForgedSender, match="no valid signature"):
        recover_sender(fields, expected_hash=hash_, chain_id=1337)


COMMON = ("nonce", "gas", "value", "input", "to", "r", "s")
FIELDS = [(kind, name) for kind in "012" for name in (*COMMON, *(("v",) if kind == "0" else ("yParity", "accessList")))]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_changed_field_changes_the_hash(kind: str, name: str) -> None:
    fields, hash_ = signed(kind)
    others: dict[str, Any] = {"input": "0x99", "to": "0x" + "99" * 20, "accessList": []}
    changed = others[name] if name in others else hex(int(fields[name], 16) + 1)
    with pytest.raises(ChainError, match="hashes to"):
        recover_sender({**fields, name: changed}, expected_hash=hash_, chain_id=1337)


def test_the_nodes_word_is_not_enough() -> None:
    fields, hash_ = signed("2")
    with pytest.raises(ForgedSender, match=f"says it is from {TARGET}"):
        recover_sender({**fields, "from": TARGET}, expected_hash=hash_, chain_id=1337)


def test_anvils_impersonation_has_no_signature() -> None:
    fields, hash_ = signed("2")
    with pytest.raises(ForgedSender, match="carries no signature"):
        recover_sender({**fields, "r": "0x0", "s": "0x0"}, expected_hash=hash_, chain_id=1337)


def test_an_unknown_type_is_not_guessed() -> None:
    fields, hash_ = signed("2")
    with pytest.raises(ChainError, match="has type 3"):
        recover_sender({**fields, "type": "0x3"}, expected_hash=hash_, chain_id=1337)


@settings(max_examples=200)
@given(
    st.sampled_from(["0", "1", "2"]),
    st.sampled_from(
        ["nonce", "gas", "gasPrice", "maxFeePerGas", "to", "input", "from", "v", "r", "s", "type", "chainId"]
    ),
    st.one_of(st.none(), st.integers(), st.text(max_size=20), st.just("0x"), st.binary(max_size=40).map(bytes.hex)),
)
def test_malformed_fields_are_told(kind: str, name: str, value: object) -> None:
    fields, hash_ = signed(kind)
    try:
        found = recover_sender({**fields, name: value}, expected_hash=hash_, chain_id=1337)
    except (ChainError, ForgedSender):
        return
    assert found == ACCOUNT.address.lower()


def test_a_signature_in_the_upper_half_does_not_count() -> None:
    fields, _ = signed("2")
    from eth_utils.crypto import keccak

    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s, parity = order - int(fields["s"], 16), 1 - int(fields["yParity"], 16)
    assert s > HALF_ORDER
    body = [1337, 3, 1, 9, 90_000, bytes.fromhex(str(fields["to"])[2:]), 5, b"\x12\x34"]
    access = [[bytes.fromhex(TARGET[2:]), [b"\x01" * 32]]]
    raw = b"\x02" + rlp.encode([*body, access, parity, int(fields["r"], 16), s])
    flipped = {**fields, "s": hex(s), "yParity": hex(parity), "v": hex(parity)}
    with pytest.raises(ForgedSender, match="no valid signature"):
        recover_sender(flipped, expected_hash=Digest("0x" + keccak(raw).hex()), chain_id=1337)
