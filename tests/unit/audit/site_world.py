"""What the auditor's page is tried on: a busy life, a thousand rounds, and one falsification after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from unit.audit.alter import equivocation
from unit.audit.conftest import normalised
from unit.audit.life import Life
from unit.ledger.actors import (
    AURORA,
    BOREALIS,
    CHAIN_ID,
    CONSORTIUM_ID,
    CONTRACTS,
    CUMULUS,
    MEMBERS,
    private_key,
    sign,
    task,
    word_of,
)
from unit.ledger.history import History

from orchestrator.audit import Evidence, collect, contracts
from orchestrator.audit.site.material import Cut, Material, Place, Signed, material_of
from orchestrator.chain.public_events import Anchored
from orchestrator.chain.public_events import Place as EventPlace
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest, head_of
from orchestrator.ledger.awards import award_leaf, awards
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.ledger.checkpoint import content_at
from orchestrator.ledger.entities import Due
from orchestrator.ledger.manifest import Entry, Manifest
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.standard_tree import StandardMerkleTree
from orchestrator.ledger.words import hex_word
from orchestrator.types import ZERO_DIGEST, Address, Digest

PUBLIC = 31337
ANCHOR = Address("0x" + "a1" * 20)
Files = Mapping[str, bytes]
Falsify = Callable[[dict[str, bytes]], None]


def busy_material() -> Material:
    """Two rounds, a revocation, a round that failed, a request that nobody approved, an equivocation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contracts, "normalised_code_hash", normalised)
        return material_of(_busy_life(), public_explorer="https://explorer.example")


def _busy_life() -> Evidence:
    life = Life()
    first, second = life.round(), life.round()
    life.revoke(CUMULUS, [first[CUMULUS], second[CUMULUS]])
    life.open_round()
    life.contribute(AURORA)
    life.by(AURORA, ("RoundLedger", "RoundFailed", {"round_id": 3, "reason": "too_few_updates"}))
    life.request(BOREALIS, [second[AURORA]], approved=False)
    return equivocation(life, collect(life.sources))


# -- a thousand rounds


class Long(History):
    """Rounds whose opening names no manifest: computing each would take longer than the page may."""

    def open_short(self) -> int:
        spec = task()
        self.tasks[spec.digest] = spec
        number = len(self.state.rounds) + 1
        opening = {
            "manifest_digest": ZERO_DIGEST,
            "task_digest": spec.digest,
            "task_cid": "none",
            "agreement_digest": self.agreement.digest,
            "agreement_cid": "none",
            "submit_blocks": 10,
            "release_blocks": 10,
            "commit_blocks": 10,
            "reveal_blocks": 10,
            "minimum_updates": 1,
            "epsilon_cap": 0,
        }
        named = {"task_digest": spec.digest, "manifest_digest": ZERO_DIGEST, "opener": AURORA}
        self.tell("RoundOpened", AURORA, round_id=number, opening=opening, epoch=1, **named)
        return number

    def short_round(self) -> None:
        number = self.open_short()
        updates = [self.submit(name) for name in MEMBERS]
        for update in updates:
            self.release(update)
        for judge in MEMBERS:
            self.judge(judge, dict.fromkeys(updates, 10_000))
        if number % 40 == 7:
            self.fail()
        else:
            self.close()


def long_material(rounds: int) -> Material:
    """A history of that many rounds by three members, with real digests, trees and signatures."""
    told = Long(prekeys=0)
    cuts: list[Cut] = []
    for _ in range(rounds):
        told.short_round()
        if len(told.state.due) > len(cuts):
            cuts.append(Cut(told.state.due[-1], len(told.records)))
    manifests, listed = _manifests(told), {}
    anchored: list[Anchored] = []
    signatures: dict[int, list[Signed]] = {}
    head = GENESIS_HEAD
    for cut in cuts:
        due, round_id = cut.due, int(cut.due.subject, 16)
        listed[due.sequence] = awards(told.state, round_id, 10**18)
        item = _anchored(told, due, cut.size, head, manifests[due.sequence].digest, listed[due.sequence])
        anchored.append(item)
        head = item.head
        message = checkpoint_digest(item.checkpoint, PUBLIC, ANCHOR)
        signatures[due.sequence] = [
            Signed(name, sign(private_key("delegate", name), message), word_of("attested", head), "private", head)
            for name in MEMBERS[:2]
        ]
    return Material(
        source="chains",
        consortium_id=CONSORTIUM_ID,
        public=Place(PUBLIC, rounds, word_of("public"), {"CheckpointAnchor": ANCHOR}, "https://explorer.example"),
        private=Place(CHAIN_ID, told.block, word_of("private"), CONTRACTS),
        membership=[record for record in told.records if record.contract == CONTRACTS["Consortium"]],
        records=told.records,
        tree=told.ledger.tree,
        state=told.state,
        cuts=cuts,
        anchored=anchored,
        head=head,
        signatures=signatures,
        awards=listed,
        manifests=manifests,
    )


def _manifests(told: Long) -> dict[int, Manifest]:
    """Each has all entries before it; their root grows with them instead of being made anew."""
    entries: list[Entry] = []
    tree = MerkleTree()
    found: dict[int, Manifest] = {}
    for due in told.state.due:
        number = int(due.subject, 16)
        for item in told.state.rounds[number].submissions:
            one = told.state.updates[item]
            named = (number, one.organisation, item, one.ciphertext_digest, one.content_commitment)
            entries.append(Entry(*named, one.parent_manifest, 2**32 // 3))
            tree.append(canonical_bytes(entries[-1].document()))
        manifest = Manifest(word_of("base"), word_of("settings"), "stack", tuple(entries))
        manifest.__dict__["document"] = manifest.document_of(len(entries), hex_word(tree.root()))
        found[due.sequence] = manifest
    return found


def _anchored(told: Long, due: Due, size: int, head: Digest, manifest: Digest, listed: Any) -> Anchored:
    root = StandardMerkleTree([award_leaf(due.sequence, award) for award in listed]).root
    content = content_at(
        due.sequence,
        told.ledger.tree,
        size=size,
        chain_id=CHAIN_ID,
        block=due.block,
        block_hash=word_of("block", due.block),
        manifest_digest=manifest,
        awards_root=root,
    )
    members = told.state.members
    checkpoint = content.checkpoint(previous_head=head, consortium_digest=members.consortium_digest, epoch=1)
    place = EventPlace(due.sequence, word_of("block", due.sequence), word_of("anchored", due.sequence), 0)
    return Anchored(due.sequence, head_of(checkpoint), manifest, checkpoint, 0b011, place)


# -- falsifications


def _json(files: dict[str, bytes], path: str, change: Callable[[Any], None]) -> None:
    document = json.loads(files[path])
    change(document)
    files[path] = json.dumps(document).encode()


def _flip(text: str, at: int) -> str:
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def _record(kind: str, change: Callable[[Any], None], segment: int = 1) -> Falsify:
    def falsify(files: dict[str, bytes]) -> None:
        def within(document: Any) -> None:
            change(next(item["record"] for item in document["records"] if item["record"]["kind"] == kind)["fields"])

        _json(files, f"segments/{segment}.json", within)

    return falsify


def _in(path: str, change: Callable[[Any], None]) -> Falsify:
    return lambda files: _json(files, path, change)


def _certificate(files: dict[str, bytes]) -> None:
    path = next(
        path for path, data in files.items() if path.startswith("objects/") and b"loranchor/certificate" in data
    )
    files[path] = files[path].replace(b"withdrawn", b"withdrawm", 1)


def _set(target: Any, key: Any, value: Any) -> None:
    target[key] = value


def _signature(document: Any) -> None:
    document["signatures"] = [item for item in document["signatures"] if item["organisation"] != ""]
    document["signatures"][0]["signature"] = _flip(document["signatures"][0]["signature"], 20)


REQUEST = "#/revocation/REQUEST"
FALSIFIED: dict[str, tuple[Falsify, str, str]] = {
    "a record": (
        _record("UpdateSubmitted", lambda fields: _set(fields["submission"], "samples", 101)),
        "#/checkpoint/2",
        "Its records make its root",
    ),
    "an early subtree": (
        _in("segments/1.json", lambda it: _set(it["peaks"], 0, _flip(it["peaks"][0], 9))),
        "#/checkpoint/2",
        "Nothing earlier was changed",
    ),
    "a consistency proof": (
        _in("segments/1.json", lambda it: _set(it["consistency"], 1, _flip(it["consistency"][1], 9))),
        "#/checkpoint/2",
        "It extends the tree before",
    ),
    "a signature": (_in("segments/1.json", _signature), "#/checkpoint/2", "aurora signed it"),
    "signers in the event": (
        _in("index.json", lambda it: _set(it["checkpoints"][1], "signers", "1")),
        "#/checkpoint/2",
        "1 of 3 signed, 2 are needed",
    ),
    "a checkpoint's field": (
        _in("index.json", lambda it: _set(it["checkpoints"][1]["checkpoint"], "tree_size", 64)),
        "#/checkpoint/2",
        "Its fields make its head",
    ),
    "a checkpoint left out": (
        _in("index.json", lambda it: it["checkpoints"].pop(0)),
        "#/checkpoint/2",
        "It names the head before",
    ),
    "an award": (
        _in("segments/1.json", lambda it: _set(it["awards"][0], "amount", "166666666666666667")),
        "#/checkpoint/2",
        "Its 3 awards make its awards root",
    ),
    "an authority": (
        _in("index.json", lambda it: _set(it["membership"]["public"][0]["fields"], "authority", "0x" + "11" * 20)),
        "#/checkpoint/2",
        "It names the members of its epoch",
    ),
    "a manifest's weight": (
        _in("manifests/0.json", lambda it: _set(it[0]["add"][0][1], "weight", 7)),
        "#/model/1",
        "Its 3 entries make the document's root",
    ),
    "a manifest's document": (
        _in("manifests/0.json", lambda it: _set(it[0]["document"], "strategy", "other")),
        "#/model/1",
        "Its document makes the anchored digest",
    ),
    "a verdict's nonce": (
        _in("segments/1.json", lambda it: _set(it["reveals"][0], "nonce", "0x" + "12" * 32)),
        "#/round/2",
        "aurora revealed what it had committed to",
    ),
    "a verdict": (
        _record("VerdictRevealed", lambda fields: _set(fields, "score", 10_001)),
        "#/round/2",
        "aurora revealed what it had committed to",
    ),
    "an update's id": (
        _record("UpdateSubmitted", lambda fields: _set(fields, "update_id", "0x" + "13" * 32)),
        "#/round/2",
        "The id of aurora's update",
    ),
    "a summary": (
        _in("index.json", lambda it: _set(it["rounds"][1], "submitted", ["aurora"])),
        "#/round/2",
        "The overview says of it what the records say",
    ),
    "a certificate": (_certificate, REQUEST, "The certificate is the one that was certified"),
    "an endorsement": (
        _record(
            "CertificateEndorsed",
            lambda fields: _set(fields, "signature", _flip(fields["signature"], 20)),
            segment=2,
        ),
        REQUEST,
        "aurora endorsed it",
    ),
    "a payment": (
        _in("tokens.json", lambda it: _set(it["events"][1], "amount", "166666666666666667")),
        "#/tokens",
        "The token's supply is the sum of all claims",
    ),
    "a record's salt": (
        _in("segments/1.json", lambda it: _set(it["records"][0], "salt", "0x" + "14" * 32)),
        "#/record/50",
        "It is in the tree of the checkpoint",
    ),
}
"""By what is falsified: how, where the page shows it, and which recomputation turns red."""
