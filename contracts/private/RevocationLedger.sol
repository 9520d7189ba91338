// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ICheckpointSchedule} from "../interfaces/ICheckpointSchedule.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IRevocationLedger} from "../interfaces/IRevocationLedger.sol";
import {IRoundLedger} from "../interfaces/IRoundLedger.sol";
import {Callers} from "../shared/Callers.sol";
import {Phase} from "../types/Rounds.sol";
import {Mode, Stage, Verification} from "../types/Revocations.sol";
import {NO_ORGANISATION, NO_REQUEST, OrganisationId, RequestId, UpdateId} from "../types/Types.sol";
import {RevocationStore} from "./RevocationStore.sol";

/// @notice See `IRevocationLedger`.
contract RevocationLedger is RevocationStore {
    using Callers for IConsortium;

    uint256 private constant MAX_UPDATES = 256;

    constructor(IConsortium consortium_, IRoundLedger rounds_, ICheckpointSchedule schedule_, uint32 stepBlocks_)
        RevocationStore(consortium_, rounds_, schedule_, stepBlocks_)
    {}

    /// @inheritdoc IRevocationLedger
    function request(
        UpdateId[] calldata updates,
        bytes32 reason,
        Mode mode,
        bool urgent,
        bytes32 requestDigest,
        bytes32 leafSalt
    ) external returns (RequestId requestId) {
        OrganisationId organisation = consortium.callingDelegate();
        bool own = _allOwn(updates, organisation);
        if (!own && reason == 0) revert RevocationLedgerReasonMissing();
        if (requestDigest == 0) revert RevocationLedgerEmptyDigest();
        requestId = requestAt(++requestCount);
        Revocation storage entry = _revocations[requestId];
        entry.organisation = organisation;
        entry.mode = mode;
        entry.urgent = urgent;
        entry.reason = reason;
        entry.requestDigest = requestDigest;
        entry.updates = updates;
        _enter(entry, Stage.Requested);
        _deeds[requestId][organisation].supported = true;
        _emitRequested(requestId, entry, leafSalt);
        _settleSupport(requestId, own, leafSalt);
    }

    /// @inheritdoc IRevocationLedger
    function support(RequestId requestId, bytes32 leafSalt) external {
        (OrganisationId organisation, Revocation storage entry) = _actor(requestId);
        Deeds storage deeds = _deeds[requestId][organisation];
        if (!(entry.stage == Stage.Approved && entry.urgent)) {
            _within(requestId, Stage.Requested, Stage.Requested);
            if (block.number > entry.deadline) {
                revert RevocationLedgerTooLate(requestId, block.number, entry.deadline);
            }
        }
        if (deeds.supported) revert RevocationLedgerAlreadyDone(requestId, organisation);
        deeds.supported = true;
        emit RevocationSupported(requestId, organisation, leafSalt);
        _settleSupport(requestId, false, leafSalt);
    }

    /// @inheritdoc IRevocationLedger
    function recordAffected(RequestId requestId, UpdateId[] calldata descendants, bytes32 leafSalt) external {
        (OrganisationId organisation, Revocation storage entry) = _actor(requestId);
        _within(requestId, Stage.Approved, Stage.Replaced);
        _betweenRounds();
        Deeds storage deeds = _deeds[requestId][organisation];
        if (deeds.affected) revert RevocationLedgerAlreadyDone(requestId, organisation);
        deeds.affected = true;
        if (entry.stage == Stage.Approved) _enter(entry, Stage.Affected);
        emit UpdatesAffected(requestId, organisation, descendants, leafSalt);
    }

    /// @inheritdoc IRevocationLedger
    function recordReplacement(RequestId requestId, bytes32 manifestDigest, bytes32 leafSalt) external {
        (OrganisationId organisation, Revocation storage entry) = _actor(requestId);
        _within(requestId, Stage.Affected, Stage.Replaced);
        _betweenRounds();
        if (manifestDigest == 0) revert RevocationLedgerEmptyDigest();
        Deeds storage deeds = _deeds[requestId][organisation];
        if (deeds.replaced) revert RevocationLedgerAlreadyDone(requestId, organisation);
        deeds.replaced = true;
        entry.manifestDigest = manifestDigest;
        if (entry.stage == Stage.Affected) {
            _enter(entry, Stage.Replaced);
            --awaitingReplacement;
        }
        emit ManifestReplaced(requestId, organisation, manifestDigest, leafSalt);
    }

    /// @inheritdoc IRevocationLedger
    function recordVerification(RequestId requestId, Verification calldata verification, bytes32 leafSalt) external {
        (OrganisationId organisation, Revocation storage entry) = _actor(requestId);
        _within(requestId, Stage.Replaced, Stage.Verified);
        Deeds storage deeds = _deeds[requestId][organisation];
        if (deeds.verified) revert RevocationLedgerAlreadyDone(requestId, organisation);
        deeds.verified = true;
        emit VerificationRecorded(
            requestId,
            organisation,
            verification.metric,
            verification.valueBefore,
            verification.valueAfter,
            verification.samples,
            leafSalt
        );
        _settleVerification(requestId, entry);
    }

    /// @inheritdoc IRevocationLedger
    function endorse(
        RequestId requestId,
        bytes32 certificateDigest,
        string calldata certificateCid,
        bytes calldata signature,
        bytes32 leafSalt
    ) external {
        (OrganisationId organisation, Revocation storage entry) = _actor(requestId);
        _within(requestId, Stage.Verified, Stage.Shredded);
        bool certified = entry.stage >= Stage.Certified;
        if (certificateDigest == 0) revert RevocationLedgerEmptyDigest();
        if (certified && certificateDigest != entry.certificateDigest) {
            revert RevocationLedgerWrongCertificate(requestId, certificateDigest, entry.certificateDigest);
        }
        _checkEndorsement(requestId, certificateDigest, signature);
        Deeds storage deeds = _deeds[requestId][organisation];
        if (deeds.endorsed == certificateDigest) revert RevocationLedgerAlreadyDone(requestId, organisation);
        deeds.endorsed = certificateDigest;
        emit CertificateEndorsed(requestId, organisation, certificateDigest, certificateCid, signature, leafSalt);
        if (certified) return;
        if (entry.stage == Stage.Replaced) _enter(entry, Stage.Verified);
        _settleEndorsements(requestId, entry, certificateDigest, leafSalt);
    }

    /// @inheritdoc IRevocationLedger
    function recordShredding(
        RequestId requestId,
        bytes32 certificateDigest,
        bytes32 receiptDigest,
        string calldata receiptCid,
        bytes32 leafSalt
    ) external {
        (OrganisationId organisation, Revocation storage entry) = _actor(requestId);
        _within(requestId, Stage.Certified, Stage.Shredded);
        if (certificateDigest != entry.certificateDigest) {
            revert RevocationLedgerWrongCertificate(requestId, certificateDigest, entry.certificateDigest);
        }
        if (receiptDigest == 0) revert RevocationLedgerEmptyDigest();
        Deeds storage deeds = _deeds[requestId][organisation];
        if (deeds.shredded) revert RevocationLedgerAlreadyDone(requestId, organisation);
        deeds.shredded = true;
        emit ShredReceiptRecorded(requestId, organisation, receiptDigest, receiptCid, leafSalt);
        _settleShredding(requestId, entry, leafSalt);
    }

    /// @inheritdoc IRevocationLedger
    function settle(RequestId requestId, bytes32 certificateDigest, bytes32 leafSalt) external {
        (, Revocation storage entry) = _actor(requestId);
        Stage before = entry.stage;
        if (before == Stage.Requested && block.number <= entry.deadline) _settleSupport(requestId, false, leafSalt);
        _settleVerification(requestId, entry);
        if (stageOf(requestId) == Stage.Verified && certificateDigest != 0) {
            _settleEndorsements(requestId, entry, certificateDigest, leafSalt);
        }
        if (before == Stage.Certified) _settleShredding(requestId, entry, leafSalt);
        if (entry.stage == before) revert RevocationLedgerNothingToSettle(requestId, before);
    }

    function _betweenRounds() private view {
        uint64 roundId = rounds.openRoundId();
        if (roundId != 0) revert RevocationLedgerRoundOpen(roundId);
    }

    function _allOwn(UpdateId[] calldata updates, OrganisationId organisation) private view returns (bool own) {
        if (updates.length == 0 || updates.length > MAX_UPDATES) {
            revert RevocationLedgerUpdateCount(updates.length, MAX_UPDATES);
        }
        own = true;
        for (uint256 i = 0; i < updates.length; ++i) {
            OrganisationId owner = rounds.ownerOf(updates[i]);
            if (owner == NO_ORGANISATION) revert RevocationLedgerUnknownUpdate(updates[i]);
            _checkFree(updates[i]);
            _checkNamedOnce(updates, i);
            if (owner != organisation) own = false;
        }
    }

    function _emitRequested(RequestId requestId, Revocation storage entry, bytes32 leafSalt) private {
        emit RevocationRequested(
            requestId,
            entry.organisation,
            entry.reason,
            entry.mode,
            entry.urgent,
            entry.updates,
            entry.requestDigest,
            leafSalt
        );
    }

    /// @dev Approves when the updates are the requester's own or a quorum supports it, and fails the open round where
    ///      the mode or an urgent quorum asks for that.
    function _settleSupport(RequestId requestId, bool own, bytes32 leafSalt) private {
        Revocation storage entry = _revocations[requestId];
        uint256 supporters = _count(requestId, Deed.Support, 0);
        bool byQuorum = supporters >= consortium.quorum();
        bool approved = entry.stage == Stage.Requested && (own || byQuorum);
        if (approved) {
            _hold(requestId, entry.updates);
            _enter(entry, Stage.Approved);
            ++awaitingReplacement;
            emit RevocationApproved(requestId, uint16(supporters), leafSalt);
        }
        bool presses = byQuorum && entry.urgent && !entry.pressed;
        if (presses) entry.pressed = true;
        bool replays = approved && entry.mode == Mode.Replay;
        uint64 open = _interruptible();
        if (open == 0 || !(presses || replays)) return;
        if (byQuorum || _mayInterrupt(entry)) rounds.interrupt(open, "revocation", leafSalt);
    }

    function _hold(RequestId requestId, UpdateId[] storage updates) private {
        for (uint256 i = 0; i < updates.length; ++i) {
            _checkFree(updates[i]);
            requestOf[updates[i]] = requestId;
        }
    }

    /// @dev Every reader refuses a request that names an update twice; so it must not be recorded.
    function _checkNamedOnce(UpdateId[] calldata updates, uint256 place) private view {
        for (uint256 i = 0; i < place; ++i) {
            if (updates[i] == updates[place]) {
                revert RevocationLedgerAlreadyRequested(updates[place], requestAt(requestCount + 1));
            }
        }
    }

    function _checkFree(UpdateId updateId) private view {
        RequestId holder = requestOf[updateId];
        if (holder != NO_REQUEST) revert RevocationLedgerAlreadyRequested(updateId, holder);
    }

    /// @dev The open round while its phases are not over; 0 for none.
    function _interruptible() private view returns (uint64 roundId) {
        roundId = rounds.openRoundId();
        if (roundId != 0 && rounds.phaseOf(roundId) >= Phase.AwaitingClose) return 0;
    }

    /// @dev One member alone fails at most one round between two closed ones, and only for a contribution that counts:
    ///      its right to be trained out of the model is not a right to stop the others.
    function _mayInterrupt(Revocation storage entry) private returns (bool) {
        uint64 mark = rounds.closedCount() + 1;
        if (_interruptedAt[entry.organisation] == mark) return false;
        for (uint256 i = 0; i < entry.updates.length; ++i) {
            if (rounds.accepted(entry.updates[i])) {
                _interruptedAt[entry.organisation] = mark;
                return true;
            }
        }
        return false;
    }

    function _settleVerification(RequestId requestId, Revocation storage entry) private {
        if (entry.stage != Stage.Replaced) return;
        if (_count(requestId, Deed.Verify, 0) == consortium.memberCount()) _enter(entry, Stage.Verified);
    }

    function _settleEndorsements(
        RequestId requestId,
        Revocation storage entry,
        bytes32 certificateDigest,
        bytes32 leafSalt
    ) private {
        if (_count(requestId, Deed.Endorse, certificateDigest) < consortium.quorum()) return;
        entry.certificateDigest = certificateDigest;
        _enter(entry, Stage.Certified);
        emit RevocationCertified(requestId, certificateDigest, leafSalt);
        schedule.announce(RequestId.unwrap(requestId), ICheckpointSchedule.Reason.RevocationCertified);
    }

    function _settleShredding(RequestId requestId, Revocation storage entry, bytes32 leafSalt) private {
        if (entry.stage != Stage.Certified) return;
        if (_count(requestId, Deed.Shred, 0) != consortium.memberCount()) return;
        _enter(entry, Stage.Shredded);
        emit RevocationShredded(requestId, leafSalt);
    }

    function _checkEndorsement(RequestId requestId, bytes32 certificateDigest, bytes calldata signature)
        private
        view
    {
        address signer = ECDSA.recover(certificateDigestOf(requestId, certificateDigest), signature);
        if (signer != msg.sender) revert RevocationLedgerWrongSigner(signer, msg.sender);
    }


}
