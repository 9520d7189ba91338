"""What a daemon wants when members leave, told to the real contracts; and what audits say of it before and after."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from audit_life import SALT, RealLife
from chain_deployment import MemberKeys, deploy
from chain_nodes import anvil, ganache
from ipfs_node import ipfs_node

from orchestrator.audit import verify
from orchestrator.chain.sender import TransactionSender
from orchestrator.chain.structs import Mode, Stage
from orchestrator.commitment.eip712 import MembershipChange, Pair, Seat
from orchestrator.daemon.handlers import HANDLERS
from orchestrator.daemon.listener import Listener
from orchestrator.errors import TransactionReverted
from orchestrator.ledger.state import EMPTY
from orchestrator.protocol import effects as fx
from orchestrator.protocol.machine import transition, wanted
from orchestrator.protocol.state import NodeState
from orchestrator.storage import IpfsStore
from orchestrator.types import ZERO_DIGEST, RequestId


@pytest.fixture(scope="module")
def ipfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ipfs_node(tmp_path_factory.mktemp("ipfs")) as url:
        yield url


@pytest.fixture
def life(ipfs: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLife]:
    """After one round."""
    with anvil() as public, ganache(tmp_path_factory.mktemp("ganache")) as private:
        life = RealLife(deploy(public, private, tmp_path_factory.mktemp("deployments")), IpfsStore(ipfs))
        life.round()
        yield life


def change(life: RealLife, members: list[MemberKeys], quorum: int, epoch: int, signers: list[MemberKeys]) -> None:
    """One decision of the authorities, brought to both chains."""
    public, private = life.consortium.public, life.consortium.private
    pair = Pair(
        private.deployment.consortium_id,
        public.consortium.chain.chain_id,
        public.consortium.address,
        private.consortium.chain.chain_id,
        private.consortium.address,
    )
    seats = tuple(Seat(item.organisation, item.authority.address) for item in members)
    message = MembershipChange(pair, epoch, seats, quorum).digest()
    signatures = {
        item.authority.address: item.authority.account.unsafe_sign_hash(message).signature for item in signers
    }
    ordered = [bytes(signatures[address]) for address in sorted(signatures)]
    told: dict[str, Any] = {
        "consortium_id": pair.consortium_id,
        "public_chain_id": pair.public_chain_id,
        "public_address": pair.public_address,
        "private_chain_id": pair.private_chain_id,
        "private_address": pair.private_address,
        "epoch": epoch,
        "seats": [{"organisation": item.organisation, "authority": item.authority} for item in seats],
        "quorum": quorum,
    }
    for contracts in (public, private):
        life.by(signers[0], contracts.consortium.change_membership(told, ordered))


def settling(life: RealLife, me: MemberKeys) -> list[fx.SettleRevocation]:
    """What this member's daemon would have counted again now, if it had the turn."""
    listener = Listener(life.consortium.private, life.consortium.public)
    state = NodeState(me=me.organisation, ledger=EMPTY)
    for fact in listener.private_facts(EMPTY):
        state, _ = transition(state, fact)
    list(listener.public_facts(lambda sequence: ()))
    state, _ = transition(state, listener.heads(state.ledger))
    return [effect for effect in wanted(state) if isinstance(effect, fx.SettleRevocation)]


def send(life: RealLife, me: MemberKeys, effect: fx.SettleRevocation) -> None:
    """By the daemon's handler, with that member's key."""
    sender = TransactionSender(life.consortium.private_chain, me.delegate, timeout=30, poll=0.02)
    services: Any = SimpleNamespace(private=life.consortium.private, send_private=sender.send)
    assert HANDLERS[type(effect)](services, NodeState(me=me.organisation, ledger=life.ledger.state), effect) is None


def stage(life: RealLife, request: RequestId) -> Stage:
    return life.consortium.private.revocations.stage_of(request)


def test_shredding_is_complete_when_who_has_not_shredded_has_left(life: RealLife) -> None:
    aurora, borealis, cumulus = life.consortium.members
    revocations = life.consortium.private.revocations
    mine = next(item.id for item in life.ledger.state.updates.values() if item.organisation == "aurora")
    life.revoke(aurora, mine, shredding=(aurora, borealis))
    request = next(iter(life.ledger.state.revocations))
    assert stage(life, request) is Stage.CERTIFIED and settling(life, aurora) == []
    with pytest.raises(TransactionReverted, match="RevocationLedgerNothingToSettle"):
        life.by(aurora, revocations.settle(request, ZERO_DIGEST, SALT))
    assert len(verify(life.sources).result("updates").findings) == 2, "an object is gone, and cumulus may hold its key"

    change(life, [aurora, borealis], 2, 2, [aurora, cumulus])
    (effect,) = settling(life, borealis)
    assert effect == fx.SettleRevocation(request, 2, ZERO_DIGEST)
    assert verify(life.sources).ok, "the audit counts for itself"
    send(life, borealis, effect)
    assert stage(life, request) is Stage.SHREDDED and life.ledger.state.revocations[request].shredded
    assert settling(life, aurora) == []
    report = verify(life.sources)
    assert [str(finding) for finding in report.findings] == []
    assert "objects absent: 2, shredded, as certified" in report.result("updates").notes


def test_a_request_is_approved_when_its_support_has_become_a_quorum(life: RealLife) -> None:
    """And a round that nobody wants any more ends, before the next one waits for the new manifest."""
    aurora, borealis, cumulus = life.consortium.members
    private = life.consortium.private
    theirs = next(item.id for item in life.ledger.state.updates.values() if item.organisation == "borealis")
    life.by(aurora, private.revocations.request([theirs], "POISON", Mode.DROP, False, theirs, SALT))  # type: ignore[arg-type]
    request = next(iter(life.ledger.state.revocations))
    assert settling(life, aurora) == []
    change(life, [aurora, borealis], 2, 2, [aurora, cumulus])
    assert settling(life, aurora) == [], "one of two is no quorum"
    change(life, [aurora], 1, 3, [aurora, borealis])
    (effect,) = settling(life, aurora)
    send(life, aurora, effect)
    assert stage(life, request) is Stage.APPROVED
    assert life.ledger.state.awaiting_replacement == (request,)
    assert private.revocations.awaiting_replacement() == 1


def test_a_quorum_abandons_a_round_and_a_member_takes_its_prekeys_back(life: RealLife) -> None:
    aurora, borealis, cumulus = life.consortium.members
    rounds, keys = life.consortium.private.rounds, life.consortium.private.keys
    life.by(cumulus, keys.discard_prekeys(SALT))
    assert keys.unused_prekeys(cumulus.organisation) == 0
    assert not any(item.unused for item in life.ledger.state.prekeys[cumulus.organisation].values())
    life.open_round(borealis)
    for member in (aurora, cumulus):
        life.by(member, rounds.abandon_round(2, SALT))
    found = life.ledger.state.rounds[2]
    assert (found.failure, found.abandoners) == ("abandoned", {"aurora", "cumulus"})
    assert set(found.recipients) == {"aurora", "borealis"}
    assert verify(life.sources).ok
