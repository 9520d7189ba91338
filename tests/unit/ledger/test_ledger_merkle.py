"""The records tree against the published vectors of Certificate Transparency, and against pymerkle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from orchestrator.ledger.merkle import EMPTY_ROOT, MerkleTree, verify_consistency, verify_inclusion

# https://github.com/google/certificate-transparency/blob/master/cpp/merkletree/merkle_tree_test.cc
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
# (leaf, size) → path
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def test_roots_of_certificate_transparency() -> None:
    tree = MerkleTree()
    assert tree.root() == ROOTS[0] == EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, start=1):
        assert tree.append(leaf) == size - 1
        assert tree.root() == ROOTS[size]
    assert [tree.root(size) for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_of_certificate_transparency(index: int, size: int) -> None:
    proof = MerkleTree(LEAVES).inclusion_proof(index, size)
    assert [node.hex() for node in proof] == INCLUSION[index, size]
    assert verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_consistency_proofs_of_certificate_transparency(first: int, second: int) -> None:
    proof = MerkleTree(LEAVES).consistency_proof(first, second)
    assert [node.hex() for node in proof] == CONSISTENCY[first, second]
    assert verify_consistency(first, second, ROOTS[first], ROOTS[second], proof)


def test_every_proof_of_small_trees_verifies_and_fits_nothing_else() -> None:
    leaves = [bytes([number]) for number in range(20)]
    tree = MerkleTree(leaves)
    for size in range(1, 21):
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            assert verify_inclusion(leaves[index], index, size, proof, tree.root(size))
            assert not verify_inclusion(leaves[index] + b"x", index, size, proof, tree.root(size))
            others = [other for other in range(size) if other != index]
            assert not any(verify_inclusion(leaves[index], other, size, proof, tree.root(size)) for other in others)
        for first in range(size + 1):
            proof = tree.consistency_proof(first, size)
            assert verify_consistency(first, size, tree.root(first), tree.root(size), proof)
            if 0 < first < size:
                assert not verify_consistency(first, size, tree.root(first - 1), tree.root(size), proof)
                assert not verify_consistency(first, size, tree.root(first), tree.root(size - 1), proof)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_agrees_with_pymerkle(leaves: list[bytes], data: st.DataObject) -> None:
    second = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        second.append_entry(leaf)
    tree = MerkleTree(leaves)
    assert tree.root() == second.get_root()
    size = data.draw(st.integers(1, len(leaves)))
    assert tree.root(size) == second.get_root(size)


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=40), st.data())
def test_a_changed_proof_fails(leaves: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = tree.inclusion_proof(index)
    place = data.draw(st.integers(0, len(proof) - 1))
    broken = [*proof[:place], bytes(32), *proof[place + 1 :]]
    assert not verify_inclusion(leaves[index], index, len(leaves), broken, tree.root())
    assert not verify_inclusion(leaves[index], index, len(leaves), proof[:-1], tree.root())
    assert not verify_inclusion(leaves[index], index, len(leaves), [*proof, bytes(32)], tree.root())


@given(st.integers(2, 60), st.data())
def test_a_rewritten_history_has_no_consistency_proof(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, first - 1))
    leaves = [number.to_bytes(2, "big") for number in range(size)]
    honest = MerkleTree(leaves)
    rewritten = MerkleTree([b"other" if number == changed else leaf for number, leaf in enumerate(leaves)])
    for proof in (honest.consistency_proof(first), rewritten.consistency_proof(first)):
        assert not verify_consistency(first, size, honest.root(first), rewritten.root(), proof)


def test_out_of_range() -> None:
    tree = MerkleTree(LEAVES)
    with pytest.raises(IndexError, match="no tree of 9 leaves in a tree of 8"):
        tree.root(9)
    with pytest.raises(IndexError, match="no leaf 8 in a tree of 8"):
        tree.inclusion_proof(8)
    with pytest.raises(IndexError, match="no tree of 9 leaves in a tree of 8"):
        tree.consistency_proof(9)
    assert not verify_inclusion(b"", 1, 1, [], tree.root(1))
    assert not verify_consistency(3, 2, tree.root(3), tree.root(2), [])
    assert not verify_consistency(2, 3, tree.root(2), tree.root(3), [])
    assert not verify_consistency(0, 3, tree.root(1), tree.root(3), [])
