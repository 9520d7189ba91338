"""A life on chains in memory as the demo sees it, for the tests of its summary."""

from __future__ import annotations

from unit.audit.life import Life
from unit.ledger.actors import CUMULUS

from orchestrator.chain.contracts import public_of
from orchestrator.chain.public_events import AwardClaim, AwardsPublication, read_anchored, read_awards
from orchestrator.chain.structs import Stage
from orchestrator.demo.chains import Seen


def stands(life: Life, stage: Stage, deadline: int = 0) -> None:
    """What the contract says of every request."""
    none = "0x" + 64 * "0"
    told = {
        "organisation": CUMULUS, "mode": 0, "urgent": False, "stage": stage, "deadline": deadline,
        "reason": "withdrawn", "request_digest": none, "manifest_digest": none, "certificate_digest": none,
        "updates": [],
    }  # fmt: skip
    life.private.views["RevocationLedger", "revocation"] = lambda: [told]
    life.private.views["RevocationLedger", "stageOf"] = lambda: [stage]


def seen_of(life: Life) -> Seen:
    """Both chains, read to their heads."""
    public, head = public_of(life.public, life.deployments["public"]), life.public.block_number()
    events = list(read_awards(life.public, public, 0, head))
    return Seen(
        life.ledger,
        list(read_anchored(life.public, public, 0, head)),
        [event for event in events if isinstance(event, AwardsPublication)],
        [event for event in events if isinstance(event, AwardClaim)],
    )
