// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrganisationId, UpdateId} from "./Types.sol";

/// @notice Where a round stands. A timed phase ends at its deadline or as soon as everybody has acted.
enum Phase {
    None,
    Submit,
    Release,
    CommitVerdicts,
    RevealVerdicts,
    AwaitingClose,
    Closed,
    Failed
}

/// @notice What a round is opened with.
/// @param manifestDigest The manifest that the members train from.
/// @param taskDigest Digest of the task object: all that must be the same for all members.
/// @param agreementDigest The agreement it runs under, which every member's authority has accepted.
/// @param submitBlocks Length of the phase in blocks; likewise the next three.
/// @param minimumUpdates With fewer updates submitted, or released, the round fails.
/// @param epsilonCap Cumulative ε of a member on this task may not pass it; in millionths.
struct Opening {
    bytes32 manifestDigest;
    bytes32 taskDigest;
    string taskCid;
    bytes32 agreementDigest;
    string agreementCid;
    uint32 submitBlocks;
    uint32 releaseBlocks;
    uint32 commitBlocks;
    uint32 revealBlocks;
    uint16 minimumUpdates;
    uint64 epsilonCap;
}

/// @notice What a member says of its sealed update: digests and figures, nothing that opens it.
/// @param epsilon Cumulative ε this member has spent on this task, this update included; in millionths.
struct Submission {
    bytes32 ciphertextDigest;
    bytes32 headerDigest;
    bytes32 contentCommitment;
    bytes32 dataStatementDigest;
    bytes32 parentManifest;
    uint64 samples;
    uint64 epsilon;
}

/// @notice One member's judgement of one update.
/// @param weightCap Millionths of the weight it would have; 1,000,000 is no cap.
/// @param score In millionths, on the judge's own validation data.
/// @param reason ASCII; empty when accepted.
struct Verdict {
    UpdateId updateId;
    bool accept;
    uint32 weightCap;
    int64 score;
    bytes32 reason;
}

/// @notice What `round` answers. `deadline` is the last block of the present phase, 0 where it has none.
struct RoundView {
    Phase phase;
    uint64 deadline;
    uint64 openedBlock;
    uint64 epoch;
    bytes32 taskDigest;
    bytes32 manifestDigest;
    uint16 members;
    uint8 quorum;
    uint16 minimumUpdates;
    uint16 submitted;
    uint16 passed;
    uint16 released;
    uint16 committed;
    uint16 revealed;
    uint16 accepted;
}

/// @notice What `update` answers. `acceptances` counts the owner as one from the release on.
struct UpdateView {
    uint64 roundId;
    OrganisationId organisation;
    bool replaced;
    bool released;
    uint16 acceptances;
}
