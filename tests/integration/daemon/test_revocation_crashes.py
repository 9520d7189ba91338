"""A revocation in mid-round, in which its owner's daemon dies after every step that it journals.

The owner asks for ``replay`` while a round is open, which fails by it; from there to the last receipt its daemon is
killed after each new step. Real chains, real IPFS, real keys and seals; the workbench has no tensors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from killed_daemon import PASSWORD
from real_world import World, world

from orchestrator.audit.certificates import HandedLedger, against_records
from orchestrator.commitment.certificate import build_certificate, certificate_bytes
from orchestrator.commitment.electorate import Electorate, electorate_of
from orchestrator.commitment.endorsed import EndorsedCertificate, endorsed_certificate
from orchestrator.commitment.examination import examine
from orchestrator.daemon.access import connect
from orchestrator.daemon.operations import request_revocation
from orchestrator.daemon.view import look
from orchestrator.errors import KeystoreError
from orchestrator.keystore import Keystore
from orchestrator.ledger.entities import LedgerState, Mode, Revocation, RoundStatus
from orchestrator.ledger.records import Record
from orchestrator.protocol import effects as fx
from orchestrator.settings import compose
from orchestrator.storage import IpfsStore
from orchestrator.storage.cid import multihash_of
from orchestrator.types import OrganisationId, RequestId, UpdateId

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

AURORA = OrganisationId("aurora")
ONCE = (
    "RevocationRequested", "RevocationApproved", "UpdatesAffected", "ManifestReplaced", "RevocationCertified",
    "RevocationShredded",
)  # fmt: skip
OWN = (fx.MeasureRevocation, fx.RecordVerification, fx.EndorseCertificate, fx.ShredUpdates, fx.AttestCheckpoint)


class Ended:
    """What the life has left, read while its chains still run."""

    def __init__(self, made: World, request: RequestId, deaths: list[str], failed: int) -> None:
        seen, private = look(made.consortium.private), made.consortium.private
        services = made.members[OrganisationId("borealis")].services
        assert services is not None
        self.ledger: LedgerState = seen.state
        self.records: tuple[Record, ...] = tuple(seen.ledger.records)
        self.revocation: Revocation = seen.state.revocations[request]
        self.tasks, self.deaths, self.failed = dict(services.tasks), deaths, failed
        self.homes = {name: member.home for name, member in made.members.items()}
        deployment = private.deployment
        self.electorate: Electorate = electorate_of(
            self.records,
            request,
            consortium_id=deployment.consortium_id,
            ledger=deployment.address("RevocationLedger"),
        )
        document = build_certificate(seen.state, request, self.tasks, consortium_id=deployment.consortium_id)
        self.certificate: EndorsedCertificate = endorsed_certificate(self.records, request, certificate_bytes(document))
        self.stored = {name: _blocks(made, name) for name in made.members}


def _blocks(made: World, name: OrganisationId) -> set[bytes]:
    """What lies in a member's IPFS repository."""
    member = made.members[name]
    store = IpfsStore(compose(member.overrides, organisation_home=member.home).ipfs_api())
    return {multihash_of(str(entry["Ref"])) for entry in store._rpc.request("/refs/local", decoder="json")}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    folder = tmp_path_factory.mktemp("revocation")
    kills = folder / "kills"
    with world(folder, quorum=3) as made:
        agreement = made.agree()
        for name in ("borealis", "cumulus"):
            made.start(name)
        with made.killed(AURORA, None):
            made.until(lambda: not made.ledger.without_prekeys, 120, "prekeys")
            first = made.open_round("borealis", agreement)
            made.until(lambda: made.ledger.rounds[first].status is RoundStatus.CLOSED, 200, "the round")
        second = made.open_round("borealis", agreement)
        request = _asked(made)
        with made.killed(AURORA, kills):
            made.until(lambda: made.ledger.revocations[request].shredded, 500, "the revocation")
            made.until(lambda: all(_quiet(made, due) for due in range(1, 3)), 200, "checkpoints")
        yield Ended(made, request, kills.read_text().splitlines(), second)


def _asked(made: World) -> RequestId:
    """The owner's own verb; its daemon does not run meanwhile."""
    member = made.members[AURORA]
    access = connect(compose(member.overrides, organisation_home=member.home), member.home, PASSWORD)
    with access.keystore:
        return request_revocation(access, (), reason="ERASURE", mode=Mode.REPLAY)


def _quiet(made: World, sequence: int) -> bool:
    nodes = [member.node for member in made.members.values() if member.node is not None]
    return all(node.state.last_anchored >= sequence and not node.state.in_flight for node in nodes)


def test_it_died_at_every_step_of_a_revocation(ended: Ended) -> None:
    died = {tuple(step.split("/")[0].split(" ")[:2]) for step in ended.deaths}
    assert {("started", kind.name) for kind in OWN} <= died
    assert ("result", "measured") in died and len(ended.deaths) == len(set(ended.deaths)) > 15


def test_it_ended_like_one_in_which_nobody_died(ended: Ended) -> None:
    found = ended.revocation
    assert set(found.receipts) == set(found.verifications) == set(ended.homes)
    assert ended.ledger.rounds[ended.failed].status is RoundStatus.FAILED
    told = Counter(record.kind for record in ended.records if record.fields.get("request_id") == found.id)
    once = ("RevocationRequested", "RevocationApproved", "UpdatesAffected", "ManifestReplaced", "RevocationCertified")
    assert {kind: told[kind] for kind in (*once, "RevocationShredded")} == dict.fromkeys(
        (*once, "RevocationShredded"), 1
    )
    assert told["VerificationRecorded"] == told["ShredReceiptRecorded"] == len(ended.homes)


def test_its_certificate_says_what_happened_and_holds_offline(ended: Ended) -> None:
    told = ended.certificate.certificate
    assert told["effect"]["round"] == {"id": ended.failed, "failed": True, "void": told["effect"]["round"]["void"]}
    assert (told["request"]["scope"], told["awards"]["consequence"]) == ("organisation", "keep")
    assert told["lineage"]["leaves"] == list(ended.revocation.updates)
    found = examine(ended.certificate, ended.electorate, request=ended.revocation.id)
    assert found.holds and len(found.signers) == 3
    handed = HandedLedger(ended.records, ended.tasks, ())
    assert list(against_records(ended.certificate, handed, ended.electorate)) == []


def test_the_keys_are_gone_and_the_objects_too(ended: Ended) -> None:
    (update,) = ended.revocation.updates
    for home in ended.homes.values():
        with Keystore.open(home, PASSWORD) as keystore, pytest.raises(KeystoreError, match="destroyed on purpose"):
            keystore.content_key(UpdateId(update))
    gone = ended.ledger.updates[update]
    objects = {multihash_of(cid) for cid in (gone.payload_cid, gone.header_cid) if cid}
    assert objects and all(not objects & stored for stored in ended.stored.values())


def test_nothing_of_a_kek_is_left_over(ended: Ended) -> None:
    """A death amid the replacement of the key that encrypts all others is finished by the next life."""
    left = {path.name for home in ended.homes.values() for path in (home / "keystore").glob("kek*")}
    assert left == {"kek.json"}
    assert all(isinstance(home, Path) for home in ended.homes.values())
