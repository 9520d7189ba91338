"""Every step of a round and of a revocation by enumeration: in a fresh life it is the last one before SIGKILL.

One consortium on real chains and IPFS goes on, round after round. In each round and in each revocation two daemons
begin fresh lives, and each dies right after the first step that none has died at yet; so in the end lives pass without
a death. Steps are named as they are met; none is written down beforehand, but for those that must have been among them.
``make test-crashes`` prints each by name.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from stepped_lives import MORTAL, Laps, laps

from orchestrator.protocol import effects as fx

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4200)]

BUDGET_SECONDS = 3000
"""The enumeration ends within it, or fails."""
QUIET = 2
"""Lives of both daemons without a death, until nothing is left to die at."""

ROUND_EFFECTS = (
    fx.PublishPrekeys, fx.TrainUpdate, fx.SubmitUpdate, fx.ReleaseUpdate, fx.CollectUpdates, fx.JudgeUpdates,
    fx.CommitVerdicts, fx.RevealVerdicts, fx.SettleKeys, fx.EvaluateManifest, fx.AttestCheckpoint,
)  # fmt: skip
REVOCATION_EFFECTS = (
    fx.MeasureRevocation, fx.RecordVerification, fx.EndorseCertificate, fx.ShredUpdates, fx.AttestCheckpoint,
)  # fmt: skip
ROUND_CALLS = (
    "publishPrekeys", "submitUpdate", "releaseUpdate", "commitVerdicts", "revealVerdicts", "attest", "claim",
)  # fmt: skip
REVOCATION_CALLS = ("recordVerification", "endorse", "recordShredding", "attest")


def around(effects: tuple[type[fx.Effect], ...], calls: tuple[str, ...]) -> set[str]:
    """What must be among the steps: beginning and end of each effect; and of each transaction that it was stored and
    not yet broadcast, that it was broadcast and not yet known to be mined, and that this was noted."""
    effect_steps = {f"{state} {effect.name} 1" for effect in effects for state in ("started", "completed")}
    return effect_steps | {f"{state} {call} 1" for call in calls for state in ("stored", "broadcast", "mined")}


MUST = {
    "round": around(ROUND_EFFECTS, ROUND_CALLS)
    | {
        "result sealed 1",
        "result collected 1",
        "result verdicts 1",
        "result attested 1",
        "claimed checkpoint 1",
        "kept content key 1",
        "destroyed prekey 1",
    },
    "revocation": around(REVOCATION_EFFECTS, REVOCATION_CALLS)
    | {"result measured 1", "destroyed content key 1", "objects collected"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laps]:
    folder = tmp_path_factory.mktemp("crashes")
    with laps(folder / "world", folder / "died") as made:
        yield made


def test_a_worker_that_is_killed_in_the_middle_of_any_call_changes_nothing(run: Laps) -> None:
    """It has opened what it was to open and computed, and dies before it answers; a new one does it again."""
    for kind in ("train", "judge", "evaluate"):
        run.order(kind)
    run.round("work")
    assert all(run.orders(name) == ["evaluate", "judge", "train"] for name in MORTAL)
    run.order("evaluate")
    run.revocation("work")
    assert all(run.orders(name) == ["evaluate", "evaluate", "judge", "train"] for name in MORTAL)


def test_each_step_is_the_last_of_a_life_once(run: Laps, capsys: pytest.CaptureFixture[str]) -> None:
    """What must hold is looked at after each round and each revocation, by ``stepped_lives``."""
    began, quiet, left = time.monotonic(), {"round": 0, "revocation": 0}, {half: set(MUST[half]) for half in MUST}
    cases = 0
    while any(quiet[half] < QUIET or left[half] for half in MUST):
        for half, live in (("round", run.round), ("revocation", run.revocation)):
            if half == "revocation" and quiet[half] >= QUIET and not left[half]:
                continue
            found = live("die")
            cases += len(found)
            quiet[half] = 0 if found else quiet[half] + 1
            left[half] -= {step for line in found for step in line.split(" + ")}
            with capsys.disabled():
                print(f"\n{time.monotonic() - began:6.0f} s  {half} {run.rounds}: {', '.join(found) or 'none'}", end="")
        assert time.monotonic() - began < BUDGET_SECONDS, f"{cases} cases, and not yet {left}"
    with capsys.disabled():
        print(f"\n{cases} lives ended by SIGKILL, each at another step, in {run.rounds} rounds")
    assert cases > 60
