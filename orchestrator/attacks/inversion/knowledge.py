"""What an attacker knows of the key-lock of the member whose data it is after.

The source paper (Ren and others, arXiv 2305.04095) attacks with the lock's weights and without the key, and calls that
the attacker. The others stand beside it: controls above and below, and one that was made to beat the lock.
"""

from __future__ import annotations

from enum import StrEnum


class Knowledge(StrEnum):
    """From the control without any lock to the adaptive attacker."""

    NO_LOCK = "no-lock"
    """Control: the member has no lock."""
    KEY_KNOWN = "key-known"
    """Control: lock weights and key are known, only the lock's own gradients are not seen."""
    LOCK_KNOWN = "lock-known"
    """The paper's attacker: it runs the member's own lock, and looks for the key together with the data."""
    NEITHER = "neither-known"
    """The form of the lock is known: the attacker draws a lock of its own, and looks for a key that suits it."""
    FREE = "free"
    """Adaptive: γ and β of every locked layer are looked for themselves, whatever lock and key they came from."""

    @property
    def locked(self) -> bool:
        """Whether the member that is attacked has a lock."""
        return self is not Knowledge.NO_LOCK
