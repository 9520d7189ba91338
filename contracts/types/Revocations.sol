// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrganisationId, UpdateId} from "./Types.sol";

/// @notice What becomes of the model: taken out of the fold; taken out and recovered; taken out and trained again.
enum Mode {
    Drop,
    Heal,
    Replay
}

/// @notice Where a revocation stands.
enum Stage {
    None,
    Requested,
    Approved,
    Affected,
    Replaced,
    Verified,
    Certified,
    Shredded
}

/// @notice One member's figure before and after the revocation, on data that stays with it; values in millionths.
struct Verification {
    bytes32 metric;
    int64 valueBefore;
    int64 valueAfter;
    uint64 samples;
}

/// @notice What `revocation` answers. `deadline` is the block by which the next step is due.
struct RevocationView {
    OrganisationId organisation;
    Mode mode;
    bool urgent;
    Stage stage;
    uint64 deadline;
    bytes32 reason;
    bytes32 requestDigest;
    bytes32 manifestDigest;
    bytes32 certificateDigest;
    UpdateId[] updates;
}
