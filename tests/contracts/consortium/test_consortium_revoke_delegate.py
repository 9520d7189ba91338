"""An authority takes its delegate's rights away, at once and alone."""

from __future__ import annotations

from contract_support import NOBODY, name, refused, refuses


def test_a_revoked_delegate_is_gone_but_remembered(consortium, parties):
    one = parties[0]
    tx = consortium.revokeDelegate(one.organisation, {"from": one.authority})
    assert tx.events["DelegateRotated"]["current"] == NOBODY
    assert consortium.delegateOf(one.organisation) == NOBODY
    assert consortium.formerOrganisationOf(one.delegate) == one.organisation
    with refused("ConsortiumNotADelegate"):
        consortium.organisationOf(one.delegate)


def test_there_must_be_one(consortium, parties):
    one = parties[0]
    consortium.revokeDelegate(one.organisation, {"from": one.authority})
    refuses("ConsortiumInvalidDelegate", consortium.revokeDelegate, one.organisation, sender=one.authority)


def test_only_the_own_authority_does(consortium, parties, stranger):
    one, two = parties[:2]
    for sender in (two.authority, one.delegate, stranger):
        refuses("ConsortiumNotAnAuthority", consortium.revokeDelegate, one.organisation, sender=sender)


def test_only_members_have_delegates(consortium, parties):
    refuses("ConsortiumUnknownOrganisation", consortium.revokeDelegate, name("nobody"), sender=parties[0].authority)
