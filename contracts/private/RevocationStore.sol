// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICheckpointSchedule} from "../interfaces/ICheckpointSchedule.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IRevocationLedger} from "../interfaces/IRevocationLedger.sol";
import {IRoundLedger} from "../interfaces/IRoundLedger.sol";
import {Callers} from "../shared/Callers.sol";
import {Member} from "../types/Membership.sol";
import {Mode, RevocationView, Stage} from "../types/Revocations.sol";
import {OrganisationId, RequestId, UpdateId} from "../types/Types.sol";

/// @title What the `RevocationLedger` remembers, and how it is read.
abstract contract RevocationStore is IRevocationLedger, EIP712 {
    using Callers for IConsortium;

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
    uint64 public awaitingReplacement;
    /// @inheritdoc IRevocationLedger
    mapping(UpdateId updateId => RequestId requestId) public requestOf;
    mapping(RequestId requestId => Revocation) internal _revocations;
    mapping(RequestId requestId => mapping(OrganisationId organisation => Deeds)) internal _deeds;
    /// @dev Closed rounds + 1 when a member last failed a round alone.
    mapping(OrganisationId organisation => uint64) internal _interruptedAt;

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

    function _known(RequestId requestId) internal view returns (Revocation storage entry) {
        entry = _revocations[requestId];
        if (entry.stage == Stage.None) revert RevocationLedgerUnknownRequest(requestId);
    }

    function _actor(RequestId requestId) internal view returns (OrganisationId organisation, Revocation storage entry) {
        organisation = consortium.callingDelegate();
        entry = _known(requestId);
    }

    function _within(RequestId requestId, Stage first, Stage last) internal view {
        Stage stage = stageOf(requestId);
        if (stage < first || stage > last) revert RevocationLedgerUnexpectedStage(requestId, stage, first);
    }

    function _enter(Revocation storage entry, Stage stage) internal {
        entry.stage = stage;
        entry.deadline = stage == Stage.Shredded ? 0 : uint64(block.number) + stepBlocks;
    }

    /// @dev How many of the present members have done something.
    function _count(RequestId requestId, Deed deed, bytes32 digest) internal view returns (uint256 count) {
        Member[] memory members = consortium.members();
        for (uint256 i = 0; i < members.length; ++i) {
            Deeds storage deeds = _deeds[requestId][members[i].organisation];
            bool done = (deed == Deed.Support && deeds.supported) || (deed == Deed.Verify && deeds.verified)
                || (deed == Deed.Endorse && deeds.endorsed == digest) || (deed == Deed.Shred && deeds.shredded);
            if (done) ++count;
        }
    }
}
