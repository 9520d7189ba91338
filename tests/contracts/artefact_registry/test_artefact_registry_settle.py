"""After a change of membership the endorsements are counted again over who is there."""

from __future__ import annotations

from contract_support import SALT, ZERO, party, refuses


def test_a_smaller_quorum_agrees_on_what_was_short_of_it(artefacts, parties, proposing, change_members):
    change_members([*parties, party("dorado")], 3)
    made = artefacts.propose(*proposing(), {"from": parties[0].delegate}).return_value
    artefacts.endorse(made, 0, SALT, {"from": parties[1].delegate})
    refuses("ArtefactRegistryNothingToSettle", artefacts.settle, made, SALT, sender=parties[2].delegate)
    change_members(parties, 2, epoch=3)
    assert not artefacts.artefact(made)[5]
    events = artefacts.settle(made, SALT, {"from": parties[2].delegate}).events
    assert events["ArtefactAgreed"]["artefactId"] == made and artefacts.artefact(made)[5]
    refuses("ArtefactRegistryAlreadyAgreed", artefacts.settle, made, SALT, sender=parties[2].delegate)


def test_what_is_agreed_stays_agreed(artefacts, artefact, parties, change_members):
    artefacts.endorse(artefact, 0, SALT, {"from": parties[1].delegate})
    change_members([parties[2], party("dorado"), party("esposa")], 2)
    assert artefacts.artefact(artefact)[4:] == (0, True)


def test_only_what_was_proposed(artefacts, parties):
    refuses("ArtefactRegistryUnknown", artefacts.settle, ZERO, SALT, sender=parties[1].delegate)


def test_only_delegates_settle(artefacts, artefact, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", artefacts.settle, artefact, SALT, sender=sender)
