"""An allowance by signature: the holder sends no transaction."""

from __future__ import annotations

import pytest
from contract_support import NOBODY, contract_domain, key, refuses
from eth_account import Account
from eth_account.messages import encode_typed_data

FOREVER = 2**63
PERMIT = [("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256")]
PERMIT += [("deadline", "uint256")]


@pytest.fixture
def permission(held, holder):
    """Makes a permit: the arguments, signed by the holder or by another account."""

    def make(spender, value=5, deadline=FOREVER, by=holder, nonce=0):
        named = {"owner": holder.address, "spender": spender, "value": value, "nonce": nonce, "deadline": deadline}
        signable = encode_typed_data(
            domain_data=contract_domain("Contribution", held),
            message_types={"Permit": [{"name": label, "type": type_} for label, type_ in PERMIT]},
            message_data=named,
        )
        signed = Account.sign_message(signable, by.private_key)
        r, s = (number.to_bytes(32, "big") for number in (signed.r, signed.s))
        return holder, spender, value, deadline, signed.v, r, s

    return make


def test_permit_spends_without_a_transaction_of_the_holder(held, holder, stranger, permission):
    held.permit(*permission(stranger.address), {"from": stranger})
    held.transferFrom(holder, stranger, 5, {"from": stranger})
    assert held.balanceOf(stranger) == 5 and held.nonces(holder) == 1


def test_a_permit_is_good_once(held, stranger, permission):
    terms = permission(stranger.address)
    held.permit(*terms, {"from": stranger})
    refuses("ERC2612InvalidSigner", held.permit, *terms, sender=stranger)


def test_only_the_holder_signs(held, stranger, permission):
    terms = permission(stranger.address, by=key("not the holder"))
    refuses("ERC2612InvalidSigner", held.permit, *terms, sender=stranger)


def test_it_ends(held, stranger, permission):
    refuses("ERC2612ExpiredSignature", held.permit, *permission(stranger.address, deadline=1), sender=stranger)


def test_nobody_is_no_spender(held, stranger, permission):
    refuses("ERC20InvalidSpender", held.permit, *permission(NOBODY), sender=stranger)


@pytest.mark.parametrize(
    ("error", "s"), [("ECDSAInvalidSignature", b"\0" * 32), ("ECDSAInvalidSignatureS", b"\xff" * 32)]
)
def test_a_signature_is_made_by_a_key(held, stranger, permission, error, s):
    *terms, _, _, _ = permission(stranger.address)
    refuses(error, held.permit, *terms, 27, b"\0" * 32, s, sender=stranger)
