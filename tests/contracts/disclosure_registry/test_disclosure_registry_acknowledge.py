"""A member has seen the report: once, and the embargo only gets shorter."""

from __future__ import annotations

from contract_support import refuses


def test_a_member_acknowledges_and_may_shorten(registry, report, parties, ends):
    one, end = parties[0], ends()
    tx = registry.acknowledge(1, end - 10, {"from": one.delegate})
    assert tuple(tx.events["ReportAcknowledged"].values()) == (1, one.organisation, end - 10)


def test_only_delegates_do(registry, report, parties, stranger, ends):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", registry.acknowledge, 1, ends(), sender=sender)


def test_only_of_reports(registry, report, parties, ends):
    refuses("DisclosureRegistryUnknownReport", registry.acknowledge, 9, ends(), sender=parties[0].delegate)


def test_the_end_is_not_put_off(registry, report, parties, ends):
    refuses("DisclosureRegistryEmbargoTooLong", registry.acknowledge, 1, ends() + 1, sender=parties[0].delegate)


def test_once(registry, report, parties, ends):
    end = ends()
    registry.acknowledge(1, end - 10, {"from": parties[0].delegate})
    refuses("DisclosureRegistryAlreadyAcknowledged", registry.acknowledge, 1, end, sender=parties[1].delegate)
