"""The sender follows from the raw signature, whatever the node says."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.chain.senders import ForgedSender, NoSender, UnknownType, recover_sender
from orchestrator.errors import ChainError
from orchestrator.types import Digest

ACCOUNT = Account.from_key("0x" + "11" * 32)
TARGET = "0x" + "22" * 20
ACCESS = [{"address": TARGET, "storageKeys": ["0x" + "01" * 32]}]
KINDS = ("0", "1", "2", "3", "4")
BLOBS = ["0x01" + "44" * 31, "0x01" + "55" * 31]
OTHER = Account.from_key("0x" + "77" * 32)
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def signed(kind: str, chain_id: int | None = 1337, to: str | None = TARGET) -> tuple[dict[str, Any], Digest]:
    """What a node answers for a transaction of that kind."""
    body: dict[str, Any] = {"nonce": 3, "gas": 90_000, "value": 5, "data": "0x1234"}
    body |= {"to": Account.from_key("0x" + "33" * 32).address} if to else {}
    body |= {} if chain_id is None else {"chainId": chain_id}
    fees = {"gasPrice": 7} if kind in "01" else {"maxFeePerGas": 9, "maxPriorityFeePerGas": 1}
    extra: dict[str, Any] = {"accessList": ACCESS, "type": int(kind)} if kind != "0" else {}
    extra |= {"maxFeePerBlobGas": 11, "blobVersionedHashes": BLOBS} if kind == "3" else {}
    extra |= {"authorizationList": [authorization(0), authorization(1337)]} if kind == "4" else {}
    return as_answered(body | fees | extra)


def authorization(chain_id: int) -> dict[str, Any]:
    """Somebody's consent to run code under its address, which is what a transaction of type 4 carries."""
    return OTHER.sign_authorization({"chainId": chain_id, "address": "0x" + "66" * 20, "nonce": 8}).model_dump(
        by_alias=True
    )


def as_answered(body: dict[str, Any]) -> tuple[dict[str, Any], Digest]:
    """The JSON of a node, put together from what eth_account signed and from nothing of ours."""
    raw = ACCOUNT.sign_transaction(body)
    kind = int(body.get("type", 0))
    parts = rlp.decode(raw.raw_transaction[1 if kind else 0 :])
    shown = {name: hex(value) for name, value in body.items() if isinstance(value, int)}
    shown |= {"input": body["data"], "from": ACCOUNT.address, "to": body.get("to"), "type": hex(kind)}
    shown |= {name: body[name] for name in ("accessList", "blobVersionedHashes") if name in body}
    if kind == 4:
        names = ("chainId", "address", "nonce", "yParity", "r", "s")
        shown["authorizationList"] = [dict(zip(names, map(_hex, item), strict=True)) for item in parts[-4]]
    v, r, s = (hex(int.from_bytes(part, "big")) for part in parts[-3:])
    shown |= {"v": v, "r": r, "s": s} | ({"yParity": v} if kind else {})
    return shown, Digest("0x" + raw.hash.hex().removeprefix("0x"))


def _hex(part: bytes) -> str:
    return "0x" + part.hex() if len(part) == 20 else hex(int.from_bytes(part, "big"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("to", [TARGET, None])
def test_all_types_recover(kind: str, to: str | None) -> None:
    fields, hash_ = signed(kind, to=to)
    assert recover_sender(fields, expected_hash=hash_, chain_id=1337) == ACCOUNT.address.lower()


def test_a_legacy_signature_without_chain_id_recovers() -> None:
    fields, hash_ = signed("0", chain_id=None)
    assert int(fields["v"], 16) in (27, 28)
    assert recover_sender(fields, expected_hash=hash_, chain_id=1337) == ACCOUNT.address.lower()


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_for_another_chain_does_not_count(kind: str) -> None:
    fields, hash_ = signed(kind, chain_id=1)
    with pytest.raises(ForgedSender, match="no valid signature"):
        recover_sender(fields, expected_hash=hash_, chain_id=1337)


COMMON = ("nonce", "gas", "value", "input", "to", "r", "s")
OWN = {"0": ("v",), "3": ("maxFeePerBlobGas", "blobVersionedHashes"), "4": ("authorizationList",)}
TYPED = ("yParity", "accessList")
FIELDS = [(kind, name) for kind in KINDS for name in (*COMMON, *OWN.get(kind, ()), *(TYPED if kind != "0" else ()))]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_changed_field_changes_the_hash(kind: str, name: str) -> None:
    fields, hash_ = signed(kind)
    others: dict[str, Any] = {"input": "0x99", "to": "0x" + "99" * 20, "accessList": []}
    others |= {"blobVersionedHashes": BLOBS[:1], "authorizationList": fields.get("authorizationList", [])[1:]}
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


@pytest.mark.parametrize("name", ["chainId", "address", "nonce", "yParity", "r", "s"])
def test_every_part_of_an_authorization_is_signed(name: str) -> None:
    fields, hash_ = signed("4")
    first, *others = fields["authorizationList"]
    changed = {**first, name: hex(int(first[name], 16) + 1) if name != "address" else TARGET}
    with pytest.raises(ChainError, match="hashes to"):
        recover_sender({**fields, "authorizationList": [changed, *others]}, expected_hash=hash_, chain_id=1337)


@pytest.mark.parametrize("type_", [5, 0x7E, 0x7F])
def test_an_unknown_type_has_no_sender(type_: int) -> None:
    """Whatever its fields are: nobody stops a reader by sending one."""
    fields, hash_ = signed("2")
    for told in ({**fields, "type": hex(type_)}, {"type": hex(type_), "hash": hash_}):
        with pytest.raises(UnknownType, match=f"is of type {type_}"):
            recover_sender(told, expected_hash=hash_, chain_id=1337)


NUMBERS = st.integers(0, 2**64 - 2)
WORDS = st.binary(min_size=32, max_size=32).map(lambda word: "0x" + word.hex())
ACCESS_LISTS = st.lists(
    st.fixed_dictionaries({"address": st.just(TARGET), "storageKeys": st.lists(WORDS, max_size=2)}), max_size=2
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from(range(5)), chain_id=st.integers(1, 2**40))
def test_what_eth_account_signs_recovers(data: st.DataObject, kind: int, chain_id: int) -> None:
    body: dict[str, Any] = {name: data.draw(NUMBERS) for name in ("nonce", "gas", "value")}
    body |= {"to": OTHER.address, "chainId": chain_id, "data": "0x" + data.draw(st.binary(max_size=60)).hex()}
    fees = ("gasPrice",) if kind < 2 else ("maxFeePerGas", "maxPriorityFeePerGas")
    body |= {name: data.draw(NUMBERS) for name in fees}
    if kind:
        body |= {"type": kind, "accessList": data.draw(ACCESS_LISTS)}
    if kind == 3:
        body |= {
            "maxFeePerBlobGas": data.draw(NUMBERS),
            "blobVersionedHashes": data.draw(st.lists(WORDS, min_size=1, max_size=3)),
        }
    if kind == 4:
        chains = data.draw(st.lists(st.integers(0, 2**40), min_size=1, max_size=3))
        body |= {"authorizationList": [authorization(item) for item in chains]}
    fields, hash_ = as_answered(body)
    assert recover_sender(fields, expected_hash=hash_, chain_id=chain_id) == ACCOUNT.address.lower()


NAMES = [
    *("nonce", "gas", "gasPrice", "maxFeePerGas", "to", "input", "from", "v", "r", "s", "type", "chainId"),
    *("accessList", "maxFeePerBlobGas", "blobVersionedHashes", "authorizationList"),
]


@settings(max_examples=200)
@given(
    st.sampled_from(KINDS),
    st.sampled_from(NAMES),
    st.one_of(
        st.none(),
        st.integers(),
        st.text(max_size=20),
        st.just("0x"),
        st.binary(max_size=40).map(bytes.hex),
        st.lists(st.one_of(st.none(), st.dictionaries(st.sampled_from(["address", "nonce"]), st.text()))),
    ),
)
def test_malformed_fields_are_told(kind: str, name: str, value: object) -> None:
    fields, hash_ = signed(kind)
    try:
        found = recover_sender({**fields, name: value}, expected_hash=hash_, chain_id=1337)
    except (ChainError, NoSender):
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
