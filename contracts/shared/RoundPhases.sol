// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Phase} from "../types/Rounds.sol";

/// @title When the phases of a round begin and end.
/// @notice A phase takes actions up to and including its end block. The next one begins when everybody has acted, or at
///         the deadline; it is computed when somebody looks, so no transaction is needed to move on.
library RoundPhases {
    uint256 private constant TIMED = 4;

    /// @dev `ends` and `lengths` are indexed by phase − 1; the counters say how many have acted.
    struct Progress {
        Phase phase;
        uint16 members;
        uint16 minimumUpdates;
        uint16 submitted;
        uint16 passed;
        uint16 released;
        uint16 committed;
        uint16 revealed;
        uint64[TIMED] ends;
        uint32[TIMED] lengths;
    }

    /// @notice Whether a phase waits for actions and has a deadline.
    function timed(Phase phase) internal pure returns (bool) {
        return phase >= Phase.Submit && phase <= Phase.RevealVerdicts;
    }

    /// @notice The progress that an action in block `blockNumber` meets.
    function at(Progress memory progress, uint256 blockNumber) internal pure returns (Progress memory) {
        while (timed(progress.phase) && blockNumber > end(progress)) {
            _next(progress, end(progress));
        }
        return progress;
    }

    /// @notice The progress after an action in block `blockNumber`: the phase ends if everybody has acted.
    function afterAction(Progress memory progress, uint256 blockNumber) internal pure returns (Progress memory) {
        if (_everybodyActed(progress)) _next(progress, uint64(blockNumber));
        return progress;
    }

    /// @notice End of the present phase; 0 where it has none.
    function end(Progress memory progress) internal pure returns (uint64) {
        return timed(progress.phase) ? progress.ends[uint256(progress.phase) - 1] : 0;
    }

    /// @notice The last deadline that was set for a phase up to `phase`: later ones may never have begun.
    function lastEnd(Progress memory progress, Phase phase) internal pure returns (uint64 last) {
        for (uint256 i = 0; i < TIMED && i < uint256(phase); ++i) {
            if (progress.ends[i] != 0) last = progress.ends[i];
        }
    }

    /// @notice Why a round whose phases are over has failed; zero when it has not.
    function failure(Progress memory progress) internal pure returns (bytes32) {
        if (progress.submitted < progress.minimumUpdates) return "too few submitted";
        if (progress.released < progress.minimumUpdates) return "too few released";
        return 0;
    }

    function _everybodyActed(Progress memory progress) private pure returns (bool) {
        if (progress.phase == Phase.Submit) return progress.submitted + progress.passed == progress.members;
        if (progress.phase == Phase.Release) return progress.released == progress.submitted;
        if (progress.phase == Phase.CommitVerdicts) return progress.committed == progress.members;
        return progress.revealed == progress.committed;
    }

    function _next(Progress memory progress, uint64 endedAt) private pure {
        uint256 index = uint256(progress.phase) - 1;
        progress.ends[index] = endedAt;
        if (_isLast(progress)) {
            progress.phase = Phase.AwaitingClose;
        } else {
            progress.phase = Phase(index + 2);
            progress.ends[index + 1] = endedAt + progress.lengths[index + 1];
        }
    }

    function _isLast(Progress memory progress) private pure returns (bool) {
        if (progress.phase == Phase.Submit) return progress.submitted < progress.minimumUpdates;
        if (progress.phase == Phase.Release) return progress.released < progress.minimumUpdates;
        if (progress.phase == Phase.CommitVerdicts) return progress.committed == 0;
        return true;
    }
}
