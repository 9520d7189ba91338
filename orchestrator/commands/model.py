"""`loranchor model …`: the model of a manifest, for the world outside or for a try; its check; its compactions."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands import model_compact, model_supply
from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, digest_given, emit
from orchestrator.commands.model_supply import KeyPassword, SignKey, signer
from orchestrator.errors import ConfigurationError, EnvironmentMissing

if TYPE_CHECKING:
    from orchestrator.daemon.access import Access
    from orchestrator.export.facts import Facts
    from orchestrator.export.run import Exported
    from orchestrator.export.selection import Chosen
    from orchestrator.ledger.entities import LedgerState
    from orchestrator.settings import Settings

app = typer.Typer(help="The model that contributions make.", no_args_is_help=True)

DEFAULT_POLICY = "release=safe-default"
"""What a release must pass where no other policy is named."""

ManifestOption = Annotated[
    str | None, typer.Option("--manifest", metavar="DIGEST", help="Which; the present one without.", show_default=False)
]
RoundOption = Annotated[
    int | None, typer.Option("--round", metavar="N", help="The manifest after that round.", show_default=False)
]


@dataclass(frozen=True)
class Seen:
    """An organisation's access, the ledger, and the manifest that is meant."""

    access: Access
    state: LedgerState
    chosen: Chosen


@app.command()
def export(
    home: Home,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder to make.", show_default=False)],
    format_: Annotated[
        str, typer.Option("--format", help="peft: a LoRA adapter. merged: the whole model for transformers.")
    ] = "peft",
    manifest: ManifestOption = None,
    round_number: RoundOption = None,
    rank: Annotated[
        int | None,
        typer.Option("--rank", metavar="R", help="Cut an adapter to this rank; prints the error.", show_default=False),
    ] = None,
    dtype: Annotated[str, typer.Option("--dtype", help="Of a merged model: fp32, or bf16 with a loss.")] = "fp32",
    names: Annotated[bool, typer.Option("--names", help="Name the organisations in card and bill.")] = False,
    key: SignKey = None,
    key_password_file: KeyPassword = None,
    release: Annotated[
        Path | None,
        typer.Option("--release", metavar="FILE", help="For the world: demand this signed report of a release check."),
    ] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write the model as plain peft or transformers load it, with a model card, a bill of materials and all digests."""
    check_installed()
    from orchestrator.cache import cache_folder
    from orchestrator.export.run import Wanted, check
    from orchestrator.export.run import export as make
    from orchestrator.release.clearance import clear
    from orchestrator.release.files import read_signed
    from orchestrator.release.policy import Policy

    if release is not None and not any(item.startswith("release=") for item in overrides or ()):
        overrides = [DEFAULT_POLICY, *(overrides or ())]
    settings, model = settings_of(home, overrides)
    signed = None if release is None else read_signed(release)
    wanted = Wanted(
        format=format_,
        out=output.resolve(),
        model=str(model["name"]),
        labels=int(model["labels"]),
        rank=rank,
        dtype=dtype,
        names=names,
        cache=cache_folder(),
    )
    check(wanted)
    sign = signer(key, key_password_file) if key is not None else None
    with seen(settings, home, password_file, manifest, round_number) as found:
        if signed is not None:
            cleared = clear(
                signed, found.state, found.chosen.manifest.digest, Policy.from_group(settings.group("release"))
            )
            typer.echo(cleared.told, err=True)
        done = make(found.access, found.state, found.chosen, facts_for(found, names), wanted)
    _tell(done, sign(done.folder) if sign is not None else None, as_json)


@app.command()
def generate(
    home: Home,
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="TEXT", help="Read from standard input without.")
    ] = None,
    max_tokens: Annotated[int, typer.Option("--max-tokens", metavar="N", help="Most tokens to write.")] = 64,
    temperature: Annotated[float, typer.Option("--temperature", help="0 takes the likeliest token.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Of what is drawn at a temperature above 0.")] = 0,
    manifest: ManifestOption = None,
    round_number: RoundOption = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Try the model: it goes on with a text; a classifier says how likely each label is."""
    check_installed()
    from orchestrator.export import trying
    from orchestrator.export.loading import folded_model

    trying.check(max_tokens, temperature)
    settings, model = settings_of(home, overrides)
    threads = (settings.values.get("experiment") or {}).get("threads")
    text = _text(prompt)
    with seen(settings, home, password_file, manifest, round_number) as found:
        named = str(model["name"]), int(model["labels"])
        base = folded_model(found.access, found.state, found.chosen, *named, threads=threads)
    told: dict[str, Any] = {"manifest": found.chosen.manifest.digest, "prompt": text}
    if base.kind == "classifier":
        told["probabilities"] = likely = trying.probabilities(base, text)
        lines = [f"{value:8.4f}  {label}" for label, value in likely.items()]
    else:
        told["text"] = trying.continuation(base, text, max_tokens=max_tokens, temperature=temperature, seed=seed)
        lines = [f"{text}{told['text']}"]
    if as_json:
        emit(told)
    else:
        typer.echo("\n".join(lines))


app.command()(model_compact.compact)
app.command()(model_compact.compactions)
app.command()(model_supply.sign)
app.command()(model_supply.bom)
app.command()(model_supply.verify)


def check_installed() -> None:
    """Raises EnvironmentMissing: this is the base install."""
    for name in ("torch", "transformers", "safetensors"):
        if find_spec(name) is None:
            raise EnvironmentMissing(f"{name} is not installed", mend="pip install 'loranchor[train]'")


def settings_of(home: Path, overrides: list[str] | None) -> tuple[Settings, Mapping[str, Any]]:
    """Settings, and the model that they name."""
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    return settings, settings.group("model")


@contextmanager
def seen(
    settings: Settings, home: Path, password_file: Path | None, manifest: str | None, number: int | None
) -> Iterator[Seen]:
    """An organisation's access and the manifest that is meant; the keystore is closed when the block ends."""
    from orchestrator.daemon.access import connect
    from orchestrator.daemon.view import look, tasks_of
    from orchestrator.export.selection import choose
    from orchestrator.keystore import read_password

    wanted = None if manifest is None else digest_given(manifest)
    access = connect(settings, home, read_password(password_file))
    with access.keystore:
        state = look(access.private).state
        tasks = tasks_of(state, access.store)
        yield Seen(access, state, choose(state, tasks, manifest=wanted, round_number=number))


def facts_for(seen: Seen, names: bool) -> Facts:
    """What card and bill may tell."""
    from orchestrator.disputes.anchored import anchor_view
    from orchestrator.export.facts import facts_of

    public = seen.access.public
    return facts_of(
        seen.state,
        seen.chosen,
        consortium=public.deployment.consortium_id,
        anchored=[item.checkpoint for item in anchor_view(public).anchored],
        chain_id=public.deployment.chain_id,
        address=public.anchor.address,
        names=names,
    )


def _text(prompt: str | None) -> str:
    if prompt is None and sys.stdin.isatty():
        raise ConfigurationError("there is no prompt", mend="give --prompt TEXT, or the text on standard input")
    return sys.stdin.read().rstrip("\n") if prompt is None else prompt


def _tell(done: Exported, signed: Mapping[str, str] | None, as_json: bool) -> None:
    record = done.record
    if as_json:
        told = {"folder": str(done.folder), "made": done.made, "what": done.what, "record": record}
        emit(told if signed is None else {**told, **signed})
        return
    _tell_folder(done)
    if signed is not None:
        typer.echo(f"{signed['signature']}: signed by key {signed['key']}")


def _tell_folder(done: Exported) -> None:
    record = done.record
    if not done.made:
        typer.echo(f"{done.folder} holds this export already; nothing was written")
        return
    size = sum(entry["bytes"] for entry in record["files"].values())
    typer.echo(f"{done.folder}: {len(record['files']) + 1} files, {size / 1e6:.1f} MB")
    typer.echo(f"{record['contributions']} contributions, strategy {record['strategy']}")
    typer.echo(f"manifest {record['manifest']}")
    typer.echo(done.what)
