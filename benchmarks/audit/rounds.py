"""Records of a consortium of any age, as its contracts would tell them: every round whole, every transaction signed.

They go through the same types as records of a chain, but not through the fold, whose cost grows with the square of the
history; a test folds short ones and finds no contradiction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.audit.people import CONSORTIUM_ID, CONTRACTS, PRIVATE_CHAIN, Person, Signer, signer
from orchestrator.chain.abi import artifact
from orchestrator.chain.codec import encode_call
from orchestrator.chain.structs import Opening, Submission, Verdict
from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import Seat
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.ids import update_id_of
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.records import Record
from orchestrator.ledger.schema import KINDS
from orchestrator.ledger.task import TaskSpec
from orchestrator.storage.cid import cid_of
from orchestrator.types import MILLION, ZERO_DIGEST, Address, Cid, Digest, OrganisationId, UpdateId

Told = tuple[str, Mapping[str, Any]]
"""A kind of record and its fields."""
PREKEYS = 100
"""How many a member publishes at once."""


class Rounds:
    """Makes records in order; :attr:`raws` has the transactions of those made last.

    Args:
        members: who belong, and each contributes to each round. task: of every round.
    """

    def __init__(self, members: Sequence[Person], task: TaskSpec) -> None:
        self.members, self.task, self.block = members, task, 1
        self.quorum = len(members) // 2 + 1
        names = [person.name for person in members]
        self.agreement = Agreement.of(CONSORTIUM_ID, "Agreement", names, "benchmark", ["Be honest."])
        seats = [Seat(person.name, person.authority.address) for person in members]
        self.consortium_digest = consortium_digest(CONSORTIUM_ID, 1, self.quorum, seats)
        self._task_cid, self._agreement_cid = cid_of(task.to_bytes()), cid_of(self.agreement.to_bytes())
        self.raws: dict[Digest, bytes] = {}
        self._prekeys: dict[tuple[OrganisationId, int], Digest] = {}

    def founding(self) -> Iterator[Record]:
        """Members, epoch, and their word on the agreement."""
        told: list[Told] = []
        for person in self.members:
            told.append(("MemberAdded", {"organisation": person.name, "authority": person.authority.address}))
            rotated = {"previous": NO_ADDRESS, "current": person.delegate.address}
            told.append(("DelegateRotated", {"organisation": person.name, **rotated}))
        advanced = {"epoch": 1, "consortium_digest": self.consortium_digest, "quorum": self.quorum}
        told.append(("EpochAdvanced", {**advanced, "members": str(len(self.members))}))
        yield from self._tell(signer("deployer", "consortium"), "", None, b"\x60", told)
        for person in self.members:
            accepted = {"agreement_digest": self.agreement.digest, "organisation": person.name}
            salt = self._salt()
            data = _call("RoundLedger", "acceptAgreement", self.agreement.digest, salt)
            ledger = CONTRACTS[PRIVATE_CHAIN]["RoundLedger"]
            yield from self._tell(person.authority, "", ledger, data, [("AgreementAccepted", accepted)], salt)

    def round(self, number: int, manifest: Digest) -> Iterator[Record]:
        """One from its opening to its end: all contribute, release, judge everything and accept it."""
        if (number - 1) % PREKEYS == 0:
            yield from self._publish(number - 1)
        yield from self._open(number, manifest)
        updates = [self.update_id(number, person.name) for person in self.members]
        for person, update in zip(self.members, updates, strict=True):
            one, two, three, four = (sha256(f"{part}/{update}".encode()) for part in range(4))
            submission = Submission(one, two, three, four, manifest, 100, 0)
            fields = {name: getattr(submission, name) for name in Submission.__slots__}
            told = {"round_id": number, "update_id": update, "organisation": person.name, "submission": fields}
            yield from self._by(person, "submitUpdate", [("UpdateSubmitted", told)], number, submission)
        for person, update in zip(self.members, updates, strict=True):
            cids = Cid("Qm" + update[2:46]), Cid("Qm" + update[20:64])
            released = {"round_id": number, "update_id": update, "organisation": person.name}
            told = {**released, "payload_cid": cids[0], "header_cid": cids[1]}
            yield from self._by(person, "releaseUpdate", [("UpdateReleased", told)], update, *cids)
        yield from self._judge(number, updates)
        closed = {"round_id": number, "accepted": len(updates), "released": len(updates)}
        yield from self._by(self.members[0], "closeRound", [("RoundClosed", closed)], number)

    def update_id(self, number: int, name: OrganisationId) -> UpdateId:
        """As the contract computes it."""
        return update_id_of(PRIVATE_CHAIN, CONTRACTS[PRIVATE_CHAIN]["RoundLedger"], number, name, 1)

    def _publish(self, first: int) -> Iterator[Record]:
        for person in self.members:
            told: list[Told] = []
            for index in range(first, first + PREKEYS):
                key = sha256(f"prekey/{person.name}/{index}".encode())
                self._prekeys[person.name, index] = sha256(bytes.fromhex(key[2:]))
                prekey = {"index": index, "digest": self._prekeys[person.name, index], "key": key}
                told.append(("PrekeyPublished", {"organisation": person.name, **prekey}))
            directory, salt = CONTRACTS[PRIVATE_CHAIN]["KeyDirectory"], self._salt()
            keys = [bytes.fromhex(str(fields["key"])[2:]) for _, fields in told]
            data = _call("KeyDirectory", "publishPrekeys", keys, salt)
            yield from self._tell(person.delegate, person.name, directory, data, told, salt)

    def _open(self, number: int, manifest: Digest) -> Iterator[Record]:
        task, deadlines = self.task, self.task.deadlines
        opening = Opening(
            manifest,
            task.digest,
            self._task_cid,
            self.agreement.digest,
            self._agreement_cid,
            deadlines.submit,
            deadlines.release,
            deadlines.commit,
            deadlines.reveal,
            task.minimum_updates,
            0,
        )
        named = {"round_id": number, "task_digest": task.digest, "manifest_digest": manifest}
        fields = {name: getattr(opening, name) for name in Opening.__slots__}
        opener = self.members[0]
        told: list[Told] = [("RoundOpened", {**named, "opener": opener.name, "opening": fields, "epoch": 1})]
        for person in self.members:
            prekey = {"index": number - 1, "digest": self._prekeys.pop((person.name, number - 1))}
            told.append(("PrekeyAssigned", {"round_id": number, "organisation": person.name, **prekey}))
        yield from self._by(opener, "openRound", told, opening)

    def _judge(self, number: int, updates: Sequence[UpdateId]) -> Iterator[Record]:
        verdicts = [Verdict(item, True, MILLION, 10_000 * (place + 1)) for place, item in enumerate(updates)]
        nonce = sha256(f"nonce {number}".encode())
        for person in self.members:
            commitment = verdict_commitment(number, person.name, verdicts, nonce)
            told = {"round_id": number, "organisation": person.name, "commitment": commitment}
            yield from self._by(person, "commitVerdicts", [("VerdictsCommitted", told)], number, commitment)
        for person in self.members:
            said = [
                ("VerdictRevealed", {"round_id": number, "organisation": person.name, **_fields(verdict)})
                for verdict in verdicts
            ]
            yield from self._by(person, "revealVerdicts", said, number, verdicts, nonce)

    def _by(self, person: Person, function: str, told: Sequence[Told], *arguments: Any) -> Iterator[Record]:
        """A call of the RoundLedger by a member's delegate."""
        ledger, salt = CONTRACTS[PRIVATE_CHAIN]["RoundLedger"], self._salt()
        data = _call("RoundLedger", function, *arguments, salt)
        yield from self._tell(person.delegate, person.name, ledger, data, told, salt)

    def _tell(
        self,
        by: Signer,
        sender: str,
        to: Address | None,
        data: bytes,
        told: Sequence[Told],
        salt: Digest = ZERO_DIGEST,
    ) -> Iterator[Record]:
        """One transaction in a block of its own."""
        raw, hash_ = by.send(to, data)
        self.raws[hash_] = raw
        self.block += 1
        for index, (kind, fields) in enumerate(told):
            yield Record(
                kind=kind,
                chain_id=PRIVATE_CHAIN,
                contract=CONTRACTS[PRIVATE_CHAIN][KINDS[kind].contract],
                block=self.block,
                transaction=hash_,
                log_index=index,
                sender=sender,
                signer=by.address,
                salt=salt,
                fields=fields,
            )

    def _salt(self) -> Digest:
        return sha256(f"salt {self.block}".encode())


def _fields(verdict: Verdict) -> dict[str, Any]:
    return {name: getattr(verdict, name) for name in Verdict.__slots__}


def _call(contract: str, function: str, *arguments: Any) -> bytes:
    return encode_call(artifact(contract).functions[function], arguments)
