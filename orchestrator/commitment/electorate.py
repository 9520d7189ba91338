"""Whose signatures certify a revocation, and in which EIP-712 domain: what an auditor knows from another source.

The file ``loranchor/members`` holds it. It is made from the private chain's records, by whoever reads the chain; who
takes it from the same hand as the certificate believes that hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from orchestrator.commitment.consortium import digest_of_members
from orchestrator.errors import ProtocolError
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.entities import Members
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Record
from orchestrator.ledger.state import EMPTY, apply
from orchestrator.ledger.words import ADDRESS
from orchestrator.types import Address, Digest, OrganisationId, RequestId

Delegates = Mapping[OrganisationId, tuple[Address, ...]]


@dataclass(frozen=True, slots=True)
class Electorate(CanonicalObject):
    """A validated file.

    Attributes:
        chain_id, ledger: the private chain and its ``RevocationLedger``, whose domain is signed.
        block: private block of the certification, as of which this holds.
        quorum: members that had to endorse.
        delegates: of each member the addresses that were its delegate at some time from the effect to then.
        former: of organisations that were members before and were none any more: all that were ever their delegates.
    """

    format = "loranchor/members"
    place = "members"
    consortium_id: Digest
    chain_id: int
    ledger: Address
    block: int
    quorum: int
    delegates: Delegates
    former: Delegates

    def members(self) -> Document:
        return {
            "consortium_id": self.consortium_id,
            "private_chain_id": self.chain_id,
            "revocation_ledger": self.ledger,
            "block": self.block,
            "quorum": self.quorum,
            "members": _listed(self.delegates),
            "former": _listed(self.former),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        delegates, former = _delegates(reader, "members"), _delegates(reader, "former")
        if both := delegates.keys() & former.keys():
            reader.bad("former", f"names {min(both)}, which is a member")
        addresses = [address for each in (*delegates.values(), *former.values()) for address in each]
        if twice := {address for address in addresses if addresses.count(address) > 1}:
            reader.bad("members", f"has {min(twice)} twice, and one signature would count for two")
        ledger = reader.text("revocation_ledger")
        if not ADDRESS.fullmatch(ledger):
            reader.bad("revocation_ledger", f"is {ledger!r}, which is no address in lower case")
        return cls(
            consortium_id=reader.digest("consortium_id"),
            chain_id=reader.integer("private_chain_id"),
            ledger=Address(ledger),
            block=reader.integer("block"),
            quorum=reader.integer("quorum", least=1, most=max(len(delegates), 1)),
            delegates=delegates,
            former=former,
        )


def _listed(delegates: Delegates) -> list[Document]:
    return [{"organisation": name, "delegates": list(delegates[name])} for name in sorted(delegates)]


def _delegates(reader: Reader, name: str) -> dict[OrganisationId, tuple[Address, ...]]:
    rows = [_row(item) for item in reader.inners(name)]
    names = [organisation for organisation, _ in rows]
    if names != sorted(set(names)):
        reader.bad(name, "is not in order of the names, each once")
    return dict(rows)


def _row(reader: Reader) -> tuple[OrganisationId, tuple[Address, ...]]:
    organisation, addresses = reader.organisation("organisation"), reader.ascending("delegates")
    reader.end()
    if not all(ADDRESS.fullmatch(address) for address in addresses):
        reader.bad("delegates", "holds something that is no address in lower case")
    return organisation, tuple(Address(address) for address in addresses)


def electorate_of(
    records: Iterable[Record], request_id: RequestId, *, consortium_id: Digest, ledger: Address
) -> Electorate:
    """Who could certify a request, folded from the private chain's records.

    Raises:
        ProtocolError: it was not certified, the records contradict each other, or they are another consortium's.
    """
    state, ever, since = EMPTY, _Ever(), _Ever()
    for record in records:
        state = apply(state, record)
        ever.note(state.members)
        known = state.revocations.get(request_id)
        if known is None or known.effective is None:
            continue
        since.note(state.members)
        if known.certified is not None:
            _check_consortium(consortium_id, state.members)
            seats = state.members.seats
            return Electorate(
                consortium_id=consortium_id,
                chain_id=state.chain_id or 0,
                ledger=ledger,
                block=known.certified.block,
                quorum=state.members.quorum,
                delegates={name: since.of(name) for name in sorted(seats)},
                former={name: ever.of(name) for name in ever.names if name not in seats},
            )
    raise ProtocolError(f"request {request_id} is not certified", mend="see `loranchor revoke status`")


def _check_consortium(consortium_id: Digest, members: Members) -> None:
    if digest_of_members(consortium_id, members) != members.consortium_digest:
        raise ProtocolError(f"the records are not of consortium {consortium_id}")


class _Ever:
    """Delegates seen so far, by organisation."""

    def __init__(self) -> None:
        self._found: dict[OrganisationId, set[Address]] = {}
        self._last: Members | None = None

    @property
    def names(self) -> list[OrganisationId]:
        return sorted(self._found)

    def note(self, members: Members) -> None:
        if members is self._last:  # most records change nothing of it
            return
        self._last = members
        for name, seat in members.seats.items():
            self._found.setdefault(name, set()).update({seat.delegate} - {NO_ADDRESS})

    def of(self, name: OrganisationId) -> tuple[Address, ...]:
        return tuple(sorted(self._found.get(name, ())))
