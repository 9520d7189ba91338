"""``Consortium``: members, epoch and quorum; the same source on both chains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.chain.structs import Current, Member
from orchestrator.types import Address, Digest, OrganisationId


class ConsortiumProxy(Proxy):
    contract = "Consortium"

    def consortium_id(self) -> Digest:
        return Digest(self._view("consortiumId"))

    def current(self, *, block: int | None = None) -> Current:
        """Epoch, quorum and consortium digest."""
        answer = self._view("current", block=block)
        return Current(*answer.values())

    def epoch(self) -> int:
        return int(self._view("epoch"))

    def quorum(self) -> int:
        return int(self._view("quorum"))

    def members(self, *, block: int | None = None) -> tuple[Member, ...]:
        """Members in the order that the bitmap of signers counts."""
        return tuple(Member(**entry) for entry in self._view("members", block=block))

    def organisation_of(self, delegate: Address) -> OrganisationId:
        """Raises ``TransactionReverted`` (``ConsortiumNotADelegate``) when the address is none."""
        return OrganisationId(self._view("organisationOf", delegate))

    def former_organisation_of(self, account: Address) -> OrganisationId | None:
        """Whose delegate the address is or ever was; None for anybody else's."""
        return OrganisationId(self._view("formerOrganisationOf", account)) or None

    def authority_of(self, organisation: OrganisationId) -> Address:
        return Address(self._view("authorityOf", organisation))

    def delegate_of(self, organisation: OrganisationId) -> Address:
        return Address(self._view("delegateOf", organisation))

    def paused(self) -> bool:
        return bool(self._view("paused"))

    def rotate_delegate(self, organisation: OrganisationId, delegate: Address) -> Call:
        return self._call("rotateDelegate", organisation, delegate, role="authority")

    def revoke_delegate(self, organisation: OrganisationId) -> Call:
        return self._call("revokeDelegate", organisation, role="authority")

    def change_membership(self, change: Mapping[str, Any] | Any, signatures: Sequence[bytes]) -> Call:
        """``change``: the fields of ``MembershipChange`` by snake_case name; signatures ascending by signer."""
        return self._call("changeMembership", change, signatures, role="anyone")

    def set_paused(self, change: Mapping[str, Any] | Any, signatures: Sequence[bytes]) -> Call:
        return self._call("setPaused", change, signatures, role="anyone")
