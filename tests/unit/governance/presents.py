"""A consortium as it stands on one chain, or on both."""

from __future__ import annotations

from unit.governance.decisions_made import PAIR, seats
from unit.ledger.actors import AURORA, BOREALIS, CONSORTIUM_ID, CUMULUS, authority, delegate

from orchestrator.commitment.consortium import consortium_digest
from orchestrator.governance.present import (
    Present,
    SideName,
)
from orchestrator.ledger.entities import Member
from orchestrator.types import OrganisationId

DRIFT, EMBER = OrganisationId("drift"), OrganisationId("ember")
FOUNDERS = (AURORA, BOREALIS, CUMULUS)


def present(side: SideName = "public", *names: OrganisationId, epoch: int = 1, quorum: int = 2) -> Present:
    listed = names or FOUNDERS
    return Present(
        side=side,
        chain_id=PAIR.public_chain_id if side == "public" else PAIR.private_chain_id,
        address=PAIR.public_address if side == "public" else PAIR.private_address,
        pair=PAIR,
        consortium_id=CONSORTIUM_ID,
        epoch=epoch,
        quorum=quorum,
        digest=consortium_digest(CONSORTIUM_ID, epoch, quorum, seats(*listed)),
        paused=False,
        pause_nonce=0,
        members=tuple(Member(name, authority(name), delegate(name)) for name in listed),
    )


def both(*names: OrganisationId, epoch: int = 1, quorum: int = 2) -> tuple[Present, Present]:
    return (
        present("public", *names, epoch=epoch, quorum=quorum),
        present("private", *names, epoch=epoch, quorum=quorum),
    )
