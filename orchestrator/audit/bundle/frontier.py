"""The right edge of an RFC 6962 tree: appends in O(1) on average and gives the root, with O(log n) memory."""

from __future__ import annotations

from orchestrator.ledger.merkle import EMPTY_ROOT, node_hash


class Frontier:
    """A tree of leaf hashes of which only complete subtrees at the edge are kept."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # of the size's binary digits, the largest subtree first

    def append(self, leaf: bytes) -> None:
        """Adds the hash of one leaf."""
        level, node = self.size, leaf
        while level & 1:
            node, level = node_hash(self._peaks.pop(), node), level >> 1
        self._peaks.append(node)
        self.size += 1

    @property
    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root
