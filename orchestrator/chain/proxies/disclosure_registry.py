"""``DisclosureRegistry``: sealed reports with an embargo that nobody can extend alone."""

from __future__ import annotations

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.types import Cid, Digest


class DisclosureRegistryProxy(Proxy):
    contract = "DisclosureRegistry"

    def commit_report(self, commitment: Digest) -> Call:
        return self._call("commitReport", commitment, role="anyone")

    def acknowledge(self, report: int, embargo_ends: int) -> Call:
        return self._call("acknowledge", report, embargo_ends)

    def reveal(self, report: int, report_digest: Digest, salt: Digest, cid: Cid) -> Call:
        return self._call("reveal", report, report_digest, salt, cid, role="anyone")
