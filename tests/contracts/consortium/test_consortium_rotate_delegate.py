"""An authority gives its organisation another delegate, at once and alone."""

from __future__ import annotations

from contract_support import NOBODY, key, name, refused, refuses


def test_an_authority_rotates_its_delegate_at_once(consortium, parties):
    one, new = parties[0], key("new delegate")
    digest_before = consortium.consortiumDigest()
    tx = consortium.rotateDelegate(one.organisation, new, {"from": one.authority})
    assert dict(tx.events["DelegateRotated"]) == {
        "organisation": one.organisation,
        "previous": one.delegate,
        "current": new,
    }
    assert consortium.organisationOf(new) == one.organisation
    assert consortium.formerOrganisationOf(one.delegate) == one.organisation
    assert consortium.consortiumDigest() == digest_before
    with refused("ConsortiumNotADelegate"):
        consortium.organisationOf(one.delegate)


def test_only_the_own_authority_does(consortium, parties, stranger):
    one, two = parties[:2]
    for sender in (two.authority, one.delegate, stranger):
        refuses("ConsortiumNotAnAuthority", consortium.rotateDelegate, one.organisation, key("other"), sender=sender)


def test_only_members_have_delegates(consortium, parties):
    unknown = name("nobody"), key("other")
    refuses("ConsortiumUnknownOrganisation", consortium.rotateDelegate, *unknown, sender=parties[0].authority)


def test_a_delegate_serves_once(consortium, parties):
    one, two = parties[:2]
    for used in (one.delegate, two.delegate, two.authority, NOBODY):
        refuses("ConsortiumInvalidDelegate", consortium.rotateDelegate, one.organisation, used, sender=one.authority)
    consortium.rotateDelegate(one.organisation, key("second"), {"from": one.authority})
    # a former delegate never comes back
    refuses(
        "ConsortiumInvalidDelegate", consortium.rotateDelegate, one.organisation, one.delegate, sender=one.authority
    )
