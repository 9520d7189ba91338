"""Types docs/governance*.md, command by command as they were typed, on both chains; they print what the pages say."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from consortium_world import NOBODY, World

from orchestrator.commands import consortium as verbs
from orchestrator.files import write_json
from orchestrator.governance.keys import staged_address
from orchestrator.organisation import FILE, load_organisation

WALK = (
    "The consortium as it is",
    "A member joins",
    "A lost authority",
    "A lost or stolen delegate",
    "Pause and resume",
    "A member leaves",
    "Drift",
)
"""Sections of the three pages, in the order in which their commands were typed."""
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = re.compile(r"0x[0-9a-f]{40}(?![0-9a-f])")
VARYING = ((re.compile(r"0x[0-9a-f]+(…[0-9a-f]+)?"), "0x"), (re.compile(r"\(block \d+\)|in block \d+"), "block"))


def sections() -> dict[str, str]:
    """The parts of the pages that have commands, by their heading."""
    found: dict[str, str] = {}
    for page in sorted((Path(__file__).parents[3] / "docs").glob("governance*.md")):
        parts = re.split(r"^## (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)[1:]
        for heading, text in zip(parts[::2], parts[1::2], strict=True):
            assert found.setdefault(heading, text) is text, f"{heading}: on two pages"
    return {heading: text for heading, text in found.items() if BLOCK.search(text)}


PAGE = "".join(sections()[heading] for heading in WALK)


class Page:
    """The pages' blocks in the walk's order; ``known`` says what its addresses are in this run."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.blocks = iter(BLOCK.findall(PAGE))
        self.known: dict[str, str] = {}

    def type(self, before: dict[str, Callable[[], None]] | None = None) -> None:
        """Type the next block; ``before`` is done in front of the first command that begins so."""
        waiting = dict(before or {})
        for part in re.split(r"^\$ ", next(self.blocks), flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            for start in [start for start in waiting if command.startswith(start)]:
                waiting.pop(start)()
            words = shlex.split(ADDRESS.sub(lambda found: self.known[found[0]], command))
            assert words[0] == "loranchor"
            done = self.world.loranchor(*words[1:])
            assert re.fullmatch(self.pattern(expected), self.plain(done.out + done.error)), (
                command,
                done.out,
                done.error,
            )
            assert (done.code == 0) == ("error: " not in expected), (command, done.code)
        assert not waiting

    def pattern(self, expected: str) -> str:
        return " ?".join(".*" if part == "…" else re.escape(part) for part in self.plain(expected).split(" "))

    @staticmethod
    def plain(text: str) -> str:
        """In one line, without what differs from run to run."""
        for pattern, stand_in in VARYING:
            text = pattern.sub(stand_in, text)
        return " ".join(text.split())

    def end(self) -> None:
        assert next(self.blocks, None) is None, "the page has more blocks than were typed"


def address_after(text: str) -> str:
    """The first address on the page behind ``text``."""
    found = ADDRESS.search(PAGE, PAGE.index(text) + len(text))
    assert found is not None
    return found[0]


def test_every_section_with_commands_is_walked() -> None:
    assert sections().keys() == set(WALK)


def test_the_page_is_what_the_command_line_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(world)
    monkeypatch.setattr(verbs, "ask", lambda question, yes: yes or typer.echo(f"{question} [y/N]: y"))
    for name in ("aurora", "borealis", "cumulus", "drava"):
        Path(f"{name}.password").symlink_to("password")

    page.type()  # the consortium as it is
    page.type()  # the newcomer's home
    shutil.rmtree(world.home("drava"))  # `org init` knows the nodes from the environment; here every home names them
    world.found("drava")
    listed, made = "homes/drava --password-file drava.password\n…\nauthority", world.addresses("drava")
    authority = address_after(listed)
    page.known |= {authority: made.authority, address_after(f"{listed} {authority}\ndelegate"): made.delegate}
    page.type()  # the proposal
    shutil.copy("join.json", "join-borealis.json")
    for _ in range(4):  # signed and merged; submitted; funded and named; agreed
        page.type()

    stick = Path("homes/borealis/keystore/authority.json")
    stick.unlink()
    page.type({"loranchor consortium propose": lambda: _know_next(page, world)})
    world.decide(Path("key.json"), "aurora", "cumulus", "drava")
    for _ in range(3):  # submitted and installed; agreed again; exported
        page.type()

    page.type()  # revoked
    page.type({"loranchor consortium fund": lambda: _know_delegate(page, world)})
    page.type()  # prekeys renewed

    page.type()  # paused: proposed, and signed from the stick
    world.decide(Path("pause.json"), "aurora", "cumulus")
    page.type()
    world.ok("propose", "--resume", "--out", "resume.json", *world.at("aurora"))
    world.decide(Path("resume.json"), "aurora", "cumulus", "drava")
    world.ok("submit", "resume.json", *world.by("aurora"))

    page.type()  # leaves: proposed
    world.decide(Path("leave.json"), "aurora", "cumulus", "drava")
    there = load_organisation(world.home("aurora"))
    write_json(there.home / FILE, {**there.document, "settings": {**there.settings, "chain.public.url": NOBODY}})
    page.type({"loranchor consortium show": lambda: write_json(there.home / FILE, there.document)})  # drift
    page.type()
    page.end()
    assert world.shown()["drift"] == []


def _know_next(page: Page, world: World) -> None:
    page.known[address_after("The next authority of borealis is")] = str(
        staged_address(world.home("borealis"), "authority")
    )


def _know_delegate(page: Page, world: World) -> None:
    page.known[address_after("The keystore's delegate is")] = world.addresses("cumulus").delegate
