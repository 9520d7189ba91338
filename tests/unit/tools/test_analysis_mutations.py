"""The proof tools can fail: each symbolic check breaks when a rule that it is about is taken out of the contracts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.analysis import halmos, slither
from tools.analysis.findings import compare, read_accepted
from tools.setup.analysis import install_analysis
from tools.setup.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ANCHOR = "contracts/public/CheckpointAnchor.sol"
AWARDS = "contracts/public/AwardDistributor.sol"
TOKEN = "contracts/public/ContributionToken.sol"
REGISTRY = "contracts/public/DisclosureRegistry.sol"
CONSORTIUM = "contracts/Consortium.sol"
ROUNDS = "contracts/private/RoundLedger.sol"
PHASES = "contracts/shared/RoundPhases.sol"
SIGNATURES = "contracts/shared/Signatures.sol"
LIBRARY = Path("node_modules", "@openzeppelin")

# check, source, what is there, what takes its place
MUTATIONS = [
    ("AnchorCheck.check_headMovesOnlyForward", ANCHOR, "next.sequence != previous.sequence + 1", "false"),
    ("AnchorCheck.check_headMovesOnlyForward", ANCHOR, "next.treeSize < previous.treeSize", "false"),
    ("AnchorCheck.check_headMovesOnlyForward", ANCHOR, "signatures.length < quorum", "false"),
    (
        "AnchorCheck.check_nothingElseMovesTheHead",
        ANCHOR,
        "equivocated[a.sequence][organisation] = true;",
        "equivocated[a.sequence][organisation] = false; head = b.head();",
    ),
    ("AnchorCheck.check_signersAreDistinct", SIGNATURES, "signer <= previous", "signer < previous"),
    (
        "RoundPhasesCheck.check_phasesNeverGoBack",
        PHASES,
        "progress.phase = Phase.AwaitingClose",
        "progress.phase = Phase.None",
    ),
    ("RoundPhasesCheck.check_endsNeverFall", PHASES, "endedAt + progress.lengths[index + 1]", "endedAt - 1"),
    (
        "RoundPhasesCheck.check_lookingTwiceIsLookingOnce",
        PHASES,
        "_next(progress, end(progress));",
        "_next(progress, end(progress)); break;",
    ),
    (
        "RoundPhasesCheck.check_lookingBetweenChangesNothing",
        PHASES,
        "_next(progress, end(progress));",
        "_next(progress, uint64(blockNumber));",
    ),
    ("RoundsCheck.check_oneRoundAtATime", ROUNDS, "openRoundId() != 0", "false"),
    ("RoundsCheck.check_everyCallGoesForward", ROUNDS, "epsilon < recorded", "false"),
    ("RoundsCheck.check_everyCallGoesForward", ROUNDS, "epsilon > entry.epsilonCap", "false"),
    ("AwardsCheck.check_spentAwardIsNotPaid", AWARDS, "if (spent.get(index)) return false;", ""),
    ("AwardsCheck.check_claimPaysOnceWithinTheCap", AWARDS, "award.amount > cap - claimed", "false"),
    (
        "AwardsCheck.check_batchMintsWhatItCounts",
        AWARDS,
        "published.claimed = uint96(claimed + award.amount);",
        "",
    ),
    ("AwardsCheck.check_noOtherCallPays", AWARDS, "block.number >= claimableFrom", "false"),
    ("AwardsCheck.check_onlyTheDistributorMints", TOKEN, "msg.sender != minter", "false"),
    (
        "ConsortiumCheck.check_everyConsortiumIsBornWithAMajority",
        CONSORTIUM,
        "2 * uint256(quorum_) <= count",
        "2 * uint256(quorum_) < count",
    ),
    ("ConsortiumCheck.check_everyChangeKeepsAMajority", CONSORTIUM, "quorum = change.quorum;", ""),
    (
        "ConsortiumCheck.check_onlyAQuorumOfAuthoritiesChangesMembership",
        CONSORTIUM,
        "signatures.length < quorum",
        "signatures.length < quorum - 1",
    ),
    ("DisclosureCheck.check_embargoIsNotProlongedOnceOver", REGISTRY, "block.timestamp >= present", "false"),
    (
        "DisclosureCheck.check_reporterCanAlwaysRevealThen",
        REGISTRY,
        "entry.revealed && msg.sender != entry.reporter",
        "entry.revealed",
    ),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what forge builds from; what did not change is not compiled again."""
    install_analysis()
    root = tmp_path_factory.mktemp("mutated")
    shutil.copytree(ROOT / "contracts", root / "contracts")
    shutil.copytree(ROOT / halmos.CHECKS, root / halmos.CHECKS)
    shutil.copyfile(ROOT / "foundry.toml", root / "foundry.toml")
    shutil.copytree(ROOT / LIBRARY, root / LIBRARY)
    return root


@pytest.fixture
def mutated(copy: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    path, old, new = request.param
    source = (copy / path).read_text()
    assert source.count(old) == 1, f"{path} holds {old!r} {source.count(old)} times"
    (copy / path).write_text(source.replace(old, new))
    yield copy
    (copy / path).write_text(source)


@pytest.mark.parametrize(
    ("mutated", "name"),
    [(tuple(change), name) for name, *change in MUTATIONS],
    indirect=["mutated"],
    ids=[f"{name.split('.')[1]}-{number}" for number, (name, *_) in enumerate(MUTATIONS)],
)
def test_a_check_breaks_with_its_rule(mutated: Path, name: str) -> None:
    found, _ = halmos.prove(mutated, only=name)
    assert found == {name: 1}  # 1: halmos has a counterexample


def test_every_symbolic_check_is_seen_to_break() -> None:
    assert {name for name, *_ in MUTATIONS} == halmos.written()


def test_slither_finds_what_was_not_there(tmp_path: Path) -> None:
    install_analysis()
    asked = slither.question()
    hole = "    function drain(address payable to) external { selfdestruct(to); }\n}\n"
    source = asked["sources"][TOKEN]["content"].rstrip()[:-1] + hole
    asked["sources"][TOKEN] = {"content": source}
    for folder in (Path("contracts"), LIBRARY):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copyfile(ROOT / "slither.config.json", tmp_path / "slither.config.json")
    (tmp_path / TOKEN).write_text(source)
    problems = compare(slither.find(asked, tmp_path), read_accepted())
    new = "not accepted: suicidal at ContributionToken.drain"
    assert any(problem.startswith(new) for problem in problems), problems
    assert len(problems) < 5  # all the others are as they were
