"""Rules: agreements, long-term keys, prekeys, requests for content keys; and who acts on the private chain."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from stateful.chain_world import NOBODY, ODD_TEXT, Key
from stateful.machine import action, chance, odd, one
from stateful.model_keys import LONGEST, KeysModel
from stateful.model_members import MembersModel
from stateful.model_round_ledger import RoundLedgerModel
from stateful.refusals import refuse
from stateful.rules_anchoring import digest_of
from stateful.rules_governance import STRANGERS, GovernanceRules

from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId

SALT = digest_of("salt")
AGREEMENTS = (digest_of("agreement"), digest_of("another agreement"))
TEXTS = (ODD_TEXT, "\n", "Qm" * 200, "é\u0000")
"""What a member may send where a CID belongs."""
LABELS = (b"\xff" * 32, b"a\x00b".ljust(32, b"\x00"), b" ".ljust(32, b"\x00"), b"\x00" * 31 + b"\x01")
"""What a member may send where a label belongs: words that are no text."""


class KeyRules(GovernanceRules):
    """``keys`` models the KeyDirectory, ``rounds`` the RoundLedger; membership is that of the private Consortium."""

    keys: KeysModel
    rounds: RoundLedgerModel
    sides = ("private",)

    @property
    def present(self) -> MembersModel:
        return self.members["private"]

    def delegate_of(self, organisation: OrganisationId) -> Key | None:
        found = [one.delegate for one in self.present.members if one.organisation == organisation]
        return next(iter(self._keys(found)), None)

    def who(self, data: st.DataObject, wanted: Sequence[OrganisationId] = ()) -> Key:
        """Who acts: mostly a delegate of these, sometimes anybody."""
        able = [key for key in map(self.delegate_of, wanted or self.present.organisations) if key]
        if not able or chance(data, 8, "anybody"):
            everybody = [*self.delegates("private"), *self.world.keys[STRANGERS][:1], *self.authorities("private")]
            former = [account for account in self.present.former if account != NOBODY]
            return one(data, [*everybody, *self._keys(former)], "who acts")
        return one(data, able, "who acts")

    def organisation_of(self, key: Key) -> OrganisationId | None:
        return next((one.organisation for one in self.present.members if one.delegate == key.address), None)

    @action(1)
    def accept_an_agreement(self, data: st.DataObject) -> None:
        """By an authority that has not, if there is one; sometimes by one that has, or by nobody's."""
        wanted = [(agreement, one) for agreement in AGREEMENTS for one in self._missing(agreement)]
        if not wanted or chance(data, 8, "anybody"):
            anybody = [*self.authorities("private"), self.who(data)]
            agreement = odd(data, one(data, AGREEMENTS, "agreement"), [ZERO_DIGEST], "agreement")
            self._accept(one(data, anybody, "who accepts"), agreement)
            return
        agreement, sender = one(data, wanted, "who accepts what")
        self._accept(sender, agreement)

    @action(18, when=lambda self: self._missing(AGREEMENTS[0]))
    def everybody_accepts(self, data: st.DataObject) -> None:
        for sender in self._missing(AGREEMENTS[0]):
            self._accept(sender, AGREEMENTS[0])

    @action(1)
    def publish_a_key(self, data: st.DataObject) -> None:
        sender, key = self.who(data), self._key(data, "key")
        self.act(sender, "keys", "publishKey", key, SALT, model=lambda: self.keys.publish(sender.address, key))

    @action(1)
    def revoke_a_key(self, data: st.DataObject) -> None:
        sender = self.who(data, [*self.keys.keys])
        self.act(sender, "keys", "revokeKey", SALT, model=lambda: self.keys.revoke(sender.address))

    @action(6)
    def publish_prekeys(self, data: st.DataObject) -> None:
        sender = self.who(data)
        keys = [self._key(data, "prekey") for _ in range(data.draw(st.integers(0, 3), "how many"))]
        self.act(
            sender, "keys", "publishPrekeys", keys, SALT, model=lambda: self.keys.publish_prekeys(sender.address, keys)
        )

    @action(1)
    def discard_prekeys(self, data: st.DataObject) -> None:
        sender = self.who(data)
        self.act(sender, "keys", "discardPrekeys", SALT, model=lambda: self.keys.discard(sender.address))

    @action(2)
    def ask_for_keys(self, data: st.DataObject) -> None:
        """With a key of its own; sometimes with one that serves already, as a prekey or in another request."""
        sender = self.who(data)
        key = self._key(data, one(data, ("one-time", "one-time", "prekey"), "kind of key"))
        self.act(sender, "keys", "askCatchUp", key, SALT, model=lambda: self.keys.ask(sender.address, key))

    @action(3, when=lambda self: self.keys.requests)
    def answer_a_request(self, data: st.DataObject) -> None:
        """Mostly one that stands, by a member that has not answered it."""
        numbers = [number for number, asked in self.keys.requests.items() if self._awaits(number, asked.delegate)]
        if not numbers or chance(data, 6, "any request"):
            numbers = [*self.keys.requests, 0, len(self.keys.requests) + 1]
        number = one(data, numbers, "request")
        sender = self.who(data, self._silent(number))
        digest = odd(data, digest_of("object"), [ZERO_DIGEST], "object")
        cid = odd(data, "QmObject", [*TEXTS, ""], "cid")
        answer = (number, digest, cid)
        self.act(
            sender, "keys", "answerCatchUp", *answer, SALT, model=lambda: self.keys.answer(sender.address, *answer)
        )

    def _awaits(self, number: int, delegate: Address) -> bool:
        """Whether the request stands and some member has not answered it."""
        asked = self.keys.requests[number]
        present = any(one.delegate == delegate for one in self.present.members)
        return present and self.keys.latest(asked.organisation) == number and bool(self._silent(number))

    def _silent(self, number: int) -> list[OrganisationId]:
        """Members that may still answer; nobody where there is no such request."""
        asked = self.keys.requests.get(number)
        if asked is None:
            return []
        return [name for name in self.present.organisations if name not in {asked.organisation, *asked.answered}]

    @action(1)
    def attest_a_checkpoint(self, data: st.DataObject) -> None:
        sender, due = self.who(data), self.rounds.checkpoints
        sequence = data.draw(st.integers(0, due + 1), "sequence")
        signature = bytes(64 if chance(data, 4, "cut short") else 65)
        self.act(
            sender,
            "schedule",
            "attest",
            sequence,
            digest_of("head", sequence),
            signature,
            model=lambda: self._attest(sender, sequence, due, signature),
        )

    def _attest(self, sender: Key, sequence: int, due: int, signature: bytes) -> None:
        self.present.calling_delegate(sender.address)
        refuse(not 0 < sequence <= due, "CheckpointScheduleUnknownSequence", sequence, due)
        refuse(len(signature) != 65, "CheckpointScheduleSignatureLength", len(signature))

    def _missing(self, agreement: Digest) -> list[Key]:
        """Authorities of members that have not accepted it."""
        members = [one for one in self.present.members if (agreement, one.authority) not in self.rounds.agreements]
        return self._keys([one.authority for one in members])

    def _accept(self, sender: Key, agreement: Digest) -> None:
        self.act(
            sender,
            "rounds",
            "acceptAgreement",
            agreement,
            SALT,
            model=lambda: self.rounds.accept_agreement(sender.address, agreement),
        )

    def _key(self, data: st.DataObject, kind: str) -> bytes:
        """Bytes of a key; few different ones, so that some are published twice."""
        if chance(data, 12, "of no length"):
            return b"" if chance(data, 2, "too long") else bytes(LONGEST + 1)
        return f"{kind} {data.draw(st.integers(0, 60), kind)}".encode()
