"""Deployment files and the plan that fills them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.deployment.records import ADDRESS, DESCRIPTION, planned

from orchestrator import deployment as d
from orchestrator.chain.deployment import load_deployment
from orchestrator.errors import ConfigurationError, EnvironmentMissing


@pytest.mark.parametrize("role", ["public", "private"])
def test_what_is_written_is_read_by_us_and_by_the_proxies(tmp_path, role):
    record = planned(role)
    d.write_record(tmp_path, record)
    assert d.read_record(tmp_path, record.chain_id) == record
    loaded = load_deployment(tmp_path, record.chain_id, record.role)
    assert loaded.side == role and loaded.address("Consortium") == record.addresses["Consortium"]
    assert [path.name for path in tmp_path.iterdir()] == [f"{record.chain_id}.json"]


def test_arguments_are_the_same_in_either_case_of_their_digits(tmp_path):
    record = planned("public")
    d.write_record(tmp_path, record)
    path = d.record_path(tmp_path, record.chain_id)
    document = json.loads(path.read_text())
    for entry in document["contracts"].values():
        entry["constructor_arguments"] = [
            "0x" + item[2:].upper() if str(item).startswith("0x") else item for item in entry["constructor_arguments"]
        ]
    assert document != json.loads(path.read_text())
    path.write_text(json.dumps(document))
    assert d.read_record(tmp_path, record.chain_id) == record


def test_an_unfinished_one_keeps_what_was_about_to_be_sent(tmp_path):
    sent = (
        d.Announced("Consortium", "0x" + "12" * 20, 5),
        d.Announced("KeyDirectory.bind", ADDRESS, 6, "0x" + "34" * 32),
    )
    pending = d.Pending("0x" + "56" * 20, 7, sent)
    record = d.DeploymentRecord(1337, "private", DESCRIPTION.consortium_id, pending=pending, deployer=pending.sender)
    d.write_record(tmp_path, record)
    assert d.read_record(tmp_path, 1337) == record
    assert d.read_record(tmp_path, 31337) is None
    with pytest.raises(EnvironmentMissing, match="was not finished"):
        load_deployment(tmp_path, 1337, "private")


def test_bindings_and_the_deployer_are_kept_and_may_be_missing(tmp_path):
    bindings = {"KeyDirectory": d.BindingRecord(9, "0x" + "78" * 32, (ADDRESS,))}
    record = replace(planned("private"), bindings=bindings, deployer=ADDRESS)
    d.write_record(tmp_path, record)
    assert d.read_record(tmp_path, 1337) == record
    path = d.record_path(tmp_path, 1337)
    document = json.loads(path.read_text())
    del document["bindings"], document["deployer"]  # as an earlier version wrote it
    path.write_text(json.dumps(document))
    assert d.read_record(tmp_path, 1337) == replace(record, bindings={}, deployer="")


def test_what_a_killed_run_left_beside_the_file_does_no_harm(tmp_path):
    (tmp_path / ".31337.json.draft").write_text('{"half')
    d.write_record(tmp_path, planned("public"))
    assert d.read_record(tmp_path, 31337) == planned("public")
    assert [path.name for path in tmp_path.iterdir()] == ["31337.json"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "x"}, "format is not"),
        ({"version": 2}, "version"),
        ({"role": "third"}, "role is 'third'"),
        ({"chain_id": 5}, "is of chain 5"),
        ({"consortium_id": "0x"}, "consortium_id"),
        ({"contracts": []}, "lacks contracts"),
        ({"contracts": {"Consortium": {}}}, "Consortium lacks address"),
        ({"bindings": []}, "bindings is not an object"),
        ({"bindings": {"RoundLedger": {"block": 1}}}, "bindings: RoundLedger lacks transaction"),
        ({"deployer": "me"}, "deployer is 'me'"),
        ({"pending": {"contract": "Consortium", "address": ADDRESS, "block": 1}}, "pending lacks transactions"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, change, says):
    document = {**planned("public").document(), **change}
    d.record_path(tmp_path, 31337).write_text(json.dumps(document))
    with pytest.raises(ConfigurationError) as caught:
        d.read_record(tmp_path, 31337)
    assert says in str(caught.value) and "31337.json" in str(caught.value)


def test_the_members_of_a_deployment_can_be_read_back():
    description = d.description_of(planned("public"))
    assert description.members == DESCRIPTION.members and description.quorum == DESCRIPTION.quorum


def test_large_numbers_are_written_as_decimals():
    assert d.as_json([1, 2**53, 2**53 + 1, ["a", 10**20]]) == [1, 2**53, str(2**53 + 1), ["a", str(10**20)]]


def test_bindings_lead_to_the_contracts_that_call():
    record = planned("private")
    assert d.bindings("public", {}) == {}
    assert d.bindings("private", record.addresses)["KeyDirectory"] == [record.addresses["RoundLedger"]]


@given(st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 250), st.integers(0, 64))))
def test_masking_zeroes_the_places_and_nothing_else(code, places):
    plain = d.masked(code, [{"start": start, "length": length} for start, length in places])
    covered = {byte for start, length in places for byte in range(start, start + length)}
    assert len(plain) == len(code)
    assert all(plain[byte] == (0 if byte in covered else code[byte]) for byte in range(len(code)))
