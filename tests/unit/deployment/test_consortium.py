"""The consortium file: what it may say, and what is told when it is wrong."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from orchestrator import deployment as d
from orchestrator.deployment.consortium import parse_description
from orchestrator.deployment.terms import check_terms, duration
from orchestrator.errors import ConfigurationError
from tools.setup.paths import ROOT


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


REAL = {
    "chains": {"public": 11155111, "private": 2018},
    "awards": {"window_blocks": 7200, "vesting_blocks": 0},
    "rounds": {"max_phase_blocks": 302400},
    "revocations": {"step_blocks": 43200},
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
    description = parse_description(changed(consortium_id="acme", **REAL))
    assert bytes.fromhex(description.consortium_id[2:]) == b"acme".ljust(32, b"\0")
    assert (description.public_chain_id, description.private_chain_id) == (11155111, 2018)


@pytest.mark.parametrize(
    ("section", "name", "says"),
    [
        ("awards", "window_blocks", "on chain 11155111,"),
        ("awards", "window_blocks", "such as awards.window_blocks 7200 (1 day at a block every 12 s)"),
        ("awards", "vesting_blocks", "awards.vesting_blocks 50400 (7 days at"),
        ("rounds", "max_phase_blocks", "rounds.max_phase_blocks 302400 (7 days at a block every 2 s)"),
        ("revocations", "step_blocks", "on chain 2018,"),
        ("revocations", "step_blocks", "revocations.step_blocks 43200 (1 day at a block every 2 s)"),
    ],
)
def test_what_a_real_chain_keeps_for_ever_has_no_default(section, name, says):
    """A development network's objection window is three blocks: 36 seconds on Sepolia."""
    document = changed(**copy.deepcopy(REAL))
    assert parse_description(document).left_out == ()
    del document[section][name]
    with pytest.raises(ConfigurationError, match=rf"^{section}\.{name} is not set") as caught:
        parse_description(document)
    assert says in str(caught.value)
    document["chains"] = {"public": 31337, "private": 1337}
    assert parse_description(document).left_out == (f"{section}.{name}",)


def test_each_side_asks_for_its_own_terms_only():
    real = copy.deepcopy(REAL)
    parse_description(changed(chains={"public": 11155111}, awards=real["awards"]))
    local = {"rounds": real["rounds"], "revocations": real["revocations"]}
    found = parse_description(changed(chains={"private": 2018}, awards={}, **local))
    assert found.left_out == ("awards.window_blocks", "awards.vesting_blocks")
    with pytest.raises(ConfigurationError, match=r"^awards\.window_blocks and awards\.vesting_blocks are not set"):
        check_terms("public", 31337, found.left_out)  # a node of this id that is no development node
    check_terms("private", 1337, found.left_out)


@pytest.mark.parametrize(
    ("blocks", "seconds", "says"),
    [(0, 12.0, "0 seconds"), (3, 12.0, "36 seconds"), (5, 12.0, "1 minute"), (450, 12.0, "1.5 hours"),
     (7200, 12.0, "1 day"), (50400, 12.0, "7 days")],
)  # fmt: skip
def test_blocks_are_told_as_time(blocks, seconds, says):
    assert duration(blocks, seconds) == says


JSON = re.compile(r"^ *```json\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
SAMPLES = [
    pytest.param(text, id=f"{page.name}-{place}")
    for page in sorted(PAGES)
    for place, text in enumerate(
        re.findall(r"^ *```json\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
    if '"loranchor/consortium"' in text
]


def test_the_documentation_has_samples():
    assert {page.id.rpartition("-")[0] for page in SAMPLES} == {"consortium.md", "deploying.md", "operator-guide.md"}


@pytest.mark.parametrize("text", SAMPLES)
def test_every_sample_in_the_documentation_is_read(text):
    """With addresses in place of the points, which stand for those of each member."""
    for place in range(text.count("0x…")):
        text = text.replace("0x…", address(place + 1), 1)
    text = text.replace("0x<64 hex digits of your choice>", "0x" + "ab" * 32)
    assert parse_description(json.loads(text)).left_out == ()


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
