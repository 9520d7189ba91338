"""`loranchor evaluate one-shot`: does a model of faces forget a person from one picture, beside one retrained?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.commands.common import AsJson, Overrides, console, emit

DEFAULT = "evaluation=one_shot"


def one_shot(
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder to make.")],
    method: Annotated[
        list[str] | None, typer.Option("--method", metavar="NAME", help="Which method; more than once.")
    ] = None,
    people: Annotated[int, typer.Option("--people", help="How many ask to be forgotten, 1 to 5.")] = 1,
    data: Annotated[str, typer.Option("--data", metavar="SET", help="orl, celeba or celeba-hq.")] = "orl",
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where the pictures are; without it the cache.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of parts, models and the meta-loss.")] = 0,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Train a model of faces, forget people from one picture each, and compare with one that never saw them."""
    from orchestrator.commands.model import check_installed

    check_installed()
    from orchestrator.commands.evaluate import bar
    from orchestrator.settings import compose
    from orchestrator.unlearning.person.evaluation import evaluate, faces_named, size_of, table

    given = list(overrides or ())
    if not any(item.startswith("evaluation=") for item in given):
        given.insert(0, DEFAULT)
    size = size_of(compose(given).group("evaluation"))
    with bar("loading faces") as progress:
        faces = faces_named(data, folder)
        document = evaluate(faces, size, output, method or ["meta-unlearn"], asking=people, seed=seed, told=progress)
    if as_json:
        emit(document)
        return
    out = console()
    out.print(table(document))
    out.print(f"Written to {output}", markup=False, highlight=False)
