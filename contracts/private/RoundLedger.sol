// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICheckpointSchedule} from "../interfaces/ICheckpointSchedule.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IKeyDirectory} from "../interfaces/IKeyDirectory.sol";
import {IRevocationLedger} from "../interfaces/IRevocationLedger.sol";
import {IRoundLedger} from "../interfaces/IRoundLedger.sol";
import {Callers} from "../shared/Callers.sol";
import {RoundPhases} from "../shared/RoundPhases.sol";
import {Member} from "../types/Membership.sol";
import {Opening, Phase, Submission, Verdict} from "../types/Rounds.sol";
import {NO_ORGANISATION, NO_UPDATE, OrganisationId, UpdateId} from "../types/Types.sol";
import {RoundStore} from "./RoundStore.sol";

/// @notice See `IRoundLedger`.
contract RoundLedger is RoundStore {
    using Callers for IConsortium;
    using RoundPhases for RoundPhases.Progress;

    uint32 private constant NO_CAP = 1_000_000;
    uint32 private constant MAX_SUBMISSIONS = 16;
    uint64 private constant MAX_WAIT_LOG2 = 16;

    constructor(
        IConsortium consortium_,
        ICheckpointSchedule schedule_,
        IKeyDirectory keys_,
        uint32 maxPhaseBlocks_
    ) RoundStore(consortium_, schedule_, keys_, maxPhaseBlocks_) {}

    /// @inheritdoc IRoundLedger
    function bind(address revocations_) external {
        if (msg.sender != _deployer) revert RoundLedgerNotDeployer(msg.sender);
        if (revocations != address(0)) revert RoundLedgerAlreadyBound();
        if (revocations_ == address(0)) revert RoundLedgerZeroAddress();
        revocations = revocations_;
    }

    /// @inheritdoc IRoundLedger
    function acceptAgreement(bytes32 agreementDigest, bytes32 leafSalt) external {
        OrganisationId organisation = consortium.callingAuthority();
        if (_agreements[agreementDigest][msg.sender]) {
            revert RoundLedgerAgreementAlreadyAccepted(agreementDigest, organisation);
        }
        _agreements[agreementDigest][msg.sender] = true;
        emit AgreementAccepted(agreementDigest, organisation, leafSalt);
    }

    /// @inheritdoc IRoundLedger
    function openRound(Opening calldata opening, bytes32 leafSalt) external returns (uint64 roundId) {
        OrganisationId opener = consortium.callingDelegate();
        if (consortium.paused()) revert RoundLedgerPaused();
        if (openRoundId() != 0) revert RoundLedgerRoundStillOpen(roundCount);
        _checkTurn(opener);
        _checkRevocations();
        roundId = ++roundCount;
        uint256 members = _enroll(roundId, opening.agreementDigest);
        _checkOpening(opening, members);
        _checkCap(opening.taskDigest, opening.epsilonCap);
        _rounds[roundId].opener = opener;
        uint64 epoch = _start(roundId, opening, uint16(members));
        emit RoundOpened(
            roundId, opening.taskDigest, opening.manifestDigest, opener, opening, epoch, leafSalt
        );
        keys.assignPrekeys(roundId, leafSalt);
    }

    /// @inheritdoc IRoundLedger
    function submitUpdate(uint64 roundId, Submission calldata submission, bytes32 leafSalt)
        external
        returns (UpdateId updateId)
    {
        (OrganisationId organisation, Participation storage own) = _participant(roundId);
        RoundPhases.Progress memory progress = _require(roundId, Phase.Submit);
        if (own.passed) revert RoundLedgerAlreadyActed(roundId, organisation);
        if (own.submissions == MAX_SUBMISSIONS) {
            revert RoundLedgerTooManySubmissions(roundId, organisation, MAX_SUBMISSIONS);
        }
        _checkSubmission(submission);
        _spendEpsilon(_rounds[roundId], organisation, submission.epsilon);

        UpdateId previous = own.updateId;
        updateId = UpdateId.wrap(
            keccak256(abi.encode(block.chainid, address(this), roundId, organisation, ++own.submissions))
        );
        own.updateId = updateId;
        _updates[updateId] = Update(roundId, own.index, false, false, 0, organisation);
        emit UpdateSubmitted(roundId, updateId, organisation, submission, leafSalt);
        if (previous == NO_UPDATE) {
            ++progress.submitted;
            _store(roundId, progress);
        } else {
            _updates[previous].replaced = true;
            emit UpdateReplaced(roundId, previous, updateId, leafSalt);
        }
    }

    /// @inheritdoc IRoundLedger
    function passRound(uint64 roundId, bytes32 leafSalt) external {
        (OrganisationId organisation, Participation storage own) = _participant(roundId);
        RoundPhases.Progress memory progress = _require(roundId, Phase.Submit);
        if (own.passed || own.updateId != NO_UPDATE) revert RoundLedgerAlreadyActed(roundId, organisation);
        own.passed = true;
        emit RoundPassed(roundId, organisation, leafSalt);
        ++progress.passed;
        _store(roundId, progress);
    }

    /// @inheritdoc IRoundLedger
    function releaseUpdate(
        UpdateId updateId,
        string calldata payloadCid,
        string calldata headerCid,
        bytes32 leafSalt
    ) external {
        OrganisationId organisation = consortium.callingDelegate();
        Update storage entry = _updates[updateId];
        uint64 roundId = entry.roundId;
        if (roundId == 0) revert RoundLedgerUnknownUpdate(updateId);
        if (entry.organisation != organisation) revert RoundLedgerNotOwner(updateId, organisation);
        RoundPhases.Progress memory progress = _require(roundId, Phase.Release);
        if (entry.replaced) revert RoundLedgerUpdateReplaced(updateId);
        if (entry.released) revert RoundLedgerAlreadyActed(roundId, organisation);
        if (bytes(payloadCid).length == 0 || bytes(headerCid).length == 0) revert RoundLedgerInvalidSubmission();
        entry.released = true;
        _accept(roundId, entry);
        emit UpdateReleased(roundId, updateId, organisation, payloadCid, headerCid, leafSalt);
        ++progress.released;
        _store(roundId, progress);
    }

    /// @inheritdoc IRoundLedger
    function commitVerdicts(uint64 roundId, bytes32 commitment, bytes32 leafSalt) external {
        (OrganisationId organisation, Participation storage own) = _participant(roundId);
        RoundPhases.Progress memory progress = _require(roundId, Phase.CommitVerdicts);
        if (own.commitment != 0) revert RoundLedgerAlreadyActed(roundId, organisation);
        if (commitment == 0) revert RoundLedgerEmptyCommitment();
        own.commitment = commitment;
        emit VerdictsCommitted(roundId, organisation, commitment, leafSalt);
        ++progress.committed;
        _store(roundId, progress);
    }

    /// @inheritdoc IRoundLedger
    function revealVerdicts(uint64 roundId, Verdict[] calldata verdicts, bytes32 nonce, bytes32 leafSalt) external {
        (OrganisationId organisation, Participation storage own) = _participant(roundId);
        RoundPhases.Progress memory progress = _require(roundId, Phase.RevealVerdicts);
        if (own.commitment == 0) revert RoundLedgerNotCommitted(roundId, organisation);
        if (own.revealed) revert RoundLedgerAlreadyActed(roundId, organisation);
        if (verdicts.length == 0) revert RoundLedgerNoVerdicts(roundId, organisation);
        if (keccak256(abi.encode(roundId, organisation, verdicts, nonce)) != own.commitment) {
            revert RoundLedgerWrongReveal(roundId, organisation);
        }
        own.revealed = true;
        uint256 judged = 0;
        for (uint256 i = 0; i < verdicts.length; ++i) {
            judged = _judge(roundId, organisation, verdicts[i], judged, leafSalt);
        }
        ++progress.revealed;
        _store(roundId, progress);
    }

    /// @inheritdoc IRoundLedger
    function closeRound(uint64 roundId, bytes32 leafSalt) external {
        consortium.callingDelegate();
        RoundPhases.Progress memory progress = _require(roundId, Phase.AwaitingClose);
        bytes32 reason = progress.failure();
        Round storage entry = _rounds[roundId];
        _note(entry, reason == 0 && entry.accepted != 0);
        if (reason != 0) {
            _fail(roundId, progress, reason, leafSalt);
            return;
        }
        progress.phase = Phase.Closed;
        entry.progress = progress;
        ++closedCount;
        emit RoundClosed(roundId, entry.accepted, progress.released, leafSalt);
        schedule.announce(bytes32(uint256(roundId)), ICheckpointSchedule.Reason.RoundClosed);
    }

    /// @inheritdoc IRoundLedger
    function abandonRound(uint64 roundId, bytes32 leafSalt) external {
        (OrganisationId organisation, Participation storage own) = _participant(roundId);
        RoundPhases.Progress memory progress = _running(roundId);
        if (own.abandons) revert RoundLedgerAlreadyActed(roundId, organisation);
        own.abandons = true;
        Round storage entry = _rounds[roundId];
        uint16 supporters = ++entry.abandoners;
        emit RoundAbandonSupported(roundId, organisation, supporters, leafSalt);
        if (supporters >= entry.quorum) {
            _note(entry, false);
            _fail(roundId, progress, "abandoned", leafSalt);
        }
    }

    /// @inheritdoc IRoundLedger
    function interrupt(uint64 roundId, bytes32 reason, bytes32 leafSalt) external {
        if (msg.sender != revocations) revert RoundLedgerNotRevocationLedger(msg.sender);
        _fail(roundId, _running(roundId), reason, leafSalt);
    }

    /// @dev One round is open at a time, so each that comes to nothing keeps everybody waiting: its opener waits, twice as
    ///      long each time, and others have their turn.
    function _checkTurn(OrganisationId opener) private view {
        Idle memory idle = _idle[opener];
        if (idle.rounds == 0) return;
        uint64 until = idle.endedBlock + uint64(1 << (idle.rounds < MAX_WAIT_LOG2 ? idle.rounds : MAX_WAIT_LOG2));
        if (block.number <= until) revert RoundLedgerOpenerMustWait(opener, until);
    }

    /// @dev What a round came to that ends now: only with an accepted update it counts for its opener, and fixes its task's
    ///      cap. Neither may hang on one member, which can open a round and close it alone.
    function _note(Round storage entry, bool counts) private {
        Idle storage idle = _idle[entry.opener];
        if (!counts) {
            idle.rounds += 1;
            idle.endedBlock = uint64(block.number);
            return;
        }
        if (idle.rounds != 0) delete _idle[entry.opener];
        if (_taskCaps[entry.taskDigest] == 0) _taskCaps[entry.taskDigest] = uint256(entry.epsilonCap) + 1;
    }

    /// @dev The next round is trained from a manifest without what is revoked.
    function _checkRevocations() private view {
        if (revocations == address(0)) revert RoundLedgerNotBound();
        uint64 waiting = IRevocationLedger(revocations).awaitingReplacement();
        if (waiting != 0) revert RoundLedgerRevocationsWaiting(waiting);
    }

    /// @dev The progress of a round whose phases are not over.
    function _running(uint64 roundId) private view returns (RoundPhases.Progress memory progress) {
        progress = _progress(roundId, block.number);
        if (!RoundPhases.timed(progress.phase)) _notOpen(roundId, progress);
    }

    function _checkOpening(Opening calldata opening, uint256 members) private view {
        bool digests = opening.manifestDigest != 0 && opening.taskDigest != 0 && opening.agreementDigest != 0;
        bool minimum = opening.minimumUpdates != 0 && opening.minimumUpdates <= members;
        if (!digests || !minimum) revert RoundLedgerInvalidOpening();
        _checkLength(opening.submitBlocks);
        _checkLength(opening.releaseBlocks);
        _checkLength(opening.commitBlocks);
        _checkLength(opening.revealBlocks);
    }

    function _checkLength(uint32 blocks) private view {
        if (blocks == 0) revert RoundLedgerInvalidOpening();
        if (blocks > maxPhaseBlocks) revert RoundLedgerPhaseTooLong(blocks, maxPhaseBlocks);
    }

    /// @dev Notes who is a member now; all of them must have accepted the agreement.
    function _enroll(uint64 roundId, bytes32 agreementDigest) private returns (uint256) {
        Member[] memory members = consortium.members();
        for (uint256 i = 0; i < members.length; ++i) {
            OrganisationId organisation = members[i].organisation;
            if (!_agreements[agreementDigest][members[i].authority]) {
                revert RoundLedgerAgreementNotAccepted(agreementDigest, organisation);
            }
            Participation storage own = _participations[roundId][organisation];
            own.member = true;
            own.index = uint8(i);
        }
        return members.length;
    }

    /// @dev An opening fixes no cap: one member opens a round, and might name one that no task has.
    function _checkCap(bytes32 taskDigest, uint64 cap) private view {
        uint256 recorded = _taskCaps[taskDigest];
        if (recorded != 0 && recorded != uint256(cap) + 1) {
            revert RoundLedgerEpsilonCapChanged(taskDigest, cap, uint64(recorded - 1));
        }
    }

    function _start(uint64 roundId, Opening calldata opening, uint16 members) private returns (uint64 epoch) {
        Round storage entry = _rounds[roundId];
        (epoch, entry.quorum,) = consortium.current();
        entry.openedBlock = uint64(block.number);
        entry.epoch = epoch;
        entry.epsilonCap = opening.epsilonCap;
        entry.taskDigest = opening.taskDigest;
        entry.manifestDigest = opening.manifestDigest;
        RoundPhases.Progress memory progress;
        progress.phase = Phase.Submit;
        progress.members = members;
        progress.minimumUpdates = opening.minimumUpdates;
        progress.lengths =
            [opening.submitBlocks, opening.releaseBlocks, opening.commitBlocks, opening.revealBlocks];
        progress.ends[0] = uint64(block.number) + opening.submitBlocks;
        entry.progress = progress;
    }

    function _checkSubmission(Submission calldata submission) private pure {
        bool complete = submission.ciphertextDigest != 0 && submission.headerDigest != 0
            && submission.contentCommitment != 0 && submission.dataStatementDigest != 0
            && submission.parentManifest != 0;
        if (!complete) revert RoundLedgerInvalidSubmission();
    }

    /// @dev Counts on recording, also for what is replaced, rejected or revoked later.
    function _spendEpsilon(Round storage entry, OrganisationId organisation, uint64 epsilon) private {
        uint64 recorded = _epsilon[organisation][entry.taskDigest];
        if (epsilon < recorded) revert RoundLedgerEpsilonFell(organisation, epsilon, recorded);
        if (epsilon > entry.epsilonCap) {
            revert RoundLedgerEpsilonAboveCap(organisation, epsilon, entry.epsilonCap);
        }
        _epsilon[organisation][entry.taskDigest] = epsilon;
    }

    /// @dev One more acceptance; the update becomes active when it reaches the quorum at the opening.
    function _accept(uint64 roundId, Update storage entry) private {
        Round storage round_ = _rounds[roundId];
        if (++entry.acceptances == round_.quorum) ++round_.accepted;
    }

    function _judge(
        uint64 roundId,
        OrganisationId judge,
        Verdict calldata verdict,
        uint256 judged,
        bytes32 leafSalt
    ) private returns (uint256) {
        Update storage entry = _updates[verdict.updateId];
        if (entry.organisation == NO_ORGANISATION) revert RoundLedgerUnknownUpdate(verdict.updateId);
        if (entry.roundId != roundId) revert RoundLedgerUpdateOfOtherRound(verdict.updateId, roundId);
        if (!entry.released) revert RoundLedgerUpdateNotReleased(verdict.updateId);
        if (verdict.weightCap > NO_CAP || (verdict.accept && verdict.reason != 0)) {
            revert RoundLedgerInvalidVerdict(verdict.updateId);
        }
        uint256 bit = 1 << entry.index;
        if (judged & bit != 0) revert RoundLedgerJudgedTwice(verdict.updateId);
        if (verdict.accept && entry.organisation != judge) _accept(roundId, entry);
        emit VerdictRevealed(
            roundId,
            verdict.updateId,
            judge,
            verdict.accept,
            verdict.weightCap,
            verdict.score,
            verdict.reason,
            leafSalt
        );
        return judged | bit;
    }
}
