"""A model goes out with a member's report that does not fail, or with a quorum's override of exactly that report."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, word_of
from unit.ledger.compacted import endorse, propose
from unit.ledger.history import History
from unit.release.signed_reports import MANIFEST, POLICY, report, signed

from orchestrator.errors import ConfigurationError, GateFailed, ProtocolError
from orchestrator.ledger.canonical import sha256
from orchestrator.release import recording
from orchestrator.release.clearance import clear
from orchestrator.release.override import OVERRIDE_KIND, REPORT_KIND, ReleaseOverride, recorded
from orchestrator.release.policy import Policy
from orchestrator.release.signed import SignedReport
from orchestrator.types import ZERO_DIGEST, ArtefactId, Cid, Digest, OrganisationId


def test_a_members_passing_report_clears_its_manifest() -> None:
    found = clear(signed(report()), History().state, MANIFEST, POLICY)
    assert (found.verdict, found.override, found.record) == ("pass", None, None)
    assert "on the word of aurora alone" in found.told


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (signed(report(manifest=word_of("other"))), "was made for manifest"),
        (signed(report(), AURORA, BOREALIS), "was signed by"),
        (signed(report(), OrganisationId("stranger")), "is no member"),
        (signed(report(policy=Policy("lax", frozenset(), {}, {}))), "by policy lax"),
        (signed(report(policy=Policy("mine", frozenset(), {}, {}))), "as it is here is demanded"),
    ],
)
def test_a_report_of_something_or_someone_else_is_refused(given: SignedReport, fault: str) -> None:
    with pytest.raises(ProtocolError, match=fault):
        clear(given, History().state, MANIFEST, POLICY)


def test_a_quorum_overrides_a_failing_report_and_no_other() -> None:
    history, failing, worse = History(), signed(report(0.9)), signed(report(0.95))
    with pytest.raises(GateFailed, match="does not pass mine: membership"):
        clear(failing, history.state, MANIFEST, POLICY)
    asked = propose(history, failing.report.digest, kind=OVERRIDE_KIND)
    with pytest.raises(GateFailed):  # one member is no quorum
        clear(failing, history.state, MANIFEST, POLICY)
    endorse(history, asked, BOREALIS)
    found = clear(failing, history.state, MANIFEST, POLICY)
    assert found.override == asked and "a quorum overrides it" in found.told
    with pytest.raises(GateFailed):
        clear(worse, history.state, MANIFEST, POLICY)


def test_another_kind_of_record_about_the_report_is_no_override() -> None:
    history, failing = History(), signed(report(0.9))
    endorse(history, propose(history, failing.report.digest, kind=REPORT_KIND), BOREALIS)
    with pytest.raises(GateFailed):
        clear(failing, history.state, MANIFEST, POLICY)
    assert [item.kind for item in recorded(history.state)] == [REPORT_KIND]


class World:
    """A told history and an object store, as members reach them; a call is sent by being told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.history = History()
        self.objects: dict[Cid, bytes] = {}
        self.pinned: list[Cid] = []
        monkeypatch.setattr(recording, "look", lambda private, block=None: SimpleNamespace(state=self.history.state))

    def access(self, me: OrganisationId) -> Any:
        def add(data: bytes) -> Cid:
            cid = Cid("Qm" + sha256(data)[2:48])
            self.objects[cid] = data
            return cid

        def propose_it(kind: str, subject: Digest, digest: Digest, cid: Cid, salt: Digest) -> Any:
            return lambda: self.propose(me, kind=kind, subject=subject, digest=digest, cid=cid)

        artefacts = SimpleNamespace(
            propose=propose_it,
            endorse=lambda artefact, deviation, salt: lambda: endorse(self.history, artefact, me, deviation),
        )
        return SimpleNamespace(
            me=me,
            lock=threading.RLock(),
            store=SimpleNamespace(add=add, fetch=lambda cid, limit: self.objects[cid], pin=self.pinned.append),
            private=SimpleNamespace(artefacts=artefacts),
            private_sender=SimpleNamespace(send=lambda call: call() or SimpleNamespace(block=0)),
        )

    def propose(self, me: OrganisationId, **named: Any) -> None:
        artefact = word_of("artefact", len(self.history.state.artefacts))
        self.history.tell("ArtefactProposed", me, artefact_id=artefact, organisation=me, **named)
        told = {"artefact_id": artefact, "organisation": me, "deviation": 0}
        self.history.tell("ArtefactEndorsed", me, same_transaction=True, **told)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_report_becomes_a_record_that_a_quorum_stands_behind(world: World) -> None:
    mine = signed(report())
    made = recording.propose_report(world.access(AURORA), mine)
    assert (made.kind, made.subject, made.digest) == (REPORT_KIND, MANIFEST, mine.report.digest)
    other = world.access(CUMULUS)
    asked = recording.asked_for(other, world.history.state, made.id)
    assert recording.endorse(other, asked) == mine.report and world.pinned == [made.cid]
    assert clear(mine, world.history.state, MANIFEST, POLICY).record == made.id
    with pytest.raises(ProtocolError, match="before"):
        recording.asked_for(other, world.history.state, made.id)


def test_an_override_names_its_report_and_its_reason(world: World) -> None:
    failing = signed(report(0.9))
    made = recording.propose_override(world.access(AURORA), failing, " a demonstration \n at a fair ")
    assert ReleaseOverride.from_bytes(world.objects[made.cid]).reason == "a demonstration at a fair"
    recording.endorse(world.access(BOREALIS), recording.asked_for(world.access(BOREALIS), world.history.state, made.id))
    assert clear(failing, world.history.state, MANIFEST, POLICY).override == made.id


def test_what_cannot_be_recorded_is_refused_before_anything_is_sent(world: World) -> None:
    access = world.access(AURORA)
    with pytest.raises(ConfigurationError, match="says no manifest"):
        recording.propose_report(access, signed(report(manifest=ZERO_DIGEST)))
    with pytest.raises(ConfigurationError, match="nothing is to be overridden"):
        recording.propose_override(access, signed(report()), "why not")
    with pytest.raises(ConfigurationError, match="no reason"):
        recording.propose_override(access, signed(report(0.9)), " ")
    with pytest.raises(ConfigurationError, match="no release report"):
        recording.asked_for(access, world.history.state, ArtefactId(word_of("nothing")))
    assert not world.history.state.artefacts and not world.objects


def test_nobody_endorses_an_object_that_is_not_the_recorded_one(world: World) -> None:
    made = recording.propose_report(world.access(AURORA), signed(report()))
    world.objects[made.cid] = report(0.51).to_bytes()
    with pytest.raises(ProtocolError, match="names another object"):
        recording.endorse(world.access(BOREALIS), made)
    assert set(world.history.state.artefacts[made.id].endorsements) == {AURORA}
