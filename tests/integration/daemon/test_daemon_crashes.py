"""One continuing life, a round and a revocation, in which a daemon dies after every step that it journals.

Real chains, real IPFS, real keys and seals; the workbench has no tensors. What the life ends with is compared with the
daemons that did not die, and with a life in which none did.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_utils.crypto import keccak
from real_world import World, world

from orchestrator.chain.abi import artifact, signature_of
from orchestrator.chain.codec import decode_values
from orchestrator.chain.connection import Connection
from orchestrator.daemon.journal import read_journal
from orchestrator.ledger.entities import LedgerState, RoundStatus
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.protocol import effects as fx
from orchestrator.types import Address, OrganisationId

AURORA = OrganisationId("aurora")
PRIVATE = ("KeyDirectory", "RoundLedger", "RevocationLedger", "CheckpointSchedule")
PUBLIC = ("CheckpointAnchor", "AwardDistributor")
ALONE = {
    "submitUpdate": 1, "releaseUpdate": 1, "commitVerdicts": 1, "revealVerdicts": 1, "attest": 2,
    "recordVerification": 1, "recordShredding": 1, "publishPrekeys": 2,
}  # fmt: skip
"""What each member sends in such a life, and how often."""
SHARED = {"closeRound": 1, "anchor": 2, "publish": 1}
"""What one of them sends."""
FIRST = ("recordAffected", "recordReplacement")
"""What the first of them sends; the contract takes it of others who were at it at the same time."""


@dataclass(frozen=True)
class Life:
    """What a life has left.

    Attributes:
        manifests: as each daemon that did not die computes it. sent: what each member's delegate had mined, by name.
        reverted: how many were mined and refused. signed: ``sequence/head`` of each attestation.
        deaths: steps at which aurora's daemon was killed. homes: of all members.
    """

    ledger: LedgerState
    manifests: dict[str, Manifest]
    sent: dict[str, list[str]]
    reverted: list[str]
    deaths: list[str]
    homes: dict[str, Path]
    signed: dict[str, list[str]]


def lived(folder: Path, *, deadly: bool) -> Life:
    """A round and the revocation of borealis' contribution, to the last receipt and award.

    The quorum is everybody, so that nothing goes on without the daemon that dies.
    """
    kills = folder / "kills" if deadly else None
    with world(folder, quorum=3) as made:
        agreement = made.agree()
        for name in ("borealis", "cumulus"):
            made.start(name)
        with made.killed(AURORA, kills):
            made.until(lambda: not made.ledger.without_prekeys, 120, "prekeys")
            number = made.open_round("borealis", agreement)
            made.until(lambda: made.ledger.rounds[number].status is RoundStatus.CLOSED, 400, "the round")
            request = made.request("borealis")
            made.until(lambda: made.ledger.revocations[request].shredded, 400, "the revocation")
            made.until(lambda: _settled(made), 200, "checkpoints and awards")
        return _left(made, folder, kills)


def _settled(made: World) -> bool:
    """Both checkpoints are anchored, every prekey is replaced, and nobody of those in the test wants anything more."""
    nodes = [member.node for member in made.members.values() if member.node is not None]
    states = [node.state for node in nodes]
    full = all(sum(prekey.unused for prekey in made.ledger.prekeys[name].values()) == 16 for name in made.members)
    claimed = all(len(state.claimed) == len(made.ledger.updates) for state in states)
    return full and claimed and all(state.last_anchored == 2 and not state.in_flight for state in states)


def _left(made: World, folder: Path, kills: Path | None) -> Life:
    services = made.members[OrganisationId("borealis")].services
    assert services is not None
    manifests = {
        name: build_manifest(member.node.state.ledger, next(iter(services.tasks.values())), services.tasks)
        for name, member in made.members.items()
        if member.node is not None
    }
    sent, signed, reverted = _transactions(made)
    deaths = kills.read_text().splitlines() if kills else []
    homes = {str(name): member.home for name, member in made.members.items()}
    return Life(made.ledger, manifests, sent, reverted, deaths, homes, signed)


def _transactions(made: World) -> tuple[dict[str, list[str]], dict[str, list[str]], list[str]]:
    """Names of the calls of each member's delegate on both chains, heads that were attested, and what was refused."""
    names = {keys.delegate.address: keys.organisation for keys in made.consortium.members}
    functions = {
        keccak(text=signature_of(entry))[:4].hex(): (name, entry)
        for contract in (*PRIVATE, *PUBLIC)
        for name, entry in artifact(contract).functions.items()
    }
    sent: dict[str, list[str]] = {name: [] for name in made.members}
    signed: dict[str, list[str]] = {name: [] for name in made.members}
    reverted = []
    for transaction, succeeded in _mined(made.consortium.public_chain, made.consortium.private_chain):
        sender = names.get(Address(transaction["from"].lower()))
        if sender is None:
            continue
        data = bytes.fromhex(transaction["input"][2:])
        function, entry = functions[data[:4].hex()]
        if not succeeded:  # two may be at the same shared one at a time: then one of them is refused
            reverted += [] if function in (*SHARED, *FIRST) else [f"{sender} {function}"]
            continue
        sent[sender].append(function)
        if function == "attest":
            sequence, head, _ = decode_values(entry["inputs"], data[4:], function)
            signed[sender].append(f"{sequence}/{head}")
    return sent, signed, reverted


def _mined(*chains: Connection) -> Iterator[tuple[dict[str, str], bool]]:
    for chain in chains:
        for number in range(chain.block_number() + 1):
            for item in chain.request("eth_getBlockByNumber", [hex(number), True])["transactions"]:
                receipt = chain.request("eth_getTransactionReceipt", [item["hash"]])
                yield item, receipt["status"] == "0x1"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Life:
    return lived(tmp_path_factory.mktemp("undisturbed"), deadly=False)


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Life:
    return lived(tmp_path_factory.mktemp("disturbed"), deadly=True)


def shape(manifest: Manifest) -> list[tuple[int, str, int]]:
    """What does not differ from life to life: seals and keys are random."""
    return [(entry.round, entry.organisation, entry.weight) for entry in manifest.entries]


@pytest.mark.timeout(1500)
def test_a_daemon_that_dies_after_every_step_ends_where_the_others_do(disturbed: Life, undisturbed: Life) -> None:
    """Its manifest is in the checkpoints that it signed, and its own account of the round is that of the others."""
    assert len({found.digest for found in disturbed.manifests.values()}) == 1
    manifest, other = disturbed.manifests["borealis"], undisturbed.manifests["borealis"]
    assert shape(manifest) == shape(other)
    assert [entry.organisation for entry in manifest.entries] == [AURORA, "cumulus"]
    assert len({tuple(heads) for heads in disturbed.signed.values()}) == 1
    accounts = [json.loads((home / "figures.json").read_text())["manifests"] for home in disturbed.homes.values()]
    assert accounts[0] == accounts[1] == accounts[2] and set(accounts[0]) == {"1"}
    for update in disturbed.ledger.updates.values():
        judges = set(disturbed.homes) - {update.organisation}
        assert judges <= set(update.verdicts) and all(update.verdicts[name].accept for name in judges)
    (revocation,) = disturbed.ledger.revocations.values()
    assert set(revocation.receipts) == set(revocation.verifications) == set(disturbed.homes)


@pytest.mark.timeout(1500)
def test_it_died_at_every_kind_of_step(disturbed: Life) -> None:
    """At the beginning of each effect that such a life has, at each result, and at the end, unless the next process
    found on the chain what the one before had sent."""
    died = {tuple(step.split("/")[0].split(" ")[:2]) for step in disturbed.deaths}
    own = (
        fx.PublishPrekeys, fx.TrainUpdate, fx.SubmitUpdate, fx.ReleaseUpdate, fx.CollectUpdates, fx.JudgeUpdates,
        fx.CommitVerdicts, fx.RevealVerdicts, fx.SettleKeys, fx.EvaluateManifest, fx.AttestCheckpoint,
        fx.MeasureRevocation, fx.RecordVerification, fx.EndorseCertificate, fx.ShredUpdates,
    )  # fmt: skip
    assert {("started", kind.name) for kind in own} <= died
    assert len({name for step, name in died if step == "completed"}) > 8
    assert {("result", kind) for kind in ("sealed", "collected", "verdicts", "attested", "measured")} <= died
    assert len(set(disturbed.deaths)) == len(disturbed.deaths) > 50


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("life", ["undisturbed", "disturbed"])
def test_each_action_is_one_transaction(life: str, request: pytest.FixtureRequest) -> None:
    found: Life = request.getfixturevalue(life)
    for name, calls in found.sent.items():
        counted = Counter(calls)
        assert {call: counted[call] for call in ALONE} == ALONE, name
        assert counted["endorse"] + counted["settle"] <= 2, "who comes after a quorum need not endorse"
        assert all(counted[call] <= 1 for call in FIRST), name
    assert found.reverted == []
    together = Counter(call for calls in found.sent.values() for call in calls)
    assert {call: together[call] for call in SHARED} == SHARED
    assert all(together[call] for call in FIRST)
    assert together["claim"] == 3


@pytest.mark.timeout(1500)
def test_nothing_was_signed_twice(disturbed: Life) -> None:
    for name, heads in disturbed.signed.items():
        assert [head.split("/")[0] for head in heads] == ["1", "2"], name
    with closing(sqlite3.connect(disturbed.homes[AURORA] / "keystore" / "signed.sqlite")) as database:
        rows = database.execute("SELECT sequence, content FROM checkpoints").fetchall()
    assert len({sequence for sequence, _ in rows}) == len(rows) == 2


@pytest.mark.timeout(1500)
def test_a_training_that_ended_was_not_repeated(disturbed: Life) -> None:
    """And an update was sealed once, for the key that is kept is that of one seal."""
    told = [item for item in read_journal(disturbed.homes[AURORA]) if item["event"] == "result"]
    assert [item["kind"] for item in told].count("sealed") == 1
    assert [item["kind"] for item in told].count("verdicts") == 1
