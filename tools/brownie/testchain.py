"""An Anvil for contract tests: a free port, no state kept, a block for each transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.localnet import automining_anvil


@contextmanager
def test_chain() -> Iterator[int]:
    """Yields the port. The chain ends with the block.

    Raises:
        LoranchorError: Anvil is missing or did not start.
    """
    with automining_anvil(chain_id=31337) as port:
        yield port
