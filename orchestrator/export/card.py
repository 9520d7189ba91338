"""The model card: ``README.md`` with the header that model hubs read, and what a stranger must know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.export.facts import Facts
from orchestrator.export.origins import Origin

NAME = "README.md"
PIPELINES = {"causal_lm": "text-generation", "classifier": "text-classification"}
CLASSES = {"causal_lm": "AutoModelForCausalLM", "classifier": "AutoModelForSequenceClassification"}


@dataclass(frozen=True, slots=True)
class Made:
    """What lies beside the card.

    Attributes:
        kind: of model. labels: of a classifier, else 0. rank: of an adapter; 0 for a merged model.
        cut: whether the adapter's factors are those of a decomposition. error: of the cut, against the fold.
        strategy_error: of the fold against the exact sum. dtype, rounding: of a merged model.
        saved: modules that an adapter holds as a whole.
    """

    format: str
    kind: str
    labels: int = 0
    rank: int = 0
    cut: bool = False
    error: float = 0.0
    strategy_error: float = 0.0
    dtype: str = "fp32"
    rounding: float = 0.0
    saved: tuple[str, ...] = ()


def card(facts: Facts, origin: Origin, made: Made) -> str:
    """The whole page. It holds no time and no path, so that all members write the same."""
    parts = (_header(origin, made), _about(facts, origin, made), _use(origin, made), _source(facts), _verify(facts))
    return "\n".join(line for part in (*parts, _limits(facts, made)) for line in part) + "\n"


def what(made: Made) -> str:
    """One sentence on how exact the weights are."""
    if made.format == "merged":
        loss = f"; for that a number differs from the fold's by at most {made.rounding:.3g}" if made.rounding else ""
        return f"all weights, written as {made.dtype}{loss}"
    if not made.cut:
        return f"exact: the factors of all contributions side by side, rank {made.rank}"
    return f"cut to rank {made.rank} by its singular values; relative error {made.error:.3g} against the fold"


def _header(origin: Origin, made: Made) -> Iterator[str]:
    yield "---"
    if origin.hub_id is not None:
        yield f"base_model: {origin.hub_id}"
        yield f"base_model_relation: {'adapter' if made.format == 'peft' else 'finetune'}"
    yield f"library_name: {'peft' if made.format == 'peft' else 'transformers'}"
    if origin.licence is not None:
        yield f"license: {origin.licence}"
    yield f"pipeline_tag: {PIPELINES[made.kind]}"
    yield "tags:"
    yield from (f"- {tag}" for tag in ("loranchor", "federated-learning", "lora"))
    yield "---"


def _about(facts: Facts, origin: Origin, made: Made) -> Iterator[str]:
    yield "\n# A model that organisations trained together with LoRAnchor\n"
    thing = "A LoRA adapter for" if made.format == "peft" else "The merged model on"
    yield f"{thing} {origin.words}.\n"
    yield f"- Weights: {what(made)}."
    if made.strategy_error:
        yield f"- The consortium's strategy is not exact: error {made.strategy_error:.3g} relative to the exact sum."
    if made.saved:
        yield f"- Held as a whole, not as a change: {', '.join(f'`{name}`' for name in made.saved)}."
    yield f"- Digest of the base model, over all its tensors: `{facts.base}`."
    if origin.licence is None:
        yield "- Licence: that of the base model, which is not known here, and what the consortium's members agreed on."


def _use(origin: Origin, made: Made) -> Iterator[str]:
    base = f'"{origin.hub_id}"' if origin.loads else '"THE BASE MODEL\'S FOLDER"'
    options = f", num_labels={made.labels}" if made.kind == "classifier" else ""
    yield "\n## Use\n\n```python"
    if made.format == "peft":
        yield f"from peft import PeftModel\nfrom transformers import {CLASSES[made.kind]}\n"
        yield f'base = {CLASSES[made.kind]}.from_pretrained({base}, dtype="float32"{options})'
        yield 'model = PeftModel.from_pretrained(base, "THIS FOLDER")'
    else:
        yield f"from transformers import AutoTokenizer, {CLASSES[made.kind]}\n"
        yield f'model = {CLASSES[made.kind]}.from_pretrained("THIS FOLDER")'
        yield 'tokenizer = AutoTokenizer.from_pretrained("THIS FOLDER")'
    yield "```"
    if made.format == "peft":
        yield "\nOn any other base than the one with the digest above, this adapter gives another model."


def _source(facts: Facts) -> Iterator[str]:
    yield "\n## Where it comes from\n"
    yield f"- Consortium: `{facts.consortium}`."
    yield f"- Manifest: `{facts.manifest}`."
    rounds = f"{facts.rounds} {'round' if facts.rounds == 1 else 'rounds'}"
    yield f"- Contributions: {facts.contributions}, of {len(facts.organisations)} organisations, in {rounds}."
    if facts.compacted:
        yield (
            f"- The first {facts.compacted} of them were folded into one object that a quorum compared with the sum of"
            f" the originals: off by {facts.deviation:.3g} of its norm at most."
        )
    if facts.noises:
        yield (
            f"- Noise of standard deviation {', '.join(f'{sigma:g}' for sigma in facts.noises)} lies on the adapted"
            " weights since contributions were revoked: what is left of them is harder to learn again."
        )
    if all(name for name, _ in facts.organisations):
        yield f"- By organisation: {', '.join(f'{name} {count}' for name, count in facts.organisations)}."
    else:
        yield f"- By organisation, without names: {', '.join(str(count) for _, count in facts.organisations)}."
    yield f"- Strategy `{facts.strategy}`, lineage `{facts.lineage}`."
    if facts.epsilon is None:
        yield f"- Differential privacy: none (policy `{facts.privacy}`)."
    else:
        yield (
            f"- Differential privacy: policy `{facts.privacy}`; the largest ε that an organisation recorded for one"
            f" contribution is {facts.epsilon:g}."
        )


def _verify(facts: Facts) -> Iterator[str]:
    yield "\n## Check it\n"
    yield "- `loranchor-export.json` has the SHA-256 of every file here; compare with `sha256sum`."
    yield (
        "- `bom.cdx.json` (CycloneDX) lists the base model, every file of weights and every contribution, by hashes"
        " that together give the manifest digest."
    )
    yield (
        "- If it is signed, `loranchor model verify THIS-FOLDER --key PUBLIC-KEY --manifest DIGEST` checks signature,"
        " files and bill of materials at once. The key must come to you by another way than this folder."
    )
    if facts.anchor is None:
        yield "- No checkpoint on the public chain names this manifest: only members can check where it comes from."
    else:
        anchor = facts.anchor
        yield (
            f"- Checkpoint {anchor.sequence} of contract `{anchor.address}` on chain {anchor.chain_id} names the"
            " manifest digest, signed by a quorum of the members."
        )
    yield "- A member recomputes the manifest from the records, and these weights with `loranchor model export`."
    yield "- An auditor recomputes records and manifest with `loranchor audit verify`."


def _limits(facts: Facts, made: Made) -> Iterator[str]:
    yield "\n## Limits\n"
    yield "- A contribution that is revoked later stays in this copy; only the consortium's model goes on without it."
    yield "- Where it comes from says nothing about how good it is. Measure it on your own data."
    if facts.epsilon is None:
        yield "- Without differential privacy, weights can give away training data."
    if "keylock" in facts.privacy.split("+"):
        yield (
            "- Members trained this behind locks of their own, and judge it behind them. This copy has no lock, as has"
            " everybody else: measure it as it is."
        )
    if made.format == "peft" and not made.cut and facts.contributions > 1:
        yield (
            "- The factors of the contributions lie side by side, so whoever has this adapter can take single"
            " contributions out of it. With `--rank`, or merged, they are not apart."
        )
