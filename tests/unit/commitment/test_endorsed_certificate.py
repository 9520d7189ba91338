"""A certificate is looked at offline: what is forged, altered, replayed or does not follow is rejected by name."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ledger.actors import (
    AURORA,
    BOREALIS,
    CHAIN_ID,
    CONSORTIUM_ID,
    CONTRACTS,
    CUMULUS,
    authority,
    delegate,
    private_key,
    sign,
    task,
    word_of,
)
from unit.ledger.history import History, life

from orchestrator.commitment.certificate import build_certificate, certificate_bytes, certificate_digest
from orchestrator.commitment.electorate import Electorate, electorate_of
from orchestrator.commitment.endorsed import EndorsedCertificate, endorsed_certificate
from orchestrator.commitment.examination import Examination, examine
from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.canonical import canonical_bytes, sha256
from orchestrator.types import Address, OrganisationId, RequestId

PAGES = Path(__file__).parents[3] / "docs" / "formats"
EXAMPLE = re.compile(r"```json\n(.*?)\n```\nDigest", re.DOTALL)
LEDGER = CONTRACTS["RevocationLedger"]
DORADO = OrganisationId("dorado")
Change = Callable[[dict[str, Any]], None]


def certified(mode: str = "drop") -> tuple[History, RequestId]:
    history, spec = History(), task(revocation={"hardening": {"method": "weight-distortion", "sigma_nano": 1}})
    first = history.round(spec)
    history.round(spec)
    request = history.request(CUMULUS, [first[CUMULUS]], mode=mode)
    history.verify(request)
    history.certify(request)
    return history, request


HISTORY, REQUEST = certified()


def electorate(history: History = HISTORY, request: RequestId = REQUEST) -> Electorate:
    return electorate_of(history.records, request, consortium_id=CONSORTIUM_ID, ledger=LEDGER)


def written(history: History = HISTORY, request: RequestId = REQUEST) -> EndorsedCertificate:
    document = build_certificate(history.state, request, history.tasks, consortium_id=CONSORTIUM_ID)
    return endorsed_certificate(history.records, request, certificate_bytes(document))


def signed(document: dict[str, Any], *members: OrganisationId, ledger: Address = LEDGER) -> EndorsedCertificate:
    """Endorsed as the members' own daemons would."""
    found = sha256(certificate_bytes(document))
    message = certificate_digest(RequestId(document["request_id"]), found, document["private_chain_id"], ledger)
    signatures = tuple((name, sign(private_key("delegate", name), message)) for name in sorted(members))
    return EndorsedCertificate(document, found, signatures)


def altered(change: Change) -> dict[str, Any]:
    document = copy.deepcopy(written().certificate)
    change(document)
    return document


def names(found: Examination) -> list[str]:
    return [item.fault.value for item in found.objections]


@pytest.mark.parametrize("mode", ["drop", "heal", "replay"])
def test_what_a_quorum_has_signed_holds(mode: str) -> None:
    history, request = certified(mode)
    found = examine(written(history, request), electorate(history, request), request=request)
    assert found.holds and found.objections == ()
    assert found.signers == (AURORA, BOREALIS)
    assert found.checked and found.unchecked


def test_both_files_are_read_back() -> None:
    for made in (written(), electorate()):
        assert type(made).from_bytes(made.to_bytes()) == made
    assert electorate().delegates == {name: (delegate(name),) for name in (AURORA, BOREALIS, CUMULUS)}
    assert (electorate().quorum, electorate().former, electorate().chain_id) == (2, {}, CHAIN_ID)


def test_a_certificate_whose_bytes_were_changed_is_altered() -> None:
    document = altered(lambda told: told["request"].update(reason="POISONED"))
    made = EndorsedCertificate(document, written().signed, written().signatures)
    assert names(examine(made, electorate())) == ["awards", "altered"]


def test_one_whose_digest_was_made_anew_is_forged() -> None:
    document = altered(lambda told: told["request"].update(digest=word_of("another request")))
    made = EndorsedCertificate(document, sha256(certificate_bytes(document)), written().signatures)
    found = examine(made, electorate())
    assert names(found) == ["forged", "forged", "quorum-missing"]
    assert "who was nobody's delegate" in found.objections[0].message


def test_signatures_of_others_are_forged() -> None:
    message = certificate_digest(REQUEST, written().signed, CHAIN_ID, LEDGER)
    cold = sign(private_key("authority", BOREALIS), message)
    another = sign(private_key("delegate", AURORA), message)
    (first, _) = written().signatures
    for signature, words in ((cold, authority(BOREALIS)), (another, "a delegate of aurora"), (bytes(65), "no key")):
        made = EndorsedCertificate(written().certificate, written().signed, (first, (BOREALIS, signature)))
        found = examine(made, electorate())
        assert names(found) == ["forged", "quorum-missing"]
        assert words in found.objections[0].message or "v 27 or 28" in found.objections[0].message


@pytest.mark.parametrize(
    ("change", "fault", "words"),
    [
        (lambda told: told["figures"][0].update(change=1), "figures", "change of loss is 1, and its rows give 100000"),
        (lambda told: told["results"][0].update(after=9), "figures", "least_change of loss"),
        (lambda told: told.update(figures=[]), "figures", "other metrics"),
        (lambda told: told["results"].reverse(), "figures", "one of each member"),
        (lambda told: told["manifest"]["documents"]["after"].update(count=9), "manifest", "after is"),
        (lambda told: told["lineage"].update(leaves=[word_of("x")]), "lineage", "mode drop does not take 0x"),
        (lambda told: told["lineage"]["revoked"].pop(), "lineage", "not what the request names"),
        (lambda told: told["request"].update(owners=[AURORA]), "lineage", "not what the request names"),
        (lambda told: told["lineage"].update(stays=[word_of("x")]), "lineage", "listed as what it cannot be"),
        (lambda told: told["takes"].update(rounds_to_train=[[AURORA]]), "lineage", "trains nothing again"),
        (lambda told: told["request"].update(approved_by="quorum"), "lineage", "approved by the quorum"),
        (lambda told: told["awards"].update(consequence="keep"), "awards", "'withdrawn' means vested, not keep"),
        (lambda told: told["limits"].pop(), "limits", "cannot promise"),
        (lambda told: told["not_evaluated"].pop(), "limits", "cannot promise"),
    ],
)
def test_what_does_not_follow_is_rejected_though_a_quorum_signs_it(change: Change, fault: str, words: str) -> None:
    found = examine(signed(altered(change), AURORA, BOREALIS), electorate())
    assert found.signers == (AURORA, BOREALIS)
    assert any(words in item.message for item in found.objections if item.fault.value == fault), found.objections


def test_hardening_of_another_request_is_rejected() -> None:
    history, request = certified("heal")
    document = copy.deepcopy(written(history, request).certificate)
    document["takes"]["hardening"][0]["request_id"] = word_of("x")
    found = examine(signed(document, AURORA, BOREALIS), electorate(history, request))
    assert names(found) == ["lineage"] and "hardening is of request" in found.objections[0].message


def test_of_another_request() -> None:
    found = examine(written(), electorate(), request=RequestId(word_of("mine")))
    assert names(found) == ["other-request"]


def test_renamed_to_another_request_it_is_replayed() -> None:
    document = altered(lambda told: told.update(request_id=word_of("mine")))
    found = examine(EndorsedCertificate(document, written().signed, written().signatures), electorate())
    assert names(found) == ["other-chain", "altered", "forged", "forged", "quorum-missing"]


def test_of_another_consortium() -> None:
    document = altered(lambda told: told.update(consortium_id=word_of("others")))
    assert names(examine(signed(document, AURORA, BOREALIS), electorate())) == ["other-consortium"]


@pytest.mark.parametrize("chain", [CHAIN_ID, 2018])
def test_of_another_chain_or_contract(chain: int) -> None:
    """The same members on another deployment: their signatures are good there, and here they are nobody's."""
    elsewhere = CONTRACTS["RoundLedger"]
    document = altered(lambda told: told.update(private_chain_id=chain))
    found = examine(signed(document, AURORA, BOREALIS, ledger=elsewhere), electorate())
    assert names(found)[0] == ("forged" if chain == CHAIN_ID else "other-chain")
    assert found.signers == ()


def test_of_the_same_number_on_another_contract() -> None:
    there = Electorate.from_document({**electorate().document(), "revocation_ledger": CONTRACTS["RoundLedger"]})
    assert names(examine(written(), there)) == ["other-chain", "forged", "forged", "quorum-missing"]


def test_without_a_quorum() -> None:
    found = examine(signed(written().certificate, AURORA), electorate())
    assert names(found) == ["quorum-missing"]
    assert "1 of the 2 members needed have signed it: aurora" in found.objections[0].message
    assert names(examine(signed(written().certificate), electorate())) == ["quorum-missing"]


def test_a_member_counts_once() -> None:
    twice = signed(written().certificate, AURORA, AURORA)
    assert names(examine(twice, electorate())) == ["counted-twice", "quorum-missing"]


def test_signed_by_a_removed_member() -> None:
    history = History()
    updates = history.round()
    history.change_members([AURORA, BOREALIS])
    request = history.request(AURORA, [updates[AURORA]])
    history.verify(request)
    history.certify(request)
    document = written(history, request).certificate
    members = electorate(history, request)
    assert members.former == {CUMULUS: (delegate(CUMULUS),)}
    found = examine(signed(document, AURORA, CUMULUS), members)
    assert names(found) == ["removed-member", "quorum-missing"]
    assert found.objections[0].message == "cumulus was a member before, and none when it was certified"
    assert names(examine(signed(document, AURORA, BOREALIS, DORADO), members)) == ["stranger"]


def test_who_left_before_the_certification_is_not_in_the_file() -> None:
    """Its endorsement stands in the records and did not count."""
    history = History()
    updates = history.round()
    request = history.request(AURORA, [updates[AURORA]])
    history.verify(request)
    history.endorse(request, [CUMULUS])
    history.change_members([AURORA, BOREALIS])
    history.certify(request)
    assert [name for name, _ in written(history, request).signatures] == [AURORA, BOREALIS]
    assert examine(written(history, request), electorate(history, request)).holds


def test_a_delegate_that_was_rotated_after_it_signed_counts() -> None:
    history = History()
    updates = history.round()
    request = history.request(AURORA, [updates[AURORA]])
    history.verify(request)
    history.endorse(request, [AURORA])
    rotated = Address("0x" + "77" * 20)
    history.tell("DelegateRotated", AURORA, organisation=AURORA, previous=delegate(AURORA), current=rotated)
    found = history.endorse(request, [BOREALIS])
    certified = {"request_id": request, "certificate_digest": found}
    history.tell("RevocationCertified", BOREALIS, same_transaction=True, **certified)
    members = electorate(history, request)
    assert members.delegates[AURORA] == tuple(sorted((rotated, delegate(AURORA))))
    assert examine(written(history, request), members).signers == (AURORA, BOREALIS)


def test_nothing_is_written_before_it_is_certified() -> None:
    history = History()
    request = history.request(AURORA, [history.round()[AURORA]])
    history.verify(request)
    with pytest.raises(ProtocolError, match="is not certified"):
        electorate(history, request)
    with pytest.raises(ProtocolError, match="is not certified"):
        written(history, request)
    history.certify(request)
    other = certificate_bytes({**written(history, request).certificate, "limits": []})
    with pytest.raises(ProtocolError, match="was certified with"):
        endorsed_certificate(history.records, request, other)
    with pytest.raises(ProtocolError, match="are not of consortium"):
        electorate_of(history.records, request, consortium_id=word_of("others"), ledger=LEDGER)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda told: told.pop("awards"), "certificate lacks awards"),
        (lambda told: told.update(promise="none"), "has the unknown member promise"),
        (lambda told: told["results"][0].update(before="3500000"), r"results\[0\]\.before is '3500000'"),
        (lambda told: told["effect"].update(effective=None), r"effect\.effective is not an object"),
        (lambda told: told["request"].update(mode="forget"), r"request\.mode is 'forget'"),
        (lambda told: told["lineage"].update(descendants=["0x"]), r"descendants\[0\]\.id is '0x'"),
        (lambda told: told["takes"].update(rounds_to_train=3), "rounds_to_train is not a list"),
    ],
)
def test_a_malformed_certificate_names_the_member(change: Change, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        examine(signed(altered(change), AURORA, BOREALIS), electorate())


def test_malformed_files_are_refused() -> None:
    document = written().document()
    old = {**written().certificate, "version": 1}
    endorsements = document["endorsements"]
    for changes, words in (
        ({"certificate": old}, "version 1 is unknown, this release reads 2"),
        ({"certificate": []}, "certificate is not an object"),
        ({"endorsements": endorsements[::-1]}, "not in order"),
        ({"endorsements": [{**endorsements[0], "signature": "0x12"}]}, "130 lower-case"),
        ({"endorsements": [{**endorsements[0], "signature": "0xzz"}]}, "not hexadecimal"),
        ({"seal": 1}, "unknown member seal"),
    ):
        with pytest.raises(FormatError, match=words):
            EndorsedCertificate.from_bytes(canonical_bytes({**document, **changes}))
    members = electorate().document()
    rows = members["members"]
    for changes, words in (
        ({"quorum": 4}, "from 1 to 3"),
        ({"revocation_ledger": "0x12"}, "no address"),
        ({"members": rows[::-1]}, "not in order"),
        ({"former": rows[:1]}, "names aurora, which is a member"),
        ({"members": [{**rows[0], "delegates": ["me"]}]}, "no address"),
        ({"members": [rows[0], {**rows[1], "delegates": rows[0]["delegates"]}]}, "one signature would count for two"),
        ({"former": [{**rows[0], "organisation": "gone"}]}, "one signature would count for two"),
    ):
        with pytest.raises(FormatError, match=words):
            Electorate.from_bytes(canonical_bytes({**members, **changes}))


def test_the_examples_of_the_pages_are_one_life() -> None:
    """Vectors for other programs: the certificate follows from records, and its signatures from the tests' keys."""
    lived = life()
    request = next(iter(lived.state.revocations))
    made, members = written(lived, request), electorate(lived, request)
    for page, document in (
        ("certificate.md", made.certificate),
        ("endorsed-certificate.md", made.document()),
        ("endorsed-certificate.md", members.document()),
        ("shred-receipt.md", {"certificate": made.signed}),
    ):
        examples = [json.loads(text) for text in EXAMPLE.findall((PAGES / page).read_text())]
        assert any(document.items() <= example.items() for example in examples), page
    assert examine(made, members).holds


@settings(max_examples=80)
@given(data=st.data())
def test_no_flipped_byte_passes(data: st.DataObject) -> None:
    """Of the file, in whatever place: it is malformed, or rejected by some name."""
    changed = bytearray(written().to_bytes())
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = examine(EndorsedCertificate.from_bytes(bytes(changed)), electorate())
    except FormatError:
        return
    assert not found.holds
