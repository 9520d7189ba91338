"""Words, record fields and records: one canonical form each, and no other is taken."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import word_of
from unit.ledger.history import life

from orchestrator.errors import FormatError
from orchestrator.ledger import schema, words
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.ledger.merkle import verify_inclusion
from orchestrator.ledger.records import record_from_document, records_tree
from orchestrator.ledger.state import kinds

LIFE = life()


@given(st.binary(min_size=32, max_size=32))
def test_any_word_has_one_label(data: bytes) -> None:
    text = words.label_text(data)
    assert words.label_word(text) == data


@given(st.from_regex(words.ORGANISATION, fullmatch=True))
def test_organisations_come_back(name: str) -> None:
    assert words.organisation_name(words.organisation_word(name)) == name


@pytest.mark.parametrize("name", ["", "Aurora", "1st", "a" * 32, "a\n", "-a", "ä"])
def test_bad_organisations(name: str) -> None:
    with pytest.raises(FormatError, match="not an organisation's name"):
        words.organisation_word(name)


@pytest.mark.parametrize("data", [bytes(32), b"a".ljust(31, b"\0"), b"a\0b".ljust(32, b"\0"), b"\xff" * 32])
def test_bad_organisation_words(data: bytes) -> None:
    with pytest.raises(FormatError, match="not an organisation's name"):
        words.organisation_name(data)


@pytest.mark.parametrize("label", ["x" * 33, "ü", " x", "x ", "a\nb"])
def test_bad_labels(label: str) -> None:
    with pytest.raises(FormatError, match="not a label"):
        words.label_word(label)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64 - 1))
def test_integers_are_exact_whatever_a_member_writes(score: int, samples: int) -> None:
    fields = schema.fields_from_event(
        "VerificationRecorded",
        {
            "requestId": bytes(32),
            "organisation": words.organisation_word("aurora"),
            "metric": b"loss".ljust(32, b"\0"),
            "valueBefore": score,
            "valueAfter": -1,
            "samples": samples,
            "leafSalt": bytes(32),
        },
    )
    schema.check_fields("VerificationRecorded", fields)
    canonical_bytes(fields)
    assert schema.integer(fields["value_before"]) == score
    assert schema.integer(fields["samples"]) == samples
    assert fields["metric"] == "loss"


def test_structs_from_tuples_and_mappings() -> None:
    submission = {
        "ciphertextDigest": bytes(32),
        "headerDigest": bytes(32),
        "contentCommitment": bytes(32),
        "dataStatementDigest": bytes(32),
        "parentManifest": bytes(32),
        "samples": 5,
        "epsilon": 0,
    }
    common = {"roundId": 1, "updateId": b"\x11" * 32, "organisation": words.organisation_word("aurora")}
    by_name = schema.fields_from_event("UpdateSubmitted", {**common, "submission": submission})
    by_place = schema.fields_from_event("UpdateSubmitted", {**common, "submission": tuple(submission.values())})
    assert by_name == by_place
    assert by_name["submission"]["samples"] == 5
    assert by_name["update_id"] == "0x" + "11" * 32


def test_unknown_and_missing_arguments() -> None:
    with pytest.raises(FormatError, match="RoundFailed lacks reason"):
        schema.fields_from_event("RoundFailed", {"roundId": 1})
    with pytest.raises(FormatError, match="RoundFailed has no field extra"):
        schema.fields_from_event("RoundFailed", {"roundId": 1, "reason": bytes(32), "extra": 1})
    with pytest.raises(FormatError, match="'Nothing' is no kind of record"):
        schema.fields_from_event("Nothing", {})


def test_text_that_is_not_utf8_becomes_text() -> None:
    fields = {
        "roundId": 1,
        "updateId": bytes(32),
        "organisation": words.organisation_word("aurora"),
        "payloadCid": b"Qm\xff",
        "headerCid": "Qm",
    }
    assert schema.fields_from_event("UpdateReleased", fields)["payload_cid"] == "Qm\\xff"


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("RoundFailed", "round_id", "1"),
        ("RoundFailed", "round_id", True),
        ("RoundFailed", "round_id", -1),
        ("RoundFailed", "round_id", 2**53),
        ("RoundFailed", "reason", "ü"),
        ("RoundFailed", "reason", b""),
        ("RoundClosed", "accepted", 2**16),
        ("EpochAdvanced", "members", 3),
        ("EpochAdvanced", "members", "03"),
        ("VerdictRevealed", "accept", 1),
        ("VerdictRevealed", "organisation", "Aurora"),
        ("MemberAdded", "authority", "0x" + "A" * 40),
        ("KeyPublished", "key", "0x1"),
        ("KeyPublished", "digest", "0x" + "a" * 63),
        ("RoundOpened", "opening", {}),
        ("RoundOpened", "opening", 1),
        ("RevocationRequested", "updates", "0x"),
        ("RevocationRequested", "updates", ["0x"]),
    ],
)
def test_fields_have_one_form(kind: str, name: str, value: object) -> None:
    samples: dict[str, dict[str, Any]] = {record.kind: dict(record.fields) for record in LIFE.records}
    samples["RoundFailed"] = {"round_id": 1, "reason": ""}
    samples["KeyPublished"] = {"organisation": "aurora", "digest": word_of("k"), "key": "0x00"}
    schema.check_fields(kind, samples[kind])
    with pytest.raises(FormatError, match=kind):
        schema.check_fields(kind, {**samples[kind], name: value})


def test_the_fold_knows_every_kind() -> None:
    assert set(kinds()) == set(schema.KINDS)


def test_records_come_back_from_their_documents() -> None:
    for record in LIFE.records:
        again = record_from_document(record.document(), record.salt)
        assert again == record
        assert again.leaf_data == record.leaf_data


def test_leaf_data_by_hand() -> None:
    record = next(item for item in LIFE.records if item.kind == "RoundOpened")
    salt = hashlib.sha256(bytes.fromhex(record.salt[2:]) + record.log_index.to_bytes(8, "big")).digest()
    assert record.leaf_data == hashlib.sha256(salt + canonical_bytes(record.document())).digest()
    assert "salt" not in record.document()


def test_one_transaction_makes_different_leaves() -> None:
    assigned = [item for item in LIFE.records if item.kind == "PrekeyAssigned"][:2]
    assert assigned[0].salt == assigned[1].salt
    assert assigned[0].leaf_data != assigned[1].leaf_data


def test_a_record_is_in_the_tree() -> None:
    tree = records_tree(LIFE.records)
    assert tree.root() == LIFE.ledger.tree.root()
    index = 30
    proof = tree.inclusion_proof(index)
    assert verify_inclusion(LIFE.records[index].leaf_data, index, tree.size, proof, tree.root())


@pytest.mark.parametrize(
    "change",
    [
        {"block": -1},
        {"block": True},
        {"log_index": 2**53},
        {"signer": "0x00"},
        {"salt": "0x00"},
        {"transaction": "0x" + "G" * 64},
        {"sender": "Nobody"},
        {"kind": "Nothing"},
        {"fields": {}},
    ],
)
def test_malformed_records(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        replace(LIFE.records[20], **change)


def test_the_consortium_has_no_salt() -> None:
    with pytest.raises(FormatError, match="MemberAdded has no leaf salt"):
        replace(LIFE.records[0], salt=word_of("salt"))


@pytest.mark.parametrize(
    "change",
    [{"extra": 1}, {"kind": None}, {"fields": []}, {"version": 2}, {"format": "loranchor/task"}, {"signer": 1}],
)
def test_malformed_record_documents(change: dict[str, Any]) -> None:
    record = LIFE.records[20]
    document = {key: value for key, value in {**record.document(), **change}.items() if value is not None}
    with pytest.raises(FormatError):
        record_from_document(document, record.salt)
