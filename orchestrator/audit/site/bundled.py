"""The page's material out of a bundle that discloses every record; the bundle is verified before anything is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.audit.bundle.anchored import Anchored as AnchoredLine
from orchestrator.audit.bundle.anchored import Attestations, Awards
from orchestrator.audit.bundle.anchored import Manifest as ManifestLine
from orchestrator.audit.bundle.book import TrustAnchors
from orchestrator.audit.bundle.container import parse_line, read_lines
from orchestrator.audit.bundle.lines import Disclosed, Head, Leaves, Line, Object
from orchestrator.audit.bundle.told import LINES, Anchoring, Payment, Supply
from orchestrator.audit.bundle.told import Equivocation as EquivocationLine
from orchestrator.audit.bundle.verify import verify_bundle
from orchestrator.audit.membership import membership_of
from orchestrator.audit.report import AuditReport
from orchestrator.audit.site.material import Cut, Equivocation, Material, Place, Signed
from orchestrator.chain import public_events as events
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.awards import Award
from orchestrator.ledger.canonical import digest, sha256
from orchestrator.ledger.members import HANDLERS
from orchestrator.ledger.records import record_from_document
from orchestrator.ledger.view import Ledger
from orchestrator.types import ZERO_DIGEST, Address, Digest

NO_PLACE = events.Place(0, ZERO_DIGEST, ZERO_DIGEST, 0)
PAYMENTS: Mapping[str, type[Any]] = {
    "published": events.AwardsPublication,
    "objection": events.ObjectionRaised,
    "replaced": events.AwardsRootReplaced,
    "voided": events.AwardVoided,
    "claimed": events.AwardClaim,
}
LIMITS = (
    "the public chain's own events of members: the page shows the private chain's, whose digests are anchored",
    "verdicts against their commitments, on this page: `audit verify --bundle` compares them",
)


def material_of_bundle(path: Path, anchors: TrustAnchors) -> Material:
    """Verify a bundle offline, and take out of it what the page shows.

    Raises:
        AuditFailure: the bundle does not hold; names the first thing. ConfigurationError: there is no such file, or it
            keeps records to itself.
    """
    report = verify_bundle(path, anchors).require()
    with path.open("rb") as file:
        read = _Read(report, anchors)
        for data in read_lines(file):
            document = parse_line(data)
            read.take(LINES[document["line"]].from_document(document))
    return read.material()


class _Read:
    """Gathers what the lines say; they are known to be sound."""

    def __init__(self, report: AuditReport, anchors: TrustAnchors) -> None:
        self._report, self._anchors = report, anchors
        self._ledger = Ledger()
        self._head: Head | None = None
        self._checkpoints: list[AnchoredLine] = []
        self._signatures: dict[int, list[Signed]] = {}
        self._awards: dict[int, list[Award]] = {}
        self._steps: list[dict[str, Any]] = []
        self._objects: dict[Digest, bytes] = {}
        self._places: dict[int, events.Place] = {}
        self._payments: list[events.AwardEvent] = []
        self._proven: list[EquivocationLine] = []
        self._supply = 0

    def take(self, line: Line) -> None:
        match line:
            case Head():
                self._head = line
            case Leaves():
                raise _kept()
            case Disclosed():
                self._record(line)
            case Object():
                self._objects[sha256(line.text.encode())] = line.text.encode()
            case AnchoredLine():
                self._checkpoints.append(line)
            case Attestations():
                self._signatures[line.sequence] = [
                    Signed(item.organisation, item.signature, ZERO_DIGEST, "private", item.head)
                    for item in line.signatures
                ]
            case ManifestLine():
                self._steps.append(_step(line))
            case Awards():
                self._awards[line.sequence] = [
                    Award(item.index, item.update_id, item.account, item.amount) for item in line.leaves
                ]
            case Anchoring():
                self._places[line.sequence] = events.Place(line.block, ZERO_DIGEST, line.transaction, 0)
            case Payment():
                self._payments.append(_payment(line))
            case EquivocationLine():
                self._proven.append(line)
            case Supply():
                self._supply = line.minted

    def material(self) -> Material:
        head, ledger = self._head, self._ledger
        assert head is not None  # the bundle was verified
        if ledger.state.position is None:
            raise ConfigurationError("this bundle has no checkpoint", mend="ask for one when the first is anchored")
        public = self._report.scope["public"]
        members = [record for record in ledger.records if record.kind in HANDLERS]
        return Material(
            source="bundle",
            consortium_id=head.consortium_id,
            public=Place(
                self._anchors.chain_id, public["block"], self._anchors.block_hash, head.public.contracts, None
            ),
            private=Place(
                head.private.chain_id, ledger.state.position.block, ZERO_DIGEST, head.private.contracts, None
            ),
            membership=members,
            records=ledger.records,
            tree=ledger.tree,
            state=ledger.state,
            cuts=[Cut(due, ledger.size_at(due.block)) for due in ledger.state.due],
            anchored=list(self._anchored()),
            head=self._report.scope["head"],
            signatures=self._signatures,
            awards=self._awards,
            manifests={},
            steps=self._steps,
            award_events=self._payments,
            supply=self._supply,
            objects=self._objects,
            equivocations=[self._equivocation(item) for item in self._proven],
            report=self._report,
            limits=(*self._report.not_checked, *LIMITS),
        )

    def _record(self, line: Disclosed) -> None:
        if line.salt is None:
            raise _kept()
        if line.index >= self._report.scope["records"]:  # under no root: its maker may have made it up
            return
        self._ledger.append(record_from_document(line.record, line.salt))

    def _anchored(self) -> Iterator[events.Anchored]:
        epochs = membership_of(self._ledger.records).epochs
        for line in self._checkpoints:
            one = line.checkpoint
            order = epochs[one.epoch].order
            bitmap = sum(1 << order.index(name) for name in line.signers)
            place = self._places.get(one.sequence, NO_PLACE)
            yield events.Anchored(one.sequence, line.head, one.manifest_digest, one, bitmap, place)

    def _equivocation(self, line: EquivocationLine) -> Equivocation:
        signed = self._signatures.get(line.sequence, [])
        own = tuple({item.head: item for item in signed if item.organisation == line.organisation}.values())
        return Equivocation(line.sequence, line.organisation, own, True)


def _kept() -> ConfigurationError:
    return ConfigurationError(
        "this bundle keeps records to itself, and the page is made of all of them",
        mend="ask for one with `--disclose all`; `loranchor audit verify --bundle` checks this one",
    )


def _step(line: ManifestLine) -> dict[str, Any]:
    """Splices as places that go, of the entries before, and entries that come, with places in those afterwards."""
    remove: list[int] = []
    add: list[list[Any]] = []
    moved = 0
    for splice in line.splices:
        remove += range(splice.at, splice.at + splice.remove)
        add += [[splice.at + moved + place, dict(entry)] for place, entry in enumerate(splice.insert)]
        moved += len(splice.insert) - splice.remove
    named = {"sequence": line.sequence, "digest": digest(dict(line.manifest)), "document": dict(line.manifest)}
    return {**named, "remove": remove, "add": add}


def _payment(line: Payment) -> events.AwardEvent:
    fields = dict(line.fields)
    if "amount" in fields:
        fields["amount"] = int(fields["amount"])
    if "account" in fields:
        fields["account"] = Address(fields["account"])
    place = events.Place(line.block, ZERO_DIGEST, line.transaction, line.log_index)
    found: events.AwardEvent = PAYMENTS[line.event](sequence=line.sequence, place=place, **fields)
    return found
