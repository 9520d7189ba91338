// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {RoundPhases} from "../../contracts/shared/RoundPhases.sol";
import {Phase} from "../../contracts/types/Rounds.sol";
import {Symbolic} from "./Symbolic.sol";

/// @title Phases of a round go forward only, and looking at them changes nothing.
/// @notice Bounds: none on members, counters, phases and lengths; blocks and ends below 2⁶², as any chain has them. Loops
///         are unrolled five times, and a round has four timed phases.
contract RoundPhasesCheck is Symbolic {
    using RoundPhases for RoundPhases.Progress;

    uint256 private constant HORIZON = 1 << 62;

    function check_phasesNeverGoBack(RoundPhases.Progress memory progress, uint256 blockNumber) external pure {
        _assumeSensible(progress, blockNumber);
        Phase before = progress.phase;
        RoundPhases.Progress memory met = progress.at(blockNumber);
        assert(met.phase >= before);
        Phase between = met.phase;
        if (!RoundPhases.timed(between)) return; // nobody acts then
        RoundPhases.Progress memory left = met.afterAction(blockNumber);
        assert(left.phase == between || uint256(left.phase) == uint256(between) + 1 || left.phase == Phase.AwaitingClose);
    }

    function check_endsNeverFall(RoundPhases.Progress memory progress, uint256 blockNumber) external pure {
        _assumeSensible(progress, blockNumber);
        vm.assume(_ascending(progress));
        RoundPhases.Progress memory met = progress.at(blockNumber);
        assert(_ascending(met));
        if (!RoundPhases.timed(met.phase)) return;
        // a phase that met an action has begun: the one before it ended in this block at the latest
        uint256 index = uint256(met.phase) - 1;
        vm.assume(index == 0 || met.ends[index - 1] <= blockNumber);
        assert(_ascending(met.afterAction(blockNumber)));
    }

    function check_lookingTwiceIsLookingOnce(RoundPhases.Progress memory progress, uint256 blockNumber)
        external
        pure
    {
        _assumeSensible(progress, blockNumber);
        RoundPhases.Progress memory once = _copy(progress.at(blockNumber));
        assert(_same(once, progress.at(blockNumber)));
    }

    function check_lookingBetweenChangesNothing(RoundPhases.Progress memory progress, uint256 first, uint256 second)
        external
        pure
    {
        _assumeSensible(progress, second);
        vm.assume(first <= second);
        RoundPhases.Progress memory direct = _copy(progress).at(second);
        assert(_same(direct, progress.at(first).at(second)));
    }

    function _assumeSensible(RoundPhases.Progress memory progress, uint256 blockNumber) private pure {
        progress.phase = _split(progress.phase);
        vm.assume(blockNumber < HORIZON);
        for (uint256 i = 0; i < 4; ++i) {
            vm.assume(progress.ends[i] < HORIZON);
        }
    }

    /// @dev One path for each phase, so that places in arrays are numbers and not terms.
    function _split(Phase phase) private pure returns (Phase) {
        for (uint256 i = 0; i < uint256(type(Phase).max); ++i) {
            if (uint256(phase) == i) return Phase(i);
        }
        return type(Phase).max;
    }

    /// @dev `at` works on the memory that it is given.
    function _copy(RoundPhases.Progress memory from) private pure returns (RoundPhases.Progress memory to) {
        to.phase = from.phase;
        to.members = from.members;
        to.minimumUpdates = from.minimumUpdates;
        to.submitted = from.submitted;
        to.passed = from.passed;
        to.released = from.released;
        to.committed = from.committed;
        to.revealed = from.revealed;
        for (uint256 i = 0; i < 4; ++i) {
            to.ends[i] = from.ends[i];
            to.lengths[i] = from.lengths[i];
        }
    }

    function _same(RoundPhases.Progress memory a, RoundPhases.Progress memory b) private pure returns (bool same) {
        same = a.phase == b.phase && a.members == b.members && a.minimumUpdates == b.minimumUpdates
            && a.submitted == b.submitted && a.passed == b.passed && a.released == b.released
            && a.committed == b.committed && a.revealed == b.revealed;
        for (uint256 i = 0; i < 4; ++i) {
            same = same && a.ends[i] == b.ends[i] && a.lengths[i] == b.lengths[i];
        }
    }

    /// @dev Whether the phases that have begun end in order.
    function _ascending(RoundPhases.Progress memory progress) private pure returns (bool) {
        uint256 begun = uint256(progress.phase);
        if (begun > 4) return true; // AwaitingClose can begin early: what lies behind it was never set
        for (uint256 i = 1; i < begun; ++i) {
            if (progress.ends[i] < progress.ends[i - 1]) return false;
        }
        return true;
    }
}
