"""Events of a set of contracts over a range of blocks, fetched in chunks and checked against the blocks' hashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.chain.port import LogSource, RawLog
from orchestrator.chain.senders import NoSender, recover_sender
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest

CHUNK = 2000


def read_logs(
    chain: LogSource,
    addresses: Sequence[Address],
    from_block: int,
    to_block: int,
    topics: Sequence[Digest] = (),
    *,
    chunk: int = CHUNK,
) -> Iterator[list[RawLog]]:
    """Events in (block, log index) order, both ends included, one list a chunk of blocks.

    Raises:
        ChainError: the chain is shorter than ``to_block``; or an answer is out of range, double, or of a block that the
            chain does not have (a reorganisation under way, or a node that lies): read again from the last good block.
    """
    if from_block > to_block:
        return
    head = chain.block_number()
    if to_block > head:
        raise ChainError(f"chain {chain.chain_id} has {head} blocks, block {to_block} was asked for")
    for start in range(from_block, to_block + 1, chunk):
        end = min(start + chunk - 1, to_block)
        logs = sorted(chain.logs(addresses, start, end, topics), key=lambda log: (log.block, log.log_index))
        _check(chain, logs, set(addresses), start, end)
        yield logs


def _check(chain: LogSource, logs: Sequence[RawLog], addresses: set[Address], start: int, end: int) -> None:
    if any(log.address not in addresses or not start <= log.block <= end or not log.topics for log in logs):
        raise ChainError(f"the node answered with events that were not asked for (blocks {start} to {end})")
    if len({(log.block, log.log_index) for log in logs}) != len(logs):
        raise ChainError(f"the node gave an event twice (blocks {start} to {end})")
    numbers = sorted({log.block for log in logs})
    hashes = {block.number: block.hash for block in chain.blocks(numbers)}
    for log in logs:
        if log.block_hash != hashes[log.block]:
            raise ChainError(
                f"an event names block {log.block} as {log.block_hash}, but that block is {hashes[log.block]}",
                mend="the chain is being reorganised or the node is faulty: read again",
            )


class SenderBook:
    """Recovered senders by transaction, or why there is none."""

    def __init__(self, chain: LogSource) -> None:
        self._chain = chain
        self._known: dict[Digest, Address | NoSender] = {}

    def attribute(self, logs: Sequence[RawLog]) -> list[Address | NoSender]:
        """The signer of each event's transaction, or why nobody counts as that."""
        self._learn([log for log in logs if log.transaction not in self._known])
        return [self._known[log.transaction] for log in logs]

    def _learn(self, logs: Sequence[RawLog]) -> None:
        hashes = list(dict.fromkeys(log.transaction for log in logs))
        blocks = {log.transaction: log.block_hash for log in logs}
        for hash_, fields in zip(hashes, self._chain.transactions(hashes), strict=True):
            if str(fields.get("blockHash", "")).lower() != blocks[hash_]:
                raise ChainError(f"the node places transaction {hash_} in two different blocks", mend="read again")
            try:
                self._known[hash_] = recover_sender(fields, expected_hash=hash_, chain_id=self._chain.chain_id)
            except NoSender as error:
                self._known[hash_] = error
