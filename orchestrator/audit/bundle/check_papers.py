"""Objects, certificates and receipts: is each what something proven names, and is nothing missing?"""

from __future__ import annotations

from orchestrator.audit.bundle.anchored import Anchored, Certificate
from orchestrator.audit.bundle.book import Book
from orchestrator.audit.bundle.lines import Object
from orchestrator.audit.membership import Membership
from orchestrator.commitment.certificate import FORMAT, READABLE, VERSION, certificate_bytes
from orchestrator.commitment.electorate import Electorate
from orchestrator.commitment.endorsed import EndorsedCertificate
from orchestrator.commitment.examination import examine
from orchestrator.commitment.receipt import Receipt
from orchestrator.errors import FormatError
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.canonical import parse, sha256
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.records import Record
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Address, Digest, OrganisationId, RequestId


class PapersCheck:
    """Knows which objects are there and which are called for."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._last = ""
        self._waiting: dict[Digest, str] = {}
        self._wanted: Digest | None = None
        self._receipts: dict[Digest, Receipt] = {}
        self._endorsed: dict[str, set[Digest]] = {}
        self._group: list[Record] = []
        self.certificates = self.unseen = 0

    def object(self, line: Object) -> None:
        """One object; records after it name it, or a certificate before it."""
        tally, where = self._book.tally("papers"), f"object {line.cid}"
        tally.demand(line.cid not in self._book.cids, where, "it is there twice")
        digest = self._book.keep(line.cid, line.text)
        tally.demand(digest > self._last, where, "it is not in the order of digests")
        self._last = digest
        self._waiting[digest] = f"{line.what} {line.cid}"
        data = line.text.encode()
        if line.what == "task":
            task = tally.attempt(where, lambda: TaskSpec.from_bytes(data))
            if task is not None:
                self._book.tasks[digest] = task
        elif line.what == "agreement":
            tally.attempt(where, lambda: Agreement.from_bytes(data))
        elif line.what == "receipt":
            receipt = tally.attempt(where, lambda: Receipt.from_bytes(data))
            if receipt is not None:
                self._receipt(receipt, digest, where)

    def record(self, record: Record) -> None:
        """Crosses off what a record names, and says what it names that is not there."""
        if record.kind in ("ShredReceiptRecorded", "CertificateEndorsed"):
            self._group.append(record)
        for what, cid, digest in _named(record):
            where, known = f"{what} {cid}", self._book.cids.get(cid)
            self._waiting.pop(known or digest, None)
            if self._book.tally("papers").demand(
                known is not None, where, f"{record.name} names it, and it is missing"
            ):
                assert known is not None
                self._book.tally("papers").same(where, "its digest", known, digest)

    def checkpoint(self, line: Anchored) -> None:
        """Notes whether a certificate has to come, and that the records before it are under a root."""
        self._last = ""
        for record in self._group:
            if record.kind == "ShredReceiptRecorded":
                self._receipts.pop(Digest(record.fields["receipt_digest"]), None)
            else:
                request, digest = record.fields["request_id"], Digest(record.fields["certificate_digest"])
                self._endorsed.setdefault(request, set()).add(digest)
        self._group.clear()
        self._wanted = line.subject if line.reason == "revocation_certified" else None

    def certificate(self, line: Certificate) -> None:
        """A certificate with its signatures, looked at as if it came alone."""
        tally, where = self._book.tally("papers"), f"certificate of request {self._wanted}"
        if not tally.demand(self._wanted is not None, "certificate", "the checkpoint certifies nothing"):
            return
        assert self._wanted is not None
        request, self._wanted = RequestId(self._wanted), None
        self.certificates += 1
        if line.endorsed is None:
            self._unseen(request, where)
            return
        endorsed = tally.attempt(where, lambda: EndorsedCertificate.from_document(line.endorsed or {}))
        if endorsed is None:
            return
        data = certificate_bytes(endorsed.certificate)
        self._book.objects[sha256(data)] = data
        self._book.certificates[Digest(request)] = endorsed.signed
        electorate = tally.attempt(where, lambda: self._electorate(endorsed))
        if electorate is None:
            return
        found = tally.attempt(where, lambda: examine(endorsed, electorate, request=request))
        for objection in () if found is None else found.objections:
            tally.fault(where, str(objection))
        if tally.demand(found is not None and found.holds, where, "it does not hold"):
            leaves = endorsed.certificate["lineage"]["leaves"]
            self._book.gone |= dict.fromkeys(leaves, Digest(request))

    def end_group(self) -> None:
        """A revocation that is certified has its certificate there."""
        where = f"certificate of request {self._wanted}"
        self._book.tally("papers").demand(self._wanted is None, where, "it is missing")
        self._wanted = None

    def end(self) -> None:
        """Nothing is there that nothing names."""
        tally = self._book.tally("papers")
        recorded = {item.fields.get("receipt_digest") for item in self._group}
        for digest, receipt in self._receipts.items():
            self._waiting.pop(digest, None)
            why = "is under no root" if digest in recorded else "is not disclosed"
            self._book.leave(f"whether the receipt of {receipt.organisation} was recorded: its record {why}")
        for name in self._waiting.values():
            tally.demand(False, name, "nothing in the bundle names it")
        unseen = f", of which {self.unseen} not shown" if self.unseen else ""
        tally.note(f"objects: {len(self._book.cids)}, certificates: {self.certificates}{unseen}")

    def _unseen(self, request: RequestId, where: str) -> None:
        """None is shown: to be excused only if those that were endorsed, as far as is disclosed, are all older."""
        self.unseen += 1
        named = self._endorsed.get(request, set())
        shown = all(_older(self._book.objects.get(digest)) for digest in named)
        self._book.tally("papers").demand(shown, where, "it is not shown, though its endorsements are disclosed")
        self._book.leave(f"{where}: it is of an older version, or not at hand")

    def _receipt(self, receipt: Receipt, digest: Digest, where: str) -> None:
        """Cites a certificate that came before, by a member."""
        tally = self._book.tally("papers")
        known = self._book.certificates.get(Digest(receipt.request_id))
        if known is None:
            self._book.leave(f"{where}: the certificate that it cites is not at hand")
        else:
            tally.same(where, "the certificate it cites", receipt.certificate, known)
        named = any(receipt.organisation in epoch.order for epoch in self._book.members.now.epochs.values())
        tally.demand(named, where, f"{receipt.organisation} was never a member")
        self._receipts[digest] = receipt

    def _electorate(self, endorsed: EndorsedCertificate) -> Electorate:
        """Who could certify, from where the request took effect up to the checkpoint that covers the certification."""
        head, until = self._book.head, self._book.checkpoint.private_block
        assert head is not None
        effect = endorsed.certificate.get("effect")
        effective = effect.get("effective") if isinstance(effect, dict) else None
        since = effective.get("block") if isinstance(effective, dict) else None
        if not isinstance(since, int):
            raise FormatError("it does not say where the revocation took effect")
        return electorate_between(self._book.members.now, since, until, head.consortium_id, head.private.chain_id,
                                  head.private.contracts["RevocationLedger"])  # fmt: skip


def electorate_between(
    membership: Membership, since: int, until: int, consortium_id: Digest, chain_id: int, ledger: Address
) -> Electorate:
    """The members of the last epoch up to a block, with every delegate that they had since another.

    Where the records of the certification are not disclosed its block is not known, only the checkpoint's; a membership
    that changed between the two is that of the checkpoint then.

    Raises:
        FormatError: there was no epoch yet.
    """
    epochs = sorted((item for item in membership.epochs.values() if item.block <= until), key=lambda item: item.block)
    if not epochs:
        raise FormatError("the records tell of no members of that time")
    last, ever = epochs[-1], dict[OrganisationId, set[Address]]()
    recent = dict[OrganisationId, set[Address]]()
    for place, epoch in enumerate(epochs):
        ended = epochs[place + 1].block if place + 1 < len(epochs) else None
        for name, known in epoch.delegates.items():
            ever.setdefault(name, set()).update(known - {NO_ADDRESS})
            if ended is None or ended >= since:
                recent.setdefault(name, set()).update(known - {NO_ADDRESS})
    return Electorate(
        consortium_id=consortium_id,
        chain_id=chain_id,
        ledger=ledger,
        block=until,
        quorum=last.members.quorum,
        delegates={name: tuple(sorted(recent.get(name, ()))) for name in sorted(last.order)},
        former={name: tuple(sorted(ever[name])) for name in sorted(ever) if name not in last.order},
    )


def _older(data: bytes | None) -> bool:
    """Whether these are a certificate of a version before the present one."""
    try:
        return data is not None and parse(data, format=FORMAT, versions=READABLE)["version"] != VERSION
    except FormatError:
        return False


def _named(record: Record) -> list[tuple[str, str, Digest]]:
    fields = record.fields
    if record.kind == "RoundOpened":
        opening = fields["opening"]
        return [(what, opening[f"{what}_cid"], Digest(opening[f"{what}_digest"])) for what in ("task", "agreement")]
    if record.kind == "CertificateEndorsed":
        return [("certificate", fields["certificate_cid"], Digest(fields["certificate_digest"]))]
    if record.kind == "ShredReceiptRecorded":
        return [("receipt", fields["receipt_cid"], Digest(fields["receipt_digest"]))]
    return []
