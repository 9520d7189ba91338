"""What the tests of the ArtefactRegistry share: an object that one member has proposed."""

from __future__ import annotations

import pytest
from contract_support import SALT, digest, membership_change, name, sign_membership

KIND, SUBJECT, OBJECT = name("compaction"), digest("manifest"), digest("object")


@pytest.fixture
def artefacts(private):
    return private.artefacts


@pytest.fixture
def proposing():
    """Arguments of a proposal; ``changes`` by place."""

    def arguments(**changes):
        return tuple(
            {"kind": KIND, "subject": SUBJECT, "digest": OBJECT, "cid": "Qm", "salt": SALT, **changes}.values()
        )

    return arguments


@pytest.fixture
def proposal(artefacts, parties, proposing):
    """The transaction in which the first member proposed an object."""
    return artefacts.propose(*proposing(), {"from": parties[0].delegate})


@pytest.fixture
def artefact(proposal):
    """Its id."""
    return proposal.return_value


@pytest.fixture
def change_members(pair, private, parties, stranger):
    """Makes a membership of these parties."""

    def change(members, quorum, epoch=2):
        agreed = membership_change(pair, [one.seat for one in members], quorum, epoch)
        signatures = sign_membership(agreed, [one.authority for one in parties])
        private.consortium.changeMembership(agreed, signatures, {"from": stranger})

    return change
