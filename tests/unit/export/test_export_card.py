"""The model card tells what may be told: exactness, origin, anchor, limits; and no name unless it may."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from orchestrator.cli import app, run
from orchestrator.export.card import Made, card, what
from orchestrator.export.facts import Anchor, Facts
from orchestrator.export.origins import PACKAGED, Origin, origin_of
from orchestrator.models.source import PACKAGED as NAMES
from orchestrator.types import Address, Digest

FACTS = Facts(
    consortium=Digest("0x" + "c0" * 32),
    manifest=Digest("0x" + "3a" * 32),
    base=Digest("0x" + "ba" * 32),
    strategy="stack",
    lineage="chained",
    contributions=3,
    rounds=1,
    organisations=(("", 2), ("", 1)),
    privacy="none",
    epsilon=None,
    anchor=Anchor(4, 11155111, Address("0x" + "a2" * 20)),
)
ADAPTER = Made("peft", "causal_lm", rank=24)


def header(page: str) -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = yaml.safe_load(page.split("---\n")[1])
    return found


def test_the_header_is_what_hubs_read() -> None:
    found = header(card(FACTS, PACKAGED["packaged:smollm2-135m"], ADAPTER))
    assert found == {
        "base_model": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "base_model_relation": "adapter",
        "library_name": "peft",
        "license": "apache-2.0",
        "pipeline_tag": "text-generation",
        "tags": ["loranchor", "federated-learning", "lora"],
    }
    merged = header(card(FACTS, Origin("a folder"), Made("merged", "classifier", labels=3)))
    assert (merged["library_name"], merged["pipeline_tag"]) == ("transformers", "text-classification")
    assert "base_model" not in merged and "license" not in merged


def test_it_tells_where_the_model_comes_from_and_how_to_check_it() -> None:
    page = card(FACTS, PACKAGED["packaged:smollm2-135m"], ADAPTER)
    for words in (FACTS.manifest, FACTS.consortium, FACTS.base, "Contributions: 3, of 2 organisations, in 1 round."):
        assert words in page
    assert "Checkpoint 4 of contract `0xa2" in page and "on chain 11155111" in page
    assert "without names: 2, 1" in page and "Differential privacy: none" in page and "give away training data" in page
    assert "dequantised 4-bit" in page and "take single contributions out" in " ".join(page.split())
    assert "No checkpoint on the public chain" in card(replace(FACTS, anchor=None), Origin("x"), ADAPTER)


@pytest.mark.parametrize("made", [ADAPTER, Made("merged", "causal_lm"), Made("peft", "classifier", labels=3)])
@pytest.mark.parametrize("origin", [Origin("x"), Origin("x", "someone/some-model", True)])
def test_what_to_type_is_python(made: Made, origin: Origin) -> None:
    code = card(FACTS, origin, made).split("```python\n")[1].split("```")[0]
    compile(code, "card", "exec")
    assert ("num_labels=3" in code) == (made.kind == "classifier")


def test_names_and_epsilon_where_they_may_be_told() -> None:
    facts = replace(FACTS, organisations=(("aurora", 2), ("dune", 1)), privacy="gaussian", epsilon=2.5)
    page = card(facts, Origin("x"), ADAPTER)
    assert "aurora 2, dune 1" in page and "recorded for one contribution is 2.5" in page
    assert "give away training data" not in page


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (ADAPTER, "exact: the factors of all contributions side by side, rank 24"),
        (replace(ADAPTER, cut=True, rank=8, error=0.0123456), "by its singular values; relative error 0.0123"),
        (Made("merged", "causal_lm"), "all weights, written as fp32"),
        (Made("merged", "causal_lm", dtype="bf16", rounding=0.00390625), "differs from the fold's by at most 0.00391"),
    ],
)  # fmt: skip
def test_how_exact_it_is(made: Made, words: str) -> None:
    assert words in what(made)
    assert words in card(FACTS, Origin("x"), made)


def test_a_cut_adapter_shows_no_single_contribution() -> None:
    assert "side by side" not in card(FACTS, Origin("x"), replace(ADAPTER, cut=True))


def test_origins_never_tell_a_path(tmp_path: Path) -> None:
    assert set(PACKAGED) == {f"packaged:{name}" for name in NAMES} | {"tiny:llama"}
    (tmp_path / "README.md").write_text("---\nlicense: 'mit'\nname: x\n---\nlicense: gpl\n")
    found = origin_of(str(tmp_path), tmp_path)
    assert found.licence == "mit" and found.hub_id is None and str(tmp_path) not in found.words
    (tmp_path / "README.md").write_bytes(b"\xff\xfe license: mit")
    assert origin_of(str(tmp_path), tmp_path).licence is None
    hub = origin_of("someone/some-model", tmp_path)
    assert (hub.hub_id, hub.loads) == ("someone/some-model", True)
    assert "base_model_name_or_path" not in hub.words


@pytest.mark.parametrize("verb", ["export", "generate"])
def test_the_base_install_says_what_is_missing(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("orchestrator.commands.model.find_spec", lambda name: None)
    assert run(["model", verb, "--home", "x", *(["--output", "y"] if verb == "export" else [])]) == 3
    assert "pip install 'loranchor[train]'" in capsys.readouterr().err


def test_all_verbs_are_mounted() -> None:
    group: Any = get_command(app)
    assert set(group.commands["model"].commands) == {
        "export", "generate", "compact", "compactions", "sign", "bom", "verify",
    }  # fmt: skip


def test_noise_is_told_by_its_deviation() -> None:
    page = card(replace(FACTS, noises=(0.002, 0.004)), Origin("a base"), ADAPTER)
    assert "- Noise of standard deviation 0.002, 0.004 lies on the adapted weights" in page
    assert "Noise" not in card(FACTS, Origin("a base"), ADAPTER)


def test_a_compaction_is_told_with_its_error() -> None:
    plain = card(FACTS, Origin("a base"), ADAPTER)
    page = card(replace(FACTS, compacted=6, deviation=0.0042), Origin("a base"), ADAPTER)
    assert "folded into one object" not in plain
    assert "- The first 6 of them were folded into one object" in page and "off by 0.0042 of its norm at most" in page


@pytest.mark.parametrize(("policy", "told"), [("keylock", True), ("dp+keylock", True), ("none", False)])
def test_a_copy_without_a_lock_says_that_members_see_another_model(policy: str, told: bool) -> None:
    page = card(replace(FACTS, privacy=policy), PACKAGED["packaged:smollm2-135m"], ADAPTER)
    assert ("locks of their own" in page) is told
