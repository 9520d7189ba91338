"""Disputes about awards, typed on both chains: objections, other roots, voids, caps, claims; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dispute_world import World
from walk import Walk

from orchestrator.governance.ceremony import read_ceremony


@pytest.fixture
def published(world: World) -> World:
    """With the honest checkpoint anchored, and its awards published."""
    world.anchor(world.checkpoint(), ["aurora", "borealis"])
    world.done("cumulus", "award", "publish", "1", signs=True)
    return world


def sheet(world: World, *words: str) -> dict[str, Any]:
    """What `award show` says of checkpoint 1."""
    return world.type("aurora", "award", "show", "1", "--json", *words).document["awards"][0]  # type: ignore[no-any-return]


def states(world: World, *words: str) -> dict[str, str]:
    return {item["organisation"]: item["state"] for item in sheet(world, *words)["awards"]}


def agree(folder: Path, amount: int) -> Path:
    """What the authorities do with the list in `agreed`: each gets the same."""
    path = folder / "agreed" / "awards-1.json"
    listed = json.loads(path.read_text())
    for row in listed["awards"]:
        row["amount"] = str(amount)
    path.write_text(json.dumps(listed, indent=2))
    return path


def test_scores_are_disputed_and_a_list_is_agreed_on(published: World, folder: Path) -> None:
    with Walk(published, "A dispute of scores", folder) as walk:
        walk.block()
        agree(folder, 3 * 10**17)
        walk.block()
        published.pass_window(1)
        walk.block()
    assert states(published, "--awards", str(folder / "agreed" / "awards-1.json"))["aurora"] == "paid"
    assert published.consortium.public.token.total_supply() == 3 * 10**17


def test_awards_are_void_for_cause(published: World, folder: Path) -> None:
    cumulus = published.updates(1)["cumulus"]
    with Walk(published, "Awards void for cause", folder) as walk:
        walk.block(cumulus, published.next_request())
        published.pass_window(1)
        walk.block()
    assert states(published) == {"aurora": "open", "borealis": "open", "cumulus": "void"}


def test_objections_end_with_the_window(published: World) -> None:
    object_ = ["award", "object", "1", "--reason", "SCORES"]
    until = published.consortium.public.awards.publication(1).claimable_from
    published.done("aurora", *object_, signs=True)
    assert published.consortium.public.awards.publication(1).claimable_from > until
    assert "objected to checkpoint 1" in published.refused("aurora", *object_, code=7, signs=True)
    extended = published.consortium.public.awards.publication(1).claimable_from
    published.done("borealis", *object_, signs=True)
    assert published.consortium.public.awards.publication(1).claimable_from == extended
    published.mine(published.consortium.public_chain, extended - 2)
    published.done("cumulus", *object_, signs=True)
    assert "was open up to block" in published.refused("aurora", *object_, code=7, signs=True)
    assert "was open up to block" in published.refused("aurora", "award", "propose-root", "1", code=7)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["award", "object", "1", "--reason", ""], 2, "--reason is empty"),
        (["award", "object", "1", "--reason", "é"], 2, "32 printable ASCII"),
        (["award", "object", "2", "--reason", "ROOT"], 7, "there is no checkpoint 2"),
        (["award", "publish", "2"], 7, "checkpoint 2 is not anchored"),
        (["award", "object", "0", "--reason", "ROOT"], 2, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_objected_to(published: World, words: list[str], code: int, told: str) -> None:
    block = published.consortium.public_chain.block_number()
    assert told in published.refused("aurora", *words, code=code, signs=True)
    assert published.consortium.public_chain.block_number() == block


def test_nothing_is_disputed_before_it_is_published(world: World) -> None:
    object_ = ["award", "object", "1", "--reason", "ROOT"]
    assert "there is no checkpoint 1" in world.refused("aurora", *object_, code=7, signs=True)
    world.anchor(world.checkpoint(), ["aurora", "borealis"])
    assert "`loranchor award publish 1`" in world.refused("aurora", *object_, code=7, signs=True)
    assert "not published" in world.done("aurora", "award", "show", "1")
    claimed = world.done("aurora", "award", "claim", signs=True)
    assert "nothing to claim" in claimed and "award publish 1" in claimed


def test_a_root_is_signed_only_where_its_list_is_at_hand(published: World, folder: Path) -> None:
    propose = ["award", "propose-root", "1", "--out", str(folder)]
    assert "already" in published.refused("aurora", *propose, code=7)
    published.done("aurora", "award", "show", "1", "--out", str(folder / "agreed"))
    agreed = agree(folder, 10**17)
    published.done("aurora", *propose, "--awards", str(agreed))
    file, signs = folder / "award-root-1.json", ["award", "sign", str(folder / "award-root-1.json"), "--yes"]
    assert "neither what the records give" in published.refused("borealis", *signs, code=7, signs=True)
    assert read_ceremony(file).signatures == {}
    other = folder / "other.json"
    other.write_text(agreed.read_text().replace('"sequence": 1', '"sequence": 2'))
    assert "neither" in published.refused("borealis", *signs, "--awards", str(other), code=7, signs=True)
    published.done("borealis", *signs, "--awards", str(agreed), signs=True)
    again = published.done("borealis", *signs, "--awards", str(agreed), signs=True)
    assert "borealis had signed already" in again
    submit = ["award", "submit", str(file)]
    assert "1 of the 2 authority signatures" in published.refused("aurora", *submit, code=7, signs=True)
    published.done("cumulus", *signs, "--awards", str(agreed), signs=True)
    published.done("aurora", *submit, signs=True)
    assert "carried out already" in published.refused("aurora", *submit, code=7, signs=True)


def test_a_strangers_signature_does_not_count(published: World, folder: Path) -> None:
    published.done("aurora", "award", "propose-cap", "2", "--out", str(folder))
    file = folder / "payout-cap-0.json"
    ceremony = read_ceremony(file)
    stranger = published.members["aurora"].delegate.account.unsafe_sign_hash(ceremony.decision.digest())
    file.write_bytes(ceremony.signed(bytes(stranger.signature)).to_bytes())
    published.done("cumulus", "award", "sign", str(file), "--yes", signs=True)
    submit = ["award", "submit", str(file)]
    assert "1 of the 2 authority signatures" in published.refused("aurora", *submit, code=7, signs=True)
    published.done("borealis", "award", "sign", str(file), "--yes", signs=True)
    published.done("aurora", *submit, signs=True)
    assert published.consortium.public.awards.payout_cap() == 2 * 10**18
    assert "propose it again" in published.refused("aurora", *submit, code=7, signs=True)


def test_a_key_signs_without_a_network_what_its_list_says(published: World, folder: Path) -> None:
    published.done("aurora", "award", "show", "1", "--out", str(folder / "agreed"))
    agreed = agree(folder, 10**17)
    published.done("aurora", "award", "propose-root", "1", "--awards", str(agreed), "--out", str(folder))
    file, dead = folder / "award-root-1.json", "chain.public.url=http://127.0.0.1:9"
    sign = ["award", "sign", str(file), dead]
    assert "no answer from" in published.refused("borealis", *sign, "--yes", code=4, signs=True)
    assert "neither" in published.refused("borealis", *sign, "--offline", "--yes", code=7, signs=True)
    with_list = [*sign, "--offline", "--awards", str(agreed)]
    said = published.type("borealis", *with_list, signs=True)
    assert said.code == 2 and "there is no terminal to ask at" in said.err
    assert read_ceremony(file).signatures == {}
    told = published.done("borealis", *with_list, "--yes", signs=True)
    assert "award 0: 0.1 to" in told
    key_file, password = folder / "cold.json", folder / "cold.password"
    stick = published.folder / "homes" / "cumulus" / "keystore" / "authority.json"
    key_file.write_bytes(stick.read_bytes())
    password.touch(mode=0o600)
    password.write_bytes((published.folder / "cumulus.password").read_bytes())
    words = ["award", "sign", str(file), "--offline", "--yes", "--awards", str(agreed), "--key-file", str(key_file)]
    assert published.run([*words, "--password-file", str(password)]).code == 0
    expected = {published.members[name].authority.address for name in ("borealis", "cumulus")}
    assert set(read_ceremony(file).signatures) == expected
    published.done("aurora", "award", "submit", str(file), signs=True)


def test_a_key_that_has_no_say_does_not_sign(published: World, folder: Path) -> None:
    published.done("aurora", "award", "propose-cap", "2", "--out", str(folder))
    sign = ["award", "sign", str(folder / "payout-cap-0.json"), "--yes"]
    stick = published.folder / "homes" / "cumulus" / "keystore" / "delegate.json"
    said = published.type("aurora", *sign, "--key-file", str(stick), signs=True)
    assert said.code == 6 and "is no authority of the public chain's consortium" in said.err
    assert read_ceremony(folder / "payout-cap-0.json").signatures == {}
    assert "no key is given" in published.run([*sign, *offline(published)]).err


def offline(world: World) -> list[str]:
    """Settings of a command that is typed without a home."""
    urls = (world.consortium.public_chain.url, world.consortium.private_chain.url)
    chains = [f"chain.public.url={urls[0]}", f"chain.private.url={urls[1]}", "chain.network=null"]
    return [*chains, f"chain.deployments={world.consortium.folder}"]


def test_copies_that_were_signed_apart_are_sent_together(published: World, folder: Path) -> None:
    published.done("aurora", "award", "propose-void", "1", "--index", "0", "--index", "1", "--out", str(folder))
    first, second = folder / "award-void-1-0-1.json", folder / "copy.json"
    second.write_bytes(first.read_bytes())
    published.done("aurora", "award", "sign", str(first), "--yes", signs=True)
    published.done("cumulus", "award", "sign", str(second), "--yes", signs=True)
    published.done("borealis", "award", "submit", str(first), "--also", str(second), signs=True)
    assert states(published) == {"aurora": "void", "borealis": "void", "cumulus": "open"}
    again = ["award", "submit", str(first), "--also", str(second)]
    assert "nothing is left to void" in published.refused("borealis", *again, code=7, signs=True)
    void = ["award", "propose-void", "1", "--out", str(folder)]
    assert "is void already" in published.refused("aurora", *void, "--index", "0", code=7)
    assert "has no award 9" in published.refused("aurora", *void, "--index", "9", code=2)
    assert "no award is named" in published.refused("aurora", *void, code=2)


def test_a_root_that_revives_a_void_award_says_so(published: World, folder: Path) -> None:
    published.done("aurora", "award", "propose-void", "1", "--index", "2", "--out", str(folder))
    for name in ("aurora", "borealis"):
        published.done(name, "award", "sign", str(folder / "award-void-1-2.json"), "--yes", signs=True)
    published.done("aurora", "award", "submit", str(folder / "award-void-1-2.json"), signs=True)
    published.done("aurora", "award", "show", "1", "--out", str(folder / "agreed"))
    agreed = agree(folder, 10**17)
    told = published.done("aurora", "award", "propose-root", "1", "--awards", str(agreed), "--out", str(folder))
    assert "is void under the present root and payable under this one" in told


def test_lists_that_cannot_be_meant_are_refused(published: World, folder: Path) -> None:
    published.done("aurora", "award", "show", "1", "--out", str(folder / "agreed"))
    path = folder / "agreed" / "awards-1.json"
    honest = json.loads(path.read_text())
    first, second, *_ = honest["awards"]
    for awards, code, told in (
        ([{**first, "amount": str(10**30)}], 2, "the cap of this publication"),
        ([{**first, "update_id": "0x" + "11" * 32}], 2, "the private chain has no update"),
        ([{**first, "amount": "0"}], 7, "leave the award out"),
        ([{**first, "amount": 5}], 7, "a decimal string is expected"),
        ([first, {**second, "index": 0}], 7, "two awards of one index"),
        ("none", 7, "is not a list"),
    ):
        path.write_text(json.dumps({**honest, "awards": awards}))
        line = published.refused(
            "aurora", "award", "propose-root", "1", "--awards", str(path), "--out", str(folder), code=code
        )
        assert told in line
    assert sorted(item.name for item in folder.iterdir()) == ["agreed"]


def test_claims_of_one_member_by_another(published: World) -> None:
    claim = ["award", "claim", "1", "--json"]
    early = published.type("aurora", *claim, signs=True).document
    assert early["paid"] == 0 and "payable from block" in early["later"][0]
    published.pass_window(1)
    said = published.type("aurora", *claim, "--organisation", "borealis", signs=True).document
    assert (said["paid"], said["organisation"], said["amount"]) == (1, "borealis", str(5 * 10**17))
    account = published.members["borealis"].authority.address
    assert published.consortium.public.token.balance_of(account) == 5 * 10**17
    assert published.type("aurora", *claim, "--organisation", "borealis", signs=True).document["paid"] == 0
    assert "no name" in published.refused("aurora", "award", "claim", "--organisation", "B!", code=2, signs=True)
    assert "there is no member dorado" in published.refused(
        "aurora", "award", "claim", "--organisation", "dorado", code=2, signs=True
    )
    assert "no checkpoint 7" in published.refused("aurora", "award", "claim", "7", code=7, signs=True)


def test_awards_are_shown_while_the_private_chain_or_ipfs_is_down(published: World) -> None:
    dead = "http://127.0.0.1:9"
    told = published.done("aurora", "award", "show", "1", f"chain.private.url={dead}")
    assert "not recomputed: no answer from" in told and "objections are open" in told
    without = f"storage.api_url={dead}"
    told = published.done("aurora", "award", "show", "1", without)
    assert "not recomputed: cannot reach IPFS" in told
    published.done("aurora", "award", "object", "1", "--reason", "ROOT", without, signs=True)
    line = published.refused("aurora", "award", "propose-root", "1", without, code=5)
    assert "cannot reach IPFS" in line
    assert dead in published.refused("aurora", "award", "show", f"chain.public.url={dead}", code=4)


def test_an_empty_list_pays_nobody(published: World, folder: Path) -> None:
    empty = folder / "empty.json"
    empty.write_text(json.dumps({"format": "loranchor/awards", "version": 1, "sequence": 1, "awards": []}))
    propose = ["award", "propose-root", "1", "--awards", str(empty), "--out", str(folder)]
    assert "nothing is paid for this checkpoint" in published.done("aurora", *propose)
    file = str(folder / "award-root-1.json")
    for name in ("aurora", "cumulus"):
        published.done(name, "award", "sign", file, "--awards", str(empty), "--yes", signs=True)
    published.done("aurora", "award", "submit", file, signs=True)
    assert sheet(published)["stand"] == "objections are open"
    published.pass_window(1)
    assert sheet(published)["stand"] == "withdrawn"
    assert "nothing to claim" in published.done("aurora", "award", "claim", signs=True)


def test_awards_above_the_cap_are_named_before_anybody_claims(world: World, folder: Path) -> None:
    world.done("aurora", "award", "propose-cap", "0.6", "--out", str(folder))
    for name in ("aurora", "borealis"):
        world.done(name, "award", "sign", str(folder / "payout-cap-0.json"), "--yes", signs=True)
    world.done("aurora", "award", "submit", str(folder / "payout-cap-0.json"), signs=True)
    world.anchor(world.checkpoint(), ["aurora", "borealis"])
    world.done("cumulus", "award", "publish", "1", signs=True)
    (difference,) = sheet(world)["differences"]
    assert difference == "the awards sum to 999999999999999999, more than the cap of 600000000000000000"
    world.pass_window(1)
    world.done("borealis", "award", "claim", signs=True)
    assert "CapExceeded" in world.refused("aurora", "award", "claim", code=4, signs=True)
    assert sheet(world)["paid"] == str(5 * 10**17)
