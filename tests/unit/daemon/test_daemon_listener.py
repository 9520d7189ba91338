"""Reading both chains: order, cursors, and which block the contracts are asked about. Real logs, real signatures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_utils.crypto import keccak
from unit.audit.ledger_chain import Told
from unit.audit.life import Life
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, private_key, word_of

from orchestrator.chain.abi import artifact, signature_of
from orchestrator.chain.codec import encode_values
from orchestrator.chain.contracts import private_of, public_of
from orchestrator.daemon.listener import Listener
from orchestrator.errors import ChainError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.state import EMPTY, apply
from orchestrator.protocol import events as ev
from orchestrator.types import Address

VESTING = 7


@pytest.fixture(scope="module")
def life() -> Life:
    """One round, anchored and paid."""
    found = Life()
    found.round()
    return found


@pytest.fixture
def listener(life: Life) -> Listener:
    return listening(life)


def listening(life: Life, private: Any = None) -> Listener:
    life.public.views["AwardDistributor", "vestedFrom"] = lambda: [_claimable(life) + VESTING]
    return Listener(
        private_of(private or life.private, life.deployments["private"]),
        public_of(life.public, life.deployments["public"]),
    )


def _claimable(life: Life) -> int:
    return next(log.block for log in life.public._logs if log.topics[0] == _topic("AwardsPublished"))


def _topic(event: str) -> str:
    return artifact("AwardDistributor").topic(event)


def heard(listener: Listener, state: LedgerState = EMPTY) -> tuple[list[Any], LedgerState]:
    facts = []
    for fact in listener.private_facts(state):
        facts.append(fact)
        if isinstance(fact, ev.RecordSeen):
            state = apply(state, fact.record)
    return facts, state


def test_all_facts_are_told_once_and_in_order(life: Life, listener: Listener) -> None:
    facts, state = heard(listener)
    assert state == life.ledger.state
    assert [fact.record for fact in facts if isinstance(fact, ev.RecordSeen)] == list(life.ledger.records)
    assert {fact.organisation for fact in facts if isinstance(fact, ev.AttestationSeen)} == set(MEMBERS)
    kinds = [fact.record.kind if isinstance(fact, ev.RecordSeen) else "attestation" for fact in facts]
    assert kinds.index("RoundClosed") < kinds.index("attestation")
    assert heard(listener, state)[0] == []


def test_facts_of_one_block_are_in_the_order_of_their_logs() -> None:
    """An attestation between two records of the same transaction."""
    found = Life()
    found.open_round()
    listener = listening(found)
    _, state = heard(listener)
    named = {"round_id": 1, "leaf_salt": word_of("salt")}
    head = {"sequence": 1, "organisation": CUMULUS, "head": word_of("head"), "signature": b"x" * 65}
    told: list[Told] = [
        ("RoundLedger", "RoundPassed", {**named, "organisation": CUMULUS}),
        ("CheckpointSchedule", "CheckpointAttested", head),
    ]
    prekey = {"organisation": CUMULUS, "index": 3, "digest": sha256(b"k"), "key": b"k", "leaf_salt": word_of("salt")}
    told.append(("KeyDirectory", "PrekeyPublished", prekey))
    found.private.transact(private_key("delegate", CUMULUS), found.private.addresses["RoundLedger"], b"", told)
    facts, _ = heard(listener, state)
    assert [type(fact) for fact in facts] == [ev.RecordSeen, ev.AttestationSeen, ev.RecordSeen]
    assert [fact.record.kind for fact in facts if isinstance(fact, ev.RecordSeen)] == ["RoundPassed", "PrekeyPublished"]


def test_what_is_not_final_is_not_told_yet() -> None:
    found = Life()
    listener = listening(found)
    _, before = heard(listener)
    found.private.finality_depth = 2
    found.open_round()
    assert heard(listener, before)[0] == []
    found.private.mine(2)
    facts, state = heard(listener, before)
    assert facts and state.open_round == 1


def test_a_read_that_fails_passes_nothing_over(life: Life, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attestations are read after the records: neither may be lost."""
    with monkeypatch.context() as patch:
        patch.setattr("orchestrator.daemon.listener.read_attestations", _down)
        with pytest.raises(ChainError, match="down"):
            heard(listener)
    assert heard(listener)[1] == life.ledger.state


def test_public_facts_that_cannot_be_used_yet_are_told_again(life: Life, listener: Listener) -> None:
    """Whose awards they are follows from the private chain, and that node may lag behind."""

    def lagging(sequence: int) -> tuple[int, ...]:
        raise ChainError("the private chain has not come so far")

    with pytest.raises(ChainError, match="come so far"):
        list(listener.public_facts(lagging))
    facts = list(listener.public_facts(lambda sequence: (sequence,)))
    assert [type(fact) for fact in facts][:2] == [ev.CheckpointAnchoredSeen, ev.AwardsPublishedSeen]
    assert list(listener.public_facts(lagging)) == []


def test_public_facts(life: Life, listener: Listener) -> None:
    facts = list(listener.public_facts(lambda sequence: (sequence + 40,)))
    anchored, published, *claims = facts
    assert isinstance(anchored, ev.CheckpointAnchoredSeen)
    assert anchored.checkpoint == life.anchored[1]
    assert isinstance(published, ev.AwardsPublishedSeen)
    assert (published.sequence, published.own_indices) == (1, (41,))
    assert len(claims) == 2 and all(isinstance(fact, ev.AwardClaimedSeen) for fact in claims)


def test_awards_are_claimable_when_they_have_vested(life: Life, listener: Listener) -> None:
    """The window's end is not enough where the deployment has a vesting time."""
    published = next(
        fact for fact in listener.public_facts(lambda sequence: ()) if isinstance(fact, ev.AwardsPublishedSeen)
    )
    assert published.claimable_from == _claimable(life) + VESTING


def _down(*_: Any, **__: Any) -> Iterator[Any]:
    raise ChainError("the node is down")


# -- the heads


class Asked:
    """Notes which block each view was asked about, and answers for the chain."""

    def __init__(self, life: Life, answers: dict[str, Any]) -> None:
        self._chain, self._answers = life.private, answers
        self.about: dict[str, int | None] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def call(self, to: Address, data: bytes, *, sender: Any = None, block: int | None = None) -> bytes:
        for contract in ("RoundLedger", "RevocationLedger"):
            for function, entry in artifact(contract).functions.items():
                if data[:4] == keccak(text=signature_of(entry))[:4] and function in self._answers:
                    self.about[function] = block
                    return encode_values(entry["outputs"], [self._answers[function]], function)
        return b""


def test_the_clock_is_that_of_the_head_which_the_facts_reach_up_to() -> None:
    found = Life()
    found.open_round()
    asked = Asked(found, {"phaseOf": 2, "deadlineOf": 99})
    listener = listening(found, asked)
    _, state = heard(listener)
    list(listener.public_facts(lambda sequence: ()))
    head = found.private.block_number()
    found.private.mine(5)
    seen = listener.heads(state)
    assert seen.clock == ev.RoundClock(1, "release", 99)
    assert seen.private_block == head and seen.public_block == found.public.block_number()
    assert asked.about == {"phaseOf": head, "deadlineOf": head}


def test_without_an_open_round_nothing_is_asked(life: Life) -> None:
    asked = Asked(life, {"phaseOf": 2, "deadlineOf": 99})
    listener = listening(life, asked)
    _, state = heard(listener)
    list(listener.public_facts(lambda sequence: ()))
    assert listener.heads(state).clock is None
    assert asked.about == {}


@pytest.mark.parametrize(("stage", "verified"), [(4, False), (5, True), (6, True)])
def test_a_revocation_is_verified_when_the_contract_says_so(stage: int, verified: bool) -> None:
    """The contract counts blocks, too: after a deadline a quorum is enough."""
    found = Life()
    updates = found.round()
    request = found.request(BOREALIS, [updates[BOREALIS]])
    asked = Asked(found, {"stageOf": stage})
    listener = listening(found, asked)
    _, state = heard(listener)
    list(listener.public_facts(lambda sequence: ()))
    assert listener.heads(state).verified == frozenset() and asked.about == {}, "nothing is replaced yet"
    found.verify(request)
    _, state = heard(listener, state)
    assert listener.heads(state).verified == (frozenset({request}) if verified else frozenset())
    assert asked.about == {"stageOf": found.private.block_number()}
    found.certify(request)
    _, state = heard(listener, state)
    assert listener.heads(state).verified == frozenset(), "what is certified need not be asked about"


@pytest.mark.parametrize(("wait", "lapsed"), [(598, False), (599, False), (600, True), (5_000, True)])
def test_a_request_without_support_lapses(wait: int, lapsed: bool) -> None:
    """What is decided now is mined in the next block, so the last one to decide in is that before the deadline."""
    found = Life()
    updates = found.round()
    request = found.request(AURORA, [updates[BOREALIS]], approved=False)
    asked = Asked(found, {"stepBlocks": 600})
    listener = listening(found, asked)
    found.private.mine(wait)
    _, state = heard(listener)
    list(listener.public_facts(lambda sequence: ()))
    assert listener.heads(state).lapsed == (frozenset({request}) if lapsed else frozenset())
    assert list(asked.about) == ["stepBlocks"]


@pytest.mark.parametrize("changed", [{"r": 0, "s": 0}, {"type": 5}])
def test_an_event_without_a_sender_is_no_fact(changed: dict[str, int]) -> None:
    """An operator of the chain can make a member's transaction; the signature says who did not. And a type of
    transaction that no release of this format reads counts for nobody, rather than stopping everybody."""
    found = Life()
    listener = listening(found)
    _, state = heard(listener)
    found.open_round()
    hash_, (fields, receipt) = list(found.private._mined.items())[-1]
    found.private._mined[hash_] = ({**fields, **changed}, receipt)
    assert heard(listener, state)[0] == []
    assert AURORA in state.members.seats
