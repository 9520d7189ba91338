// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICheckpointSchedule} from "../interfaces/ICheckpointSchedule.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IKeyDirectory} from "../interfaces/IKeyDirectory.sol";
import {IRoundLedger} from "../interfaces/IRoundLedger.sol";
import {Callers} from "../shared/Callers.sol";
import {RoundPhases} from "../shared/RoundPhases.sol";
import {Phase, RoundView, UpdateView} from "../types/Rounds.sol";
import {OrganisationId, UpdateId} from "../types/Types.sol";

/// @title What the `RoundLedger` remembers, and how it is read.
abstract contract RoundStore is IRoundLedger {
    using Callers for IConsortium;
    using RoundPhases for RoundPhases.Progress;

    struct Round {
        RoundPhases.Progress progress;
        uint64 openedBlock;
        uint64 epoch;
        uint8 quorum;
        uint16 accepted;
        uint16 abandoners;
        uint64 epsilonCap;
        bytes32 taskDigest;
        bytes32 manifestDigest;
        OrganisationId opener;
    }

    /// @dev What an organisation that was a member at the opening does in the round.
    struct Participation {
        bool member;
        uint8 index;
        bool passed;
        bool revealed;
        bool abandons;
        uint32 submissions;
        UpdateId updateId;
        bytes32 commitment;
    }

    struct Update {
        uint64 roundId;
        uint8 index;
        bool replaced;
        bool released;
        uint16 acceptances;
        OrganisationId organisation;
    }

    /// @dev How often in a row rounds that an organisation opened came to nothing, and when the last of them ended.
    struct Idle {
        uint64 rounds;
        uint64 endedBlock;
    }

    /// @dev The cap of a task's first round with an accepted update, + 1 so that 0 says "none yet".
    mapping(bytes32 taskDigest => uint256) internal _taskCaps;
    mapping(OrganisationId organisation => mapping(bytes32 taskDigest => uint64)) internal _epsilon;
    /// @dev By the key that accepted: whoever replaces it has not accepted anything.
    mapping(bytes32 agreementDigest => mapping(address authority => bool)) internal _agreements;
    mapping(OrganisationId opener => Idle) internal _idle;
    mapping(uint64 roundId => Round) internal _rounds;
    mapping(uint64 roundId => mapping(OrganisationId organisation => Participation)) internal _participations;
    mapping(UpdateId updateId => Update) internal _updates;

    /// @inheritdoc IRoundLedger
    IConsortium public immutable consortium;
    /// @inheritdoc IRoundLedger
    ICheckpointSchedule public immutable schedule;
    /// @inheritdoc IRoundLedger
    IKeyDirectory public immutable keys;
    /// @inheritdoc IRoundLedger
    uint32 public immutable maxPhaseBlocks;
    address internal immutable _deployer;
    /// @inheritdoc IRoundLedger
    address public revocations;
    /// @inheritdoc IRoundLedger
    uint64 public roundCount;
    /// @inheritdoc IRoundLedger
    uint64 public closedCount;

    constructor(
        IConsortium consortium_,
        ICheckpointSchedule schedule_,
        IKeyDirectory keys_,
        uint32 maxPhaseBlocks_
    ) {
        if (maxPhaseBlocks_ == 0) revert RoundLedgerPhaseTooLong(1, 0);
        consortium = consortium_;
        schedule = schedule_;
        keys = keys_;
        maxPhaseBlocks = maxPhaseBlocks_;
        _deployer = msg.sender;
    }

    /// @inheritdoc IRoundLedger
    function openRoundId() public view returns (uint64) {
        return roundCount == 0 || _over(_rounds[roundCount].progress.phase) ? 0 : roundCount;
    }

    /// @inheritdoc IRoundLedger
    function phaseOf(uint64 roundId) external view returns (Phase) {
        return _progress(roundId, block.number).phase;
    }

    /// @inheritdoc IRoundLedger
    function phaseAt(uint64 roundId, uint256 blockNumber) external view returns (Phase) {
        return _progress(roundId, blockNumber).phase;
    }

    /// @inheritdoc IRoundLedger
    function deadlineOf(uint64 roundId) external view returns (uint64) {
        return _progress(roundId, block.number).end();
    }

    /// @inheritdoc IRoundLedger
    function round(uint64 roundId) external view returns (RoundView memory) {
        RoundPhases.Progress memory progress = _progress(roundId, block.number);
        Round storage entry = _rounds[roundId];
        return RoundView({
            phase: progress.phase,
            deadline: progress.end(),
            openedBlock: entry.openedBlock,
            epoch: entry.epoch,
            taskDigest: entry.taskDigest,
            manifestDigest: entry.manifestDigest,
            members: progress.members,
            quorum: entry.quorum,
            minimumUpdates: progress.minimumUpdates,
            submitted: progress.submitted,
            passed: progress.passed,
            released: progress.released,
            committed: progress.committed,
            revealed: progress.revealed,
            accepted: entry.accepted
        });
    }

    /// @inheritdoc IRoundLedger
    function update(UpdateId updateId) external view returns (UpdateView memory) {
        Update storage entry = _updates[updateId];
        return UpdateView(entry.roundId, entry.organisation, entry.replaced, entry.released, entry.acceptances);
    }

    /// @inheritdoc IRoundLedger
    function ownerOf(UpdateId updateId) external view returns (OrganisationId) {
        return _updates[updateId].organisation;
    }

    /// @inheritdoc IRoundLedger
    function accepted(UpdateId updateId) external view returns (bool) {
        Update storage entry = _updates[updateId];
        Round storage round_ = _rounds[entry.roundId];
        return round_.progress.phase == Phase.Closed && entry.acceptances >= round_.quorum;
    }

    /// @inheritdoc IRoundLedger
    function participation(uint64 roundId, OrganisationId organisation)
        external
        view
        returns (bool member, bool passed, UpdateId updateId, bytes32 commitment, bool revealed)
    {
        Participation storage own = _participations[roundId][organisation];
        return (own.member, own.passed, own.updateId, own.commitment, own.revealed);
    }

    /// @inheritdoc IRoundLedger
    function agreementAccepted(bytes32 agreementDigest, OrganisationId organisation) external view returns (bool) {
        return _agreements[agreementDigest][consortium.authorityOf(organisation)];
    }

    /// @inheritdoc IRoundLedger
    function epsilonSpent(OrganisationId organisation, bytes32 taskDigest) external view returns (uint64) {
        return _epsilon[organisation][taskDigest];
    }

    function _participant(uint64 roundId) internal view returns (OrganisationId organisation, Participation storage own) {
        organisation = consortium.callingDelegate();
        own = _participations[roundId][organisation];
        if (roundId == 0 || roundId > roundCount) revert RoundLedgerUnknownRound(roundId);
        if (!own.member) revert RoundLedgerNotInRound(roundId, organisation);
    }

    function _progress(uint64 roundId, uint256 blockNumber) internal view returns (RoundPhases.Progress memory) {
        if (roundId == 0 || roundId > roundCount) revert RoundLedgerUnknownRound(roundId);
        RoundPhases.Progress memory progress = _rounds[roundId].progress;
        return progress.at(blockNumber);
    }

    function _require(uint64 roundId, Phase expected) internal view returns (RoundPhases.Progress memory progress) {
        progress = _progress(roundId, block.number);
        if (progress.phase == expected) return progress;
        if (_over(progress.phase)) _notOpen(roundId, progress);
        if (progress.phase < expected) {
            revert RoundLedgerTooEarly(roundId, expected, progress.phase, block.number, progress.end());
        }
        revert RoundLedgerTooLate(roundId, expected, block.number, progress.lastEnd(expected));
    }

    function _notOpen(uint64 roundId, RoundPhases.Progress memory progress) internal view {
        uint64 deadline = progress.lastEnd(Phase.AwaitingClose);
        revert RoundLedgerNotOpen(roundId, progress.phase, block.number, deadline);
    }

    function _over(Phase phase) internal pure returns (bool) {
        return phase == Phase.Closed || phase == Phase.Failed;
    }

    function _store(uint64 roundId, RoundPhases.Progress memory progress) internal {
        _rounds[roundId].progress = progress.afterAction(block.number);
    }

    function _fail(uint64 roundId, RoundPhases.Progress memory progress, bytes32 reason, bytes32 leafSalt) internal {
        progress.phase = Phase.Failed;
        _rounds[roundId].progress = progress;
        emit RoundFailed(roundId, reason, leafSalt);
    }
}
