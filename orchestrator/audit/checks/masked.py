"""Did a masked round's contribution come from members whose masked updates count, at the weight that makes a mean?

The sum itself is what members have compared to the bit, each for itself: what it was made from was sealed to them, and
nobody can open it once the round has ended.
"""

from __future__ import annotations

from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.entities import Round, RoundStatus
from orchestrator.ledger.masked_rounds import course, is_masked, weight_cap
from orchestrator.ledger.weights import weight_cap as settled_cap


def check_masked(own: Recomputed, tally: Tally) -> None:
    count = 0
    for round_ in own.state.rounds.values():
        task = own.specs.get(round_.opening.task_digest)
        if task is None or not is_masked(task) or round_.status is not RoundStatus.CLOSED:
            continue
        if active_updates(own.state, round_.id):
            _check(own, round_, tally)
            count += 1
    if count:
        tally.note(f"masked rounds: {count}; members compared their sums, which nobody can make again")


def _check(own: Recomputed, round_: Round, tally: Tally) -> None:
    where = f"masked round {round_.id}"
    assert round_.ended is not None  # it is closed
    now = course(own.state, round_, round_.ended.block)
    if not tally.demand(not now.broken, where, f"a sum was accepted, though {now.broken}"):
        return
    accepted = active_updates(own.state, round_.id)
    tally.same(where, "how many sums were accepted", len(accepted), 1)
    for item in accepted:
        update = own.state.updates[item]
        carried = update.organisation in now.survivors
        tally.demand(carried, where, f"{update.organisation} submitted the sum and has no part in it")
        tally.same(where, "the weight cap that members settled on", settled_cap(update), weight_cap(now.survivors))
