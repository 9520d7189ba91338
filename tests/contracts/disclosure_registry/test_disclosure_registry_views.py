"""What can be asked of a report."""

from __future__ import annotations

from contract_support import refuses


def test_a_report_that_nobody_committed_to(registry, report, reporter):
    refuses("DisclosureRegistryUnknownReport", registry.report, 2, sender=reporter)
