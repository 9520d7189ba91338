"""Reference model of the KeyDirectory."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from stateful.model_members import MembersModel
from stateful.refusals import Refused, refuse

from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId

LONGEST = 4096


def key_digest(key: bytes) -> Digest:
    return Digest("0x" + hashlib.sha256(key).hexdigest())


@dataclass
class Asked:
    """A request for content keys; ``answered`` are the members that have answered it."""

    organisation: OrganisationId
    delegate: Address
    key_digest: Digest
    answered: set[OrganisationId] = field(default_factory=set)


class KeysModel:
    """Long-term keys, prekeys in their order, how many of them are used up, which a round got; requests by number.

    ``known`` are the one-time keys that a member has published, be it as prekeys or with requests.
    """

    def __init__(self, members: MembersModel) -> None:
        self.members = members
        self.keys: dict[OrganisationId, Digest] = {}
        self.prekeys: defaultdict[OrganisationId, list[Digest]] = defaultdict(list)
        self.used: defaultdict[OrganisationId, int] = defaultdict(int)
        self.assigned: dict[tuple[int, OrganisationId], Digest] = {}
        self.known: defaultdict[OrganisationId, set[Digest]] = defaultdict(set)
        self.requests: dict[int, Asked] = {}

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
        known, published = set(self.known[organisation]), list[Digest]()
        for key in keys:
            _check_length(key)
            digest = key_digest(key)
            refuse(digest in known, "KeyDirectoryPrekeyKnown", digest)
            known.add(digest)
            published.append(digest)
        self.known[organisation] = known
        self.prekeys[organisation] += published

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

    def ask(self, sender: Address, key: bytes) -> None:
        organisation = self.members.calling_delegate(sender)
        _check_length(key)
        digest = key_digest(key)
        refuse(digest in self.known[organisation], "KeyDirectoryKeyKnown", digest)
        self.known[organisation].add(digest)
        self.requests[len(self.requests) + 1] = Asked(organisation, sender, digest)

    def answer(self, sender: Address, number: int, object_digest: Digest, cid: str) -> None:
        organisation = self.members.calling_delegate(sender)
        refuse(number not in self.requests, "KeyDirectoryUnknownCatchUp", number)
        asked = self.requests[number]
        refuse(asked.organisation == organisation, "KeyDirectoryOwnCatchUp", number)
        latest = self.latest(asked.organisation)
        refuse(number != latest, "KeyDirectoryCatchUpSuperseded", number, latest)
        present = [one.delegate for one in self.members.members if one.organisation == asked.organisation]
        refuse(not present, "ConsortiumUnknownOrganisation", asked.organisation)
        refuse(present != [asked.delegate], "KeyDirectoryCatchUpLapsed", number, asked.delegate)
        refuse(organisation in asked.answered, "KeyDirectoryCatchUpAnswered", number, organisation)
        refuse(object_digest == ZERO_DIGEST or not cid, "KeyDirectoryAnswerIncomplete")
        asked.answered.add(organisation)

    def latest(self, organisation: OrganisationId) -> int:
        """Number of the member's last request; 0 for none."""
        return max((number for number, asked in self.requests.items() if asked.organisation == organisation), default=0)


def _check_length(key: bytes) -> None:
    refuse(not 0 < len(key) <= LONGEST, "KeyDirectoryKeyLength", len(key), LONGEST)
