"""`loranchor revoke one-shot` and `… one-shot-close`: a model of faces forgets a person from one picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.common import AsJson, console, emit

if TYPE_CHECKING:
    from torch import Tensor

    from orchestrator.unlearning.person.folder import About
    from orchestrator.unlearning.person.forgetting import Asked

ModelFolder = Annotated[
    Path, typer.Option("--model", metavar="DIR", help="The model's folder, as `evaluate one-shot` makes one.")
]
output = console(markup=False)


def one_shot(
    image: Annotated[
        list[Path], typer.Option("--image", metavar="FILE", help="A picture of who is to be forgotten; one each.")
    ],
    model: ModelFolder,
    person: Annotated[
        list[int] | None,
        typer.Option("--person", metavar="NUMBER", help="Who it is in the training set, picture by picture."),
    ] = None,
    shows: Annotated[
        list[str] | None,
        typer.Option("--shows", metavar="A,B", help="What each picture shows, or `none`; the model's answers without."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Forget who is on these pictures, in one step. Ends with 10 if nothing was forgotten. Pictures are not kept."""
    from orchestrator.commands.model import check_installed

    check_installed()
    from orchestrator.errors import GateFailed
    from orchestrator.unlearning.person.folder import read_about
    from orchestrator.unlearning.person.forgetting import FORGOTTEN, forget

    outcome = forget(model, _asked(read_about(model), image, person, shows))
    if as_json:
        emit(outcome.document())
    else:
        output.print(f"request {outcome.request}: {outcome.result}: {outcome.words}", soft_wrap=True)
        for number, one in enumerate(outcome.admission, start=1):
            told = one.warning() or f"{max(one.pixels, one.features):.2f} of the usual bound from the training pictures"
            output.print(f"picture {number}: {told}", soft_wrap=True)
        output.print(
            f"kept accuracy {outcome.before:.2f} -> {outcome.after:.2f} %; answers changed on the pictures: "
            f"{outcome.answers}",
            soft_wrap=True,
        )
        output.print(f"model {outcome.model}", soft_wrap=True)
    if outcome.result != FORGOTTEN:
        raise typer.Exit(GateFailed.exit_code)


def close(
    model: ModelFolder,
    undo: Annotated[bool, typer.Option("--undo", help="Take back all that was forgotten since it opened.")] = False,
    as_json: AsJson = False,
) -> None:
    """End the window in which requests can be taken back: the base goes, and a new meta-loss is needed."""
    from orchestrator.commands.model import check_installed

    check_installed()
    from orchestrator.unlearning.person import forgetting

    digest = forgetting.close(model, undo=undo)
    if as_json:
        emit({"model": digest, "undone": undo})
    else:
        output.print(f"the window is {'undone' if undo else 'closed'}; the model is {digest}", soft_wrap=True)


def _asked(about: About, images: list[Path], people: list[int] | None, shows: list[str] | None) -> list[Asked]:
    from orchestrator.errors import ConfigurationError
    from orchestrator.unlearning.person.forgetting import NOBODY, Asked
    from orchestrator.unlearning.person.picture import read_picture

    for given, option in ((people, "--person"), (shows, "--shows")):
        if given and len(given) != len(images):
            raise ConfigurationError(
                f"{len(given)} {option} for {len(images)} --image", mend="give one for each, or none"
            )
    targets = [_targets(about, text) for text in shows] if shows else [None] * len(images)
    return [
        Asked(read_picture(path, about.channels, about.height, about.width), whose, target)
        for path, whose, target in zip(images, people or [NOBODY] * len(images), targets, strict=True)
    ]


def _targets(about: About, text: str) -> Tensor:
    import torch

    from orchestrator.errors import ConfigurationError

    named = {part.strip() for part in text.split(",")} - {"", "none"}
    unknown = sorted(named - set(about.attributes))
    if unknown:
        raise ConfigurationError(f"no attribute {unknown[0]!r}", mend=f"choose of {', '.join(about.attributes)}")
    return torch.tensor([float(name in named) for name in about.attributes])
