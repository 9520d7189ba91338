"""docs/methods/verification.md says what there is: commands, options, settings, members of the document."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from unit.deploy.words import check_words
from unit.docs.typed import commands
from verb_tree import leaves

from orchestrator.commands.evaluate import DEFAULT
from orchestrator.settings import compose
from orchestrator.unlearning.evaluation import document
from orchestrator.unlearning.evaluation.gate import Limits

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "methods" / "verification.md").read_text("utf-8")


def test_commands_are_ones_that_there_are() -> None:
    found = commands(DOCS / "methods" / "verification.md")
    assert len(found) > 2
    for _, *words in found:
        chosen = any(word.startswith("evaluation=") for word in words)
        check_words(words if chosen else [*words, DEFAULT])  # as the verb does


def test_every_option_is_on_the_command_lines_page() -> None:
    from typer.main import get_command

    from orchestrator.cli import app

    assert ("evaluate", "unlearning") in leaves()
    row = next(line for line in (DOCS / "cli.md").read_text("utf-8").splitlines() if "`evaluate unlearning`" in line)
    verb = get_command(app).commands["evaluate"].commands["unlearning"]  # type: ignore[attr-defined]
    own = {option for parameter in verb.params for option in parameter.opts if option.startswith("--")}
    named = set(re.findall(r"`(--[a-z-]+)`", row))
    assert own - {"--json", "--plots", "--help"} == named - {"--no-plots"}


def test_every_member_of_the_document_is_on_the_page() -> None:
    members = re.findall(r'^        "(\w+)":', inspect.getsource(document.document_of), re.MULTILINE)
    assert len(members) > 15
    told = set(re.findall(r"`(\w+)`", PAGE))
    assert set(members) - {"format", "version", "task", "references"} <= told


def test_settings_and_limits_are_those_of_the_configuration() -> None:
    group = compose(["evaluation=unlearning"]).group("evaluation")
    for name in ("forget", "retain", "test", "others", "canaries", "canary_references", "labels"):
        assert name in group and f"`{name}`" in PAGE
    limits = Limits(group["gate"]["attacked"], group["gate"]["retain"])
    assert limits == Limits()
    assert f"within ± {limits.attacked:g} points" in PAGE and f"at most {limits.retain:g} points below" in PAGE
    assert group["attack"]["forget_share"] == 0.25 and "a quarter" in PAGE
    assert group["line"]["stride"] == 0.05 and "every twentieth" in PAGE
