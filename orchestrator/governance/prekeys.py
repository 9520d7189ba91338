"""A member's prekeys as the private chain has them, compared with its keystore; taken back and published anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from orchestrator.chain.contracts import PrivateContracts
from orchestrator.daemon.services import leaf_salt
from orchestrator.governance.contracts import Side
from orchestrator.governance.sending import Outcome, Payer, check_call
from orchestrator.keystore import Keystore
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol.rules_rounds import PREKEYS_KEPT
from orchestrator.types import Digest, OrganisationId


def prekey_status(state: LedgerState, me: OrganisationId, own: Collection[Digest]) -> dict[str, Any]:
    """The unused prekeys, and the one of the open round; ``own`` are those that the keystore can open.

    Returns:
        ``organisation``; ``unused``: rows of ``index``, ``digest`` and ``here``; ``open_round``: None, or ``round``,
        ``digest`` (None where the member has no prekey of the round) and ``here``.
    """
    published = state.prekeys.get(me, {}).values()
    rows = [
        {"index": item.index, "digest": item.digest, "here": item.digest in own} for item in published if item.unused
    ]
    return {"organisation": me, "unused": rows, "open_round": _of_open_round(state, me, own)}


def prekey_lines(status: dict[str, Any]) -> Iterator[str]:
    """The same for people, with what to do."""
    rows, name = status["unused"], status["organisation"]
    strange = [row for row in rows if not row["here"]]
    yield f"{len(rows)} unused prekey{'' if len(rows) == 1 else 's'} of {name} on the private chain"
    yield from (f"  {row['digest']}  {'in this keystore' if row['here'] else 'NOT IN THIS KEYSTORE'}" for row in rows)
    if strange:
        yield f"{len(strange)} not in this keystore: lost with another one, or of somebody who has the delegate's key"
        yield "  take all back for new ones: `loranchor consortium delegate prekeys --renew`, or start the daemon"
    current = status["open_round"]
    if current and current["digest"] and not current["here"]:
        yield f"round {current['round']} is open, and what it seals to {name} this keystore cannot open"
        yield f"  if somebody else can: `loranchor round abandon --round {current['round']}`, by a quorum of members"


def renew(
    side: Side,
    private: PrivateContracts,
    me: OrganisationId,
    keystore: Keystore,
    payer: Payer,
    told: Callable[[Outcome], None],
) -> list[Outcome]:
    """Take back all unused prekeys and publish new ones, which are in the keystore before the chain has them.

    Raises:
        TransactionReverted: the payer is no delegate. ChainError: the chain does not answer, or the account is poor.
    """
    outcomes: list[Outcome] = []
    if private.keys.unused_prekeys(me):
        call = private.keys.discard_prekeys(leaf_salt())
        check_call(side, call, payer)
        outcomes.append(Outcome(side.name, f"has no unused prekey of {me} any more", payer.send(side, call)))
        told(outcomes[-1])
    call = private.keys.publish_prekeys(keystore.make_prekeys(PREKEYS_KEPT), leaf_salt())
    check_call(side, call, payer)
    outcomes.append(Outcome(side.name, f"has {PREKEYS_KEPT} new prekeys of {me}", payer.send(side, call)))
    told(outcomes[-1])
    return outcomes


def _of_open_round(state: LedgerState, me: OrganisationId, own: Collection[Digest]) -> dict[str, Any] | None:
    if state.open_round is None or me not in state.rounds[state.open_round].members:
        return None
    given = state.rounds[state.open_round].recipients.get(me)
    digest = None if given is None else given.digest
    return {"round": state.open_round, "digest": digest, "here": digest in own}
