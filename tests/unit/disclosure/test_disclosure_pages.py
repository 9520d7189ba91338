"""The pages on disclosure name verbs and options that exist, a report that is one, and every field of the formats."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from chain_nodes import AccountSigner
from typer.testing import CliRunner
from unit.disclosure.registry_chain import RegistryChain, contact, desk_on, opening_of
from verb_tree import verbs

from orchestrator.cli import app
from orchestrator.disclosure.report import FORMAT, Report
from orchestrator.disclosure.sealing import seal_report

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "disclosure.md").read_text("utf-8")
FORMATS = (ROOT / "docs" / "formats" / "disclosure.md").read_text("utf-8")
OWN = [path[1] for path in verbs() if len(path) == 2 and path[0] == "disclosure"]


def test_every_verb_is_on_the_page_with_options_that_it_has() -> None:
    told = re.findall(r"`(?:loranchor )?disclosure ([a-z]+)([^`]*)`", PAGE)
    assert {verb for verb, _ in told} == set(OWN)
    for verb, rest in told:
        shown = CliRunner().invoke(app, ["disclosure", verb, "--help"], terminal_width=200).output
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in shown, f"{verb} has no {option}"


def test_the_example_is_a_report() -> None:
    text = PAGE.split("```toml\n")[1].split("```")[0].replace("0x…", "0x" + "ab" * 32)
    document = {**tomllib.loads(text), "format": FORMAT, "version": 1}
    assert Report.from_document(document).severity == "high"


def test_every_field_of_every_object_is_described() -> None:
    desk = desk_on(RegistryChain())
    held, opening = contact(desk), opening_of(AccountSigner())
    sealed = seal_report(opening, held.recipients)
    for item in (opening.report, opening, sealed, held, held.recipients[0]):
        assert f"`{item.format}`" in FORMATS
        for name in item.members():
            assert re.search(rf"[`\"]{name}[`\"]", FORMATS), f"{item.format}: {name}"
