"""What the contracts under test are deployed with; times are in blocks, the embargo in seconds."""

from __future__ import annotations

PRIVATE_CHAIN = 1337
WINDOW, VESTING, STEP = 20, 5, 40
EMBARGO = 1000
MAX_PHASE = 1000
