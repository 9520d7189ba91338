"""Lock keys: secret, made by a secure generator, and telling nothing by what follows from them."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.errors import KeystoreError
from orchestrator.lock_key import KEY_BYTES, LockKey
from orchestrator.privacy.keylock.keys import fingerprint, uniform

KEY = LockKey(1, bytes(range(32)))


def test_fresh_keys_come_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def token(count: int) -> bytes:
        asked.append(count)
        return b"\x07" * count

    monkeypatch.setattr("secrets.token_bytes", token)
    assert LockKey.fresh(3) == LockKey(3, b"\x07" * KEY_BYTES)
    assert asked == [KEY_BYTES]


def test_a_key_is_not_shown() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY) == "LockKey(generation=1)"
    assert "secret" not in str(KEY)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(KeystoreError, match="32 bytes, not 31"):
        LockKey(1, bytes(31))


def test_numbers_are_uniform_and_follow_from_key_and_purpose_alone() -> None:
    values = uniform(KEY, "a", 100_000)
    assert values.dtype == np.float32
    assert values.min() >= 0.0
    assert values.max() < 1.0
    assert values.mean() == pytest.approx(0.5, abs=0.005)
    assert values.var() == pytest.approx(1 / 12, abs=0.001)
    assert np.array_equal(values, uniform(LockKey(9, KEY.secret), "a", 100_000))
    for other in (uniform(KEY, "b", 100_000), uniform(LockKey(1, bytes(32)), "a", 100_000)):
        assert abs(np.corrcoef(values, other)[0, 1]) < 0.02


def test_known_answer() -> None:
    """What other implementations and machines must find."""
    assert KEY.commitment == "0x" + KNOWN_COMMITMENT
    assert uniform(KEY, "vector", 2).tolist() == KNOWN_VECTOR


def test_the_fingerprint_binds_key_and_strength() -> None:
    first = fingerprint(KEY, 500_000, 0)
    assert first == fingerprint(LockKey(2, KEY.secret), 500_000, 0)
    assert first not in (fingerprint(KEY, 500_001, 0), fingerprint(KEY, 500_000, 1))
    assert first != fingerprint(LockKey(1, bytes(32)), 500_000, 0)
    assert KEY.secret.hex() not in first


KNOWN_COMMITMENT = "682c743a6beb084938f38a0e5fc7d75c2ef94fefbb40eb0d49dfd012166a4627"
KNOWN_VECTOR = [0.6371533870697021, 0.958665132522583]
