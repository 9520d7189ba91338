"""RFC 6962 Merkle tree: append-only, with inclusion and consistency proofs.

A leaf hashes as SHA-256(0x00 ‖ data) and a node as SHA-256(0x01 ‖ left ‖ right), so that none passes for the other.
Hashes of complete subtrees are kept by level: appending costs O(1) on average, a root of any earlier size and both
kinds of proof O(log n). Verification follows RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """An append-only tree over leaf data.

    Args:
        leaves: leaf data (not hashes) to begin with.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]  # _levels[k][i]: root of leaves i·2^k … (i+1)·2^k − 1
        for data in leaves:
            self.append(data)

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def append(self, data: bytes) -> int:
        """Adds one leaf and returns its index."""
        return self.append_hash(leaf_hash(data))

    def append_hash(self, leaf: bytes) -> int:
        """Adds one leaf by its hash, where its data are not at hand, and returns its index."""
        index = self.size
        self._levels[0].append(leaf)
        level = 0
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(node_hash(*self._levels[level][-2:]))
            level += 1
        return index

    def truncate(self, size: int) -> None:
        """Keeps the first ``size`` leaves."""
        size = self._bounded(size)
        for level, nodes in enumerate(self._levels):
            del nodes[size >> level :]

    def leaf(self, index: int) -> bytes:
        """Hash of the leaf at ``index``."""
        return self._levels[0][index]

    def root(self, size: int | None = None) -> bytes:
        """Root of the first ``size`` leaves; of all of them by default."""
        return self._range(0, self._bounded(size))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Path from the leaf at ``index`` to the root of the first ``size`` leaves, lowest node first."""
        end = self._bounded(size)
        if not 0 <= index < end:
            raise IndexError(f"no leaf {index} in a tree of {end}")
        return self._path(index, 0, end)

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        """Proof that the tree of ``second`` leaves begins with the tree of ``first`` leaves."""
        end = self._bounded(second)
        if not 0 <= first <= end:
            raise IndexError(f"no tree of {first} leaves in a tree of {end}")
        return self._subproof(first, 0, end, True) if 0 < first < end else []

    def _bounded(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise IndexError(f"no tree of {size} leaves in a tree of {self.size}")
        return size

    def _range(self, start: int, end: int) -> bytes:
        """Root of the leaves ``start`` … ``end`` − 1, where ``start`` is a multiple of the split."""
        width = end - start
        if width == 0:
            return EMPTY_ROOT
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self._levels[level][start >> level]
        middle = start + _split(width)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _split(end - start)
        if index < middle:
            return [*self._path(index, start, middle), self._range(middle, end)]
        return [*self._path(index, middle, end), self._range(start, middle)]

    def _subproof(self, first: int, start: int, end: int, whole: bool) -> list[bytes]:
        if first == end:
            return [] if whole else [self._range(start, end)]
        middle = start + _split(end - start)
        if first <= middle:
            return [*self._subproof(first, start, middle, whole), self._range(middle, end)]
        return [*self._subproof(first, middle, end, False), self._range(start, middle)]


def _split(width: int) -> int:
    """The largest power of two smaller than ``width``."""
    return 1 << ((width - 1).bit_length() - 1)


def verify_inclusion(data: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tells whether leaf ``data`` is number ``index`` in the tree of ``size`` leaves with this root."""
    if not 0 <= index < size:
        return False
    node, last, value = index, size - 1, leaf_hash(data)
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and value == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tells whether the tree of ``second`` leaves extends the tree of ``first`` leaves."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
