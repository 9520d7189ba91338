"""What a thief of a member's keys leaves behind: prekeys that the member takes back, and an agreement it never read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chain_deployment import opening
from consortium_world import PASSWORD, SALT, World

from orchestrator.chain.reverts import ContractRefused
from orchestrator.envelope import generate_prekey
from orchestrator.keystore import Keystore
from orchestrator.ledger.agreement import Agreement
from orchestrator.protocol.rules_rounds import PREKEYS_KEPT
from orchestrator.types import Address, Digest, OrganisationId

CUMULUS = OrganisationId("cumulus")
NAMES = ("aurora", "borealis", "cumulus")


def agreed(world: World) -> Digest:
    terms = {"title": "Test", "purpose": "tests", "terms": ["Be honest."]}
    Path("agreement.json").write_text(json.dumps(terms))
    for name in NAMES:
        assert world.loranchor("round", "agree", "--agreement", "agreement.json", *world.by(name)).code == 0
    consortium = world.consortium.private.deployment.consortium_id
    return Agreement.of(consortium, "Test", [OrganisationId(name) for name in NAMES], "tests", terms["terms"]).digest


def own(world: World) -> set[Digest]:
    with Keystore.open(world.home("cumulus"), PASSWORD, roles=()) as keystore:
        return set(keystore.prekeys())


@pytest.fixture
def robbed(world: World) -> World:
    """Cumulus had prekeys; who has its delegate's key took them back and published four others."""
    assert len(world.ok("delegate", "prekeys", "--renew", *world.by("cumulus"))["unused"]) == PREKEYS_KEPT
    keys = world.consortium.private.keys
    world.send("cumulus", keys.discard_prekeys(SALT))
    world.send("cumulus", keys.publish_prekeys([generate_prekey()[1] for _ in range(4)], SALT))
    return world


def test_a_rotation_alone_leaves_the_thiefs_prekeys_and_renewing_takes_them_back(robbed: World) -> None:
    world, keys = robbed, robbed.consortium.private.keys
    world.ok("delegate", "revoke", *world.by("cumulus"))
    shown = world.ok("delegate", "prekeys", *world.by("cumulus"))
    assert [row["here"] for row in shown["unused"]] == [False] * 4 and shown["sent"] == []
    assert world.refused("delegate", "prekeys", "--renew", *world.by("cumulus"))["message"].startswith(
        "KeyDirectory.discardPrekeys"
    )
    rotated = world.ok("delegate", "rotate", *world.by("cumulus"))["delegate"]
    assert keys.unused_prekeys(CUMULUS) == 4  # the new key's member would be sealed to by what the thief can open
    assert "has 0 ether" in world.refused("delegate", "prekeys", "--renew", *world.by("cumulus"))["message"]
    world.ok("fund", "--to", rotated, "--ether", "1", "--with", "authority", *world.by("cumulus"), "--yes")

    done = world.run("delegate", "prekeys", *world.by("cumulus"))
    assert done.out.count("NOT IN THIS KEYSTORE") == 4 and "delegate prekeys --renew" in done.out
    renewed = world.ok("delegate", "prekeys", "--renew", *world.by("cumulus"))
    assert len(renewed["sent"]) == 2 and [row["here"] for row in renewed["unused"]] == [True] * PREKEYS_KEPT
    world.send("aurora", world.consortium.private.rounds.open_round(opening(agreed(world)), SALT))
    assert keys.prekey_of(1, CUMULUS) == renewed["unused"][0]["digest"] in own(world)
    done = world.run("delegate", "prekeys", *world.by("cumulus"))
    assert done.out.startswith(f"{PREKEYS_KEPT - 1} unused prekeys of cumulus") and "abandon" not in done.out


def test_a_round_that_was_opened_in_between_is_named(robbed: World) -> None:
    world = robbed
    world.send("aurora", world.consortium.private.rounds.open_round(opening(agreed(world)), SALT))
    found = world.ok("delegate", "prekeys", *world.by("cumulus"))["open_round"]
    assert (found["round"], found["here"]) == (1, False) and found["digest"] not in own(world)
    done = world.run("delegate", "prekeys", *world.by("cumulus"))
    assert "loranchor round abandon --round 1" in done.out
    world.found("drift")
    assert (
        world.run("delegate", "prekeys", *world.by("drift")).out == "0 unused prekeys of drift on the private chain\n"
    )


def test_an_agreement_that_a_former_authority_accepted_is_accepted_again(world: World) -> None:
    digest, rounds = agreed(world), world.consortium.private.rounds
    made = world.ok("authority", "new", *world.by("cumulus"))["next"]
    world.ok("propose", "--authority", f"cumulus={made}", "--out", "key.json", *world.at("aurora"))
    world.decide(Path("key.json"), "aurora", "borealis")
    world.ok("submit", "key.json", *world.by("aurora"))
    done = world.run("authority", "install", *world.by("cumulus"))
    assert "No round opens before it has accepted the agreement" in done.out
    with pytest.raises(ContractRefused, match="RoundLedgerAgreementNotAccepted"):
        world.send("aurora", rounds.open_round(opening(digest), SALT))
    world.fund(Address(made))
    assert world.loranchor("round", "agree", "--agreement", "agreement.json", *world.by("cumulus")).code == 0
    again = world.loranchor("round", "agree", "--agreement", "agreement.json", *world.by("cumulus"))
    assert "had accepted agreement" in again.out
    world.send("aurora", rounds.open_round(opening(digest), SALT))
    assert rounds.round(1).members == 3
