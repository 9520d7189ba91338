"""A member says that an object is wrong; its word stands, and nobody else's counts less for it."""

from __future__ import annotations

from contract_support import SALT, ZERO, name, refuses

REASON = name("other-bytes")


def test_a_dispute_is_told_and_stops_no_quorum(artefacts, artefact, parties):
    one, two, three = parties
    events = artefacts.dispute(artefact, REASON, SALT, {"from": two.delegate}).events
    assert tuple(events["ArtefactDisputed"].values()) == (artefact, two.organisation, REASON, SALT)
    assert artefacts.artefact(artefact)[4:] == (1, False)
    assert "ArtefactAgreed" in artefacts.endorse(artefact, 0, SALT, {"from": three.delegate}).events
    assert artefacts.endorsed(artefact, one.organisation) and not artefacts.endorsed(artefact, two.organisation)


def test_also_after_it_was_agreed(artefacts, artefact, parties):
    artefacts.endorse(artefact, 0, SALT, {"from": parties[1].delegate})
    artefacts.dispute(artefact, REASON, SALT, {"from": parties[2].delegate})
    assert artefacts.artefact(artefact)[5]


def test_once_a_member_and_never_after_endorsing(artefacts, artefact, parties):
    refuses("ArtefactRegistryAlreadyDone", artefacts.dispute, artefact, REASON, SALT, sender=parties[0].delegate)
    artefacts.dispute(artefact, REASON, SALT, {"from": parties[1].delegate})
    refuses("ArtefactRegistryAlreadyDone", artefacts.dispute, artefact, REASON, SALT, sender=parties[1].delegate)


def test_with_a_reason(artefacts, artefact, parties):
    refuses("ArtefactRegistryReasonMissing", artefacts.dispute, artefact, ZERO, SALT, sender=parties[1].delegate)


def test_only_what_was_proposed(artefacts, parties):
    refuses("ArtefactRegistryUnknown", artefacts.dispute, ZERO, REASON, SALT, sender=parties[1].delegate)


def test_only_delegates_dispute(artefacts, artefact, parties, stranger):
    for sender in (stranger, parties[1].authority):
        refuses("ConsortiumNotADelegate", artefacts.dispute, artefact, REASON, SALT, sender=sender)
