"""What a reader takes from a stranger has its limits, and malformed parts end as findings with a name."""

from __future__ import annotations

import pytest
import rlp
from eth_account import Account
from eth_utils.crypto import keccak
from unit.audit.bundles import checked, made, sealed_again
from unit.audit.forger import document, written
from unit.audit.life import Life

from orchestrator.audit import Evidence
from orchestrator.audit.bundle.calls import odd
from orchestrator.audit.bundle.transactions import read_transaction
from orchestrator.audit.bundle.trie import proven_value
from orchestrator.errors import FormatError

KEY = "0x" + "07" * 32


def legacy(**more: int) -> bytes:
    fields = {"nonce": 3, "gas": 21_000, "gasPrice": 1, "to": Account.from_key(KEY).address, "value": 0, "data": "0x"}
    return bytes(Account.sign_transaction({**fields, **more}, KEY).raw_transaction)


@pytest.mark.parametrize(
    ("name", "most", "what"), [("MOST_OBJECT", 10, "object Qm"), ("MOST_OBJECTS", 500, "together")]
)
def test_objects_are_kept_up_to_a_limit(
    life: Life, evidence: Evidence, monkeypatch: pytest.MonkeyPatch, name: str, most: int, what: str
) -> None:
    bundle = made(life, evidence, "all")
    monkeypatch.setattr(f"orchestrator.audit.bundle.book.{name}", most)
    finding = checked(bundle.data, bundle.anchors).result("file").findings[0]
    assert what in finding.message and f"more than {most} bytes" in finding.message
    assert "(object)" in finding.subject


def test_what_is_told_is_kept_up_to_a_limit(life: Life, evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = made(life, evidence, "all")
    kinds = [line.kind for line in bundle.lines]
    most = 1000 * kinds.count("payment") + 400 * (kinds.count("sealed") + 1)
    monkeypatch.setattr("orchestrator.audit.bundle.check_told.MOST_TOLD", 2 * most)
    assert checked(bundle.data, bundle.anchors).ok
    monkeypatch.setattr("orchestrator.audit.bundle.check_told.MOST_TOLD", most - 500)
    finding = checked(bundle.data, bundle.anchors).result("file").findings[0]
    assert f"take more than {most - 500} bytes together" in finding.message


NODES = {
    "seventeen bytes": rlp.encode([b"\x00", b"x" * 17]),
    "bytes for a child": rlp.encode([b"x" * 5] * 17),
    "list for a path": rlp.encode([[b"a"], b"b"]),
    "two bytes": rlp.encode([b"\x00", b"ab"]),
    "large": rlp.encode([b"\x00", b"x" * 5000]),
}


@pytest.mark.parametrize("name", NODES)
def test_a_malformed_node_is_a_format_error(name: str) -> None:
    with pytest.raises(FormatError):
        proven_value(keccak(NODES[name]), b"key", [NODES[name]])


def test_a_deep_node_is_a_finding(life: Life, evidence: Evidence) -> None:
    deep = b"\xc0"
    while len(deep) < 3900:
        deep = rlp.codec.length_prefix(len(deep), 0xC0) + deep
    bundle = made(life, evidence, "none")
    line = document(bundle.raw[1])
    line["accounts"][0]["proof"] = ["0x" + deep.hex()]
    report = checked(sealed_again([bundle.raw[0], written(line), *bundle.raw[2:]]), bundle.anchors)
    assert not report.result("head").ok


def test_a_transaction_without_a_chain_proves_nothing_without_a_root(evidence: Evidence) -> None:
    record = evidence.private.records[0]
    free, bound = read_transaction(legacy(), 1337), read_transaction(legacy(chainId=1337), 1337)
    assert (free.bound, bound.bound) == (False, True)
    assert odd(free, record, {}) == "its transaction names no chain"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (bytes([3]), bytes([0x81, 3])),  # a byte behind a length
        (bytes([3]), bytes([0x82, 0, 3])),  # zeros in front
        (bytes([3]), bytes([0xB8, 1, 3])),  # a long form of a short length
    ],
)
def test_there_is_one_form_of_each_number(short: bytes, long: bytes) -> None:
    items = rlp.decode(legacy(chainId=1337))
    body = b"".join(rlp.encode(item) for item in items[1:])

    def raw(nonce: bytes) -> bytes:
        whole = nonce + body
        return bytes(rlp.codec.length_prefix(len(whole), 0xC0)) + whole

    assert read_transaction(raw(short), 1337).nonce == 3
    with pytest.raises(FormatError, match=r"longer than|zeros"):
        read_transaction(raw(long), 1337)
