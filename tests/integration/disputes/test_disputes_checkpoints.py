"""Equivocation and relaying by hand, typed on both chains."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from dispute_world import World
from walk import Walk

from orchestrator.chain.sender import TransactionSender
from orchestrator.commitment.checkpoints import head_of
from orchestrator.disputes.signed import read_signed, write_signed
from orchestrator.governance.ceremony import read_ceremony
from orchestrator.types import Digest, OrganisationId

WRONG_ROOT = Digest("0x" + "ab" * 32)


def lied_to(world: World) -> None:
    """Borealis attests to the honest checkpoint as aurora does, and anchors another one with cumulus."""
    for name in ("aurora", "borealis"):
        world.attest(name, world.checkpoint())
    world.anchor(world.checkpoint(awards_root=WRONG_ROOT), ["borealis", "cumulus"], by="cumulus")


def test_equivocation_is_found_and_proven(world: World, folder: Path) -> None:
    lied_to(world)
    with Walk(world, "Equivocation", folder) as walk:
        for _ in range(4):
            walk.block()
    assert world.consortium.public.anchor.equivocated(1, OrganisationId("borealis"))
    assert not world.consortium.public.anchor.equivocated(1, OrganisationId("cumulus"))


def test_a_wrong_root_is_replaced_by_the_recomputed_one(world: World, folder: Path) -> None:
    lied_to(world)
    with Walk(world, "A wrong awards root", folder) as walk:
        for _ in range(3):
            walk.block()
        world.pass_window(1)
        walk.block()
        walk.block()
    assert len(read_ceremony(folder / "decision" / "award-root-1.json").signatures) == 3
    awards = {item["organisation"]: item["state"] for item in shown(world, "1")["awards"]}
    assert awards == {"aurora": "paid", "borealis": "open", "cumulus": "paid"}


def shown(world: World, sequence: str) -> dict:  # type: ignore[type-arg]
    return world.type("aurora", "award", "show", sequence, "--json").document["awards"][0]


def test_a_checkpoint_is_relayed_by_hand_once_a_quorum_has_attested(world: World) -> None:
    honest = world.checkpoint()
    world.attest("aurora", honest)
    world.attest("cumulus", world.checkpoint(manifest_digest=WRONG_ROOT))
    stranger = world.signature("borealis", world.checkpoint(tree_size=1))
    world.by("borealis", world.consortium.private.schedule.attest(1, head_of(honest), stranger))
    line = world.refused("aurora", "checkpoint", "anchor", signs=True, code=7)
    assert (
        "1 of 2 signatures" in line and "missing: borealis, cumulus" in line and "cumulus signed another head" in line
    )
    pending = world.type("aurora", "checkpoint", "status", "--json").document["pending"][0]
    assert {name: bool(item["problem"]) for name, item in pending["attested"].items()} == {
        "aurora": False,
        "borealis": True,
        "cumulus": True,
    }
    world.attest("borealis", honest)
    world.done("cumulus", "checkpoint", "anchor", signs=True)
    assert world.consortium.public.anchor.head() == head_of(honest)
    assert "every checkpoint that is due is anchored" in world.done("aurora", "checkpoint", "anchor", signs=True)
    status = world.type("aurora", "checkpoint", "status", "--json").document
    assert (status["anchored"], status["pending"], status["differences"], status["drift"]) == (1, [], [], [])


def test_an_honest_life_shows_nothing(world: World, folder: Path) -> None:
    for name in world.members:
        world.attest(name, world.checkpoint())
    world.anchor(world.checkpoint(), ["aurora", "cumulus"])
    said = world.type("borealis", "checkpoint", "equivocation", "scan", "--out", str(folder), "--json")
    assert said.code == 0
    found = said.document
    assert (found["equivocations"], found["deviations"], found["unknown"], found["unread"]) == ([], [], [], [])
    assert found["signatures"] == 5
    assert list(folder.iterdir()) == []
    assert "no equivocation is on record" in world.done("borealis", "checkpoint", "equivocation", "list")


def test_what_cannot_be_recomputed_is_said(world: World, folder: Path) -> None:
    world.anchor(world.checkpoint(), ["aurora", "cumulus"])
    dead = "storage.api_url=http://127.0.0.1:9"
    said = world.type("aurora", "checkpoint", "equivocation", "scan", dead, "--out", str(folder))
    assert said.code == 5
    assert "not compared: checkpoint 1 with the records: cannot reach IPFS" in said.out
    assert "not compared   checkpoint 1: cannot reach" in world.done("aurora", "checkpoint", "status", dead)
    assert "no differences; 1 checkpoint could not be recomputed" in world.done("aurora", "award", "show", dead)
    world.write_signed(folder / "one.json", "cumulus", world.checkpoint(awards_root=WRONG_ROOT))
    said = world.type("aurora", "checkpoint", "equivocation", "scan", dead, "--document", str(folder / "one.json"),
                      "--out", str(folder), "--json")  # fmt: skip
    assert said.code == 8
    assert [item["organisation"] for item in said.document["equivocations"]] == ["cumulus"]


def test_a_head_without_its_checkpoint_is_named_until_somebody_shows_it(world: World, folder: Path) -> None:
    hidden = world.checkpoint(records_root=WRONG_ROOT)
    world.attest("cumulus", world.checkpoint())
    world.attest("cumulus", hidden)
    scan = ["checkpoint", "equivocation", "scan", "--out", str(folder), "--json"]
    said = world.type("aurora", *scan)
    assert said.code == 8
    assert [item["organisation"] for item in said.document["unknown"]] == ["cumulus"]
    assert said.document["equivocations"] == []
    document = folder / "hidden.json"
    world.write_signed(document, "cumulus", hidden)
    said = world.type("aurora", *scan, "--document", str(document))
    (found,) = said.document["equivocations"]
    assert (found["organisation"], said.document["unknown"]) == ("cumulus", [])
    world.done("aurora", "checkpoint", "equivocation", "prove", *found["files"], signs=True)
    assert world.consortium.public.anchor.equivocated(1, OrganisationId("cumulus"))


@pytest.fixture
def pair(world: World, folder: Path) -> dict[str, Path]:
    """Documents of checkpoint 1: borealis's two, and others that prove nothing with them."""
    honest = world.checkpoint()
    wrong = world.checkpoint(awards_root=WRONG_ROOT)
    made = {
        "honest": world.write_signed(folder / "honest.json", "borealis", honest),
        "wrong": world.write_signed(folder / "wrong.json", "borealis", wrong),
        "again": world.write_signed(folder / "again.json", "borealis", world.checkpoint(epoch=2)),
        "other": world.write_signed(folder / "other.json", "cumulus", wrong),
        "next": world.write_signed(folder / "next.json", "borealis", world.checkpoint(sequence=2)),
        "stranger": world.write_signed(folder / "stranger.json", "borealis", wrong, key="authority"),
    }
    posing = read_signed(made["other"])
    made["posing"] = write_signed(folder / "posing.json", replace(posing, organisation=OrganisationId("borealis")))
    return made


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("honest", "one content"),
        ("again", "one content"),
        ("other", "two members signed the documents, borealis and cumulus"),
        ("next", "two checkpoints, 1 and 2"),
        ("stranger", "never was a member's delegate"),
        ("posing", "names borealis, but cumulus signed it"),
    ],
)
def test_what_proves_nothing_is_refused_before_it_is_sent(
    world: World, pair: dict[str, Path], name: str, words: str
) -> None:
    block = world.consortium.public_chain.block_number()
    prove = ["checkpoint", "equivocation", "prove", str(pair["honest"]), str(pair[name])]
    assert words in world.refused("aurora", *prove, code=7, signs=True)
    assert world.consortium.public_chain.block_number() == block


def test_documents_that_are_none_are_refused(world: World, pair: dict[str, Path], folder: Path) -> None:
    prove = ["checkpoint", "equivocation", "prove", str(pair["honest"])]
    assert "absent.json" in world.refused("aurora", *prove, str(folder / "absent.json"), code=2, signs=True)
    document = json.loads(pair["wrong"].read_bytes())
    for change, words in (
        ({"version": 2}, "version 2 is unknown"),
        ({"signature": "0x12"}, "130 lower-case"),
        ({"anchor": "0x" + "11" * 20}, "a document is for anchor 0x1111"),
        ({"more": 1}, "unknown member more"),
    ):
        bad = folder / "bad.json"
        bad.write_text(json.dumps({**document, **change}, sort_keys=True, separators=(",", ":")))
        assert words in world.refused("aurora", *prove, str(bad), code=7, signs=True)
    bad.write_text(json.dumps(document, indent=2))
    assert "canonical" in world.refused("aurora", *prove, str(bad), code=7, signs=True)


def test_what_was_proven_from_files_is_known_to_whoever_scans_later(
    world: World, pair: dict[str, Path], folder: Path
) -> None:
    world.attest("borealis", read_signed(pair["wrong"]).checkpoint)
    scan = ["checkpoint", "equivocation", "scan", "--out", str(folder), "--json"]
    before = world.type("cumulus", *scan).document
    assert before["equivocations"] == [] and [item["organisation"] for item in before["unknown"]] == ["borealis"]
    files = [str(pair["honest"]), str(pair["wrong"])]
    world.done("aurora", "checkpoint", "equivocation", "prove", *files, signs=True)
    said = world.type("cumulus", *scan)
    (found,) = said.document["equivocations"]
    assert said.code == 8 and (found["organisation"], found["proven"]) == ("borealis", True)
    assert (said.document["unknown"], said.document["unread"]) == ([], [])
    assert {read_signed(Path(name)) for name in found["files"]} == {
        read_signed(pair[name]) for name in ("honest", "wrong")
    }
    assert "(equivocation of borealis proven in block" in world.type("cumulus", *scan[:-1]).out


def test_a_proof_counts_after_the_key_was_rotated(world: World, pair: dict[str, Path]) -> None:
    public, member = world.consortium.public, world.members["borealis"]
    call = public.consortium.revoke_delegate(member.organisation)
    TransactionSender(world.consortium.public_chain, member.authority, timeout=30, poll=0.02).send(call)
    files = [str(pair["honest"]), str(pair["wrong"])]
    world.done("aurora", "checkpoint", "equivocation", "prove", *files, signs=True)
    assert public.anchor.equivocated(1, member.organisation)
