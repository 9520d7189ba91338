"""One chain, look after look: what was read is kept, and only the contracts' present answers are asked for again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from orchestrator.audit.collect import consortium_facts, read_private, read_public, token_supply
from orchestrator.audit.evidence import PrivateSide, PublicSide
from orchestrator.audit.watch.kept_chain import KeptChain
from orchestrator.audit.watch.observation import Mark
from orchestrator.chain.contracts import private_of, public_of
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.port import Block, ChainReader
from orchestrator.errors import LoranchorError
from orchestrator.types import Address

S = TypeVar("S", PublicSide, PrivateSide)


@dataclass(frozen=True)
class Glance(Generic[S]):
    """One chain at one look.

    Attributes:
        block: the newest final one. gone: see :meth:`KeptChain.advance`.
        fresh: whether there is anything that was not there at the last look. times: Unix seconds by block, of the
            blocks that matter for deadlines.
    """

    side: S
    block: Block
    gone: Mark | None
    fresh: bool
    times: Mapping[int, int]


@dataclass(frozen=True)
class Ways(Generic[S]):
    """How a chain is read.

    Attributes:
        read: all of it. refresh: the contracts' answers alone. moments: the blocks whose times matter.
    """

    read: Callable[[ChainReader, Deployment], S]
    refresh: Callable[[S, ChainReader, Block], S]
    moments: Callable[[S], Sequence[int]]


class Watching(Generic[S]):
    """One chain and its contracts.

    Args:
        ways: how this sort of chain is read.
    """

    def __init__(self, chain: ChainReader, deployment: Deployment, ways: Ways[S]) -> None:
        addresses = tuple(Address(item.address) for item in deployment.contracts.values())
        self._chain, self._deployment = KeptChain(chain, addresses, deployment.first_block), deployment
        self._ways: Ways[S] = ways
        self._side: S | None = None

    @property
    def calls(self) -> int:
        """Questions that the node was asked so far."""
        return self._chain.calls

    def look(self, known: Mark | None) -> Glance[S]:
        """Read what is new.

        Args:
            known: the newest block of the last look, by the watcher's memory.

        Raises:
            ChainError: the node is down, behind, or contradicts itself.
        """
        before = self._side
        block, gone, fresh = self._chain.advance(known)
        try:
            if before is None or fresh or gone is not None or before.consortium is None:
                side = self._ways.read(self._chain, self._deployment)
            else:
                side = self._ways.refresh(before, self._chain, block)
            times = {item.number: item.timestamp for item in self._chain.blocks(self._ways.moments(side))}
        except LoranchorError:
            # perhaps the chain changed while it was read, so nothing of it is trusted
            self._chain.forget()
            self._side = None
            raise
        self._side = side
        changed = before is None or fresh or gone is not None or _answers(before) != _answers(side)
        return Glance(side, block, gone, changed, times)


def watch_public(chain: ChainReader, deployment: Deployment) -> Watching[PublicSide]:
    """The public chain; the time that matters is that of the last anchored checkpoint."""
    return Watching(chain, deployment, Ways(read_public, _public_again, _last_anchored))


def watch_private(chain: ChainReader, deployment: Deployment) -> Watching[PrivateSide]:
    """The private chain; the times that matter are those at which checkpoints fell due."""
    return Watching(chain, deployment, Ways(read_private, _private_again, _due))


def _last_anchored(side: PublicSide) -> Sequence[int]:
    return [item.place.block for item in side.anchored[-1:]]


def _due(side: PrivateSide) -> Sequence[int]:
    return [item.block for item in side.due or ()]


def _answers(side: PublicSide | PrivateSide) -> tuple[object, ...]:
    """What contracts answered, which changes without an event only if something is wrong."""
    return (side.consortium, *((side.head, side.supply) if isinstance(side, PublicSide) else ()))


def _public_again(side: PublicSide, chain: ChainReader, block: Block) -> PublicSide:
    contracts = public_of(chain, side.deployment)
    return replace(
        side,
        block=block.number,
        block_hash=block.hash,
        consortium=consortium_facts(contracts.consortium, block.number),
        head=contracts.anchor.head(block=block.number),
        supply=token_supply(contracts, block.number),
    )


def _private_again(side: PrivateSide, chain: ChainReader, block: Block) -> PrivateSide:
    facts = consortium_facts(private_of(chain, side.deployment).consortium, block.number)
    return replace(side, block=block.number, block_hash=block.hash, consortium=facts)
