"""`loranchor revoke plan`: what each mode would take out, cost and leave behind, before anybody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from orchestrator.commands.common import AsJson, Home, Overrides, console, emit

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.ledger.canonical import Document
    from orchestrator.ledger.entities import LedgerState
    from orchestrator.unlearning.plan import ModePlan, Plan

Updates = Annotated[list[str] | None, typer.Option("--update", help="A contribution; all own ones without.")]
RoundNumber = Annotated[int | None, typer.Option("--round", min=1, help="Only what was contributed to this round.")]
Owners = Annotated[
    list[str] | None, typer.Option("--of", metavar="NAME", help="Whose contributions, or `all`; the own ones without.")
]
ModeName = Annotated[
    str | None,
    typer.Option("--mode", help="What becomes of the model: drop, heal, replay or auto; as settings say without."),
]
Reason = Annotated[str, typer.Option("--reason", help="Reason code, at most 32 ASCII characters.")]

output = console(markup=False)
UNKNOWN = "unknown: no training measured yet"


def plan(
    home: Home,
    update: Updates = None,
    round_number: RoundNumber = None,
    of: Owners = None,
    reason: Reason = "WITHDRAWN",
    mode: ModeName = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Tell what a revocation would do in each mode. Asks for nothing and needs no password."""
    from orchestrator.daemon.view import look, tasks_of
    from orchestrator.disputes.planning import awards_at_stake, planned
    from orchestrator.disputes.reach import reach
    from orchestrator.disputes.scopes import named_updates
    from orchestrator.unlearning.policy import policy_of

    here = reach(home, overrides)
    policy = policy_of(here.settings.values, mode)
    state = look(here.private).state
    tasks = tasks_of(state, here.store)
    chosen = named_updates(state, tasks, here.me, updates=update or (), round_number=round_number, of=of or ())
    made = planned(state, tasks, home, here.me, chosen, reason=reason, policy=policy)
    awards = awards_at_stake(state, made, tasks, lambda: here.public)
    if as_json:
        emit(document_of(state, made, awards))
        return
    for line in lines_of(state, made, awards):
        output.print(line, soft_wrap=True)
    output.print(_table(made))
    for item in made.modes.values():
        output.print(f"{item.mode}: {item.limits}", soft_wrap=True)


def document_of(state: LedgerState, plan: Plan, awards: Document) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "organisation": plan.organisation,
        "reason": plan.reason,
        "updates": list(plan.updates),
        "supports": plan.supports,
        "open_round": plan.open_round,
        "chosen": plan.chosen.value,
        "modes": {mode.value: _mode(item) for mode, item in plan.modes.items()},
        "members": list(state.members.seats),
        "awards": awards,
    }


def lines_of(state: LedgerState, plan: Plan, awards: Document) -> list[str]:
    """What is the same in every mode, a sentence a line."""
    members, quorum = tuple(state.members.seats), state.members.quorum
    counts = f"{len(plan.updates)} contribution{'' if len(plan.updates) == 1 else 's'}"
    need = f"{plan.supports} supports of others" if plan.supports else "nobody's consent"
    when = "at once" if plan.open_round is None else f"at the end of round {plan.open_round}, whose updates count, too"
    fates: dict[str, int] = {}
    for row in awards["listed"]:
        fates[row["fate"]] = fates.get(row["fate"], 0) + int(row["amount"])
    told = "; ".join(f"{amount} {fate}" for fate, amount in sorted(fates.items())) or "none"
    return [
        f"{plan.organisation} would revoke {counts}; that needs {need}, and takes effect {when}",
        f"then every member measures ({', '.join(members)}), {quorum} endorse the certificate, and every member shreds",
        f"awards, by reason {plan.reason} ({awards['consequence']}): {told}",
        f"the settings choose {plan.chosen}",
    ]


def _mode(item: ModePlan) -> dict[str, Any]:
    return {
        "leaves": list(item.leaves),
        "returns": list(item.returns),
        "stays": list(item.stays),
        "rounds_to_train": [list(members) for members in item.again],
        "hardening": item.hardening,
        "manifest": item.manifest,
        "seconds": item.seconds,
        "bytes_sent": item.sent,
        "bytes_received": item.received,
        "transactions": {"private": list(item.private), "public": list(item.public)},
        "limits": item.limits,
    }


def _table(plan: Plan) -> Table:
    table = Table("", *plan.modes)
    rows: dict[str, Callable[[ModePlan], str]] = {
        "leaves": lambda item: str(len(item.leaves)),
        "comes back": lambda item: str(len(item.returns)),
        "stays, trained on top": lambda item: str(len(item.stays)),
        "rounds to train again": lambda item: str(len(item.again)),
        "who trains them": lambda item: ", ".join(sorted({name for names in item.again for name in names})) or "-",
        "noise on the weights": lambda item: "yes" if item.hardening else "no",
        "seconds here": lambda item: UNKNOWN if item.seconds is None else f"{item.seconds:.1f}",
        "bytes here": lambda item: UNKNOWN if item.sent is None else f"{item.sent} out, {item.received} in",
        "private transactions": lambda item: _range(item.private),
        "public transactions": lambda item: _range(item.public),
    }
    for name, cell in rows.items():
        table.add_row(name, *(cell(item) for item in plan.modes.values()))
    return table


def _range(counts: tuple[int, int]) -> str:
    least, most = counts
    return str(least) if least == most else f"{least} to {most}"
