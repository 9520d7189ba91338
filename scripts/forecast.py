"""What a deployment would do and cost, and whether the account can pay for it, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator import deployment as d
from orchestrator.deployment.account import NodeAccount
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.lane import MARGIN
from orchestrator.deployment.limits import check_gas
from orchestrator.deployment.onchain import seconds_per_block
from orchestrator.deployment.pricing import Price, price_now
from orchestrator.deployment.rehearsal import rehearse
from orchestrator.deployment.survey import Todo, survey
from orchestrator.deployment.terms import BLOCK_SECONDS, TERMS, duration
from orchestrator.errors import ChainError, ConfigurationError, LoranchorError
from scripts.nodes import Node
from scripts.runs import Plan
from scripts.tables import ether, gwei, show, todo_table

NOBODY = NodeAccount("0x" + "00" * 20)


@dataclass(frozen=True)
class Forecast:
    """``needed``: wei that the account must have, since nodes want the most that a transaction may cost."""

    todos: Sequence[Todo]
    price: Price
    balance: int

    @property
    def left(self) -> list[Todo]:
        """What this run would do."""
        return [todo for todo in self.todos if not todo.done and not todo.later]

    @property
    def needed(self) -> int:
        return int(sum(todo.gas for todo in self.left) * MARGIN) * self.price.most

    @property
    def lacking(self) -> int:
        return max(self.needed - self.balance, 0)


def forecast(run: Deployer, plan: Plan, *, both: bool = False) -> Forecast:
    """Args:
        both: the run deploys the other chain too.

    Raises:
        TransactionReverted: a contract refuses its settings. WrongChain, ConfigurationError: as for a run.
    """
    other = plan.records()["private" if run.role == "public" else "public"]
    pair = both or (other is not None and "Consortium" in other.contracts)
    rehearsed: dict[str, int] = {}

    def gas(what: str) -> int:
        if not rehearsed:
            rehearsed.update(rehearse(run.role, plan.description, plan.creation))
        return rehearsed[what]

    todos = survey(run, gas, pair=pair)
    return Forecast(todos, price_now(run.chain), run.chain.balance(run.lane.account.address))


def check_funds(run: Deployer, plan: Plan) -> None:
    """Raises:
    ChainError: the account cannot pay for all of it, on a chain that is not local.
    ConfigurationError: a step does not fit a transaction there.
    """
    if run.local:
        return
    found = forecast(run, plan)
    for error in too_large(run, found):
        raise error
    if found.lacking:
        raise _too_little(run, found)
    if found.left:
        gas, most = sum(todo.gas for todo in found.left), ether(found.needed)
        count = f"{len(found.left)} transaction{'s' * (len(found.left) > 1)}"
        print(f"{run.role} chain {run.chain_id}: {count}, {gas:,} gas, at most {most}", flush=True)


def dry_run(plan: Plan, nodes: Sequence[Node]) -> None:
    """Print the table of each chain.

    Raises:
        ConfigurationError, ChainError: something is missing; the first of what was printed.
    """
    missing: list[LoranchorError] = []
    left = 0
    for node in nodes:
        steps, lacking = _print(plan, node, both=len(nodes) > 1)
        left, missing = left + steps, missing + lacking
    if missing:
        raise missing[0]
    print("nothing was sent; without --dry-run it would be" if left else "nothing is left to do")


def _print(plan: Plan, node: Node, *, both: bool) -> tuple[int, list[LoranchorError]]:
    """How many steps are left, and what is missing for them."""
    missing: list[LoranchorError] = []
    try:
        run = plan.on(node)
    except ConfigurationError as error:
        missing.append(error)
        run = plan.on(node, NOBODY)
    account, known = run.lane.account, not missing
    found = forecast(run, plan, both=both)
    print(f"{run.role} chain {run.chain_id} (network {node.network}): what a run would do")
    print("".join(f"{line}\n" for line in run.said), end="")
    if run.record.pending is not None:
        names = ", ".join(f"{sent.what} (nonce {sent.nonce})" for sent in run.record.pending.transactions)
        print(f"an interrupted run may have sent {names}: a run first looks after that")
    show(todo_table(found.todos, found.price, addresses=known))
    price = f"gas price now {gwei(found.price.expected)}, at most {gwei(found.price.most)} will be offered"
    print(f"{price}; confirmations: {run.lane.confirmations}")
    print("".join(f"{line}\n" for line in kept_for_ever(run, plan.description)), end="")
    missing += too_large(run, found)
    if known:
        print(f"account {account.address}: {ether(found.balance)}; it needs {ether(found.needed)} at most")
        if found.lacking:
            missing.append(_too_little(run, found))
    for lacking in missing:
        print(f"missing: {lacking}")
    return len(found.left), missing


def too_large(run: Deployer, found: Forecast) -> list[LoranchorError]:
    """Steps that need more gas than one transaction may have on this chain."""
    errors: list[LoranchorError] = []
    most = run.lane.most_gas
    for todo in found.todos if most is not None else ():
        try:
            check_gas(todo.what, todo.gas, most or 0, run.chain_id)
        except ConfigurationError as error:
            errors.append(error)
    return errors


def kept_for_ever(run: Deployer, description: d.ConsortiumDescription) -> list[str]:
    """What this chain's contracts will keep, in blocks and in time, one line each."""
    seconds = seconds_per_block(run.chain) or BLOCK_SECONDS[run.role]
    lines = []
    for term in TERMS:
        if term.role == run.role:
            blocks = getattr(description, term.name)
            lines.append(f"  {term.label} {blocks:,}: {duration(blocks, seconds)} {term.what}")
    return [f"for ever, at a block every {seconds:.3g} s:", *lines]


def _too_little(run: Deployer, found: Forecast) -> ChainError:
    return ChainError(
        f"account {run.lane.account.address} has {ether(found.balance)} on chain {run.chain_id} and needs "
        f"{ether(found.needed)}",
        mend=f"send it {ether(found.lacking)} more",
    )
