"""What members do about proposed compactions: each says what it found, once; nothing else is touched by it."""

from __future__ import annotations

from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, word_of
from unit.ledger.compacted import endorse, propose, rounds, subject
from unit.ledger.history import History

from orchestrator.ledger.compactions import PROPOSAL_BLOCKS, shareable_objects, wanted_objects
from orchestrator.protocol import effects as fx
from orchestrator.protocol.rules_compaction import compaction_rules
from orchestrator.protocol.state import Failure, NodeState
from orchestrator.types import OrganisationId, UpdateId


def wishes(history: History, me: OrganisationId, *unopened: str) -> list[fx.Effect]:
    lacking = frozenset(UpdateId(item) for item in unopened)
    return list(compaction_rules(NodeState(me=me, ledger=history.state, unopened=lacking)))


def test_who_has_said_nothing_compares() -> None:
    history, _ = rounds(1)
    assert all(wishes(history, name) == [] for name in MEMBERS)
    artefact = propose(history, subject(history, 1))
    assert wishes(history, AURORA) == [], "its maker has spoken"
    assert wishes(history, BOREALIS) == wishes(history, CUMULUS) == [fx.CompareCompaction(artefact)]
    assert wishes(history, OrganisationId("dune")) == []
    compare = fx.CompareCompaction(artefact)
    assert wishes(history, BOREALIS, artefact) == [compare], "what is wrong at first sight shows without the key"
    lacking = NodeState(
        me=BOREALIS,
        ledger=history.state,
        failures={compare.id: Failure(1, 99)},
        unopened=frozenset({UpdateId(artefact)}),
    )
    assert list(compaction_rules(lacking)) == [], "its key is on its way"
    assert list(compaction_rules(lacking.with_(unopened=frozenset()))) == [compare]
    told = {"artefact_id": artefact, "organisation": BOREALIS, "reason": "NOT_THE_SUM"}
    history.tell("ArtefactDisputed", BOREALIS, **told)
    assert wishes(history, BOREALIS) == []
    endorse(history, artefact, CUMULUS)
    assert all(wishes(history, name) == [] for name in MEMBERS), "it is agreed on"


def test_objects_of_other_kinds_are_left_alone() -> None:
    history, _ = rounds(1)
    propose(history, subject(history, 1), kind="report")
    assert wishes(history, BOREALIS) == []


def test_those_that_stay_are_counted_again() -> None:
    history, _ = rounds(1)
    artefact = propose(history, subject(history, 1))
    history.change_members([AURORA, BOREALIS], quorum=1)
    assert wishes(history, AURORA) == [fx.SettleCompaction(artefact, history.state.members.epoch)]
    assert wishes(history, BOREALIS) == [fx.CompareCompaction(artefact)]
    assert wishes(history, CUMULUS) == []


def test_keys_of_what_may_hold_something_revoked_are_not_given() -> None:
    history, updates = rounds(2)
    before = propose(history, subject(history, 1))
    assert [item.id for item in shareable_objects(history.state)] == [before]
    history.replace(history.request(CUMULUS, [updates[0][CUMULUS]]))
    assert shareable_objects(history.state) == ()
    after = propose(history, subject(history, 2), BOREALIS, "after")
    assert [item.id for item in shareable_objects(history.state)] == [after], "it was out when this was made"
    history.round()
    later = history.state.rounds[3].submissions[0]
    history.request(history.state.updates[later].organisation, [later])
    assert [item.id for item in shareable_objects(history.state)] == [after], "it came after this"


def test_a_revocation_that_waits_for_the_rounds_end_counts() -> None:
    history, updates = rounds(1)
    artefact = propose(history, subject(history, 1))
    history.open_round()
    history.request(CUMULUS, [updates[0][CUMULUS]])
    during = propose(history, word_of("anything"), BOREALIS, "during")
    assert shareable_objects(history.state) == (), (artefact, during)


def test_proposals_are_asked_for_for_a_while_and_what_is_agreed_for_ever() -> None:
    history, _ = rounds(1)
    artefact = propose(history, subject(history, 1))
    now = history.block

    def wanted(me: OrganisationId, block: int) -> list[str]:
        return [item.id for item in wanted_objects(history.state, me, block)]

    assert wanted(BOREALIS, now) == [artefact] and wanted(AURORA, now) == []
    assert wanted(BOREALIS, now + PROPOSAL_BLOCKS) == []
    endorse(history, artefact, BOREALIS)
    assert all(wanted(name, now + PROPOSAL_BLOCKS) == [artefact] for name in MEMBERS)
