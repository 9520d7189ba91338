"""Reference model of the KeyDirectory."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from stateful.model_members import MembersModel
from stateful.refusals import Refused, refuse

from orchestrator.types import Address, Digest, OrganisationId

LONGEST = 4096


def key_digest(key: bytes) -> Digest:
    return Digest("0x" + hashlib.sha256(key).hexdigest())


class KeysModel:
    """Long-term keys, prekeys in their order, how many of them are used up, and which a round got."""

    def __init__(self, members: MembersModel) -> None:
        self.members = members
        self.keys: dict[OrganisationId, Digest] = {}
        self.prekeys: defaultdict[OrganisationId, list[Digest]] = defaultdict(list)
        self.used: defaultdict[OrganisationId, int] = defaultdict(int)
        self.assigned: dict[tuple[int, OrganisationId], Digest] = {}

    def publish(self, sender: Address, key: bytes) -> None:
        organisation = self.members.calling_delegate(sender)
        _check_length(key)
        self.keys[organisation] = key_digest(key)

    def revoke(self, sender: Address) -> None:
        organisation = self.members.calling_delegate(sender)
        if organisation not in self.keys:
            raise Refused("KeyDirectoryNoKey", organisation)
        del self.keys[organisation]

    def publish_prekeys(self, sender: Address, keys: Sequence[bytes]) -> None:
        organisation = self.members.calling_delegate(sender)
        refuse(not keys, "KeyDirectoryNoPrekeys")
        known = list(self.prekeys[organisation])
        for key in keys:
            _check_length(key)
            digest = key_digest(key)
            refuse(digest in known, "KeyDirectoryPrekeyKnown", digest)
            known.append(digest)
        self.prekeys[organisation] = known

    def discard(self, sender: Address) -> None:
        organisation = self.members.calling_delegate(sender)
        refuse(self.unused(organisation) == 0, "KeyDirectoryNoPrekeys")
        self.used[organisation] = len(self.prekeys[organisation])

    def unused(self, organisation: OrganisationId) -> int:
        return len(self.prekeys[organisation]) - self.used[organisation]

    def assign(self, round_id: int) -> None:
        """Each member's next unused prekey; a member without one gets none."""
        for organisation in self.members.organisations:
            if self.unused(organisation):
                self.assigned[round_id, organisation] = self.prekeys[organisation][self.used[organisation]]
                self.used[organisation] += 1


def _check_length(key: bytes) -> None:
    refuse(not 0 < len(key) <= LONGEST, "KeyDirectoryKeyLength", len(key), LONGEST)
