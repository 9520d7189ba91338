"""What a `brownie` command line asks for: the command, the network, and the options that are ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TEST = "test"
LOCAL = ("public", "private")
CONNECTING = ("run", "console", "gui")
# Brownie refuses options that it does not know: scripts get ours by the environment
OPTIONS = {
    "deploy": {"--dry-run": "LORANCHOR_DRY_RUN", "--raise-fee": "LORANCHOR_RAISE_FEE"},
    "verify": {},
}


@dataclass(frozen=True)
class Call:
    """A command line for Brownie.

    Attributes:
        words: what to hand on.
        command: `run`, `test`, … or empty.
        network: the network named, or the one we choose; None leaves it to brownie-config.yaml.
        settings: our own options, by the variables that hand them to the script.
    """

    words: tuple[str, ...]
    command: str
    network: str | None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def script(self) -> tuple[str, ...]:
        """For `run`: the script's name, then that of its function, as Brownie takes them."""
        if self.command != "run":
            return ()
        valued = {place + 1 for place, word in enumerate(self.words) if word == "--network"}
        places = enumerate(self.words[1:], start=1)
        return tuple(word for place, word in places if place not in valued and not word.startswith("-"))

    @property
    def asks_for_help(self) -> bool:
        return bool({"-h", "--help"} & set(self.words))

    @property
    def connects(self) -> bool:
        """Whether Brownie will ask a node."""
        return not self.asks_for_help and self.command in (*CONNECTING, "test")

    @property
    def needs_project(self) -> bool:
        return not self.asks_for_help and self.command in (*CONNECTING, "test", "compile")

    @property
    def needs_local_network(self) -> bool:
        if not self.connects:
            return False
        if self.network is None:
            return self.command in CONNECTING
        return self.network in LOCAL


def read_call(words: list[str]) -> Call:
    """`brownie test` without a network gets the test chain: the default network keeps its state."""
    command = words[0] if words and not words[0].startswith("-") else ""
    script = next((word for word in words[1:] if not word.startswith("-")), "") if command == "run" else ""
    known = OPTIONS.get(script.removesuffix(".py").removeprefix("scripts/"), {})
    settings = {known[word]: "1" for word in words if word in known}
    words = [word for word in words if word not in known]
    network = None
    for place, word in enumerate(words):
        if word == "--network" and place + 1 < len(words):
            network = words[place + 1]
        elif word.startswith("--network="):
            network = word.removeprefix("--network=")
    if command == "test" and network is None:
        return Call((*words, "--network", TEST), command, TEST)
    return Call(tuple(words), command, network, settings)
