"""Which chain an outbox belongs to: a restarted Anvil shows another block 0, and is the same chain from block 1 on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.chain.memory import MemoryChain, echo
from orchestrator.errors import WrongChain
from orchestrator.types import Digest
from tests.unit.chain.outbox_world import ECHO, World, say

OTHER = Digest("0x" + "99" * 32)


@pytest.fixture
def world() -> World:
    return World(MemoryChain(contracts={ECHO: echo}, automine=False))


def test_a_restarted_development_chain_is_the_same_one(world: World) -> None:
    """Anvil makes a block 0 at each start and keeps all of them: which one it shows is chance."""
    world.chain.mine()
    world.send(say(b"one"), "act/1")
    world.chain._blocks[0] = replace(world.chain.block(0), hash=OTHER)
    assert world.send(say(b"two"), "act/2").succeeded
    assert world.said == [b"one", b"two"]


def test_a_chain_that_began_otherwise_is_another_one(world: World) -> None:
    world.chain.mine()
    world.send(say(b"one"), "act/1")
    world.chain._blocks[1] = replace(world.chain.block(1), parent_hash=OTHER)
    with pytest.raises(WrongChain):
        world.send(say(b"two"), "act/2")
