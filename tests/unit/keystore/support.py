"""What the keystore's tests share."""

from __future__ import annotations

PASSWORD = "correct horse"
FAST = 2
"""scrypt's cost where it is not what is tested."""
