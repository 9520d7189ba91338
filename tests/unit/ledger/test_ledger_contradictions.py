"""Records that contradict what came before them are refused by name: a node that tells them cannot be trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, authority, delegate, private, task, word_of
from unit.ledger.history import History, life

from orchestrator.errors import ProtocolError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.state import apply, replay
from orchestrator.types import Digest, UpdateId

LIFE = life()


def _released() -> tuple[History, UpdateId]:
    history = History()
    history.open_round()
    update = history.submit(AURORA)
    history.release(update)
    return history, update


def _opening(history: History, **changes: Any) -> dict[str, Any]:
    terms = next(dict(item.fields) for item in LIFE.records if item.kind == "RoundOpened")
    terms["opening"] = {**terms["opening"], "agreement_digest": history.agreement.digest, **changes}
    return terms


def _request(history: History, **changes: Any) -> dict[str, Any]:
    fields = next(dict(item.fields) for item in LIFE.records if item.kind == "RevocationRequested")
    return {**fields, "updates": [next(iter(history.state.updates))], "organisation": AURORA, **changes}


UNKNOWN = UpdateId(word_of("unknown"))
CONTRADICTIONS: dict[str, Callable[[History, UpdateId], object]] = {
    "aurora is a member already": lambda h, u: h.tell(
        "MemberAdded", AURORA, organisation=AURORA, authority=authority(AURORA)
    ),
    "dorado is not a member": lambda h, u: h.tell(
        "MemberRemoved", AURORA, organisation="dorado", authority=authority("dorado")
    ),
    "the delegate was": lambda h, u: h.tell(
        "DelegateRotated", AURORA, organisation=AURORA, previous=NO_ADDRESS, current=NO_ADDRESS
    ),
    "the authority was": lambda h, u: h.tell(
        "AuthorityReplaced", AURORA, organisation=AURORA, previous=NO_ADDRESS, current=NO_ADDRESS
    ),
    "the quorum was 2": lambda h, u: h.tell("QuorumChanged", AURORA, previous=1, current=3),
    "the epoch was 1": lambda h, u: h.tell(
        "EpochAdvanced", AURORA, epoch=3, consortium_digest=UNKNOWN, quorum=2, members="3"
    ),
    "there are 3 members": lambda h, u: h.tell(
        "EpochAdvanced", AURORA, epoch=2, consortium_digest=UNKNOWN, quorum=2, members="4"
    ),
    "the quorum is 2": lambda h, u: h.tell(
        "EpochAdvanced", AURORA, epoch=2, consortium_digest=UNKNOWN, quorum=3, members="3"
    ),
    "has published its prekey 0 before": lambda h, u: h.tell(
        "PrekeyPublished",
        AURORA,
        organisation=AURORA,
        index=0,
        digest=sha256(b""),
        key="0x",
    ),
    "the digest is not that of the key": lambda h, u: h.tell(
        "PrekeyPublished", AURORA, organisation=AURORA, index=9, digest=UNKNOWN, key="0x"
    ),
    "aurora has no such key": lambda h, u: h.tell("KeyRevoked", AURORA, organisation=AURORA, digest=UNKNOWN),
    "has no unused prekey 0": lambda h, u: h.tell(
        "PrekeyAssigned",
        AURORA,
        round_id=1,
        organisation=AURORA,
        index=0,
        digest=h.state.prekeys[AURORA][0].digest,
    ),
    "has a prekey of round 1": lambda h, u: h.tell(
        "PrekeyAssigned",
        AURORA,
        round_id=1,
        organisation=AURORA,
        index=1,
        digest=h.state.prekeys[AURORA][1].digest,
    ),
    "round 1 is open": lambda h, u: h.tell("RoundOpened", AURORA, **_opening(h)),
    "round 7 is not open": lambda h, u: h.tell("RoundPassed", AURORA, round_id=7, organisation=AURORA),
    "the update was released before": lambda h, u: h.release(u),
    "the update is aurora's": lambda h, u: h.tell(
        "UpdateReleased",
        BOREALIS,
        round_id=1,
        update_id=u,
        organisation=BOREALIS,
        payload_cid="Qm",
        header_cid="Qm",
    ),
    "no update": lambda h, u: h.judge(BOREALIS, {UNKNOWN: 0}),
    "has committed before": lambda h, u: [h.judge(BOREALIS, {}), h.judge(BOREALIS, {})],
    "has judged this update before": lambda h, u: [
        h.judge(BOREALIS, {u: 1}),
        h.tell("VerdictRevealed", BOREALIS, **h.records[-1].fields),
    ],
    "has not committed to its verdicts": lambda h, u: [
        h.judge(BOREALIS, {u: 1}),
        h.tell("VerdictRevealed", CUMULUS, **{**h.records[-1].fields, "organisation": CUMULUS}),
    ],
    "0 updates are accepted": lambda h, u: h.tell("RoundClosed", AURORA, round_id=1, accepted=1, released=1),
    "1 updates were released": lambda h, u: h.tell("RoundClosed", AURORA, round_id=1, accepted=0, released=0),
    "does not replace": lambda h, u: h.tell("UpdateReplaced", AURORA, round_id=1, previous=u, current=u),
    "aurora acted, but the signature is of borealis": lambda h, u: h.tell(
        "RoundPassed", BOREALIS, round_id=1, organisation=AURORA
    ),
    "which is no member's delegate": lambda h, u: h.tell("RoundPassed", "dorado", round_id=1, organisation="dorado"),
    "the signer is not the authority": lambda h, u: h.tell(
        "AgreementAccepted", BOREALIS, agreement_digest=UNKNOWN, organisation=AURORA
    ),
    "it names no update, or one twice": lambda h, u: h.tell("RevocationRequested", AURORA, **_request(h, updates=[])),
    "3 is no mode": lambda h, u: h.tell("RevocationRequested", AURORA, **_request(h, mode=3)),
    f"no update {UNKNOWN}": lambda h, u: h.tell("RevocationRequested", AURORA, **_request(h, updates=[UNKNOWN])),
    "no revocation request": lambda h, u: h.tell(
        "RevocationSupported", AURORA, request_id=UNKNOWN, organisation=AURORA
    ),
    "it was approved before": lambda h, u: h.tell(
        "RevocationApproved", AURORA, request_id=h.request(AURORA, [u]), supporters=1
    ),
    "the request is not approved, or a round is open": lambda h, u: h.tell(
        "UpdatesAffected", AURORA, request_id=h.request(AURORA, [u]), organisation=AURORA, descendants=[]
    ),
    "it is not certified": lambda h, u: h.tell(
        "ShredReceiptRecorded",
        AURORA,
        request_id=h.request(AURORA, [u]),
        organisation=AURORA,
        receipt_digest=UNKNOWN,
        receipt_cid="Qm",
    ),
    "is in an approved request": lambda h, u: [h.request(AURORA, [u]), h.request(AURORA, [u])],
    "2 members support it": lambda h, u: h.support(h.request(BOREALIS, [u]), CUMULUS, approves=True, supporters=1),
    "only 1 members support it": lambda h, u: h.tell(
        "RevocationApproved", BOREALIS, request_id=h.request(BOREALIS, [u]), supporters=1
    ),
    "the update was not released": lambda h, u: h.judge(BOREALIS, {h.submit(BOREALIS): 1}),
    "borealis wanted that before": lambda h, u: [h.abandon(BOREALIS), h.abandon(BOREALIS)],
    "2 members want it": lambda h, u: [h.abandon(BOREALIS), h.abandon(AURORA, supporters=3)],
    "2 members want the round abandoned": lambda h, u: [h.abandon(BOREALIS), h.abandon(AURORA), h.fail("revocation")],
    "1 members want the round abandoned": lambda h, u: [h.abandon(BOREALIS), h.fail("abandoned")],
    "aurora has 3 unused prekeys": lambda h, u: h.tell(
        "PrekeysDiscarded", AURORA, organisation=AURORA, first=0, count=3
    ),
    "cumulus has 3 unused prekeys": lambda h, u: h.tell(
        "PrekeysDiscarded", CUMULUS, organisation=CUMULUS, first=1, count=str(2**63)
    ),
    "borealis has 0 unused prekeys": lambda h, u: [
        h.tell("PrekeysDiscarded", BOREALIS, organisation=BOREALIS, first=1, count=3),
        h.tell("PrekeysDiscarded", BOREALIS, organisation=BOREALIS, first=4, count=0),
    ],
}


@pytest.mark.parametrize("message", CONTRADICTIONS)
def test_contradictions_are_refused_by_name(message: str) -> None:
    history, update = _released()
    with pytest.raises(ProtocolError, match=message):
        CONTRADICTIONS[message](history, update)


OPENINGS: dict[str, dict[str, Any]] = {
    "have not accepted the agreement": {"agreement_digest": UNKNOWN},
    "it names two values of task_digest": {"task_digest": UNKNOWN},
    "it names two values of manifest_digest": {"manifest_digest": UNKNOWN},
}


@pytest.mark.parametrize("message", OPENINGS)
def test_bad_openings(message: str) -> None:
    history = History()
    with pytest.raises(ProtocolError, match=message):
        history.tell("RoundOpened", AURORA, **_opening(history, **OPENINGS[message]))


def test_no_round_opens_while_paused_or_twice_or_in_another_epoch() -> None:
    history = History()
    with pytest.raises(ProtocolError, match="the epoch is 1"):
        history.tell("RoundOpened", AURORA, **{**_opening(history), "epoch": 2})
    history.tell("Paused", AURORA, nonce=0)
    with pytest.raises(ProtocolError, match="the consortium is paused"):
        history.open_round()
    history.tell("Resumed", AURORA, nonce=1)
    history.round()
    with pytest.raises(ProtocolError, match="round 1 was opened before"):
        history.tell("RoundOpened", AURORA, **_opening(history))


def test_epsilon_above_the_cap() -> None:
    history = History()
    history.open_round(task(privacy=private(epsilon_cap=5)))
    history.submit(AURORA)
    fields = history.records[-1].fields
    over = {**fields, "update_id": UNKNOWN, "submission": {**fields["submission"], "epsilon": 6}}
    with pytest.raises(ProtocolError, match="ε is above the cap 5"):
        history.tell("UpdateSubmitted", AURORA, **over)
    with pytest.raises(ProtocolError, match="was submitted before"):
        history.tell("UpdateSubmitted", AURORA, **fields)


def test_no_round_opens_before_a_revocation_has_its_new_manifest() -> None:
    history = History()
    updates = history.round()
    request = history.request(AURORA, [updates[AURORA]])
    assert history.state.awaiting_replacement == (request,)
    with pytest.raises(ProtocolError, match="1 revocations wait for their new manifest"):
        history.open_round()
    history.replace(request)
    assert history.state.awaiting_replacement == ()
    assert history.open_round() == 2


def test_order_and_chain() -> None:
    record = LIFE.records[50]
    before = replay(LIFE.records[:50])
    with pytest.raises(ProtocolError, match="it comes after the record at"):
        apply(apply(before, record), record)
    with pytest.raises(ProtocolError, match="the chain is 1337"):
        apply(before, replace(record, chain_id=1))


def test_a_forged_sender_is_refused() -> None:
    """A development chain lets anybody send as anybody; the raw signature tells."""
    record = next(item for item in LIFE.records if item.kind == "UpdateSubmitted")
    before = replay(LIFE.records[: LIFE.records.index(record)])
    with pytest.raises(ProtocolError, match="its signature says 'borealis'"):
        apply(before, replace(record, signer=delegate(BOREALIS)))
    with pytest.raises(ProtocolError, match="the sender is ''"):
        apply(before, replace(record, sender=""))


def test_an_old_delegate_is_nobody() -> None:
    history = History()
    history.tell("DelegateRotated", AURORA, organisation=AURORA, previous=delegate(AURORA), current=authority("new"))
    with pytest.raises(ProtocolError, match="no member's delegate"):
        history.open_round()


def test_certification_needs_the_quorum() -> None:
    history = History()
    updates = history.round()
    request = history.request(AURORA, [updates[AURORA]])
    with pytest.raises(ProtocolError, match="what it affects is not recorded"):
        history.tell("ManifestReplaced", AURORA, request_id=request, organisation=AURORA, manifest_digest=UNKNOWN)
    figures = {"metric": "loss", "value_before": 1, "value_after": 1, "samples": 1}
    with pytest.raises(ProtocolError, match="its manifest is not recorded"):
        history.tell("VerificationRecorded", AURORA, request_id=request, organisation=AURORA, **figures)
    history.verify(request)
    named = {"request_id": request, "organisation": AURORA}
    with pytest.raises(ProtocolError, match="aurora has recorded its part before"):
        history.tell("UpdatesAffected", AURORA, **named, descendants=[])
    with pytest.raises(ProtocolError, match="aurora has recorded its part before"):
        history.tell("ManifestReplaced", AURORA, **named, manifest_digest=UNKNOWN)
    with pytest.raises(ProtocolError, match="has recorded its part before"):
        history.tell("VerificationRecorded", AURORA, request_id=request, organisation=AURORA, **figures)
    with pytest.raises(ProtocolError, match="0 members endorse it"):
        history.tell("RevocationCertified", AURORA, request_id=request, certificate_digest=Digest(UNKNOWN))
    with pytest.raises(ProtocolError, match="it is not certified"):
        history.tell("RevocationShredded", AURORA, request_id=request)
    certificate = history.certify(request)
    with pytest.raises(ProtocolError, match="its certificate is endorsed already"):
        history.replace(request, by=BOREALIS)
    with pytest.raises(ProtocolError, match="aurora, borealis, cumulus have recorded no receipt"):
        history.tell("RevocationShredded", AURORA, request_id=request)
    with pytest.raises(ProtocolError, match="it was certified before"):
        history.tell("RevocationCertified", AURORA, request_id=request, certificate_digest=certificate)
