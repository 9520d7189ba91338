"""One chain lags behind and no old ceremony helps: the quorum decides for it alone, until both agree again."""

from __future__ import annotations

from pathlib import Path

from consortium_world import NOBODY, World

from orchestrator.governance.ceremony import Ceremony, read_ceremony, write_ceremony
from orchestrator.governance.decisions import Kind, read_decision
from orchestrator.ledger.reader import Reader
from orchestrator.types import OrganisationId

DOWN_PUBLIC, DOWN_PRIVATE = f"chain.public.url={NOBODY}", f"chain.private.url={NOBODY}"
CUMULUS = OrganisationId("cumulus")
ALL = ("aurora", "borealis", "cumulus")


def decided(world: World, file: str, *proposal: str, signers: tuple[str, ...] = ALL) -> Path:
    world.ok("propose", *proposal, "--out", file, *world.at("aurora"))
    world.decide(Path(file), *signers)
    return Path(file)


def partly(world: World, file: Path, down: str) -> None:
    told = world.refused("submit", file, *world.by("aurora"), "--partial", down)
    assert told["exit"] == "4" and "nothing was sent to the" in told["message"], told


def drifts(world: World) -> list[str]:
    return [item["name"] for item in world.shown()["drift"]]


def epochs(world: World) -> tuple[int, int]:
    shown = world.shown()
    return shown["public"]["epoch"], shown["private"]["epoch"]


def test_a_chain_that_lacks_two_changes_is_brought_to_the_other(world: World) -> None:
    added = world.found("drift").authority
    partly(world, decided(world, "add.json", "--add", f"drift={added}", "--quorum", "3"), DOWN_PRIVATE)
    partly(world, _next_change(Path("add.json"), world), DOWN_PRIVATE)
    assert epochs(world) == (3, 1)
    told = world.refused("propose", "--again", *world.at("aurora"))
    assert told["exit"] == "7" and "propose --only private" in told["mend"]
    assert "propose --only private" in world.shown()["drift"][0]["mend"]
    assert "propose --only private" in world.refused("propose", "--quorum", "3", *world.at("aurora"))["mend"]
    assert "leave --only out" in world.refused("propose", "--only", "public", *world.at("aurora"))["mend"]

    first = world.ok("propose", "--only", "private", "--out", "first.json", *world.at("aurora"))
    assert first["ceremony"]["change"]["epoch"] == 2
    assert first["chains"]["public"]["stage"] == "expired" and first["chains"]["private"]["stage"] == "open"
    assert f"+ drift joins; authority {added}" in first["words"]
    # nobody signs or sends such a thing by mistake: it is for one chain, and that has to be said
    for verb in ("sign", "submit"):
        assert "--only" in world.refused(verb, "first.json", *world.by("aurora"))["mend"]
    world.ok("sign", "first.json", "--only", "private", "--yes", *world.by("aurora"))
    done = world.run("sign", "first.json", "--only", "private", "--yes", *world.by("borealis"))
    assert done.code == 0 and "signed by aurora, borealis (2 of 2 needed)" in done.out
    sent = world.ok("submit", "first.json", "--only", "private", *world.by("aurora"))
    assert list(sent) == ["digest", "private"] and epochs(world) == (3, 2)

    # the last one is what the public chain has already: good for both
    last = world.ok("propose", "--only", "private", "--out", "last.json", *world.at("aurora"))
    assert last["chains"]["public"]["stage"] == "done"
    world.decide(Path("last.json"), *ALL, "drift")
    sent = world.ok("submit", "last.json", *world.by("aurora"))
    assert sent["public"]["transaction"] is None and sent["private"]["transaction"]
    assert drifts(world) == [] and epochs(world) == (3, 3)


def _next_change(file: Path, world: World) -> Path:
    """The change to epoch 3, which no verb proposes while the chains are apart: somebody wrote it elsewhere."""
    change = {**read_ceremony(file).document()["change"], "epoch": 3, "quorum": 4}
    target = Path("next.json")
    write_ceremony(target, Ceremony.of(read_decision(Kind.MEMBERSHIP, Reader(change, "change"), None)))
    world.decide(target, *ALL)
    return target


def test_a_change_that_one_chain_never_takes_is_gone_round(world: World) -> None:
    """The private chain knows drift's name under another authority, and so refuses what the public chain has."""
    partly(
        world,
        decided(world, "join.json", "--add", f"drift={world.found('drift').authority}", "--quorum", "3"),
        DOWN_PUBLIC,
    )
    partly(world, decided(world, "k.json", "--only", "public", "--quorum", "3", "--remove", "drift"), DOWN_PRIVATE)
    assert drifts(world) == ["fork"]
    world.ok("submit", decided(world, "one.json", "--quorum", "2"), *world.by("aurora"))
    assert drifts(world) == []

    # now the private chain had a drift, and the public one never
    other = world.found("ember").authority
    again = decided(world, "again.json", "--add", f"drift={other}", "--quorum", "3")
    told = world.refused("submit", again, *world.by("aurora"))
    assert "ConsortiumNameTaken" in told["message"] and epochs(world) == (3, 3)
    partly(world, again, DOWN_PRIVATE)
    assert drifts(world) == ["epoch"]
    told = world.refused("submit", again, *world.by("aurora"))
    assert "ConsortiumNameTaken" in told["message"]

    without = decided(world, "without.json", "--only", "private", "--remove", "drift")
    world.ok("submit", without, "--only", "private", *world.by("aurora"))
    assert drifts(world) == ["fork"] and epochs(world) == (4, 4)
    world.ok("submit", decided(world, "both.json", "--quorum", "2"), *world.by("aurora"))
    assert drifts(world) == [] and epochs(world) == (5, 5)


def test_a_delegates_address_is_seated_and_everybody_is_told(world: World) -> None:
    """Naming a delegate takes no proof of its key: one member names the newcomer's authority, on one chain."""
    newcomer = world.found("drift").authority
    world.send("cumulus", world.consortium.private.consortium.rotate_delegate(CUMULUS, newcomer))
    proposed = world.ok(
        "propose", "--add", f"drift={newcomer}", "--quorum", "3", "--out", "a.json", *world.at("aurora")
    )
    (told,) = [line for line in proposed["words"] if line.startswith("! ")]
    assert told == (
        f"! cumulus has named {newcomer} its delegate; cumulus has no delegate afterwards."
        " Does drift alone hold its key?"
    )
    done = world.run("sign", "a.json", "--yes", *world.by("borealis"))
    assert told in done.out
    world.decide(Path("a.json"), "aurora")
    world.ok("submit", "a.json", *world.by("aurora"))
    shown = world.shown()
    for side in ("public", "private"):
        assert [row["authority"] for row in shown[side]["members"]][-1] == newcomer
    assert [item["name"] for item in shown["drift"]] == ["delegate"]
    assert world.ok("delegate", "rotate", *world.by("cumulus"))["private"]["transaction"]
    assert drifts(world) == []

    # its delegate's address is not protected so: the newcomer makes another one
    world.fund(newcomer)
    world.send(
        "cumulus", world.consortium.public.consortium.rotate_delegate(CUMULUS, world.addresses("drift").delegate)
    )
    told = world.refused("delegate", "name", *world.by("drift"))
    assert "was a delegate of cumulus before" in told["message"] and "delegate rotate" in told["mend"]
    rotated = world.ok("delegate", "rotate", *world.by("drift"))["delegate"]
    for side in ("public", "private"):
        assert world.shown()[side]["members"][-1]["delegate"] == rotated == world.addresses("drift").delegate


def test_one_chain_alone_is_paused_while_the_two_are_apart(world: World) -> None:
    """No pause serves two epochs, and an emergency does not wait for the ceremony that ends the drift."""
    k = decided(world, "k.json", "--quorum", "3")
    partly(world, k, DOWN_PRIVATE)
    assert "propose --only private" in world.refused("propose", "--pause", *world.at("aurora"))["mend"]
    for side, epoch in (("private", 1), ("public", 2)):
        file = decided(world, f"{side}.json", "--pause", "--only", side)
        assert read_ceremony(file).decision.epoch == epoch  # type: ignore[union-attr]
        world.ok("submit", file, "--only", side, *world.by("aurora"))
        assert world.shown()[side]["paused"]
    world.ok("submit", k, *world.by("aurora"))
    assert drifts(world) == []
    assert "leave --only out" in world.refused("propose", "--resume", "--only", "private", *world.at("aurora"))["mend"]
    resume = decided(world, "resume.json", "--resume")
    assert "leave --only out" in world.refused("submit", resume, "--only", "private", *world.by("aurora"))["mend"]


def back_again(world: World) -> None:
    """The public chain removes aurora and takes it back, so that it stands last there; the private one sees neither."""
    partly(world, decided(world, "leave.json", "--remove", "aurora"), DOWN_PRIVATE)
    change = read_ceremony(Path("leave.json")).document()["change"]
    own = {"organisation": "aurora", "authority": world.addresses("aurora").authority}
    write_ceremony(
        Path("back.json"),
        Ceremony.of(
            read_decision(
                Kind.MEMBERSHIP, Reader({**change, "epoch": 3, "seats": [*change["seats"], own]}, "change"), None
            )
        ),
    )
    world.decide(Path("back.json"), "borealis", "cumulus")
    told = world.refused("submit", "back.json", *world.by("borealis"), "--partial", DOWN_PRIVATE)
    assert told["exit"] == "4" and epochs(world) == (3, 1)


def names(world: World, side: str) -> list[str]:
    return [item["organisation"] for item in world.shown()[side]["members"]]


def test_a_member_that_went_and_came_back_stands_last_on_both_chains(world: World) -> None:
    back_again(world)
    done = world.run("propose", "--only", "private", "--out", "first.json", *world.at("aurora"))
    assert done.code == 0 and "- aurora leaves" in done.out
    assert "Note: left out for one epoch, to stand in the order of the public chain: aurora;" in done.out
    world.decide(Path("first.json"), *ALL)
    world.ok("submit", "first.json", "--only", "private", *world.by("borealis"))
    last = world.ok("propose", "--only", "private", "--out", "last.json", *world.at("aurora"))
    assert (last["note"], last["chains"]["public"]["stage"]) == ("", "done")
    world.decide(Path("last.json"), "borealis", "cumulus")
    world.ok("submit", "last.json", *world.by("borealis"))
    assert drifts(world) == [] and epochs(world) == (3, 3)
    assert names(world, "public") == names(world, "private") == ["borealis", "cumulus", "aurora"]


def test_a_fork_by_order_in_which_a_member_has_two_authorities_ends_too(world: World) -> None:
    """A name comes back under its last authority only, and here each chain would know another one."""
    back_again(world)
    new, own = world.found("ember").authority, world.addresses("aurora").authority
    for file, *wishes in (("first.json", "--quorum", "3"), ("last.json", "--authority", f"aurora={new}")):
        world.ok("propose", "--only", "private", *wishes, "--out", file, *world.at("aurora"))
        world.decide(Path(file), *ALL)
        world.ok("submit", file, "--only", "private", *world.by("borealis"))
    told = world.shown()["drift"][0]["mend"]
    assert f"`propose --only private --authority aurora={own}`, `propose --only public`" in told
    alone = decided(
        world, "one.json", "--only", "private", "--authority", f"aurora={own}", signers=("borealis", "cumulus")
    )
    assert "would refuse it" in world.refused("submit", alone, *world.by("borealis"))["message"]
    world.ok("submit", alone, "--only", "private", *world.by("borealis"))
    level = decided(world, "level.json", "--only", "public", signers=("borealis", "cumulus"))
    world.ok("submit", level, "--only", "public", *world.by("borealis"))
    assert epochs(world) == (4, 4) and "--only" not in world.shown()["drift"][0]["mend"]
    for file, wish in (("away.json", ("--remove", "aurora")), ("again.json", ("--add", f"aurora={own}"))):
        world.ok("submit", decided(world, file, *wish, signers=("borealis", "cumulus")), *world.by("borealis"))
    assert drifts(world) == [] and names(world, "private") == ["borealis", "cumulus", "aurora"]


def test_a_fork_by_order_is_ended_by_leaving_and_returning(world: World) -> None:
    """With k = 3 nobody can be left out on the private chain, and so the order stays another."""
    back_again(world)
    for file, *wishes in (("first.json", "--quorum", "3"), ("last.json",)):
        told = world.ok("propose", "--only", "private", *wishes, "--out", file, *world.at("aurora"))["note"]
        assert "what ends it then: `propose --remove aurora`" in told
        world.decide(Path(file), *ALL)
        world.ok("submit", file, "--only", "private", *world.by("borealis"))
    assert epochs(world) == (3, 3) and names(world, "private") == list(ALL)
    told = world.shown()["drift"][0]
    assert drifts(world) == ["fork", "delegate"] and "`propose --remove aurora` for both chains" in told["mend"]
    assert "would lose its place" in world.refused("propose", "--quorum", "3", *world.at("aurora"))["message"]

    world.ok("submit", decided(world, "away.json", "--remove", "aurora", signers=ALL), *world.by("borealis"))
    own = world.addresses("aurora").authority
    again = decided(world, "again.json", "--add", f"aurora={own}", signers=("borealis", "cumulus"))
    world.ok("submit", again, *world.by("borealis"))
    assert drifts(world) == [] and names(world, "private") == ["borealis", "cumulus", "aurora"]
