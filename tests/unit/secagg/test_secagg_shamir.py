"""Sharing: any threshold of shares make the secret, fewer make another number, and the modulus is a prime."""

from __future__ import annotations

import secrets
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.secagg.shamir import PRIME, join, random_secret, split

SECRETS = st.integers(0, PRIME - 1).map(lambda number: number.to_bytes(32, "big"))


@settings(max_examples=60, deadline=None)
@given(secret=SECRETS, data=st.data(), holders=st.integers(1, 20))
def test_any_threshold_of_shares_make_the_secret(secret: bytes, data: st.DataObject, holders: int) -> None:
    threshold = data.draw(st.integers(1, holders))
    shares = dict(enumerate(split(secret, threshold, holders), start=1))
    chosen = data.draw(st.permutations(sorted(shares)))[:threshold]
    assert join({place: shares[place] for place in chosen}) == secret


@settings(max_examples=40, deadline=None)
@given(secret=SECRETS, wanted=SECRETS, holders=st.integers(2, 8))
def test_fewer_shares_fit_any_other_secret_as_well(secret: bytes, wanted: bytes, holders: int) -> None:
    """Whatever is wanted, one more share makes it: so those that are there say nothing."""
    shares = split(secret, holders, holders)[:-1]
    known = dict(enumerate(shares, start=1))
    weights = {}
    for place in range(1, holders + 1):
        above, below = 1, 1
        for other in range(1, holders + 1):
            if other != place:
                above, below = above * other % PRIME, below * (other - place) % PRIME
        weights[place] = above * pow(below, -1, PRIME) % PRIME
    rest = int.from_bytes(wanted, "big") - sum(weights[p] * int.from_bytes(s, "big") for p, s in known.items())
    last = rest * pow(weights[holders], -1, PRIME) % PRIME
    assert join({**known, holders: last.to_bytes(32, "big")}) == wanted


def test_all_subsets_of_five() -> None:
    secret = random_secret()
    shares = dict(enumerate(split(secret, 3, 5), start=1))
    for chosen in combinations(shares, 3):
        assert join({place: shares[place] for place in chosen}) == secret
    for chosen in combinations(shares, 2):
        assert join({place: shares[place] for place in chosen}) != secret


def test_the_modulus_is_prime() -> None:
    """Miller and Rabin's test with 40 bases: wrong once in 2**80."""
    odd, twos = PRIME - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(40):
        found = pow(2 + secrets.randbelow(PRIME - 3), odd, PRIME)
        assert found in (1, PRIME - 1) or any((found := found * found % PRIME) == PRIME - 1 for _ in range(twos - 1))


@pytest.mark.parametrize(
    ("secret", "threshold", "holders"),
    [(b"\xff" * 32, 2, 3), (b"short", 2, 3), (bytes(32), 0, 3), (bytes(32), 4, 3)],
)
def test_what_cannot_be_shared(secret: bytes, threshold: int, holders: int) -> None:
    with pytest.raises(ValueError, match="is not shared"):
        split(secret, threshold, holders)
