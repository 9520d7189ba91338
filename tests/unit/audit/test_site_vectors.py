"""The page's library and the Python code compute the same: golden values made here are recomputed under Node."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from unit.audit.site_world import busy_material
from unit.ledger.actors import AURORA, BOREALIS, CONSORTIUM_ID, MEMBERS, authority, delegate, private_key, sign

from orchestrator.audit.site.manifests import manifest_steps
from orchestrator.audit.site.material import Material
from orchestrator.audit.site.segments import Frontier, award_row
from orchestrator.chain.structs import Verdict
from orchestrator.commitment.certificate import certificate_digest
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest, head_of
from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import Seat
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.ledger.awards import awards_tree
from orchestrator.ledger.canonical import canonical_bytes, digest
from orchestrator.ledger.ids import request_id_of, update_id_of
from orchestrator.ledger.manifest import entries_root
from orchestrator.ledger.merkle import MerkleTree, leaf_hash
from orchestrator.types import Digest, RequestId, UpdateId

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "build" / "explorer-library" / "verify.mjs"
SCRIPT = ROOT / "tools" / "explorer" / "test" / "vectors.mjs"
Vectors = dict[str, list[tuple[list[Any], Any]]]


@pytest.fixture(scope="module")
def material() -> Material:
    return busy_material()


def hexed(values: list[bytes]) -> list[str]:
    return ["0x" + value.hex() for value in values]


def recomputed(vectors: Vectors, tmp_path: Path) -> dict[str, Any]:
    assert LIBRARY.is_file(), "the page's library is not built: run `make setup`"
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps(vectors))
    done = subprocess.run(["node", str(SCRIPT), str(file)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_both_compute_the_same(material: Material, tmp_path: Path) -> None:
    vectors: Vectors = {
        **_canonical(material),
        **_trees(),
        **_checkpoints(material),
        **_awards(material),
        **_others(material),
    }
    found = recomputed(vectors, tmp_path)
    assert found["different"] == []
    assert found["count"] == sum(map(len, vectors.values())) > 700


def _canonical(material: Material) -> Vectors:
    values: list[Any] = [
        {"b": 1, "a": [True, None, '€\u2028\n"\\', -7], "ä": {}, "\U0001f600": 0, "\ufb33": 1},
        [2**53 - 1, -(2**53 - 1), 0],
        "\x00\x1f\x7f",
        {"1": 1, "10": 2, "9": 3, "": 4},
    ]
    documents = [*values, *(record.document() for record in material.records)]
    refused: list[Any] = [1.5, 2**53, "\ud800", {"\udc00": 1}, _nested(40)]
    return {
        "canonical": [([value], canonical_bytes(value).decode()) for value in documents]
        + [([value], "error") for value in refused],
        "digest": [([value], digest(value)) for value in documents[:8]],
        "recordLeaf": [
            ([record.document(), record.salt], "0x" + leaf_hash(record.leaf_data).hex()) for record in material.records
        ],
    }


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def _trees() -> Vectors:
    vectors: Vectors = {"rootOf": [], "inclusionPath": [], "verifyInclusion": [], "verifyConsistency": []}
    draw = random.Random(8)
    for size in (1, 2, 3, 5, 8, 13, 31, 32, 33):
        leaves = [bytes([place, size]) for place in range(size)]
        tree = MerkleTree(leaves)
        root = "0x" + tree.root().hex()
        vectors["rootOf"].append(([hexed(leaves)], root))
        for first in sorted({0, size // 2, size - 1, draw.randrange(size)}):
            frontier = Frontier()
            for place in range(first):
                frontier.append(tree.leaf(place))
            hashes = [tree.leaf(place) for place in range(first, size)]
            for index in range(first, size):
                proof = hexed(tree.inclusion_proof(index))
                vectors["inclusionPath"].append(([hexed(frontier.peaks), first, hexed(hashes), index], proof))
                leaf = "0x" + tree.leaf(index).hex()
                vectors["verifyInclusion"].append(([leaf, index, size, proof, root], True))
                vectors["verifyInclusion"].append(([leaf, index + 1, size, proof, root], False))
        for first in range(size + 1):
            old, proof = "0x" + tree.root(first).hex(), hexed(tree.consistency_proof(first))
            vectors["verifyConsistency"].append(([first, size, old, root, proof], True))
            other = "0x" + bytes([1]).hex() * 32
            vectors["verifyConsistency"].append(([first, size, other, root, proof], False))
    return vectors


def _checkpoints(material: Material) -> Vectors:
    chain_id, anchor = material.public.chain_id, material.public.contracts["CheckpointAnchor"]
    vectors: Vectors = {"headOf": [], "checkpointSigner": [], "headSigner": [], "genesis": [([], GENESIS_HEAD)]}
    for item in material.anchored:
        document = item.checkpoint.document()
        vectors["headOf"].append(([document], head_of(item.checkpoint)))
        for name in MEMBERS:
            signature = sign(private_key("delegate", name), checkpoint_digest(item.checkpoint, chain_id, anchor))
            given = [str(chain_id), anchor, "0x" + signature.hex()]
            vectors["checkpointSigner"].append(([document, *given], delegate(name)))
            vectors["headSigner"].append(([item.head, *given], delegate(name)))
        high = _upper(signature)
        vectors["headSigner"].append(([item.head, str(chain_id), anchor, "0x" + high.hex()], "error"))
        vectors["headSigner"].append(([item.head, str(chain_id), anchor, "0x" + signature[:64].hex() + "01"], "error"))
    return vectors


def _upper(signature: bytes) -> bytes:
    """The other signature that the same key makes of the same message, which contracts refuse."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = order - int.from_bytes(signature[32:64], "big")
    return signature[:32] + high.to_bytes(32, "big") + bytes([55 - signature[64]])


def _awards(material: Material) -> Vectors:
    vectors: Vectors = {"awardsRoot": [], "awardProof": [], "verifyAward": []}
    for sequence, listed in material.awards.items():
        for count in range(len(listed) + 1):
            part = listed[:count]
            rows, tree = [award_row(award) for award in part], awards_tree(sequence, part)
            vectors["awardsRoot"].append(([sequence, rows], tree.root))
            for place, row in enumerate(rows):
                vectors["awardProof"].append(([sequence, rows, place], tree.proof(place)))
                vectors["verifyAward"].append(([sequence, row, tree.proof(place), tree.root], True))
                vectors["verifyAward"].append(([sequence + 1, row, tree.proof(place), tree.root], False))
    return vectors


def _others(material: Material) -> Vectors:
    ledger = material.private.contracts["RevocationLedger"]
    request, certificate = RequestId("0x" + "21" * 32), Digest("0x" + "22" * 32)
    signature = sign(private_key("delegate", BOREALIS), certificate_digest(request, certificate, 1337, ledger))
    verdicts = [
        Verdict(UpdateId("0x" + "31" * 32), True, 1_000_000, 17, ""),
        Verdict(UpdateId("0x" + "32" * 32), False, 0, -(2**31), "norm"),
        Verdict(UpdateId("0x" + "33" * 32), False, 5, 2**52, "0x" + "ff" * 32),
    ]
    sent = [
        {name: getattr(item, name) for name in ("update_id", "accept", "weight_cap", "score", "reason")}
        for item in verdicts
    ]
    nonce = Digest("0x" + "44" * 32)
    seats = [Seat(name, authority(name)) for name in MEMBERS]
    rows = [{"organisation": name, "authority": authority(name)} for name in MEMBERS]
    vectors: Vectors = {
        "certificateSigner": [([request, certificate, "1337", ledger, "0x" + signature.hex()], delegate(BOREALIS))],
        "consortiumDigest": [
            ([CONSORTIUM_ID, epoch, 2, rows[:count]], consortium_digest(CONSORTIUM_ID, epoch, 2, seats[:count]))
            for epoch, count in ((1, 3), (7, 1), (2, 0))
        ],
        "verdictCommitment": [
            ([9, AURORA, sent[:count], nonce], verdict_commitment(9, AURORA, verdicts[:count], nonce))
            for count in range(4)
        ],
        "updateId": [
            ([1337, ledger, 3, AURORA, number], update_id_of(1337, ledger, 3, AURORA, number)) for number in (1, 2)
        ],
        "requestId": [([1337, ledger, number], request_id_of(1337, ledger, number)) for number in (1, 300)],
        "entriesRoot": [],
        "manifestDigest": [],
        "changed": [],
    }
    before: list[Any] = []
    for step in manifest_steps(material.manifests):
        manifest = material.manifests[step["sequence"]]
        documents = [entry.document() for entry in manifest.entries]
        vectors["entriesRoot"].append(([documents], entries_root(manifest.entries)))
        vectors["manifestDigest"].append(([manifest.document], manifest.digest))
        vectors["changed"].append(([before, step], documents))
        before = documents
    return vectors
