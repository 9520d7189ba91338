"""A later end takes the reporter and a member."""

from __future__ import annotations

from contract_support import refuses


def test_an_extension_takes_both_sides(registry, report, parties, reporter, ends):
    end, later = ends(), ends() + 500
    registry.extendEmbargo(1, later, {"from": parties[0].delegate})
    assert ends() == end  # one side alone changes nothing
    registry.extendEmbargo(1, later + 1, {"from": reporter})
    assert ends() == end
    tx = registry.extendEmbargo(1, later, {"from": reporter})
    assert tx.events["EmbargoExtended"]["embargoEnds"] == later and ends() == later
    refuses("DisclosureRegistryAlreadyAcknowledged", registry.acknowledge, 1, end, sender=parties[1].delegate)


def test_it_is_later_than_the_present_one(registry, report, parties, reporter, ends):
    for sender in (reporter, parties[0].delegate):
        refuses("DisclosureRegistryNotLater", registry.extendEmbargo, 1, ends(), sender=sender)


def test_onlookers_propose_nothing(registry, report, onlooker, ends):
    refuses("ConsortiumNotADelegate", registry.extendEmbargo, 1, ends() + 1, sender=onlooker)


def test_latecomers_extend_nothing(registry, report, reporter, ends, embargo_over):
    embargo_over()
    refuses("DisclosureRegistryEmbargoOver", registry.extendEmbargo, 1, ends() + 9999, sender=reporter)


def test_only_of_reports(registry, report, reporter, ends):
    refuses("DisclosureRegistryUnknownReport", registry.extendEmbargo, 9, ends() + 1, sender=reporter)
