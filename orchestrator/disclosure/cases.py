"""Reports as the public chain tells of them: one case each, with everything that happened to it.

The commitment alone would tell nobody where the sealed report lies. Its CID travels behind the arguments of the
transaction that commits, where the contract does not look: :func:`with_sealed` puts it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from orchestrator.chain import rpc_values as rpc
from orchestrator.chain.codec import event_values
from orchestrator.chain.logs import read_logs
from orchestrator.chain.port import RawLog
from orchestrator.disclosure.moments import DAY
from orchestrator.errors import ChainError, StorageError
from orchestrator.storage.cid import check_cid
from orchestrator.types import Address, Cid, Digest

if TYPE_CHECKING:
    from orchestrator.chain.proxy import Call
    from orchestrator.disclosure.desk import Desk

TAIL = b"LORANDR1"
_ARGUMENTS = 4 + 32
_WHAT = {
    "ReportCommitted": "committed",
    "ReportAcknowledged": "acknowledged",
    "EmbargoExtensionProposed": "proposed",
    "EmbargoExtended": "extended",
    "ReportRevealed": "published",
}
_SETS_END = ("committed", "acknowledged", "extended")


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a case.

    Attributes:
        at: seconds of UTC, the block's. what: committed, acknowledged, proposed, extended or published.
        organisation: which member did it; empty where the reporter or anybody did.
        ends: the end of the embargo that it set or proposed. digest, cid: of what was published.
    """

    what: str
    at: int
    block: int
    transaction: Digest
    organisation: str = ""
    ends: int | None = None
    digest: Digest | None = None
    cid: Cid | None = None

    def document(self) -> dict[str, Any]:
        """For programs; what does not apply is left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Case:
    """One report.

    Attributes:
        sealed: where the sealed report lies; None where the commitment came without it.
        copy_of: an earlier report with the very same commitment: of two reporters only the one in it can open it.
    """

    id: int
    reporter: Address
    commitment: Digest
    sealed: Cid | None
    happenings: tuple[Happening, ...]
    copy_of: int | None = None

    @property
    def committed_at(self) -> int:
        return self.happenings[0].at

    @property
    def ends(self) -> int:
        """The end of the embargo as it stands."""
        return next(item.ends for item in reversed(self.happenings) if item.what in _SETS_END and item.ends is not None)

    @property
    def acknowledged(self) -> bool:
        """By a member, or by an agreed extension."""
        return any(item.what in ("acknowledged", "extended") for item in self.happenings)

    @property
    def published(self) -> Happening | None:
        """The last word on where it lies: after the first, only the reporter has one."""
        return next((item for item in reversed(self.happenings) if item.what == "published"), None)

    def proposed(self, *, by_reporter: bool) -> int | None:
        """A later end that one side has proposed and the other has not agreed to."""
        asked = [item for item in self.happenings if item.what == "proposed" and (not item.organisation) == by_reporter]
        ends = asked[-1].ends if asked else None
        return ends if ends is not None and ends > self.ends else None

    def state(self, now: int) -> str:
        """published, over (the embargo; anybody may publish), acknowledged or waiting (for a member)."""
        if self.published is not None:
            return "published"
        if now >= self.ends:
            return "over"
        return "acknowledged" if self.acknowledged else "waiting"

    def due(self, now: int, *, answer_days: int, due_days: int) -> str:
        """Why a member has to do something about it now; empty if it has not."""
        match self.state(now):
            case "waiting" if now >= self.committed_at + answer_days * DAY:
                return "nobody has acknowledged it in time"
            case "over":
                return "its embargo is over: anybody who has it may publish it"
            case "waiting" | "acknowledged" if self.ends - now <= due_days * DAY:
                return f"its embargo ends in {max(self.ends - now, 0) // DAY} days"
            case _:
                return ""

    def document(self, now: int) -> dict[str, Any]:
        """For programs."""
        return {
            "id": self.id,
            "state": self.state(now),
            "reporter": self.reporter,
            "commitment": self.commitment,
            "sealed": self.sealed,
            "copy_of": self.copy_of,
            "embargo_ends": self.ends,
            "proposed_by_reporter": self.proposed(by_reporter=True),
            "proposed_by_member": self.proposed(by_reporter=False),
            "timeline": [item.document() for item in self.happenings],
        }


def with_sealed(call: Call, cid: Cid) -> Call:
    """``commitReport`` that tells where the sealed report lies; the contract passes over what follows its argument."""
    return replace(call, data=call.data + TAIL + cid.encode("ascii"))


def sealed_in(data: bytes) -> Cid | None:
    """The CID behind the argument of ``commitReport``; None where there is none, or nothing that could be one."""
    tail = data[_ARGUMENTS:]
    if not tail.startswith(TAIL):
        return None
    try:
        return check_cid(tail[len(TAIL) :].decode("ascii"))
    except (UnicodeDecodeError, StorageError):
        return None


def read_cases(desk: Desk) -> dict[int, Case]:
    """All reports by number, up to the newest block.

    Raises:
        ChainError: the chain is down, or contradicts itself.
    """
    cases: dict[int, Case] = {}
    first: dict[Digest, int] = {}
    for log, what, values in _events(desk):
        id = int(values["id"])
        happening = _happening(log, what, values, desk)
        if what == "committed":
            commitment = Digest(values["commitment"])
            sealed = _sealed(desk, log)
            original = first.setdefault(commitment, id)
            copy_of = original if original != id else None
            cases[id] = Case(id, Address(values["reporter"]), commitment, sealed, (happening,), copy_of)
        elif id in cases:
            cases[id] = replace(cases[id], happenings=(*cases[id].happenings, happening))
        else:
            raise ChainError(
                f"something happened to report {id}, which was never committed to",
                mend="the contact names too late a first block, or the node leaves events out",
            )
    return cases


def known_as(cases: Iterable[Case], commitment: Digest, reporter: Address) -> Case | None:
    """The reporter's case with that commitment."""
    return next((case for case in cases if case.commitment == commitment and case.reporter == reporter), None)


def _events(desk: Desk) -> Iterator[tuple[RawLog, str, Mapping[str, Any]]]:
    known = desk.registry.artifact.events
    newest = desk.chain.block_number()
    for logs in read_logs(desk.chain, [desk.registry.address], desk.from_block, newest):
        for log in logs:
            if (entry := known.get(log.topics[0])) is not None:
                yield log, _WHAT[entry["name"]], event_values(entry, log.topics, log.data)


def _happening(log: RawLog, what: str, values: Mapping[str, Any], desk: Desk) -> Happening:
    return Happening(
        what=what,
        at=desk.chain.block(log.block).timestamp,
        block=log.block,
        transaction=log.transaction,
        organisation=values.get("organisation", ""),
        ends=values.get("embargo_ends"),
        digest=values.get("report_digest"),
        cid=values.get("cid"),
    )


def _sealed(desk: Desk, log: RawLog) -> Cid | None:
    fields = desk.chain.transactions([log.transaction])[0]
    found = fields.get("input", fields.get("data"))
    return sealed_in(found if isinstance(found, bytes) else rpc.data(found, "transaction data"))
