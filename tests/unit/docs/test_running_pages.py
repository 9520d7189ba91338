"""Commands on the pages for operators are ones that there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.deploy.words import check_words
from unit.docs.typed import commands

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", ["running.md", "upgrading.md", "methods/participation.md"])
def test_commands_are_ones_that_there_are(name: str) -> None:
    found = commands(DOCS / name)
    assert found
    for program, *words in found:
        assert program == "loranchor"
        check_words(words)
