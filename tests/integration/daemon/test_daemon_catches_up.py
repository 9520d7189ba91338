"""Catching up on real chains and real IPFS: a member that joined in mid-life, one without prekeys, and what is revoked.

Real keys and seals; the workbench has no tensors, but opens whatever a manifest names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from chain_deployment import MemberKeys
from chain_nodes import AccountSigner, fund
from killed_daemon import PASSWORD
from real_world import LONG, World, _member, world
from unit.ledger.actors import task

from orchestrator.chain.connection import Connection
from orchestrator.chain.sender import TransactionSender
from orchestrator.cli import run
from orchestrator.commitment.eip712 import MembershipChange, Pair, Seat
from orchestrator.daemon.opening import open_contribution
from orchestrator.daemon.operations import open_round
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.errors import ContentKeyDestroyed, KeystoreError
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.asked import STANDING_BLOCKS
from orchestrator.ledger.catch_ups import shareable_updates, standing_catch_ups
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.types import OrganisationId

AURORA, BOREALIS, CUMULUS, DORADO = (OrganisationId(name) for name in ("aurora", "borealis", "cumulus", "dorado"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two rounds, and the revocation of what borealis contributed, to the last receipt; cumulus runs no daemon now."""
    with world(tmp_path_factory.mktemp("world")) as found:
        agreement = found.agree()
        for name in (AURORA, BOREALIS):
            found.start(name)
        with found.killed(CUMULUS, None):
            found.until(lambda: not found.ledger.without_prekeys, 120, "prekeys")
            for _ in range(2):
                a_round(found, agreement)
            request = found.request(BOREALIS)
            found.until(lambda: found.ledger.revocations[request].shredded, 300, "the revocation")
        yield found


def services_of(made: World, name: OrganisationId) -> Services:
    found = made.members[name].services
    assert found is not None, f"{name} runs no daemon"
    return found


def a_round(made: World, agreement: Agreement, **how: bool) -> int:
    spec = task(deadlines=LONG, minimum_updates=3)
    number = open_round(services_of(made, AURORA), spec, agreement, **how)
    if made.members[CUMULUS].services is None and CUMULUS not in made.ledger.rounds[number].recipients:
        made.start(CUMULUS)
    made.until(lambda: made.ledger.rounds[number].status is RoundStatus.CLOSED, 300, f"round {number}")
    return number


def seated(made: World) -> MemberKeys:
    """A fourth member: decided by a quorum, brought to both chains, with a delegate and a home."""
    keys = MemberKeys(DORADO, AccountSigner(), AccountSigner())
    public, private = made.consortium.public, made.consortium.private
    sides = ((public, made.consortium.public_chain), (private, made.consortium.private_chain))
    pair = Pair(
        private.deployment.consortium_id,
        made.consortium.public_chain.chain_id,
        public.consortium.address,
        made.consortium.private_chain.chain_id,
        private.consortium.address,
    )
    members = (*made.consortium.members, keys)
    seats = tuple(Seat(one.organisation, one.authority.address) for one in members)
    message = MembershipChange(pair, 2, seats, 3).digest()
    signed = {one.authority.address: one.authority.account.unsafe_sign_hash(message) for one in members[:2]}
    signatures = [bytes(signed[address].signature) for address in sorted(signed)]
    told: dict[str, Any] = {
        "consortium_id": pair.consortium_id,
        "public_chain_id": pair.public_chain_id,
        "public_address": pair.public_address,
        "private_chain_id": pair.private_chain_id,
        "private_address": pair.private_address,
        "epoch": 2,
        "seats": [{"organisation": seat.organisation, "authority": seat.authority} for seat in seats],
        "quorum": 3,
    }
    for contracts, chain in sides:
        for signer in (keys.authority, keys.delegate):
            fund(chain, signer.address)
        sender = TransactionSender(chain, keys.authority, timeout=60, poll=0.05)
        sender.send(contracts.consortium.change_membership(told, signatures))
        sender.send(contracts.consortium.rotate_delegate(DORADO, keys.delegate.address))
    made.consortium = replace(made.consortium, members=members)
    node: Any = SimpleNamespace(api_url=services_of(made, AURORA).settings.ipfs_api())
    made.members[DORADO] = _member(made.folder, keys, made.consortium, node)
    return keys


def manifest_of(made: World, name: OrganisationId) -> Manifest:
    """As that member's daemon computes it."""
    node, tasks = made.members[name].node, services_of(made, AURORA).tasks
    assert node is not None
    return build_manifest(node.state.ledger, next(iter(tasks.values())), tasks)


def caught_up(made: World, name: OrganisationId) -> bool:
    wanted = set(shareable_updates(made.ledger))
    return wanted != set() and wanted <= set(services_of(made, name).keystore.contents())


def standing(made: World, name: OrganisationId) -> bool:
    return name in {asked.organisation for asked in standing_catch_ups(made.ledger)}


def hurry(made: World) -> None:
    """The blocks that a request has to stand, at once."""
    chain = made.consortium.private_chain
    for _ in range(STANDING_BLOCKS):
        Connection(chain.url, chain.chain_id).request("evm_mine", [])


@pytest.mark.timeout(900)
def test_who_lacks_keys_gets_them_and_what_is_revoked_stays_out(
    made: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fourth member joins after two rounds and a revocation; then cumulus has no prekey in the next round."""
    revoked = next(iter(made.ledger.revocations.values())).updates
    assert len(revoked) == 2
    joins_and_folds_the_same(made)
    takes_part_without_a_prekey(made)
    for name in made.members:
        keystore = services_of(made, name).keystore
        assert not set(revoked) & set(keystore.contents()), name
        for update_id in revoked if name != DORADO else ():
            with pytest.raises(ContentKeyDestroyed):
                keystore.content_key(update_id)
    requests = made.ledger.catch_ups.values()
    assert [asked.organisation for asked in requests] == [DORADO, CUMULUS]
    for asked in requests:
        assert asked.answers and asked.organisation not in asked.answers  # a second one where a turn passes first
        assert all(answer.answered.block > asked.due for answer in asked.answers.values())
        assert asked.due >= asked.asked.block + STANDING_BLOCKS
    told = missing_at(made, CUMULUS, capsys)
    assert told["missing"] == [] and told["request"]["answers"]


def joins_and_folds_the_same(made: World) -> None:
    seated(made)
    made.start(DORADO)
    made.until(lambda: standing(made, DORADO), 60, "dorado's request")
    hurry(made)
    made.until(lambda: caught_up(made, DORADO), 120, "dorado")
    kept = services_of(made, DORADO).keystore
    assert set(kept.contents()) == set(shareable_updates(made.ledger))
    made.until(lambda: manifest_of(made, DORADO) == manifest_of(made, AURORA), 30, "the same manifest")
    for update_id in manifest_of(made, DORADO).updates:
        update = made.ledger.updates[update_id]
        opened = [open_contribution(services_of(made, name), update) for name in (AURORA, DORADO)]
        assert opened[0] == opened[1] != b""
    asked = made.ledger.catch_ups[1]
    made.until(lambda: asked.key_digest not in kept.prekeys(), 60, "the end of the one-time key")
    with pytest.raises(KeystoreError, match="destroyed"):
        kept.prekey_private(asked.key_digest)


def takes_part_without_a_prekey(made: World) -> None:
    keys = next(one for one in made.consortium.members if one.organisation == CUMULUS)
    sender = TransactionSender(made.consortium.private_chain, keys.delegate, timeout=60, poll=0.05)
    sender.send(made.consortium.private.keys.discard_prekeys(leaf_salt()))
    made.until(lambda: made.ledger.without_prekeys == (CUMULUS,), 60, "dorado's prekeys")
    number = a_round(made, made.agree(), without_prekeys=True)
    found = made.ledger.rounds[number]
    assert set(found.recipients) == {AURORA, BOREALIS, DORADO}
    assert {made.ledger.updates[item].organisation for item in found.submissions} == set(made.members)
    made.until(lambda: standing(made, CUMULUS), 60, "cumulus's request")
    hurry(made)
    made.until(lambda: caught_up(made, CUMULUS), 120, "cumulus")
    made.until(lambda: len({manifest_of(made, name).digest for name in made.members}) == 1, 30, "one manifest")
    assert DORADO in {made.ledger.updates[item].organisation for item in manifest_of(made, CUMULUS).updates}


def missing_at(made: World, name: OrganisationId, capsys: pytest.CaptureFixture[str]) -> Any:
    """What the verb says at that member's."""
    password = made.folder / "password"
    password.touch(mode=0o600)
    password.write_text(PASSWORD)
    capsys.readouterr()
    home = str(made.members[name].home)
    assert run(["contribution", "missing", "--home", home, "--password-file", str(password), "--json"]) == 0
    return json.loads(capsys.readouterr().out)
