"""`loranchor privacy list|price`: what policies protect, and what trainings under an experiment's task would cost."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Overrides, console, emit
from orchestrator.commands.privacy_keylock import keylock

app = typer.Typer(help="Privacy policies.", no_args_is_help=True)
app.add_typer(keylock, name="keylock")


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """Say of every policy whom it protects against whom, and what it leaves open."""
    from orchestrator.privacy import policies, policy_named

    found = {name: policy_named(name).promise for name in policies()}
    if as_json:
        emit(
            {
                name: {"protects": item.protects, "leaves_open": item.leaves_open, "bounded": item.bounded}
                for name, item in found.items()
            }
        )
        return
    output = console()
    for name, item in found.items():
        output.print(f"[bold]{name}[/bold]{', with ε on the private chain' if item.bounded else ''}", highlight=False)
        output.print(f"  protects: {item.protects}", markup=False, highlight=False)
        output.print(f"  leaves open: {item.leaves_open}", markup=False, highlight=False)
    output.print("Joined, such as dp+keylock, each does its part; the task of a round names them.", highlight=False)


@app.command()
def price(
    trainings: Annotated[
        list[int] | None,
        typer.Option("--trainings", metavar="N", min=1, help="How many rounds; more than once. Else 1, 2, 5, 10 …"),
    ] = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Compute ε after rounds of an experiment's task: `privacy price experiment=tiny privacy=dp aggregation=ffa`."""
    from orchestrator.daemon.equipment import task_without_base
    from orchestrator.privacy.prices import prices
    from orchestrator.settings import compose

    found = prices(task_without_base(compose(overrides or ())), tuple(trainings or ()))
    if as_json:
        emit(found.document)
        return
    output = console()
    for line in _lines(found.document):
        output.print(line, markup=False, highlight=False)


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [f"policy {found['policy']}"]
    if found["cap"] is None:
        lines.append("no ε is recorded: the policy promises no differential privacy")
    else:
        lines += [f"{number:>6} trainings  ε {epsilon:.3f}" for number, epsilon in found["epsilon"]]
        lines.append(
            f"the cap of {found['cap']:g} allows {found['allowed']} trainings, at δ 1/{found['delta_inverse']}"
        )
    lines += [f"cannot be: {sentence}" for sentence in found["objections"]]
    return lines + [f"note: {sentence}" for sentence in found["warnings"]]
