"""Digests of public keys, as the directory makes them."""

from __future__ import annotations

import hashlib


def sha(key: bytes) -> str:
    return "0x" + hashlib.sha256(key).hexdigest()
