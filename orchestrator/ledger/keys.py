"""Fold of the KeyDirectory's records."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import Discarding, LedgerState, Prekey
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import demand, put, round_of
from orchestrator.ledger.schema import integer
from orchestrator.types import Digest, OrganisationId

QUIET_BLOCKS = 2**13
"""Blocks without a discarding after which the next one counts as the first; longer than any wait between two."""


def key_published(state: LedgerState, record: Record) -> LedgerState:
    key = _key(record)
    return state.with_(keys=put(state.keys, OrganisationId(record.fields["organisation"]), key))


def key_revoked(state: LedgerState, record: Record) -> LedgerState:
    organisation = record.fields["organisation"]
    key = state.keys.get(OrganisationId(organisation))
    demand(key is not None and sha256(key) == record.fields["digest"], record, f"{organisation} has no such key")
    return state.with_(keys={name: key for name, key in state.keys.items() if name != organisation})


def prekey_published(state: LedgerState, record: Record) -> LedgerState:
    organisation, index = OrganisationId(record.fields["organisation"]), record.fields["index"]
    known = state.prekeys.get(organisation, {})
    demand(index not in known, record, f"{organisation} has published its prekey {index} before")
    prekey = Prekey(index, Digest(record.fields["digest"]), _key(record))
    return state.with_(prekeys=put(state.prekeys, organisation, put(known, index, prekey)))


def prekeys_discarded(state: LedgerState, record: Record) -> LedgerState:
    """All unused ones at once: they are the last that were published."""
    fields, organisation = record.fields, OrganisationId(record.fields["organisation"])
    known = state.prekeys.get(organisation, {})
    unused = sorted(index for index, prekey in known.items() if prekey.unused)
    told = (integer(fields["first"]), integer(fields["count"]))
    fits = bool(unused) and told == (unused[0], len(unused))
    demand(fits, record, f"{organisation} has {len(unused)} unused prekeys")
    kept = {**known, **{index: replace(known[index], discarded=True) for index in unused}}
    return state.with_(
        prekeys=put(state.prekeys, organisation, kept),
        discardings=put(state.discardings, organisation, _discarding(state, organisation, record)),
    )


def prekey_assigned(state: LedgerState, record: Record) -> LedgerState:
    round_, fields = round_of(state, record), record.fields
    organisation = OrganisationId(fields["organisation"])
    known = state.prekeys.get(organisation, {})
    prekey = known.get(fields["index"])
    fits = prekey is not None and prekey.digest == fields["digest"] and prekey.unused
    demand(fits, record, f"{organisation} has no unused prekey {fields['index']} of that digest")
    demand(organisation in round_.members, record, f"{organisation} is not a member of round {round_.id}")
    demand(organisation not in round_.recipients, record, f"{organisation} has a prekey of round {round_.id}")
    assert prekey is not None
    used = replace(prekey, round=round_.id)
    return state.with_(
        prekeys=put(state.prekeys, organisation, put(known, used.index, used)),
        rounds=put(state.rounds, round_.id, replace(round_, recipients=put(round_.recipients, organisation, used))),
    )


def _discarding(state: LedgerState, organisation: OrganisationId, record: Record) -> Discarding:
    last = state.discardings.get(organisation)
    if last is None or last.delegate != record.signer or record.block - last.block >= QUIET_BLOCKS:
        return Discarding(record.block, record.signer, 1)
    return Discarding(record.block, record.signer, last.streak + 1)


def _key(record: Record) -> bytes:
    key = bytes.fromhex(record.fields["key"][2:])
    demand(sha256(key) == record.fields["digest"], record, "the digest is not that of the key")
    return key


HANDLERS = {
    "KeyPublished": key_published,
    "KeyRevoked": key_revoked,
    "PrekeyPublished": prekey_published,
    "PrekeyAssigned": prekey_assigned,
    "PrekeysDiscarded": prekeys_discarded,
}
