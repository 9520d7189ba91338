"""Reports, recipients, contacts and sealed reports: what is read, what is refused, who can open what."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chain_nodes import AccountSigner
from unit.disclosure.registry_chain import RegistryChain, contact, desk_on, opening_of, recipient, report_of
from unit.ledger.actors import AURORA, BOREALIS, MEMBERS, private_key, sign

from orchestrator.disclosure import Contact, Desk, Opening, Recipient, Report
from orchestrator.disclosure.cases import TAIL, sealed_in, with_sealed
from orchestrator.disclosure.moments import moment, shown
from orchestrator.disclosure.opening import read_opening, write_opening
from orchestrator.disclosure.recipients import examine
from orchestrator.disclosure.refusal import WrongReport
from orchestrator.disclosure.report import read_report
from orchestrator.disclosure.sealing import Sealed, open_report, seal_report
from orchestrator.envelope import generate_prekey
from orchestrator.errors import ConfigurationError, EnvelopeError, FormatError
from orchestrator.storage import cid_of
from orchestrator.types import Digest, OrganisationId

TOML = """
title = "A prompt brings back training text"
severity = "high"
description = "The model repeats an address."
steps = '''
Ask for the address.
'''
[affected]
model = "vader-1"
"""


@pytest.fixture
def desk() -> Desk:
    return desk_on(RegistryChain())


def seats(desk: Desk) -> Any:
    return desk.consortium.members()


def test_a_report_is_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "report.toml"
    path.write_text(TOML)
    report = read_report(path)
    assert (report.model, report.manifest, report.contact) == ("vader-1", None, "")
    assert Report.from_bytes(report.to_bytes()) == report


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('severity = "high"', 'severity = "huge"', "severity is 'huge'"),
        ('model = "vader-1"', "", "affected names nothing"),
        ('model = "vader-1"', 'manifest = "0x12"', "manifest is '0x12'"),
        ('model = "vader-1"', 'model = "v"\nother = 1', "affected has the unknown member other"),
        ('title = "A prompt', 'title = "A \\u001b[2Jprompt', "title is not one line"),
        ('description = "The', 'description = "\\u202eThe', "holds a character that is not printed"),
        ("[affected]", "[affects]", "report lacks affected"),
        ('severity = "high"', "severity = high", "is not TOML"),
        ("Ask for", "a" * 300_000, "more than 262144 bytes"),
    ],
)
def test_what_is_no_report_is_told_by_its_member(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "report.toml"
    path.write_text(TOML.replace(old, new))
    with pytest.raises(ConfigurationError, match=why):
        read_report(path)
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_report(tmp_path / "nothing.toml")


def test_the_commitment_is_the_contracts() -> None:
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    opening = opening_of(AccountSigner())
    words = [bytes.fromhex(opening.report.digest[2:]), bytes.fromhex(opening.salt[2:]), opening.reporter]
    assert opening.commitment == "0x" + keccak(encode(["bytes32", "bytes32", "address"], words)).hex()


def test_an_opening_is_kept_private_and_never_written_over(tmp_path: Path) -> None:
    path, opening = tmp_path / "opening.json", opening_of(AccountSigner())
    write_opening(path, opening)
    write_opening(path, opening)
    assert read_opening(path) == opening and path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigurationError, match="holds something else"):
        write_opening(path, replace(opening, salt=Digest("0x" + "00" * 32)))
    path.write_bytes(b"{}")
    with pytest.raises(FormatError, match=r"opening\.json: expected the format loranchor/disclosure-opening"):
        read_opening(path)


# -- sealing


def test_each_recipient_opens_it_and_nobody_else(desk: Desk) -> None:
    made = [recipient(desk, name) for name in MEMBERS]
    opening = opening_of(AccountSigner())
    data = seal_report(opening, [statement for _, statement in made]).to_bytes()
    for private, _ in made:
        assert open_report(Sealed.from_bytes(data), private) == opening
    with pytest.raises(EnvelopeError, match="is not sealed to key"):
        open_report(Sealed.from_bytes(data), generate_prekey()[0])


def test_a_sealed_report_tells_its_length_in_steps_alone(desk: Desk) -> None:
    _, statement = recipient(desk, AURORA)
    signer = AccountSigner()
    lengths = {
        len(seal_report(opening_of(signer, report=report_of(steps="x" * size)), [statement]).ciphertext)
        for size in (1, 500, 1500)
    }
    assert lengths == {4096 + 16}


@pytest.mark.parametrize("member", ["chain_id", "registry", "reporter", "commitment", "key_commitment", "ciphertext"])
def test_what_was_altered_does_not_open(desk: Desk, member: str) -> None:
    private, statement = recipient(desk, AURORA)
    sealed = seal_report(opening_of(AccountSigner()), [statement])
    others: dict[str, Any] = {
        "chain_id": 1,
        "registry": "0x" + "00" * 20,
        "reporter": "0x" + "00" * 20,
        "commitment": "0x" + "00" * 32,
        "key_commitment": "0x" + "00" * 32,
        "ciphertext": sealed.ciphertext[:-1] + bytes([sealed.ciphertext[-1] ^ 1]),
    }
    with pytest.raises(EnvelopeError, match="does not open"):
        open_report(replace(sealed, **{member: others[member]}), private)


def test_another_report_than_the_one_committed_to_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    private, statement = recipient(desk, AURORA)
    signer = AccountSigner()
    honest, other = opening_of(signer), opening_of(signer, report=report_of(title="Another"))
    lying = Opening.to_bytes(other)
    monkeypatch.setattr(Opening, "to_bytes", lambda _: lying)
    sealed = seal_report(honest, [statement])
    monkeypatch.undo()
    with pytest.raises(WrongReport, match="not the one committed to"):
        open_report(sealed, private)


def test_where_a_sealed_report_lies_travels_behind_the_call(desk: Desk) -> None:
    cid = cid_of(b"sealed")
    call = with_sealed(desk.registry.commit_report(Digest("0x" + "ab" * 32)), cid)
    assert sealed_in(call.data) == cid
    plain = desk.registry.commit_report(Digest("0x" + "ab" * 32)).data
    for tail in (b"", TAIL, TAIL + b"Qm", TAIL + b"\xff" * 46, b"LORANDR2" + cid.encode()):
        assert sealed_in(plain + tail) is None


# -- recipients


def test_a_contact_holds_for_members_alone(desk: Desk) -> None:
    found = contact(desk)
    assert Contact.from_bytes(found.to_bytes()) == found
    assert [item.organisation for item in examine(found.recipients, seats(desk), desk.now()).good] == list(MEMBERS)


def test_an_authority_may_sign_for_its_organisation(desk: Desk) -> None:
    assert examine([recipient(desk, AURORA, role="authority")[1]], seats(desk), desk.now()).good


@pytest.mark.parametrize(
    ("changes", "signer", "why"),
    [
        ({}, BOREALIS, "aurora: its key is signed by 0x"),
        ({"organisation": OrganisationId("mallory")}, AURORA, "mallory: is no member on the public chain"),
        ({"expires": 1}, AURORA, "aurora: its key expired at 1970-01-01T00:00:01Z"),
        ({"public": b"short"}, AURORA, "aurora: its key is no HPKE key"),
    ],
)
def test_who_writes_a_contact_slips_no_key_in(desk: Desk, changes: dict[str, Any], signer: str, why: str) -> None:
    drafted = replace(recipient(desk, AURORA)[1], **changes)
    signed = drafted.signed(lambda message: sign(private_key("delegate", signer), message))
    found = examine([signed], seats(desk), desk.now())
    assert not found.good and found.passed_over[0].startswith(why)


def test_a_statement_is_of_one_registry_and_of_its_own_key(desk: Desk) -> None:
    _, statement = recipient(desk, AURORA)
    elsewhere = replace(statement, where=replace(statement.where, chain_id=1))
    for changed in (
        elsewhere,
        replace(statement, expires=statement.expires + 1),
        replace(statement, public=b"\x00" * 1216),
    ):
        assert not examine([changed], seats(desk), desk.now()).good
    assert (
        "is not signed" in examine([replace(statement, signature=b"\0" * 65)], seats(desk), desk.now()).passed_over[0]
    )


def test_contacts_are_of_one_registry_in_order_and_of_each_member_once(desk: Desk) -> None:
    one, two = recipient(desk, AURORA)[1], recipient(desk, BOREALIS)[1]
    assert Contact.of([two, one]).recipients == (one, two)
    for wrong in ([], [one, one], [one, replace(two, where=replace(two.where, from_block=1))]):
        with pytest.raises(FormatError):
            Contact.of(wrong)
    document = Contact.of([one, two]).document()
    document["recipients"].reverse()
    with pytest.raises(FormatError, match="not in the order of names"):
        Contact.from_document(document)
    with pytest.raises(FormatError, match="key is not base64"):
        Recipient.from_document({**one.document(), "key": "?"})
    with pytest.raises(FormatError, match="signature is not 0x and 130"):
        Recipient.from_document({**one.document(), "signature": "0x"})
    with pytest.raises(FormatError, match="recipients is not a list of objects"):
        Contact.from_document(json.loads('{"format":"loranchor/disclosure-contact","version":1,"recipients":[1]}'))


# -- times


def test_times_are_utc_and_days_count_from_the_present_end() -> None:
    assert moment("2027-01-31", 0) == moment("2027-01-31T00:00Z", 0) == moment("2027-01-31T09:00+09:00", 0)
    assert moment("+14d", 1000) == 1000 + 14 * 86_400
    assert shown(moment("2027-01-31T12:00Z", 0)) == "2027-01-31T12:00:00Z"
    assert shown(2**63) == f"second {2**63}"
    for wrong in ("soon", "+d", "1960-01-01", "2027-13-01"):
        with pytest.raises(ConfigurationError):
            moment(wrong, 0)
