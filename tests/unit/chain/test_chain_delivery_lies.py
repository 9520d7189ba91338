"""An outbox before a node that lies, in a process that may end anywhere: a property of many lives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.chain.fees import FeePolicy
from orchestrator.chain.memory import MemoryChain, echo
from orchestrator.errors import ChainError, TransactionReverted
from tests.unit.chain.lying_chain import Died, LyingChain
from tests.unit.chain.memory_outbox import MemoryOutbox
from tests.unit.chain.outbox_world import ECHO, World, say


class Mishaps(MemoryOutbox):
    """An outbox whose process may end just before or just after it has written."""

    def __init__(self, rows: MemoryOutbox, chain: LyingChain) -> None:
        super().__init__(rows.chains, rows.rows)
        self._chain = chain

    def add(self, account: Any, entry: Any) -> None:
        kind = self._chain._trouble()
        if kind == "died before":
            raise Died
        super().add(account, entry)
        if kind == "died after":
            raise Died


def mark(fields: Mapping[str, Any]) -> int:
    """The action that a transaction belongs to; 0 for one that only fills a nonce."""
    return fields["input"][0] if fields["input"] else 0


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), trouble=st.sampled_from([0.05, 0.2, 0.5]), refusing=st.sampled_from([0.0, 0.0, 0.3]))
def test_whatever_the_node_says_and_wherever_the_process_dies_an_action_is_mined_once(
    seed: int, trouble: float, refusing: float
) -> None:
    """At most once while the node lies, exactly once when it is honest again; a failure on the chain makes room."""
    truth = MemoryChain(contracts={ECHO: echo}, automine=False)
    liar = LyingChain(truth, seed, trouble, refusing)
    kept, failed = MemoryOutbox(), Counter[int]()
    world = World(truth, policy=FeePolicy(bump_blocks=2), node=liar, outbox=Mishaps(kept, liar))

    def pass_time() -> None:
        world.mining = False
        if liar.random.random() < 0.5:
            liar.mine()
        if liar.trouble and liar.random.random() < 0.05:
            liar.rewind(liar.random.randint(1, 4))
        if liar.trouble and liar.random.random() < 0.1 and truth._waiting:
            truth.drop(liar.random.choice(list(truth._waiting)))
        for fields, receipt in truth._mined.values():
            if not receipt.succeeded:
                failed[mark(fields)] += 1

    def check() -> None:
        for action, times in Counter(mark(fields) for fields, _ in truth._mined.values()).items():
            assert times <= 1 or failed[action] or not action, f"action {action} was mined {times} times"

    world.waits = pass_time
    home = world.start()

    def attempt(action: int) -> bool:
        nonlocal home
        try:
            return world.send(say(liar.random.randbytes(8), action), f"act/{action}", by=home).succeeded
        except (ChainError, TransactionReverted):
            pass_time()
        except Died:
            home = world.start()
        return False

    for _ in range(25):
        home.timeout = 6.0
        attempt(liar.random.randint(1, 4))
        check()
    liar.trouble, liar.refusing, home.timeout = 0.0, 0.0, 400.0
    world.outbox = kept
    home = world.start()
    home.timeout = 400.0
    for action in (1, 2, 3, 4):
        assert any(attempt(action) for _ in range(5))
        check()
    assert {mark(fields) for fields, receipt in truth._mined.values() if receipt.succeeded} - {0} == {1, 2, 3, 4}
