"""Objects that a quorum stands behind, as the records tell of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, word_of
from unit.ledger.history import History

from orchestrator.errors import ProtocolError
from orchestrator.types import ArtefactId


def _disputed(history: History, artefact: ArtefactId) -> None:
    told = {"artefact_id": artefact, "organisation": BOREALIS, "reason": "other-bytes"}
    history.tell("ArtefactDisputed", BOREALIS, **told)


def test_a_quorum_agrees() -> None:
    history = History()
    artefact = history.propose(AURORA)
    assert history.state.artefacts[artefact].agreed is None
    history.endorse_artefact(artefact, CUMULUS, agrees=True)
    found = history.state.artefacts[artefact]
    assert (found.kind, found.subject, found.digest) == ("compaction", word_of("subject"), word_of("object"))
    assert found.organisation == AURORA and found.endorsements == {AURORA: 0, CUMULUS: 7}
    assert found.agreed == history.state.position


def test_a_dispute_is_kept_and_takes_nothing_away() -> None:
    history = History()
    artefact = history.propose(AURORA)
    _disputed(history, artefact)
    history.endorse_artefact(artefact, CUMULUS, agrees=True)
    assert history.state.artefacts[artefact].disputes == {BOREALIS: "other-bytes"}


def test_who_has_left_does_not_count_and_what_is_agreed_stays() -> None:
    history = History()
    first, second = history.propose(AURORA), history.propose(BOREALIS)
    history.endorse_artefact(second, CUMULUS, agrees=True)
    history.change_members([BOREALIS, CUMULUS])
    history.endorse_artefact(first, BOREALIS)
    with pytest.raises(ProtocolError, match="only 1 members stand behind it"):
        history.agree(first, BOREALIS)
    assert history.state.artefacts[second].agreed is not None


Step = Callable[[History, ArtefactId], Any]
CONTRADICTIONS: dict[str, Step] = {
    "was proposed before": lambda h, a: h.tell(
        "ArtefactProposed",
        AURORA,
        artefact_id=a,
        organisation=AURORA,
        kind="compaction",
        subject=word_of("subject"),
        digest=word_of("object"),
        cid="Qm",
    ),
    "no artefact": lambda h, a: h.endorse_artefact(ArtefactId(word_of("unknown")), BOREALIS),
    "aurora has endorsed or disputed it before": lambda h, a: h.endorse_artefact(a, AURORA),
    "borealis has endorsed or disputed it before": lambda h, a: [_disputed(h, a), _disputed(h, a)],
    "only 1 members stand behind it": lambda h, a: h.agree(a, AURORA),
    "another object was proposed": lambda h, a: [
        h.endorse_artefact(a, BOREALIS),
        h.agree(a, BOREALIS, digest=word_of("other")),
    ],
    "it was agreed on before": lambda h, a: [h.endorse_artefact(a, BOREALIS, agrees=True), h.agree(a, BOREALIS)],
}


@pytest.mark.parametrize("message", CONTRADICTIONS)
def test_contradictions_are_refused_by_name(message: str) -> None:
    history = History()
    artefact = history.propose(AURORA)
    with pytest.raises(ProtocolError, match=message):
        CONTRADICTIONS[message](history, artefact)
