"""The consortium file: what it may say, and what is told when it is wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from orchestrator import deployment as d
from orchestrator.deployment.consortium import parse_description
from orchestrator.errors import ConfigurationError


def address(number: int) -> str:
    return f"0x{number:040x}"


DOCUMENT: dict[str, Any] = {
    "format": "loranchor/consortium",
    "version": 1,
    "consortium_id": "0x" + "AB" * 32,
    "quorum": 2,
    "members": [
        {"organisation": name, "authority": address(2 * place + 1), "delegate": address(2 * place + 2)}
        for place, name in enumerate(("aurora", "borealis", "cumulus"))
    ],
    "awards": {"payout_cap": "1000000000000000000", "window_blocks": 5, "vesting_blocks": 2},
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DOCUMENT), **changes}


def test_what_a_file_says_is_read(tmp_path):
    path = tmp_path / "consortium.json"
    path.write_text(json.dumps(DOCUMENT))
    description = d.read_description(path)
    assert description.consortium_id == "0x" + "ab" * 32 and description.quorum == 2
    assert description.members[1] == d.MemberDescription("borealis", address(3), address(4))
    assert (description.payout_cap, description.window_blocks, description.vesting_blocks) == (10**18, 5, 2)
    assert (description.public_chain_id, description.private_chain_id) == (31337, 1337)


def test_what_a_file_leaves_out_has_a_default():
    """A file of an earlier version has no `rounds` and no `confirmations`."""
    description = parse_description(DOCUMENT)
    assert description.max_phase_blocks == 200_000
    assert (description.public_confirmations, description.private_confirmations) == (3, 1)
    told = parse_description(changed(rounds={"max_phase_blocks": 77}, confirmations={"public": 12, "private": 2}))
    assert told.max_phase_blocks == 77
    assert (told.public_confirmations, told.private_confirmations) == (12, 2)


def test_the_longest_phase_goes_to_the_round_ledger():
    description = parse_description(changed(rounds={"max_phase_blocks": 77}))
    addresses = {"Consortium": address(1), "CheckpointSchedule": address(2), "KeyDirectory": address(3)}
    assert d.constructor_arguments("RoundLedger", description, addresses) == [address(1), address(2), address(3), 77]


def test_a_name_serves_as_the_id_and_chains_can_be_named():
    description = parse_description(changed(consortium_id="acme", chains={"public": 11155111, "private": 2018}))
    assert bytes.fromhex(description.consortium_id[2:]) == b"acme".ljust(32, b"\0")
    assert (description.public_chain_id, description.private_chain_id) == (11155111, 2018)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "other"}, "format is not loranchor/consortium"),
        ({"version": 2}, "version"),
        ({"quorum": 1}, "a quorum of 1 for 3 members; take 2 to 3"),
        ({"quorum": 4}, "a quorum of 4 for 3 members"),
        ({"quorum": "two"}, "quorum is 'two'"),
        ({"quorum": True}, "quorum is True"),
        ({"members": []}, "0 members"),
        ({"members": {}}, "members is {}"),
        ({"members": [1]}, "members[0] is not an object"),
        ({"consortium_id": "0x12"}, "consortium_id is '0x12'"),
        ({"awards": {"payout_cap": -1}}, "payout_cap is -1"),
        ({"awards": {"payout_cap": str(2**96)}}, "payout_cap"),
        ({"awards": []}, "awards is not an object"),
        ({"revocations": {"step_blocks": 0}}, "step_blocks is 0"),
        ({"rounds": {"max_phase_blocks": 0}}, "rounds: max_phase_blocks is 0"),
        ({"rounds": {"max_phase_blocks": 2**32}}, "rounds: max_phase_blocks"),
        ({"rounds": {"max_phase_block": 5}}, "nothing is called 'max_phase_block' here; it may have max_phase_blocks"),
        ({"confirmations": {"public": 0}}, "confirmations: public is 0"),
        ({"disclosure": {"embargo_seconds": 365 * 24 * 3600 + 1}}, "disclosure: embargo_seconds"),
        ({"quorums": 2}, "nothing is called 'quorums' here"),
    ],
)
def test_what_is_wrong_is_named(change, says):
    with pytest.raises(ConfigurationError) as caught:
        parse_description(changed(**change))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("place", "field", "value", "says"),
    [
        (0, "organisation", "Aurora", "organisation is 'Aurora'"),
        (0, "authority", address(0), "an address other than zero"),
        (0, "delegate", "0x12", "delegate is '0x12'"),
        (1, "autority", address(9), "members[1]: nothing is called 'autority' here"),
        (1, "organisation", "aurora", "organisation aurora is there twice"),
        (1, "delegate", address(1), f"address {address(1)} is there twice"),
    ],
)
def test_a_wrong_member_is_named(place, field, value, says):
    document = changed()
    document["members"][place][field] = value
    with pytest.raises(ConfigurationError) as caught:
        parse_description(document)
    assert says in str(caught.value)


def test_a_field_that_is_missing_is_named():
    for name in ("format", "version", "quorum", "members", "consortium_id"):
        document = changed()
        del document[name]
        with pytest.raises(ConfigurationError, match=f"lacks {name}"):
            parse_description(document)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot read the consortium file"):
        d.read_description(tmp_path / "none.json")
    path = tmp_path / "broken.json"
    path.write_text("{")
    with pytest.raises(ConfigurationError, match="is not JSON"):
        d.read_description(path)


def test_the_development_consortium_takes_the_nodes_accounts():
    description = d.development_description([address(number).upper().replace("X", "x") for number in range(10, 20)])
    assert [member.organisation for member in description.members] == ["aurora", "borealis", "cumulus"]
    assert description.members[0].authority == address(11) and description.members[2].delegate == address(16)
    assert description.quorum == 2
    with pytest.raises(ConfigurationError, match="6 unlocked accounts"):
        d.development_description([address(number) for number in range(6)])
