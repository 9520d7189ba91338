"""`loranchor evaluate unlearning` and `… leakage`: is what was forgotten really gone, and what does a gradient tell?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands import evaluate_one_shot
from orchestrator.commands.common import AsJson, Overrides, console, emit

if TYPE_CHECKING:
    from rich.table import Table

    from orchestrator.settings import Settings
    from orchestrator.unlearning.evaluation.measure import Progress
    from orchestrator.unlearning.evaluation.models import ModelSettings

app = typer.Typer(help="Evaluations of a model by attacks on it.", no_args_is_help=True)

DEFAULT = "evaluation=unlearning"


app.command("one-shot")(evaluate_one_shot.one_shot)


@app.callback()
def _group() -> None:
    pass


@app.command()
def unlearning(
    original: Annotated[
        str, typer.Option("--original", metavar="DIR", help="The model before: merged, or an adapter.")
    ],
    unlearned: Annotated[str, typer.Option("--unlearned", metavar="DIR", help="The model to evaluate.")],
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder to make.")],
    retrained: Annotated[
        str | None,
        typer.Option("--retrained", metavar="DIR", help="Trained without the forget data; without it no gate."),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", metavar="DIR", help="More such, for RMIA and LiRA; more than once."),
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", metavar="NAME", help="The base of adapters; else model.name.")
    ] = None,
    plots: Annotated[bool, typer.Option("--plots/--no-plots", help="Write SVG plots, which need matplotlib.")] = True,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Attack an unlearned model, beside the original and a retrained one. Ends with 10 if its gate fails."""
    from orchestrator.commands.model import check_installed

    check_installed()
    from orchestrator.cache import cache_folder
    from orchestrator.errors import GateFailed
    from orchestrator.settings import compose
    from orchestrator.unlearning.evaluation.run import run
    from orchestrator.unlearning.evaluation.settings import EvaluationSettings
    from orchestrator.unlearning.evaluation.table import show

    given = list(overrides or ())
    if not any(item.startswith("evaluation=") for item in given):
        given.insert(0, DEFAULT)
    settings = compose(given)
    wanted = EvaluationSettings.from_group(settings.group("evaluation"))
    named = {"original": original, "unlearned": unlearned, "retrained": retrained}
    folders = {role: folder for role, folder in named.items() if folder is not None}
    folders |= {f"reference {number}": folder for number, folder in enumerate(reference or (), start=1)}
    with bar() as progress:
        done = run(
            folders,
            wanted,
            model_settings(settings, base),
            output,
            with_plots=plots,
            cache=cache_folder(),
            progress=progress,
        )
    if as_json:
        emit(done.document)
    else:
        out = console()
        show(done.findings, out)
        for name, one in done.document["data"].items():
            if one is not None and one["left_out"]:
                out.print(f"{one['left_out']} texts of {name} are in another set, too, and were left out")
        out.print(f"Written to {done.out}", markup=False, highlight=False)
    if done.findings.gate.failed:
        raise typer.Exit(GateFailed.exit_code)


@app.command()
def leakage(
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder to make.")],
    attack: Annotated[str, typer.Option("--attack", metavar="NAME", help="Which attack on images.")] = "recursive",
    knowledge: Annotated[
        str,
        typer.Option(
            "--knowledge",
            metavar="WHAT",
            help="What the attacker knows: no-lock, key-known, lock-known, neither-known, free.",
        ),
    ] = "no-lock",
    data: Annotated[
        str, typer.Option("--data", metavar="SET", help="The victims' images: fashion-mnist or photographs.")
    ] = "fashion-mnist",
    network: Annotated[str, typer.Option("--network", metavar="NAME", help="The victims' network.")] = "lenet",
    images: Annotated[int, typer.Option("--images", help="How many images or texts are attacked.")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="Of images, networks, keys and the attack.")] = 0,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where the images are; without it the cache.")
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option("--texts", metavar="FILE", help="Attack an adapter's gradients of these texts, not of images."),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="With --texts: the language model, like Llama.")
    ] = "packaged:smollm2-135m",
    rank: Annotated[int, typer.Option("--rank", help="With --texts: of the adapter on q and v.")] = 64,
    tokens: Annotated[int, typer.Option("--tokens", help="With --texts: tokens of a text.")] = 32,
    as_json: AsJson = False,
) -> None:
    """Attack gradients of small image networks, or of an adapter on texts, and show what comes back."""
    from orchestrator.commands.model import check_installed

    check_installed()
    from orchestrator.attacks.inversion.evaluation import Leakage, evaluate, knowledge_named, table

    if texts is not None:
        from orchestrator.attacks.inversion.text_evaluation import TextLeakage, evaluate_texts, text_table

        of_texts = TextLeakage(texts, knowledge_named(knowledge), model, rank, tokens, images, seed)
        with bar("attacking") as progress:
            document = evaluate_texts(of_texts, output, progress=lambda done, all_: progress("attacking", done / all_))
        _show(document, text_table, output, as_json)
        return
    wanted = Leakage(attack, knowledge_named(knowledge), data, network, images, seed)
    with bar("attacking") as progress:
        document = evaluate(
            wanted, output, folder=folder, progress=lambda done, all_: progress("attacking", done / all_)
        )
    _show(document, table, output, as_json)


def _show(document: dict[str, Any], shown: Callable[[dict[str, Any]], Table], output: Path, as_json: bool) -> None:
    if as_json:
        emit(document)
        return
    out = console()
    out.print(shown(document))
    out.print(f"Written to {output}", markup=False, highlight=False)


def model_settings(settings: Settings, base: str | None) -> ModelSettings:
    """The base of adapters, as an option or the settings name it."""
    from orchestrator.unlearning.evaluation.models import ModelSettings

    group = settings.values.get("model") or {}
    return ModelSettings(base or group.get("name"), group.get("kind"), int(group.get("labels") or 2))


@contextmanager
def bar(first: str = "loading models and data") -> Iterator[Progress]:
    """On standard error, and only where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    errors = Console(stderr=True)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(first, total=1.0)
        yield lambda what, done: bar.update(task, description=what, completed=done)
