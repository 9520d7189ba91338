"""What a `brownie` command line asks for: the command and the network."""

from __future__ import annotations

from dataclasses import dataclass

TEST = "test"
LOCAL = ("public", "private")
CONNECTING = ("run", "console", "gui")


@dataclass(frozen=True)
class Call:
    """A command line for Brownie.

    Attributes:
        words: what to hand on.
        command: `run`, `test`, … or empty.
        network: the network named, or the one we choose; None leaves it to brownie-config.yaml.
    """

    words: tuple[str, ...]
    command: str
    network: str | None

    @property
    def needs_local_network(self) -> bool:
        if {"-h", "--help"} & set(self.words):
            return False
        if self.network is None:
            return self.command in CONNECTING
        return self.network in LOCAL and self.command in (*CONNECTING, "test")


def read_call(words: list[str]) -> Call:
    """`brownie test` without a network gets the test chain: the default network keeps its state."""
    command = words[0] if words and not words[0].startswith("-") else ""
    network = None
    for place, word in enumerate(words):
        if word == "--network" and place + 1 < len(words):
            network = words[place + 1]
        elif word.startswith("--network="):
            network = word.removeprefix("--network=")
    if command == "test" and network is None:
        return Call((*words, "--network", TEST), command, TEST)
    return Call(tuple(words), command, network)
