"""How a consortium governs itself, by its own command line on Anvil and Ganache; docs/governance*.md."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest
from chain_deployment import digest, opening
from consortium_world import NOBODY, SALT, World, refusal

from orchestrator.chain.reverts import ContractRefused
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest
from orchestrator.governance.ceremony import read_ceremony
from orchestrator.governance.decisions import fields_of
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.ledger.words import hex_word
from orchestrator.types import Address, Digest, OrganisationId

DRIFT = OrganisationId("drift")
DOWN_PUBLIC, DOWN_PRIVATE = f"chain.public.url={NOBODY}", f"chain.private.url={NOBODY}"


def members(world: World, side: str) -> dict[str, tuple[str, str | None]]:
    listed = world.shown()[side]["members"]
    return {item["organisation"]: (item["authority"], item["delegate"]) for item in listed}


def anchor(
    world: World, *, epoch: int, consortium_digest: Digest, signers: tuple[str, ...] = ("aurora", "borealis")
) -> None:
    """A first checkpoint as daemons would make it from the private chain, sent by aurora."""
    contract, private = world.consortium.public.anchor, world.consortium.private_chain
    checkpoint = Checkpoint(
        sequence=1,
        previous_head=GENESIS_HEAD,
        records_root=digest("records"),
        tree_size=1,
        private_chain_id=private.chain_id,
        private_block=1,
        private_block_hash=private.block(1).hash,
        manifest_digest=digest("manifest"),
        awards_root=hex_word(bytes(32)),
        consortium_digest=consortium_digest,
        epoch=epoch,
    )
    message = checkpoint_digest(checkpoint, world.consortium.public_chain.chain_id, contract.address)
    keys = sorted((world.signer(name, "delegate") for name in signers), key=lambda key: key.address)
    signatures = [bytes(key.account.unsafe_sign_hash(message).signature) for key in keys]
    world.send("aurora", contract.anchor(GENESIS, checkpoint, signatures))


def test_a_member_joins(world: World) -> None:
    added = world.found("drift")
    join = Path("join.json")
    proposed = world.ok(
        "propose", "--add", f"drift={added.authority}", "--quorum", "3", "--out", join, *world.at("aurora")
    )
    assert f"+ drift joins; authority {added.authority}" in proposed["words"]
    assert proposed["chains"]["public"]["missing"] == 2

    # two authorities sign copies of their own, each where its key is
    for name in ("aurora", "cumulus"):
        signed = world.ok("sign", join, "--out", f"{name}.json", *world.by(name), "--yes")
        assert signed["chains"]["private"]["signed"] == [name]
    merged = world.ok("merge", "aurora.json", "cumulus.json", "--out", join)
    assert len(merged["signers"]) == 2

    # whoever has ether may send it: here the new member, who has no say yet
    assert "has 0 ether on the public chain" in world.refused("submit", join, *world.by("drift"))["message"]
    for key in (added.authority, added.delegate):
        world.ok("fund", "--to", key, "--ether", "5", *world.by("aurora"), "--yes")
    sent = world.ok("submit", join, *world.by("drift"), "--with", "authority")
    assert sent["public"]["transaction"] and sent["private"]["transaction"]
    shown = world.shown()
    assert shown["drift"] == []
    assert [(shown[side]["epoch"], shown[side]["quorum"]) for side in ("public", "private")] == [(2, 3), (2, 3)]
    assert members(world, "public")["drift"] == (added.authority, None)

    world.ok("delegate", "name", *world.by("drift"))
    assert members(world, "private")["drift"] == members(world, "public")["drift"] == (added.authority, added.delegate)
    assert world.ok("delegate", "name", *world.by("drift"))["public"]["transaction"] is None

    _first_round_with(world, "drift")


def _first_round_with(world: World, newcomer: str) -> None:
    """The agreement names all members, so every authority accepts the new one; then a round has the newcomer in it."""
    rounds, keys = world.consortium.private.rounds, world.consortium.private.keys
    names = ("aurora", "borealis", "cumulus", newcomer)
    terms = {"title": "Agreement of four", "purpose": "tests", "terms": ["Be honest."]}
    Path("agreement.json").write_text(json.dumps(terms))
    for name in names:
        world.send(name, keys.publish_prekeys([f"prekey of {name}".encode() * 10], SALT))
        if name != newcomer:
            accepted = world.loranchor("round", "agree", "--agreement", "agreement.json", *world.by(name), "--json")
            assert accepted.code == 0, accepted.error
    agreement = Agreement.of(
        world.consortium.private.deployment.consortium_id, terms["title"], names, "tests", terms["terms"]
    )
    assert accepted.json["agreement"] == agreement.digest
    with pytest.raises(ContractRefused, match="NotAccepted"):
        world.send("aurora", rounds.open_round(opening(agreement.digest), SALT))
    assert world.loranchor("round", "agree", "--agreement", "agreement.json", *world.by(newcomer)).code == 0
    world.send("aurora", rounds.open_round(opening(agreement.digest), SALT))
    assert rounds.round(1).members == 4
    assert keys.prekey_of(1, OrganisationId(newcomer)) == digest(f"prekey of {newcomer}" * 10)


def test_a_member_leaves(world: World) -> None:
    world.ok("propose", "--remove", "cumulus", "--out", "leave.json", *world.at("aurora"))
    for name in ("aurora", "borealis"):
        world.ok("sign", "leave.json", *world.by(name), "--yes")
    # the members that stay must go on with k = 2 of 2: the change says that this freezes them at the first loss
    assert (
        "it freezes for ever when one of its 2 authorities is lost"
        in world.ok("show", "leave.json", *world.at("aurora"))["words"]
    )
    world.ok("submit", "leave.json", *world.by("aurora"))
    assert list(members(world, "public")) == list(members(world, "private")) == ["aurora", "borealis"]
    with pytest.raises(ContractRefused, match="ConsortiumNotADelegate"):
        world.send("cumulus", world.consortium.private.keys.publish_prekeys([b"k" * 40], SALT))
    told = world.refused("delegate", "rotate", *world.by("cumulus"))
    assert (told["exit"], told["message"]) == ("2", "cumulus is no member on the public chain")
    assert not (world.home("cumulus") / "keystore" / "delegate.next.json").exists()


def test_a_lost_authority_is_replaced_by_a_quorum(world: World) -> None:
    lost = world.home("borealis") / "keystore" / "authority.json"
    former = world.addresses("borealis").authority
    lost.unlink()
    made = world.ok("authority", "new", *world.by("borealis"))
    assert (made["authority"], world.ok("authority", "new", *world.by("borealis"))["next"]) == (former, made["next"])
    assert world.refused("authority", "install", *world.by("borealis"))["code"] == "ProtocolError"

    world.ok("propose", "--authority", f"borealis={made['next']}", "--out", "key.json", *world.at("aurora"))
    assert world.refused("sign", "key.json", *world.by("borealis"), "--yes")["code"] == "KeystoreError"
    world.decide(Path("key.json"), "aurora", "cumulus")
    world.ok("submit", "key.json", *world.by("borealis"))  # its delegate is still there, and pays
    assert members(world, "private")["borealis"][0] == made["next"]
    assert world.ok("authority", "install", *world.by("borealis"))["authority"] == made["next"]
    assert world.addresses("borealis").authority == made["next"]

    # the new key decides like the old one did
    world.fund(Address(made["next"]))
    world.ok("delegate", "rotate", *world.by("borealis"))
    world.ok("propose", "--quorum", "3", "--out", "k.json", *world.at("aurora"))
    world.decide(Path("k.json"), "aurora", "borealis")
    assert world.ok("submit", "k.json", *world.by("aurora"))["private"]["block"]


def test_a_delegate_is_rotated_on_both_chains(world: World) -> None:
    former = world.addresses("cumulus").delegate
    old = world.signer("cumulus", "delegate")
    rotated = world.ok("delegate", "rotate", *world.by("cumulus"))["delegate"]
    assert rotated not in (former, None)
    assert members(world, "public")["cumulus"][1] == members(world, "private")["cumulus"][1] == rotated
    assert world.addresses("cumulus").delegate == rotated
    assert json.loads((world.home("cumulus") / "organisation.json").read_text())["delegate"] == rotated
    assert (world.home("cumulus") / "keystore" / f"delegate.{former}.json").stat().st_mode & 0o077 == 0

    prekeys = world.consortium.private.keys.publish_prekeys([b"k" * 40], SALT)
    assert refusal_of(world, prekeys, Address(old.address)) == "ConsortiumNotADelegate"
    world.ok("fund", "--to", rotated, "--ether", "1", "--with", "authority", *world.by("cumulus"), "--yes")
    world.send("cumulus", prekeys)


def refusal_of(world: World, call: object, sender: Address) -> str:
    from orchestrator.chain.port import RpcRefused
    from orchestrator.chain.reverts import decode_revert, revert_data

    with pytest.raises(RpcRefused) as raised:
        world.consortium.private_chain.call(call.to, call.data, sender=sender)  # type: ignore[attr-defined]
    return decode_revert(revert_data(raised.value.data, raised.value.rpc_message) or b"").error


def test_a_stolen_delegate_is_revoked_while_the_daemon_runs(world: World) -> None:
    lock = world.home("cumulus") / "locks" / "daemon.lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "daemon already runs" in world.refused("delegate", "rotate", *world.by("cumulus"))["message"]
        world.ok("delegate", "revoke", *world.by("cumulus"))
    assert members(world, "public")["cumulus"][1] is members(world, "private")["cumulus"][1] is None
    assert world.ok("delegate", "revoke", *world.by("cumulus"))["public"]["transaction"] is None
    told = world.refused("delegate", "name", *world.by("cumulus"))
    assert "was a delegate of cumulus before" in told["message"]
    rotated = world.ok("delegate", "rotate", *world.by("cumulus"))["delegate"]
    assert members(world, "private")["cumulus"][1] == rotated


def test_a_rotation_goes_on_where_a_chain_was_down(world: World) -> None:
    before = world.addresses("cumulus").delegate
    assert "nothing was sent" in world.refused("delegate", "rotate", *world.by("cumulus"), DOWN_PRIVATE)["message"]
    assert members(world, "public")["cumulus"][1] == before
    told = world.refused("delegate", "rotate", *world.by("cumulus"), "--partial", DOWN_PRIVATE)
    assert told["exit"] == "4"
    (difference,) = world.shown()["drift"]
    assert difference["name"] == "delegate"
    assert world.addresses("cumulus").delegate == before  # the keystore follows when both chains know
    waiting = world.ok("delegate", "show", "--home", world.home("cumulus"))["next"]
    rotated = world.ok("delegate", "rotate", *world.by("cumulus"))
    assert (rotated["delegate"], rotated["public"]["transaction"]) == (waiting, None)
    assert world.addresses("cumulus").delegate == waiting
    assert world.shown()["drift"] == []


def test_the_consortium_pauses_and_resumes(world: World) -> None:
    rounds, current = world.consortium.private.rounds, world.consortium.public.consortium.current()
    world.ok("propose", "--pause", "--out", "pause.json", *world.at("aurora"))
    world.decide(Path("pause.json"), "borealis", "cumulus")
    world.ok("submit", "pause.json", *world.by("aurora"))
    assert world.shown()["public"]["paused"] and world.shown()["private"]["paused"]
    assert refusal_of(world, rounds.open_round(opening(digest("any")), SALT), world.addresses("aurora").delegate) == (
        "RoundLedgerPaused"
    )
    with pytest.raises(ContractRefused, match="CheckpointAnchorPaused"):
        anchor(world, epoch=current.epoch, consortium_digest=current.consortium_digest)
    assert "is paused already" in world.refused("propose", "--pause", *world.at("aurora"))["message"]

    world.ok("propose", "--resume", "--out", "resume.json", *world.at("aurora"))
    world.decide(Path("resume.json"), "aurora", "cumulus")
    world.ok("submit", "resume.json", *world.by("aurora"))
    anchor(world, epoch=current.epoch, consortium_digest=current.consortium_digest)
    told = world.refused("submit", "pause.json", *world.by("aurora"))
    assert "took a later decision already" in told["message"]


def test_a_pause_that_reached_one_chain_is_repeated_for_both(world: World) -> None:
    world.ok("propose", "--pause", "--out", "pause.json", *world.at("aurora"))
    world.decide(Path("pause.json"), "aurora", "borealis")
    world.refused("submit", "pause.json", *world.by("aurora"), "--partial", DOWN_PRIVATE)
    assert [item["name"] for item in world.shown()["drift"]] == ["pause"]
    world.ok("propose", "--pause", "--out", "again.json", *world.at("aurora"))
    world.decide(Path("again.json"), "aurora", "borealis")
    sent = world.ok("submit", "again.json", *world.by("aurora"))
    assert sent["public"]["transaction"] and sent["private"]["transaction"]  # so that the older one is void on both
    assert "took a later decision already" in world.refused("submit", "pause.json", *world.by("aurora"))["message"]
    world.ok("propose", "--resume", "--out", "resume.json", *world.at("aurora"))
    world.decide(Path("resume.json"), "aurora", "borealis")
    assert world.ok("submit", "resume.json", *world.by("aurora"))["public"]["transaction"]
    assert world.shown()["drift"] == []


def test_a_pause_that_was_overtaken_is_void_where_it_never_arrived(world: World) -> None:
    """One chain was paused and both resume: whoever has the first file cannot pause the other one with it later."""
    world.ok("propose", "--pause", "--out", "pause.json", *world.at("aurora"))
    world.decide(Path("pause.json"), "aurora", "borealis")
    world.refused("submit", "pause.json", *world.by("aurora"), "--partial", DOWN_PRIVATE)
    resumed = world.ok("propose", "--resume", "--out", "resume.json", *world.at("aurora"))
    assert "is not paused already and takes it all the same" in resumed["chains"]["private"]["message"]
    world.decide(Path("resume.json"), "aurora", "borealis")
    sent = world.ok("submit", "resume.json", *world.by("aurora"))
    assert sent["public"]["transaction"] and sent["private"]["transaction"]
    old, contract = read_ceremony(Path("pause.json")), world.consortium.private.consortium
    call = contract.set_paused(fields_of(old.decision), list(old.signatures.values()))
    assert refusal(contract.chain, call) == "ConsortiumNonceUsed"  # type: ignore[arg-type]
    assert not world.shown()["private"]["paused"]


def test_a_pause_and_its_end_that_one_chain_never_saw_are_void_there_too(world: World) -> None:
    """Both chains say `not paused`, so nobody would look; but whoever has the first file could pause one of them."""
    for verb in ("pause", "resume"):
        world.ok("propose", f"--{verb}", "--out", f"{verb}.json", *world.at("aurora"))
        world.decide(Path(f"{verb}.json"), "aurora", "borealis")
        world.refused("submit", f"{verb}.json", *world.by("aurora"), "--partial", DOWN_PRIVATE)
    shown = world.shown()
    assert shown["drift"] == [] and [item["name"] for item in shown["hints"]] == ["older-pause"]
    assert "HINT (older-pause)" in world.run("show", *world.at("aurora")).out
    old, contract = read_ceremony(Path("pause.json")), world.consortium.private.consortium
    call = contract.set_paused(fields_of(old.decision), list(old.signatures.values()))
    contract.chain.call(call.to, call.data)  # whoever has it could send it

    world.ok("propose", "--resume", "--out", "again.json", *world.at("aurora"))
    world.decide(Path("again.json"), "aurora", "borealis")
    sent = world.ok("submit", "again.json", *world.by("aurora"))
    assert sent["public"]["transaction"] and sent["private"]["transaction"]
    assert refusal(contract.chain, call) == "ConsortiumNonceUsed"  # type: ignore[arg-type]
    assert world.shown()["hints"] == []
    assert "is not paused" in world.refused("propose", "--resume", *world.at("aurora"))["message"]


def test_one_chain_done_and_the_other_not(world: World) -> None:
    world.ok("propose", "--quorum", "3", "--out", "k.json", *world.at("aurora"))
    world.decide(Path("k.json"), "aurora", "borealis")
    told = world.refused("submit", "k.json", *world.by("aurora"), DOWN_PUBLIC)
    assert "nothing was sent, because of the public chain" in told["message"] and "--partial" in told["mend"]
    assert world.shown()["private"]["epoch"] == 1

    assert world.refused("submit", "k.json", *world.by("aurora"), "--partial", DOWN_PUBLIC)["exit"] == "4"
    shown = world.shown()
    assert (shown["public"]["epoch"], shown["private"]["epoch"]) == (1, 2)
    assert [item["name"] for item in shown["drift"]] == ["epoch"]
    assert "submit the ceremony of epoch 2" in shown["drift"][0]["mend"]
    assert "in epoch 1" in world.refused("propose", "--pause", *world.at("aurora"))["message"]

    # what daemons sign on the private chain's word is refused until the public chain has caught up
    names = ("aurora", "borealis", "cumulus")
    ahead = shown["private"]["consortium_digest"]
    with pytest.raises(ContractRefused, match="CheckpointAnchorWrongEpoch"):
        anchor(world, epoch=2, consortium_digest=ahead, signers=names)
    with pytest.raises(ContractRefused, match="CheckpointAnchorWrongConsortium"):
        anchor(world, epoch=1, consortium_digest=ahead, signers=names)
    sent = world.ok("submit", "k.json", *world.by("borealis"))
    assert sent["public"]["transaction"] and sent["private"]["transaction"] is None
    assert world.shown()["drift"] == []
    anchor(world, epoch=2, consortium_digest=ahead, signers=names)


def test_a_lost_ceremony_is_written_again(world: World) -> None:
    world.ok("propose", "--remove", "cumulus", "--out", "leave.json", *world.at("aurora"))
    world.decide(Path("leave.json"), "aurora", "cumulus")
    world.refused("submit", "leave.json", *world.by("aurora"), "--partial", DOWN_PUBLIC)
    Path("leave.json").unlink()
    again = world.ok("propose", "--again", "--out", "again.json", *world.at("aurora"))
    assert again["chains"]["private"]["stage"] == "done"
    world.decide(Path("again.json"), "cumulus", "borealis")  # cumulus still decides where it is a member
    world.ok("submit", "again.json", *world.by("aurora"))
    assert world.shown()["drift"] == []


def test_two_changes_for_one_epoch_are_reunited(world: World) -> None:
    added = world.found("drift").authority
    world.ok("propose", "--add", f"drift={added}", "--quorum", "3", "--out", "add.json", *world.at("aurora"))
    world.ok("propose", "--quorum", "3", "--out", "k.json", *world.at("aurora"))
    for file in ("add.json", "k.json"):
        world.decide(Path(file), "aurora", "borealis")
    world.refused("submit", "add.json", *world.by("aurora"), "--partial", DOWN_PRIVATE)
    world.refused("submit", "k.json", *world.by("aurora"), "--partial", DOWN_PUBLIC)
    assert [item["name"] for item in world.shown()["drift"]] == ["fork"]
    told = world.refused("submit", "k.json", *world.by("aurora"))
    assert (told["exit"], told["message"]) == ("7", "the public chain went to epoch 2 by another change")

    world.ok("propose", "--add", f"drift={added}", "--quorum", "3", "--out", "one.json", *world.at("aurora"))
    world.decide(Path("one.json"), "aurora", "borealis", "cumulus")
    world.ok("submit", "one.json", *world.by("aurora"))
    shown = world.shown()
    assert shown["drift"] == [] and shown["public"]["epoch"] == 3
    assert list(members(world, "private")) == ["aurora", "borealis", "cumulus", "drift"]


def test_more_lost_authorities_than_allowed_freeze_the_consortium(world: World) -> None:
    for name in ("borealis", "cumulus"):
        (world.home(name) / "keystore" / "authority.json").unlink()
    made = world.ok("authority", "new", *world.by("borealis"))["next"]
    world.ok("propose", "--authority", f"borealis={made}", "--out", "key.json", *world.at("aurora"))
    world.decide(Path("key.json"), "aurora")
    told = world.refused("submit", "key.json", *world.by("aurora"))
    assert (told["exit"], told["message"]) == ("7", "1 of 2 signatures that the public chain needs")
    ceremony = read_ceremony(Path("key.json"))
    for contract in (world.consortium.public.consortium, world.consortium.private.consortium):
        call = contract.change_membership(fields_of(ceremony.decision), list(ceremony.signatures.values()))
        assert refusal(contract.chain, call) == "ConsortiumQuorumMissed"  # type: ignore[arg-type]


def test_people_read_what_they_sign(world: World) -> None:
    added = world.found("drift").authority
    done = world.run("propose", "--add", f"drift={added}", "--quorum", "3", *world.at("aurora"))
    assert done.code == 0 and "Wrote membership-2.json" in done.out
    assert f"+ drift joins; authority {added}" in done.out
    assert world.run("propose", "--quorum", "3", *world.at("aurora")).code == 2  # the file is not overwritten
    done = world.run("sign", "membership-2.json", *world.by("aurora"))
    assert done.code == 2 and "there is no terminal to ask at" in done.error
    assert read_ceremony(Path("membership-2.json")).signatures == {}
    done = world.run("sign", "membership-2.json", *world.by("aurora"), "--yes")
    assert (
        "aurora signed it" in done.out
        and "1 signature missing; the authority of borealis, cumulus can sign" in done.out
    )
    done = world.run("show", *world.at("aurora"))
    assert "The two chains agree. The consortium freezes when more than 1 of its 3 authorities are lost." in done.out
    done = world.run("show", *world.at("aurora"), DOWN_PUBLIC)
    assert done.code == 4 and "private, id 1337" in done.out and "public, id" not in done.out
    done = world.run("delegate", "show", *world.at("aurora"))
    assert done.out.count("the same") == 2
