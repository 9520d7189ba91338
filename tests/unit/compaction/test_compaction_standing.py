"""What is told of proposals: from the first word to the fall of what was agreed."""

from __future__ import annotations

from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, word_of
from unit.ledger.compacted import endorse, propose, rounds, subject
from unit.ledger.history import History

from orchestrator.compaction.standing import Stage, standings


def stages(history: History) -> list[Stage]:
    return [found.stage for found in standings(history.state, history.tasks)]


def test_a_proposal_from_its_first_word_to_its_fall() -> None:
    history, updates = rounds(3)
    assert standings(history.state, history.tasks) == ()
    first = propose(history, subject(history, 2))
    (found,) = standings(history.state, history.tasks)
    assert (found.stage, found.round, found.count) == (Stage.PROPOSED, 2, 6)
    assert found.silent == (BOREALIS, CUMULUS) and found.endorsements == {AURORA: 0}
    history.open_round()
    endorse(history, first, BOREALIS)
    assert stages(history) == [Stage.WAITING]
    history.fail()
    assert stages(history) == [Stage.IN_USE]
    longer = propose(history, subject(history, 3), CUMULUS, "longer")
    endorse(history, longer, BOREALIS)
    assert stages(history) == [Stage.SPARE, Stage.IN_USE]
    history.request(CUMULUS, [updates[2][CUMULUS]])
    assert stages(history) == [Stage.IN_USE, Stage.FALLEN]
    history.request(AURORA, [updates[0][AURORA]])
    assert stages(history) == [Stage.FALLEN, Stage.FALLEN]


def test_a_subject_that_nobody_knows() -> None:
    history, _ = rounds(1)
    propose(history, word_of("nothing"))
    (found,) = standings(history.state, history.tasks)
    assert (found.stage, found.round, found.count) == (Stage.UNKNOWN, 0, 0)
