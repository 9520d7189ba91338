"""Nobody stops a reveal after the embargo, whatever the consortium says."""

from __future__ import annotations

from contract_support import digest, refuses


def test_anybody_reveals_after_the_embargo(registry, report, parties, opening, onlooker, embargo_over):
    registry.extendEmbargo(1, 2**63, {"from": parties[0].delegate})  # not agreed: without effect
    embargo_over()
    tx = registry.reveal(*opening(), "QmReport", {"from": onlooker})
    assert tuple(tx.events["ReportRevealed"].values()) == (1, digest("report"), "QmReport")
    assert registry.report(1)[3]
    refuses("DisclosureRegistryAlreadyRevealed", registry.reveal, *opening(), "QmReport", sender=onlooker)


def test_nobody_before(registry, report, opening, reporter):
    refuses("DisclosureRegistryUnderEmbargo", registry.reveal, *opening(), "QmReport", sender=reporter)


def test_only_what_was_committed_to(registry, report, opening, reporter, embargo_over):
    embargo_over()
    number, _, salt = opening()
    for wrong in ((number, digest("other"), salt), (number, digest("report"), digest("another salt"))):
        refuses("DisclosureRegistryWrongReport", registry.reveal, *wrong, "QmReport", sender=reporter)


def test_a_copied_commitment_reveals_nothing(registry, report, opening, onlooker, embargo_over):
    registry.commitReport(registry.report(1)[4], {"from": onlooker})
    embargo_over(2)
    refuses("DisclosureRegistryWrongReport", registry.reveal, *opening(2), "QmReport", sender=onlooker)


def test_who_copies_a_reveal_does_not_hide_where_the_report_lies(
    registry, report, reporter, opening, onlooker, embargo_over
):
    embargo_over()
    registry.reveal(*opening(), "QmNothing", {"from": onlooker})  # taken from the reporter's waiting transaction
    refuses("DisclosureRegistryAlreadyRevealed", registry.reveal, *opening(), "QmNothing", sender=onlooker)
    tx = registry.reveal(*opening(), "QmReport", {"from": reporter})
    assert tx.events["ReportRevealed"]["cid"] == "QmReport"


def test_only_of_reports(registry, report, opening, reporter):
    refuses("DisclosureRegistryUnknownReport", registry.reveal, *opening(9), "QmReport", sender=reporter)
