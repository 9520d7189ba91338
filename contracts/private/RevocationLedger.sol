// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICheckpointSchedule} from "../interfaces/ICheckpointSchedule.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IRevocationLedger} from "../interfaces/IRevocationLedger.sol";
import {IRoundLedger} from "../interfaces/IRoundLedger.sol";
import {Callers} from "../shared/Callers.sol";
import {Member} from "../types/Membership.sol";
import {Mode, RevocationView, Stage, Verification} from "../types/Revocations.sol";
import {NO_ORGANISATION, NO_REQUEST, OrganisationId, RequestId, UpdateId} from "../types/Types.sol";

/// @notice See `IRevocationLedger`.
contract RevocationLedger is IRevocationLedger, EIP712 {
    using Callers for IConsortium;

    uint256 private constant MAX_UPDATES = 256;
    bytes32 private constant CERTIFICATE = keccak256("Certificate(bytes32 requestId,bytes32 certificateDigest)");

    struct Revocation {
        OrganisationId organisation;
        Mode mode;
        bool urgent;
        bool pressed; // a quorum has supported the urgent request: it fails the round open then, and no later one
        Stage stage;
        uint64 deadline;
        bytes32 reason;
        bytes32 requestDigest;
        bytes32 manifestDigest;
        bytes32 certificateDigest;
        UpdateId[] updates;
    }

    /// @dev What one member has done for one request.
    struct Deeds {
        bool supported;
        bool affected;
        bool replaced;
        bool verified;
        bool shredded;
        bytes32 endorsed;
    }

    enum Deed {
        Support,
        Verify,
        Endorse,
        Shred
    }

    /// @inheritdoc IRevocationLedger
    IConsortium public immutable consortium;
    /// @inheritdoc IRevocationLedger
    IRoundLedger public immutable rounds;
    /// @inheritdoc IRevocationLedger
    ICheckpointSchedule public immutable schedule;
    /// @inheritdoc IRevocationLedger
    uint32 public immutable stepBlocks;
    /// @inheritdoc IRevocationLedger
    uint64 public requestCount;
    /// @inheritdoc IRevocationLedger
    mapping(UpdateId updateId => RequestId requestId) public requestOf;
    mapping(RequestId requestId => Revocation) private _revocations;
    mapping(RequestId requestId => mapping(OrganisationId organisation => Deeds)) private _deeds;

    constructor(IConsortium consortium_, IRoundLedger rounds_, ICheckpointSchedule schedule_, uint32 stepBlocks_)
        EIP712("LoRAnchor RevocationLedger", "1")
    {
        if (stepBlocks_ == 0) revert RevocationLedgerInvalidSteps();
        consortium = consortium_;
        rounds = rounds_;
        schedule = schedule_;
        stepBlocks = stepBlocks_;
    }

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
        for (uint256 i = 0; i < updates.length; ++i) {
            _take(updates[i], requestId, own);
        }
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
            _checkNotSuperseded(requestId, entry.updates);
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
        if (entry.stage == Stage.Affected) _enter(entry, Stage.Replaced);
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
        if (entry.stage == Stage.Replaced && _count(requestId, Deed.Verify, 0) == consortium.memberCount()) {
            _enter(entry, Stage.Verified);
        }
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
        if (_count(requestId, Deed.Endorse, certificateDigest) >= consortium.quorum()) {
            entry.certificateDigest = certificateDigest;
            _enter(entry, Stage.Certified);
            emit RevocationCertified(requestId, certificateDigest, leafSalt);
            schedule.announce(RequestId.unwrap(requestId), ICheckpointSchedule.Reason.RevocationCertified);
        }
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
        if (entry.stage == Stage.Certified && _count(requestId, Deed.Shred, 0) == consortium.memberCount()) {
            _enter(entry, Stage.Shredded);
            emit RevocationShredded(requestId, leafSalt);
        }
    }

    /// @inheritdoc IRevocationLedger
    function requestAt(uint64 number) public view returns (RequestId) {
        return RequestId.wrap(keccak256(abi.encode(block.chainid, address(this), number)));
    }

    /// @inheritdoc IRevocationLedger
    function revocation(RequestId requestId) external view returns (RevocationView memory) {
        Revocation storage entry = _known(requestId);
        return RevocationView({
            organisation: entry.organisation,
            mode: entry.mode,
            urgent: entry.urgent,
            stage: stageOf(requestId),
            deadline: entry.deadline,
            reason: entry.reason,
            requestDigest: entry.requestDigest,
            manifestDigest: entry.manifestDigest,
            certificateDigest: entry.certificateDigest,
            updates: entry.updates
        });
    }

    /// @inheritdoc IRevocationLedger
    function stageOf(RequestId requestId) public view returns (Stage) {
        Revocation storage entry = _known(requestId);
        if (entry.stage == Stage.Replaced && block.number > entry.deadline) {
            if (_count(requestId, Deed.Verify, 0) >= consortium.quorum()) return Stage.Verified;
        }
        return entry.stage;
    }

    /// @inheritdoc IRevocationLedger
    function deadlineOf(RequestId requestId) external view returns (uint64) {
        return _known(requestId).deadline;
    }

    /// @inheritdoc IRevocationLedger
    function overdue(RequestId requestId) external view returns (bool) {
        uint64 deadline = _known(requestId).deadline;
        return deadline != 0 && block.number > deadline;
    }

    /// @inheritdoc IRevocationLedger
    function certificateDigestOf(RequestId requestId, bytes32 certificateDigest) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CERTIFICATE, requestId, certificateDigest)));
    }

    function _known(RequestId requestId) private view returns (Revocation storage entry) {
        entry = _revocations[requestId];
        if (entry.stage == Stage.None) revert RevocationLedgerUnknownRequest(requestId);
    }

    function _actor(RequestId requestId) private view returns (OrganisationId organisation, Revocation storage entry) {
        organisation = consortium.callingDelegate();
        entry = _known(requestId);
    }

    function _within(RequestId requestId, Stage first, Stage last) private view {
        Stage stage = stageOf(requestId);
        if (stage < first || stage > last) revert RevocationLedgerUnexpectedStage(requestId, stage, first);
    }

    function _enter(Revocation storage entry, Stage stage) private {
        entry.stage = stage;
        entry.deadline = stage == Stage.Shredded ? 0 : uint64(block.number) + stepBlocks;
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

    /// @dev A request that waits for support gives way to the owner's, and to anybody's after its deadline.
    function _take(UpdateId updateId, RequestId requestId, bool own) private {
        RequestId holder = requestOf[updateId];
        if (holder != NO_REQUEST) {
            Revocation storage entry = _revocations[holder];
            bool lapsed = own || block.number > entry.deadline;
            if (holder == requestId || entry.stage != Stage.Requested || !lapsed) {
                revert RevocationLedgerAlreadyRequested(updateId, holder);
            }
        }
        requestOf[updateId] = requestId;
    }

    function _checkNotSuperseded(RequestId requestId, UpdateId[] storage updates) private view {
        for (uint256 i = 0; i < updates.length; ++i) {
            RequestId holder = requestOf[updates[i]];
            if (holder != requestId) revert RevocationLedgerSuperseded(updates[i], holder);
        }
    }

    /// @dev Approves when the updates are the requester's own or a quorum supports it, and fails the open round where
    ///      the mode or an urgent quorum asks for that.
    function _settleSupport(RequestId requestId, bool own, bytes32 leafSalt) private {
        Revocation storage entry = _revocations[requestId];
        uint256 supporters = _count(requestId, Deed.Support, 0);
        bool byQuorum = supporters >= consortium.quorum();
        bool approved = entry.stage == Stage.Requested && (own || byQuorum);
        if (approved) {
            _enter(entry, Stage.Approved);
            emit RevocationApproved(requestId, uint16(supporters), leafSalt);
        }
        bool presses = byQuorum && entry.urgent && !entry.pressed;
        if (presses) entry.pressed = true;
        uint64 open = rounds.openRoundId();
        if (open != 0 && ((approved && entry.mode == Mode.Replay) || presses)) {
            rounds.interrupt(open, "revocation", leafSalt);
        }
    }

    function _checkEndorsement(RequestId requestId, bytes32 certificateDigest, bytes calldata signature)
        private
        view
    {
        address signer = ECDSA.recover(certificateDigestOf(requestId, certificateDigest), signature);
        if (signer != msg.sender) revert RevocationLedgerWrongSigner(signer, msg.sender);
    }

    /// @dev How many of the present members have done something.
    function _count(RequestId requestId, Deed deed, bytes32 digest) private view returns (uint256 count) {
        Member[] memory members = consortium.members();
        for (uint256 i = 0; i < members.length; ++i) {
            Deeds storage deeds = _deeds[requestId][members[i].organisation];
            bool done = (deed == Deed.Support && deeds.supported) || (deed == Deed.Verify && deeds.verified)
                || (deed == Deed.Endorse && deeds.endorsed == digest) || (deed == Deed.Shred && deeds.shredded);
            if (done) ++count;
        }
    }
}
