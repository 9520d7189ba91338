"""What can be asked about objects."""

from __future__ import annotations

from contract_support import ZERO, refuses


def test_before_anything_was_proposed(artefacts, private, parties):
    assert artefacts.artefactCount() == 0 and artefacts.consortium() == private.consortium
    assert not artefacts.endorsed(ZERO, parties[0].organisation)


def test_only_what_was_proposed(artefacts, stranger):
    refuses("ArtefactRegistryUnknown", artefacts.artefact, artefacts.artefactAt(1), sender=stranger)
