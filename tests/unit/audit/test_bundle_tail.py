"""Records behind the last root are told: whoever writes them proves nothing, whatever they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.audit.bundles import Made, checked, collected, made, sealed_again
from unit.audit.forger import Tail, changed, raw_of, signed, written
from unit.audit.foundation import PUBLIC
from unit.audit.life import Life
from unit.ledger.actors import CUMULUS, MEMBERS, address_of_key, delegate, private_key, sign

from orchestrator.audit.bundle.calls import known, odd
from orchestrator.audit.bundle.transactions import read_transaction
from orchestrator.audit.report import AuditReport
from orchestrator.audit.site import material_of_bundle
from orchestrator.commitment.checkpoints import checkpoint_digest
from orchestrator.commitment.receipt import Receipt
from orchestrator.ledger.canonical import sha256
from orchestrator.types import RequestId

EVIL = private_key("delegate", "evil")


class World:
    """A life whose revocation is certified and anchored, and in which nobody has shredded."""

    def __init__(self) -> None:
        self.life = Life()
        first, second = self.life.round(), self.life.round()
        self.request: RequestId = self.life.request(CUMULUS, [first[CUMULUS], second[CUMULUS]])
        self.life.verify(self.request)
        self.life.certify(self.request)
        self.life.anchor()
        self.evidence = collected(self.life)

    def made(self, *terms: str) -> Made:
        return made(self.life, self.evidence, *terms)

    def receipts(self) -> tuple[list[bytes], list[tuple[str, dict[str, Any]]]]:
        """Forged ones that would pass, and the fields of their records."""
        revocation = self.life.ledger.state.revocations[self.request]
        objects, fields = dict[str, bytes](), []
        gone = tuple(sorted(cid for item in revocation.updates for cid in self.life.objects[item]))
        for name in MEMBERS:
            assert revocation.certificate is not None
            receipt = Receipt(revocation.certificate, self.request, name, tuple(sorted(revocation.updates)), 2, 2, gone)
            data, cid = receipt.to_bytes(), self.life.store.add(receipt.to_bytes())
            line = {"line": "object", "what": "receipt", "cid": cid, "text": data.decode()}
            objects[sha256(data)] = written(line)
            named = {"request_id": self.request, "organisation": name}
            fields.append((name, {**named, "receipt_digest": sha256(data), "receipt_cid": cid}))
        return [objects[digest] for digest in sorted(objects)], fields

    def attestation(self, name: str) -> bytes:
        """A transaction that the member has really signed, for something else."""
        schedule, own = self.life.private.addresses["CheckpointSchedule"], delegate(name)
        mined = (fields for fields, _ in self.life.private._mined.values())
        return next(raw_of(item)[1] for item in mined if (item["to"], item["from"]) == (schedule, own))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def report_of(bundle: Made, lines: list[bytes]) -> AuditReport:
    return checked(sealed_again(lines), bundle.anchors)


def told(report: AuditReport) -> str:
    return "\n".join([*report.not_checked, *(note for item in report.results for note in item.notes)])


def test_receipts_that_nobody_signed_are_refused_where_all_is_disclosed(world: World) -> None:
    bundle = world.made("all")
    tail = Tail(bundle.raw)
    objects, receipts = world.receipts()
    for name, fields in receipts:
        tail.record("ShredReceiptRecorded", "RevocationLedger", fields, delegate(name), name)
    report = report_of(bundle, tail.lines(objects))
    assert len(report.result("senders").findings) == 3
    assert "the bundle discloses all" in report.findings[0].message
    assert "receipts: 3" not in told(report) and "have shredded" not in told(report)


def test_of_a_part_they_are_told_and_count_for_nothing(world: World) -> None:
    bundle = world.made("kind:ShredReceiptRecorded")
    tail = Tail(bundle.raw)
    objects, receipts = world.receipts()
    for name, fields in receipts:
        tail.record("ShredReceiptRecorded", "RevocationLedger", fields, delegate(name), name)
    report = report_of(bundle, tail.lines(objects))
    assert report.ok
    assert "3 records under no root: told by the maker; nothing of them is proven" in told(report)
    assert "whether the receipt of cumulus was recorded: its record is under no root" in told(report)
    assert "only their signatures" not in told(report)
    before = checked(bundle.data, bundle.anchors)
    assert report.scope["records"] == before.scope["records"] and report.scope["told_records"] == 3


def test_a_stranger_who_names_himself_delegate_behind_the_last_root_signs_nothing(world: World) -> None:
    bundle, (objects, receipts) = world.made("all"), world.receipts()
    tail, own = Tail(bundle.raw), address_of_key(EVIL)
    for number, (name, fields) in enumerate(receipts):
        rotated = {"organisation": name, "previous": delegate(name), "current": own}
        back = {"organisation": name, "previous": own, "current": delegate(name)}
        consortium, ledger = tail.contracts["Consortium"], tail.contracts["RevocationLedger"]
        tail.record("DelegateRotated", "Consortium", rotated, own, raw=signed(EVIL, consortium, 3 * number))
        raw = signed(EVIL, ledger, 3 * number + 1)
        tail.record("ShredReceiptRecorded", "RevocationLedger", fields, own, name, raw)
        tail.record("DelegateRotated", "Consortium", back, own, raw=signed(EVIL, consortium, 3 * number + 2))
    report = report_of(bundle, tail.lines(objects))
    assert "9 records under no root" in told(report)
    assert "receipts: 0" in told(report) and "have shredded" not in told(report)


def test_a_members_signature_of_another_call_is_no_receipt(world: World) -> None:
    bundle, (objects, receipts) = world.made("all"), world.receipts()
    tail = Tail(bundle.raw)
    for name, fields in receipts:
        raw = world.attestation(name)
        tail.record("ShredReceiptRecorded", "RevocationLedger", fields, delegate(name), name, raw)
    report = report_of(bundle, tail.lines(objects))
    assert len(report.result("senders").findings) == 3
    assert "calls another contract, and it is under no root" in report.findings[0].message


def test_a_long_tail_does_not_turn_the_rules_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = world.made("all")
    monkeypatch.setattr("orchestrator.audit.bundle.check_leaves.MOST_RECORDS", len(world.evidence.private.records))
    tail, ledger = Tail(bundle.raw), Tail(bundle.raw).contracts["RoundLedger"]
    for number in range(len(world.evidence.private.records) + 1):
        fields = {"agreement_digest": "0x" + "11" * 32, "organisation": CUMULUS}
        raw = signed(private_key("authority", CUMULUS), ledger, number)
        signer = address_of_key(private_key("authority", CUMULUS))
        tail.record("AgreementAccepted", "RoundLedger", fields, signer, raw=raw)
    report = report_of(bundle, tail.lines())
    assert report.ok and {"records", "receipts", "revocations"} <= {item.name for item in report.results}


def test_a_stranger_is_not_a_member_who_signed_a_checkpoint(world: World) -> None:
    """His word that he is the member's delegate is under no root: the report says so, and counts nothing of it."""
    bundle = world.made("none")
    point, own = world.life.anchored[-1], address_of_key(EVIL)
    signature = sign(EVIL, checkpoint_digest(point, PUBLIC, bundle.anchors.anchor))

    def change(line: dict[str, Any]) -> dict[str, Any]:
        if line["line"] == "attestations" and line["sequence"] == point.sequence:
            kept = [item for item in line["signatures"] if item["organisation"] != CUMULUS]
            head = kept[0]["head"]
            forged = {"organisation": CUMULUS, "head": head, "signature": "0x" + bytes(signature).hex()}
            line["signatures"] = [*kept, forged]
        if line["line"] == "checkpoint" and line["checkpoint"]["sequence"] == point.sequence:
            line["signers"] = list(MEMBERS)
        return line

    lines = changed(bundle.raw, change)
    assert any("no delegate of cumulus" in item.message for item in report_of(bundle, lines).findings)
    tail = Tail(lines)
    rotated = {"organisation": CUMULUS, "previous": delegate(CUMULUS), "current": own}
    tail.record("DelegateRotated", "Consortium", rotated, own)
    report = report_of(bundle, tail.lines())
    where = f"the attestation of cumulus for checkpoint {point.sequence}"
    assert f"whether it was their members who signed {where}: only records under no root" in told(report)
    honest = checked(bundle.data, bundle.anchors).result("signatures").notes[0]
    count = int(honest.rsplit(" ", 1)[1])
    assert report.result("signatures").notes[0].endswith(f" {count - 1}")


def test_what_a_call_can_have_made(world: World) -> None:
    records, contracts = world.evidence.private.records, world.life.private.addresses
    found = {item.kind: item for item in reversed(records)}
    via = read_transaction(signed(EVIL, contracts["RoundLedger"]), 1337)
    assert odd(via, found["RoundOpened"], contracts) == odd(via, found["PrekeyAssigned"], contracts) == ""
    assert "another contract" in odd(via, found["PrekeyPublished"], contracts)
    assert not known(via, contracts)
    real = next(fields for fields, _ in world.life.private._mined.values() if fields["to"] and len(fields["input"]) > 4)
    assert known(read_transaction(raw_of(real)[1], 1337), contracts)


def test_the_page_shows_nothing_that_is_under_no_root(world: World, tmp_path: Path) -> None:
    bundle = world.made("all")
    tail, key = Tail(bundle.raw), private_key("authority", CUMULUS)
    fields = {"agreement_digest": "0x" + "11" * 32, "organisation": CUMULUS}
    raw = signed(key, tail.contracts["RoundLedger"])
    tail.record("AgreementAccepted", "RoundLedger", fields, address_of_key(key), raw=raw)
    path = tmp_path / "bundle"
    path.write_bytes(sealed_again(tail.lines()))
    material = material_of_bundle(path, bundle.anchors)
    assert len(material.records) == world.life.anchored[-1].tree_size
    assert any("1 records under no root" in item for item in material.limits)


def test_it_says_where_what_is_proven_ends(world: World) -> None:
    bundle = world.made("kind:RoundClosed")
    report = checked(bundle.data, bundle.anchors)
    last = world.life.anchored[-1]
    since = f"since checkpoint {last.sequence} (block {last.private_block}): the maker may leave any of it out"
    assert f"what happened on the private chain {since}" in told(report)
    public = report.scope["public"]
    assert f"everything after public block {public['block']} of {public['time']}" in told(report)
    assert public["time"].endswith(" UTC") and "whether the rule `kind:RoundClosed` names some of them" in told(report)
