"""A pause and its end are signed like a change of membership."""

from __future__ import annotations

import pytest
from brownie import Consortium
from contract_support import digest, identity, refuses, sign_pause
from reverting import MALFORMED


@pytest.fixture
def signers(parties):
    return [parties[0].authority, parties[1].authority]


@pytest.fixture
def pause(pair):
    return (*identity(*pair), 1, 0, True)


@pytest.fixture
def paused(pair, pause, signers, stranger):
    """Both contracts are paused."""
    return [one.setPaused(pause, sign_pause(pause, signers), {"from": stranger}) for one in pair]


def test_one_ceremony_pauses_both_chains(pair, paused):
    for one, tx in zip(pair, paused, strict=True):
        assert tx.events["Paused"]["nonce"] == 0
        assert one.paused() and one.pauseNonce() == 1


def test_another_resumes(pair, paused, signers, stranger):
    resume = (*identity(*pair), 1, 5, False)  # gaps are allowed
    assert pair[0].setPaused(resume, sign_pause(resume, signers), {"from": stranger}).events["Resumed"]["nonce"] == 5
    assert not pair[0].paused()


def test_a_nonce_is_good_once(pair, paused, pause, signers, stranger):
    for one in pair:
        refuses("ConsortiumNonceUsed", one.setPaused, pause, sign_pause(pause, signers), sender=stranger)


def test_what_was_overtaken_is_no_longer_good_where_it_never_arrived(pair, pause, signers, stranger):
    """A pause reaches one chain, is resumed on both: the other has nothing to change, and uses the nonces up."""
    pair[0].setPaused(pause, sign_pause(pause, signers), {"from": stranger})
    resume = (*identity(*pair), 1, 1, False)
    for one in pair:
        told = one.setPaused(resume, sign_pause(resume, signers), {"from": stranger}).events
        assert told["Resumed"]["nonce"] == 1 and not one.paused() and one.pauseNonce() == 2
    refuses("ConsortiumNonceUsed", pair[1].setPaused, pause, sign_pause(pause, signers), sender=stranger)


def test_nonces_do_not_run_away(pair, signers, stranger):
    far = (*identity(*pair), 1, 256, True)
    refuses("ConsortiumNonceAhead: 256, 255", pair[0].setPaused, far, sign_pause(far, signers), sender=stranger)
    last = (*identity(*pair), 1, 255, True)
    pair[0].setPaused(last, sign_pause(last, signers), {"from": stranger})
    assert pair[0].pauseNonce() == 256


def test_it_needs_a_quorum(pair, paused, signers, stranger):
    resume = (*identity(*pair), 1, 5, False)
    refuses("ConsortiumQuorumMissed", pair[0].setPaused, resume, sign_pause(resume, signers[:1]), sender=stranger)


def test_it_needs_cold_keys(pair, paused, parties, stranger):
    resume = (*identity(*pair), 1, 5, False)
    signatures = sign_pause(resume, [one.delegate for one in parties[:2]])
    refuses("ConsortiumNotAnAuthority", pair[0].setPaused, resume, signatures, sender=stranger)


def test_it_needs_distinct_signers_in_order(pair, pause, signers, stranger):
    for wrong in (sign_pause(pause, signers)[::-1], sign_pause(pause, signers[:1] * 2)):
        refuses("SignaturesNotAscending", pair[0].setPaused, pause, wrong, sender=stranger)


@pytest.mark.parametrize("error", ["ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"])
def test_signatures_are_made_by_a_key(pair, pause, stranger, error):
    refuses(error, pair[0].setPaused, pause, [MALFORMED[error]] * 2, sender=stranger)


def test_it_is_signed_for_the_present_epoch(pair, paused, signers, stranger):
    late = (*identity(*pair), 2, 9, True)
    refuses("ConsortiumWrongEpoch", pair[0].setPaused, late, sign_pause(late, signers), sender=stranger)


def test_it_names_this_pair_of_contracts(pair, signers, stranger):
    other = (*identity(pair[0], stranger), 1, 0, True)
    refuses("ConsortiumWrongConsortium", pair[0].setPaused, other, sign_pause(other, signers), sender=stranger)


def test_it_waits_for_the_binding(parties, deployer, pause, signers):
    unbound = deployer.deploy(Consortium, digest("c"), [one.member for one in parties], 2)
    refuses("ConsortiumNotBound", unbound.setPaused, pause, sign_pause(pause, signers), sender=deployer)
