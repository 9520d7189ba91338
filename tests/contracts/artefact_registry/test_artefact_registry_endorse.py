"""Members stand behind an object; with a quorum of them it is agreed on, for ever."""

from __future__ import annotations

from contract_support import SALT, ZERO, digest, name, party, refuses


def test_a_quorum_agrees(artefacts, artefact, parties):
    two = parties[1]
    events = artefacts.endorse(artefact, 7, SALT, {"from": two.delegate}).events
    assert tuple(events["ArtefactEndorsed"].values()) == (artefact, two.organisation, 7, SALT)
    agreed = (artefact, name("compaction"), digest("manifest"), digest("object"), SALT)
    assert tuple(events["ArtefactAgreed"].values()) == agreed
    assert artefacts.artefact(artefact)[4:] == (2, True)


def test_who_comes_later_still_counts_and_nothing_is_agreed_twice(artefacts, artefact, parties):
    artefacts.endorse(artefact, 0, SALT, {"from": parties[1].delegate})
    events = artefacts.endorse(artefact, 0, SALT, {"from": parties[2].delegate}).events
    assert "ArtefactEndorsed" in events and "ArtefactAgreed" not in events
    assert artefacts.artefact(artefact)[4:] == (3, True)


def test_once_a_member(artefacts, artefact, parties):
    refuses("ArtefactRegistryAlreadyDone", artefacts.endorse, artefact, 0, SALT, sender=parties[0].delegate)
    artefacts.dispute(artefact, name("other-bytes"), SALT, {"from": parties[1].delegate})
    refuses("ArtefactRegistryAlreadyDone", artefacts.endorse, artefact, 0, SALT, sender=parties[1].delegate)


def test_only_what_was_proposed(artefacts, artefact, parties):
    for unknown in (ZERO, artefacts.artefactAt(2)):
        refuses("ArtefactRegistryUnknown", artefacts.endorse, unknown, 0, SALT, sender=parties[1].delegate)


def test_only_delegates_endorse(artefacts, artefact, parties, stranger):
    for sender in (stranger, parties[1].authority):
        refuses("ConsortiumNotADelegate", artefacts.endorse, artefact, 0, SALT, sender=sender)


def test_who_has_left_does_not_count(artefacts, artefact, parties, change_members):
    newcomer = party("dorado")
    change_members([*parties[1:], newcomer], 2)
    assert artefacts.artefact(artefact)[4] == 0
    events = artefacts.endorse(artefact, 0, SALT, {"from": parties[1].delegate}).events
    assert "ArtefactAgreed" not in events
    assert artefacts.artefact(artefact)[4:] == (1, False)
