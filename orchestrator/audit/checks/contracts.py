"""Are the contracts ours, deployed as the deployment files say, and linked to each other?"""

from __future__ import annotations

from orchestrator.audit.contracts import check_code, check_creation, check_links
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally


def check_contracts(own: Recomputed, tally: Tally) -> None:
    for side in (own.evidence.public, own.evidence.private):
        tally.same(f"deployment of chain {side.chain_id}", "its chain id", side.deployment.chain_id, side.chain_id)
        check_code(side, tally)
        check_creation(side, tally)
        if side.consortium is not None:
            check_links(side, tally)
