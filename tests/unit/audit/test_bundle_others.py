"""Others' code on a bundle: OpenZeppelin's and viem's JavaScript, and an RFC 6962 verifier that is not ours."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymerkle import InmemoryTree, InvalidProof, core, verify_consistency, verify_inclusion
from pymerkle.proof import InclusionProof
from unit.audit.bundles import Made, made
from unit.audit.life import Life

from orchestrator.audit import Evidence
from orchestrator.audit.bundle.anchored import Anchored, Attestations, Awards, Inclusion
from orchestrator.audit.bundle.lines import Disclosed, State, Transaction
from orchestrator.audit.bundle.transactions import read_transaction
from orchestrator.commitment.checkpoints import CHECKPOINT_TYPE
from orchestrator.ledger.awards import LEAF_TYPES, Award, awards_tree
from orchestrator.ledger.merkle import leaf_hash
from orchestrator.ledger.records import record_from_document
from orchestrator.ledger.schema import snake_case
from orchestrator.ledger.words import word

SCRIPT = Path(__file__).with_name("others.mjs")
TYPES = [
    {"type": type_, "name": name}
    for type_, name in (part.split() for part in re.findall(r"\((.*)\)", CHECKPOINT_TYPE)[0].split(","))
]


@pytest.fixture(scope="module")
def bundle(life: Life, evidence: Evidence) -> Made:
    return made(life, evidence, "all")


@pytest.fixture(scope="module")
def asked(bundle: Made) -> dict[str, Any]:
    """What the libraries are given, all of it out of the bundle's lines."""
    awards = next(line for line in bundle.lines if isinstance(line, Awards))
    anchored = [line for line in bundle.lines if isinstance(line, Anchored)][-1].checkpoint
    signatures = [line for line in bundle.lines if isinstance(line, Attestations)][-1].signatures
    state = next(line for line in bundle.lines if isinstance(line, State))
    listed = [Award(item.index, item.update_id, item.account, item.amount) for item in awards.leaves]
    tree = awards_tree(awards.sequence, listed)
    fields = {item["name"]: getattr(anchored, snake_case(item["name"])) for item in TYPES}
    domain = {"name": "LoRAnchor CheckpointAnchor", "version": "1", "chainId": bundle.anchors.chain_id}
    return {
        "leaf": list(LEAF_TYPES),
        "awards": [
            [str(awards.sequence), str(item.index), item.update_id, item.account, str(item.amount)] for item in listed
        ],
        "root": tree.root,
        "proofs": [tree.proof(item.index) for item in listed],
        "domain": {**domain, "verifyingContract": bundle.anchors.anchor},
        "types": {"Checkpoint": TYPES},
        "checkpoint": {name: str(value) for name, value in fields.items()},
        "signatures": ["0x" + item.signature.hex() for item in signatures],
        "head": signatures[0].head,
        "header": "0x" + state.header.hex(),
        "transactions": ["0x" + line.raw.hex() for line in bundle.lines if isinstance(line, Transaction)][:6],
    }


@pytest.fixture(scope="module")
def told(asked: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(asked), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_openzeppelins_library_proves_the_awards(asked: dict[str, Any], told: dict[str, Any]) -> None:
    assert len(asked["awards"]) > 1
    assert told["proven"] == [True] * len(asked["awards"])
    assert (told["root"], told["proofs"]) == (asked["root"], asked["proofs"])


def test_viem_finds_the_same_head_signers_and_senders(
    bundle: Made, asked: dict[str, Any], told: dict[str, Any], evidence: Evidence
) -> None:
    delegates = {seat.delegate for seat in evidence.private.consortium.members}  # type: ignore[union-attr]
    assert told["head"] == asked["head"]
    assert told["header"] == bundle.anchors.block_hash
    assert len(told["signers"]) > 1 and set(told["signers"]) <= delegates
    ours = [read_transaction(bytes.fromhex(raw[2:]), evidence.private.chain_id).signer for raw in asked["transactions"]]
    assert told["senders"] == ours


def test_another_rfc_6962_verifier_accepts_every_inclusion_proof(bundle: Made) -> None:
    """And refuses each of them with one bit changed."""
    root, leaves, seen = b"", dict[int, bytes](), 0
    for line in bundle.lines:
        if isinstance(line, Disclosed):
            leaves[line.index] = leaf_hash(_leaf_data(line))
        elif isinstance(line, Anchored):
            root = word(line.checkpoint.records_root)
        elif isinstance(line, Inclusion):
            seen += 1
            _accepts(line, leaves[line.index], root)
    assert seen > 2


def test_another_tree_of_the_same_leaves_shows_the_anchored_roots_consistent(bundle: Made) -> None:
    """Its consistency proofs have another shape than RFC 6962's: its own prover and verifier judge our roots."""
    tree, before, seen = InmemoryTree(algorithm="sha256"), (0, b""), 0
    for line in bundle.lines:
        if isinstance(line, Disclosed):
            tree.append_entry(_leaf_data(line))
        elif isinstance(line, Anchored):
            size, root = line.checkpoint.tree_size, word(line.checkpoint.records_root)
            assert tree.get_root(size) == root
            if before[0]:
                verify_consistency(before[1], root, tree.prove_consistency(before[0], size))
                seen += 1
            before = size, root
    assert seen > 1


def _leaf_data(line: Disclosed) -> bytes:
    assert line.salt is not None
    return record_from_document(line.record, line.salt).leaf_data


def _accepts(line: Inclusion, leaf: bytes, root: bytes) -> None:
    rule, _ = core._inclusion_path_layout(line.index + 1, line.size)

    def verify(found: Inclusion) -> None:
        proof = InclusionProof("sha256", True, found.size, found.index + 1, rule, [leaf, *found.proof])
        verify_inclusion(leaf, root, proof, index=line.index + 1, size=line.size)

    verify(line)
    if line.proof:
        with pytest.raises(InvalidProof):
            verify(replace(line, proof=(bytes([line.proof[0][0] ^ 1]) + line.proof[0][1:], *line.proof[1:])))
