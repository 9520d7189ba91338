"""What no consortium takes, refused in one line before anything is sent, and by the contracts themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chain_deployment import digest
from consortium_world import World, refusal

from orchestrator.chain.port import Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import TransactionSender
from orchestrator.governance.ceremony import Ceremony, read_ceremony, write_ceremony
from orchestrator.governance.decisions import Kind, RootReplacement, fields_of, read_decision
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import hex_word
from orchestrator.types import Digest


def test_signatures_of_strangers_do_not_count(world: World) -> None:
    world.found("drift")
    world.ok("propose", "--quorum", "3", "--out", "k.json", *world.at("aurora"))
    told = world.refused("sign", "k.json", *world.by("drift"), "--yes")
    assert told["exit"] == "6" and "would not count" in told["message"]
    world.ok("sign", "k.json", *world.by("drift"), "--yes", "--offline")
    world.decide(Path("k.json"), "aurora")
    stranger = world.addresses("drift").authority
    assert world.ok("show", "k.json", *world.at("aurora"))["chains"]["public"]["strangers"] == [stranger]
    assert "1 of 2 signatures" in world.refused("submit", "k.json", *world.by("aurora"))["message"]
    world.decide(Path("k.json"), "cumulus")
    world.ok("submit", "k.json", *world.by("aurora"))  # the stranger's is left out


def test_a_ceremony_of_another_consortium_is_worth_nothing(world: World) -> None:
    world.ok("propose", "--quorum", "3", "--out", "k.json", *world.at("aurora"))
    document = read_ceremony(Path("k.json")).document()
    document["change"]["consortium_id"] = digest("another")
    other = Ceremony.from_document({**document, "digest": _digest_of(document)})
    for name in ("aurora", "borealis"):
        key = world.signer(name, "authority").account
        other = other.signed(bytes(key.unsafe_sign_hash(other.decision.digest()).signature))
    write_ceremony(Path("other.json"), other)
    for verb in (("sign", "other.json", *world.by("cumulus"), "--yes"), ("submit", "other.json", *world.by("aurora"))):
        told = world.refused(*verb)
        assert told["exit"] == "7" and "the decision names another" in told["message"]
    contract = world.consortium.public.consortium
    call = contract.change_membership(fields_of(other.decision), list(other.signatures.values()))
    assert refusal(contract.chain, call) == "ConsortiumWrongConsortium"  # type: ignore[arg-type]
    assert world.refused("merge", "k.json", "other.json", "--out", "x.json")["exit"] == "7"


def _digest_of(document: dict[str, object]) -> Digest:
    change = Reader(document["change"], "change")
    return hex_word(read_decision(Kind(str(document["kind"])), change, None).digest())


def test_a_decision_is_good_once_on_each_chain(world: World) -> None:
    world.ok("propose", "--quorum", "3", "--out", "k.json", *world.at("aurora"))
    world.ok("propose", "--remove", "cumulus", "--out", "late.json", *world.at("aurora"))
    for file in ("k.json", "late.json"):
        world.decide(Path(file), "aurora", "borealis")
    world.ok("submit", "k.json", *world.by("aurora"))
    again = world.ok("submit", "k.json", *world.by("borealis"))
    assert [again[side]["transaction"] for side in ("public", "private")] == [None, None]
    ceremony = read_ceremony(Path("k.json"))
    for contract in (world.consortium.public.consortium, world.consortium.private.consortium):
        call = contract.change_membership(fields_of(ceremony.decision), list(ceremony.signatures.values()))
        assert refusal(contract.chain, call) == "ConsortiumWrongEpoch"  # type: ignore[arg-type]
    told = world.refused("submit", "late.json", *world.by("aurora"))
    assert (told["exit"], told["message"]) == ("7", "the public chain went to epoch 2 by another change")
    assert world.refused("sign", "late.json", *world.by("cumulus"), "--yes")["exit"] == "7"
    assert "nothing is left to sign" in world.refused("sign", "k.json", *world.by("cumulus"), "--yes")["mend"]


def test_somebody_else_may_submit_at_the_same_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.ok("propose", "--quorum", "3", "--out", "k.json", *world.at("aurora"))
    world.decide(Path("k.json"), "aurora", "borealis")
    send = TransactionSender.send

    def after_another(self: TransactionSender, call: Call, **options: Any) -> Receipt:
        send(self, call)
        return send(self, call, **options)

    with monkeypatch.context() as patch:
        patch.setattr(TransactionSender, "send", after_another)
        sent = world.ok("submit", "k.json", *world.by("aurora"))
    had = {"message": "has it: this is its epoch 2", "transaction": None, "block": None}
    assert sent["public"] == sent["private"] == had


def test_keys_that_were_used_are_refused_or_named_before_anything_is_signed(world: World) -> None:
    former = world.addresses("cumulus").delegate
    world.ok("delegate", "rotate", *world.by("cumulus"))
    for key, words in {
        former: f"cumulus has named {former} its delegate.",
        world.addresses("aurora").delegate: "aurora has no delegate afterwards. Does drift alone hold its key?",
    }.items():
        made = world.ok(
            "propose", "--add", f"drift={key}", "--quorum", "3", "--out", f"{key}.json", *world.at("aurora")
        )
        assert [words in line for line in made["words"] if line.startswith("! ")] == [True]
    cases = {
        f"drift={world.addresses('aurora').authority}": "the authority of two members",
        f"cumulus={former}": "cumulus is a member already",
    }
    for given, words in cases.items():
        told = world.refused("propose", "--add", given, "--quorum", "3", *world.at("aurora"))
        assert told["exit"] == "2" and words in told["message"]
    assert not list(Path().glob("membership-*.json"))


def test_decisions_on_awards_are_shown_here_but_signed_and_sent_by_their_own_verb(world: World) -> None:
    distributor = world.consortium.public.awards
    decision = RootReplacement(distributor.chain.chain_id, distributor.address, 1, digest("root"), hex_word(bytes(32)))
    write_ceremony(Path("root.json"), Ceremony.of(decision))
    world.decide(Path("root.json"), "aurora", "borealis")
    shown = world.ok("show", "root.json", *world.at("aurora"))
    assert list(shown["chains"]) == ["public"] and shown["chains"]["public"]["missing"] == 0
    assert "nothing is paid for this checkpoint" in shown["words"]
    for verb in ("submit", "sign"):
        told = world.refused(verb, "root.json", *world.by("cumulus"))
        assert (told["exit"], told["mend"]) == ("2", "sign and send it with `loranchor award`")
