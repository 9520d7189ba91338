"""A member names an object and stands behind it."""

from __future__ import annotations

from contract_support import SALT, ZERO, digest, name, refuses
from eth_abi import encode
from eth_utils import keccak


def test_a_proposal_names_its_object_and_counts_as_an_endorsement(artefacts, proposal, artefact, parties):
    one = parties[0].organisation
    told = proposal.events["ArtefactProposed"]
    assert tuple(told.values()) == (artefact, one, name("compaction"), digest("manifest"), digest("object"), "Qm", SALT)
    assert tuple(proposal.events["ArtefactEndorsed"].values()) == (artefact, one, 0, SALT)
    assert artefacts.artefact(artefact) == (one, name("compaction"), digest("manifest"), digest("object"), 1, False)
    assert artefacts.endorsed(artefact, one) and not artefacts.endorsed(artefact, parties[1].organisation)


def test_ids_count_proposals_and_depend_on_nothing_else(artefacts, proposal, artefact, parties, proposing, web3):
    parts = [web3.chain_id, artefacts.address, 1]
    assert artefact == "0x" + keccak(encode(["uint256", "address", "uint64"], parts)).hex()
    again = artefacts.propose(*proposing(), {"from": parties[0].delegate}).return_value
    assert (artefacts.artefactAt(1), artefacts.artefactAt(2)) == (artefact, again)
    assert artefacts.artefactCount() == 2


def test_nothing_of_it_may_be_missing(artefacts, parties, proposing):
    for lacking in ({"kind": ZERO}, {"subject": ZERO}, {"digest": ZERO}, {"cid": ""}):
        refuses("ArtefactRegistryIncomplete", artefacts.propose, *proposing(**lacking), sender=parties[0].delegate)
    assert artefacts.artefactCount() == 0


def test_only_delegates_propose(artefacts, parties, stranger, proposing):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", artefacts.propose, *proposing(), sender=sender)


def test_a_quorum_of_one_agrees_with_itself(artefacts, parties, proposing, change_members):
    change_members(parties[:1], 1)
    made = artefacts.propose(*proposing(), {"from": parties[0].delegate})
    assert "ArtefactAgreed" in made.events and artefacts.artefact(made.return_value)[5]
