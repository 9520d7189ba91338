"""Is every released update on IPFS, sealed to the right members, and the one that was recorded before its release?"""

from __future__ import annotations

from collections import Counter

from orchestrator.audit.objects import OBJECT_LIMIT, PAYLOAD_LIMIT
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.envelope import Commitments, Context, Header, check_sealed, read_header, usable_recipients
from orchestrator.errors import ProtocolError
from orchestrator.ledger.contributions import active_updates, taken_out
from orchestrator.ledger.entities import LedgerState, Revocation, RoundStatus, Update
from orchestrator.ledger.revocations import receipts_missing
from orchestrator.types import UpdateId

WRAPPED_SIZE = 1168
"""Bytes of a content key under HPKE with the hybrid KEM."""


def check_updates(own: Recomputed, tally: Tally) -> None:
    excused = excused_objects(own, tally)
    present, absent = 0, Counter[str]()
    for update in own.state.updates.values():
        if update.released:
            present += _check(own, update, excused.get(update.id, ""), absent, tally)
    tally.note(f"sealed updates fetched: {present}")
    for reason, count in absent.items():
        tally.note(f"objects absent: {count}, {reason}")


def excused_objects(own: Recomputed, tally: Tally) -> dict[UpdateId, str]:
    """Updates whose objects nobody has to keep, and why."""
    state = own.state
    excused: dict[UpdateId, str] = {}
    for round_ in own.state.rounds.values():
        if round_.status is not RoundStatus.OPEN:
            kept = set(active_updates(state, round_.id)) if round_.status is RoundStatus.CLOSED else set()
            lost = [item for item in round_.submissions if item not in kept]
            excused.update(dict.fromkeys(lost, f"no contribution of round {round_.id}"))
    for revocation in state.revocations.values():
        if revocation.certificate is None or not _all_shredded(state, revocation):
            continue
        try:
            gone = taken_out(state, revocation, own.specs)
        except ProtocolError as error:
            tally.fault(f"revocation {revocation.id}", error.message)
            gone = frozenset(revocation.updates)
        excused.update(dict.fromkeys(gone, "shredded, as certified"))
    return excused


def _all_shredded(state: LedgerState, revocation: Revocation) -> bool:
    """As the contract has counted it; or as it would when it is told to count again after members have left."""
    return revocation.shredded or not receipts_missing(state, revocation)


def _check(own: Recomputed, update: Update, excuse: str, absent: Counter[str], tally: Tally) -> bool:
    where = f"update {update.id} of {update.organisation} in round {update.round}"
    private = own.evidence.private
    context = Context(private.chain_id, private.deployment.address("RoundLedger"), update.round, update.organisation)
    commitments = Commitments(update.ciphertext_digest, update.header_digest, update.content_commitment)
    header = _read(own, update.header_cid or "", where, "header", excuse, absent, tally)
    payload = _read(own, update.payload_cid or "", where, "payload", excuse, absent, tally, PAYLOAD_LIMIT)
    if header is None:
        return False
    if payload is None:
        parsed = tally.attempt(where, lambda: read_header(header, context=context, commitments=commitments))
    else:
        parsed = tally.attempt(where, lambda: check_sealed(header, payload, context=context, commitments=commitments))
    if tally.demand(parsed is not None, where, "the sealed object is not the recorded one"):
        assert parsed is not None
        _check_recipients(own, update, parsed, where, tally)
    return payload is not None


def _read(
    own: Recomputed,
    cid: str,
    where: str,
    what: str,
    excuse: str,
    absent: Counter[str],
    tally: Tally,
    limit: int = OBJECT_LIMIT,
) -> bytes | None:
    objects = own.evidence.objects
    if excuse and not objects.here(cid):
        tally.demand(True, where, "")
        absent[excuse] += 1
        return None
    data = tally.attempt(f"{what} of {where}", lambda: objects.read(cid, limit=limit))
    tally.demand(True, where, "")
    return data


def _check_recipients(own: Recomputed, update: Update, header: Header, where: str, tally: Tally) -> None:
    """Sealed to the prekeys that the round assigned, to all that are keys, and to nobody else."""
    assigned = own.state.rounds[update.round].recipients
    usable = usable_recipients({name: prekey.key for name, prekey in assigned.items()})
    expected = {name: assigned[name].digest for name in usable}
    tally.same(where, "its recipients", {item.organisation: item.prekey for item in header.recipients}, expected)
    short = [item.organisation for item in header.recipients if len(item.wrapped) != WRAPPED_SIZE]
    tally.demand(not short, where, f"the key wrapped for {', '.join(short)} has not {WRAPPED_SIZE} bytes")
