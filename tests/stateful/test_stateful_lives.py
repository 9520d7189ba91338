"""Whole lives of a consortium, held against reference models, invariants and the package's own fold of the events.

Invariants, models, how to run and how to replay a failure: tests/stateful/README.md.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace

import pytest
from stateful.campaign import PRIVATE, PUBLIC, Campaign
from stateful.machine import Tally

SEED = "LORANCHOR_STATEFUL_SEED"
QUICK_STEPS = 500
SLOW_STEPS = 10_000
SEEN_QUICKLY = {
    PUBLIC: {"CheckpointAnchored", "AwardsPublished", "AwardClaimed", "EquivocationProven", "MemberAdded", "Paused"},
    PRIVATE: {"RoundClosed", "VerdictRevealed", "RevocationCertified", "RevocationShredded", "EpochAdvanced"},
}
SEEN_AT_LENGTH = {
    PUBLIC: SEEN_QUICKLY[PUBLIC]
    | {"AwardVoided", "AwardsRootReplaced", "ObjectionRaised", "PayoutCapChanged", "Resumed", "MemberRemoved"}
    | {"AuthorityReplaced", "QuorumChanged", "DelegateRotated"},
    PRIVATE: SEEN_QUICKLY[PRIVATE]
    | {"RoundFailed: abandoned", "RoundFailed: revocation", "RoundFailed: too few submitted"}
    | {"RoundFailed: too few released", "UpdateReplaced", "RoundPassed", "PrekeyAssigned", "PrekeysDiscarded"}
    | {"CatchUpAsked", "CatchUpAnswered"}
    | {
        "RevocationSupported",
        "RoundAbandonSupported",
        "MemberAdded",
        "MemberRemoved",
        "AuthorityReplaced",
        "QuorumChanged",
    },
}
CAMPAIGNS = pytest.mark.parametrize("campaign", [PUBLIC, PRIVATE], ids=["public", "private"])


@pytest.mark.timeout(1200)  # seconds pass, unless it fails: then up to five minutes go into the smallest life
@CAMPAIGNS
def test_lives(campaign: Campaign) -> None:
    tally = Tally()
    campaign.run(tally)
    assert tally.steps >= QUICK_STEPS, f"only {tally}"
    assert SEEN_QUICKLY[campaign] <= {*tally.events}, f"never seen: {SEEN_QUICKLY[campaign] - {*tally.events}}"


@pytest.mark.slow
@pytest.mark.timeout(3600)  # minutes; a busy machine takes its time
@CAMPAIGNS
def test_ten_thousand_steps(campaign: Campaign, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    seed = int(os.environ.get(SEED) or secrets.randbelow(2**32))
    print(f"seed {seed}; the same lives again: {SEED}={seed}")
    while tally.steps < SLOW_STEPS:
        replace(campaign, seed=seed + tally.lives, lives=60).run(tally)
    with capsys.disabled():
        print(f"\n{campaign.machine.__name__}: {tally}")
    assert SEEN_AT_LENGTH[campaign] <= {*tally.events}, f"never seen: {SEEN_AT_LENGTH[campaign] - {*tally.events}}"
