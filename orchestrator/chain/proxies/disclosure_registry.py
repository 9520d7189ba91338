"""``DisclosureRegistry``: sealed reports with an embargo that nobody can extend alone."""

from __future__ import annotations

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.types import Address, Cid, Digest


class DisclosureRegistryProxy(Proxy):
    contract = "DisclosureRegistry"

    def consortium(self) -> Address:
        """The ``Consortium`` whose delegates acknowledge."""
        return Address(self._view("consortium"))

    def default_embargo(self) -> int:
        """Embargo of a new report, in seconds."""
        return int(self._view("defaultEmbargo"))

    def commit_report(self, commitment: Digest) -> Call:
        return self._call("commitReport", commitment, role="anyone")

    def acknowledge(self, report: int, embargo_ends: int) -> Call:
        return self._call("acknowledge", report, embargo_ends)

    def extend_embargo(self, report: int, embargo_ends: int) -> Call:
        """By the reporter or a delegate; naming the end that the other side proposed agrees to it."""
        return self._call("extendEmbargo", report, embargo_ends, role="anyone")

    def reveal(self, report: int, report_digest: Digest, salt: Digest, cid: Cid) -> Call:
        return self._call("reveal", report, report_digest, salt, cid, role="anyone")
