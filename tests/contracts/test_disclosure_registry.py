"""Reports of a weakness: an embargo that ends, whatever the consortium says."""

from __future__ import annotations

import pytest
from brownie import DisclosureRegistry, chain
from contract_support import ZERO, digest, refused, refuses
from eth_abi import encode
from eth_utils import keccak

EMBARGO = 1000
SECRET = digest("salt")


@pytest.fixture
def reporter(stranger):
    return stranger


@pytest.fixture
def report(registry, reporter):
    parts = [bytes.fromhex(digest("report")[2:]), bytes.fromhex(SECRET[2:]), reporter.address]
    commitment = "0x" + keccak(encode(["bytes32", "bytes32", "address"], parts)).hex()
    return registry.commitReport(commitment, {"from": reporter})


def ends(registry, identifier=1):
    return registry.report(identifier)[1]


def pass_time(seconds):
    chain.sleep(seconds)
    chain.mine()


def test_anybody_commits_to_a_report(registry, report, reporter):
    event = report.events["ReportCommitted"]
    assert (event["id"], event["reporter"], event["embargoEnds"]) == (1, reporter, report.timestamp + EMBARGO)
    assert registry.reportCount() == 1 and registry.defaultEmbargo() == EMBARGO
    refuses("DisclosureRegistryEmptyCommitment", registry.commitReport, ZERO, sender=reporter)
    refuses("DisclosureRegistryUnknownReport", registry.report, 2, sender=reporter)


def test_a_member_acknowledges_once_and_only_shortens(registry, report, parties, stranger):
    one, end = parties[0], ends(registry)
    refuses("ConsortiumNotADelegate", registry.acknowledge, 1, end, sender=stranger)
    refuses("DisclosureRegistryUnknownReport", registry.acknowledge, 9, end, sender=one.delegate)
    refuses("DisclosureRegistryEmbargoTooLong", registry.acknowledge, 1, end + 1, sender=one.delegate)
    tx = registry.acknowledge(1, end - 10, {"from": one.delegate})
    assert tuple(tx.events["ReportAcknowledged"].values()) == (1, one.organisation, end - 10)
    refuses("DisclosureRegistryAlreadyAcknowledged", registry.acknowledge, 1, end, sender=parties[1].delegate)


def test_an_extension_takes_both_sides(registry, report, parties, reporter):
    end, later = ends(registry), ends(registry) + 500
    registry.extendEmbargo(1, later, {"from": parties[0].delegate})
    assert ends(registry) == end  # one side alone changes nothing
    registry.extendEmbargo(1, later + 1, {"from": reporter})
    assert ends(registry) == end
    tx = registry.extendEmbargo(1, later, {"from": reporter})
    assert tx.events["EmbargoExtended"]["embargoEnds"] == later and ends(registry) == later
    refuses("DisclosureRegistryAlreadyAcknowledged", registry.acknowledge, 1, end, sender=parties[1].delegate)
    refuses("DisclosureRegistryNotLater", registry.extendEmbargo, 1, later, sender=reporter)


def test_strangers_and_latecomers_extend_nothing(registry, report, parties, reporter, accounts):
    refuses("ConsortiumNotADelegate", registry.extendEmbargo, 1, ends(registry) + 1, sender=accounts[8])
    pass_time(EMBARGO + 1)
    refuses("DisclosureRegistryEmbargoOver", registry.extendEmbargo, 1, ends(registry) + 9999, sender=reporter)


def test_nobody_stops_a_reveal_after_the_embargo(registry, report, parties, reporter, accounts):
    terms = (1, digest("report"), SECRET, "QmReport")
    refuses("DisclosureRegistryUnderEmbargo", registry.reveal, *terms, sender=reporter)
    registry.extendEmbargo(1, 2**63, {"from": parties[0].delegate})  # not agreed: without effect
    pass_time(EMBARGO + 1)
    wrong = (1, digest("other"), SECRET, "QmReport")
    refuses("DisclosureRegistryWrongReport", registry.reveal, *wrong, sender=reporter)
    tx = registry.reveal(*terms, {"from": accounts[8]})
    assert tuple(tx.events["ReportRevealed"].values()) == (1, digest("report"), "QmReport")
    assert registry.report(1)[3]
    refuses("DisclosureRegistryAlreadyRevealed", registry.reveal, *terms, sender=accounts[8])


def test_a_copied_commitment_reveals_nothing(registry, report, accounts):
    registry.commitReport(registry.report(1)[4], {"from": accounts[8]})
    pass_time(EMBARGO + 1)
    terms = (2, digest("report"), SECRET, "QmReport")
    refuses("DisclosureRegistryWrongReport", registry.reveal, *terms, sender=accounts[8])


def test_who_copies_a_reveal_does_not_hide_where_the_report_lies(registry, report, reporter, accounts):
    pass_time(EMBARGO + 1)
    terms = 1, digest("report"), SECRET
    registry.reveal(*terms, "QmNothing", {"from": accounts[8]})  # taken from the reporter's waiting transaction
    refuses("DisclosureRegistryAlreadyRevealed", registry.reveal, *terms, "QmNothing", sender=accounts[8])
    tx = registry.reveal(*terms, "QmReport", {"from": reporter})
    assert tx.events["ReportRevealed"]["cid"] == "QmReport"


def test_no_embargo_lasts_for_ever(consortium, deployer):
    with refused("DisclosureRegistryEmbargoAboveLimit"):
        deployer.deploy(DisclosureRegistry, consortium, 365 * 86400 + 1)
    assert deployer.deploy(DisclosureRegistry, consortium, 365 * 86400).defaultEmbargo() == 365 * 86400
