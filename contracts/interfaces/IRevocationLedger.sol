// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./IConsortium.sol";
import {ICheckpointSchedule} from "./ICheckpointSchedule.sol";
import {IRoundLedger} from "./IRoundLedger.sol";
import {OrganisationId, RequestId, UpdateId} from "../types/Types.sol";
import {Mode, RevocationView, Stage, Verification} from "../types/Revocations.sol";

/// @title Taking contributions out again, step by step, with who did each step and when.
/// @notice Endorsements are EIP-712 signatures over Certificate(bytes32 requestId,bytes32 certificateDigest) under the
///         domain {name "LoRAnchor RevocationLedger", version "1", chainId, verifyingContract}.
/// @dev What is recorded as affected and as replacement is a claim that every member recomputes; the quorum that
///      endorses the certificate is what settles it.
interface IRevocationLedger {
    event RevocationRequested(
        RequestId indexed requestId,
        OrganisationId indexed organisation,
        bytes32 indexed reason,
        Mode mode,
        bool urgent,
        UpdateId[] updates,
        bytes32 requestDigest,
        bytes32 leafSalt
    );
    event RevocationSupported(RequestId indexed requestId, OrganisationId indexed organisation, bytes32 leafSalt);
    event RevocationApproved(RequestId indexed requestId, uint16 supporters, bytes32 leafSalt);
    /// @notice Contributions that were trained on top of the revoked ones. A later record takes the place of this one.
    event UpdatesAffected(
        RequestId indexed requestId, OrganisationId indexed organisation, UpdateId[] descendants, bytes32 leafSalt
    );
    /// @notice The manifest without the revoked contributions. A later record takes the place of this one.
    event ManifestReplaced(
        RequestId indexed requestId,
        OrganisationId indexed organisation,
        bytes32 indexed manifestDigest,
        bytes32 leafSalt
    );
    event VerificationRecorded(
        RequestId indexed requestId,
        OrganisationId indexed organisation,
        bytes32 metric,
        int64 valueBefore,
        int64 valueAfter,
        uint64 samples,
        bytes32 leafSalt
    );
    event CertificateEndorsed(
        RequestId indexed requestId,
        OrganisationId indexed organisation,
        bytes32 indexed certificateDigest,
        string certificateCid,
        bytes signature,
        bytes32 leafSalt
    );
    event RevocationCertified(RequestId indexed requestId, bytes32 indexed certificateDigest, bytes32 leafSalt);
    event ShredReceiptRecorded(
        RequestId indexed requestId,
        OrganisationId indexed organisation,
        bytes32 receiptDigest,
        string receiptCid,
        bytes32 leafSalt
    );
    /// @notice Every present member has recorded a shred receipt.
    event RevocationShredded(RequestId indexed requestId, bytes32 leafSalt);

    error RevocationLedgerUpdateCount(uint256 count, uint256 limit);
    error RevocationLedgerUnknownUpdate(UpdateId updateId);
    error RevocationLedgerAlreadyRequested(UpdateId updateId, RequestId requestId);
    error RevocationLedgerReasonMissing();
    error RevocationLedgerUnknownRequest(RequestId requestId);
    error RevocationLedgerUnexpectedStage(RequestId requestId, Stage current, Stage expected);
    error RevocationLedgerAlreadyDone(RequestId requestId, OrganisationId organisation);
    error RevocationLedgerTooLate(RequestId requestId, uint256 blockNumber, uint64 deadline);
    error RevocationLedgerNothingToSettle(RequestId requestId, Stage current);
    error RevocationLedgerRoundOpen(uint64 roundId);
    error RevocationLedgerWrongSigner(address signer, address expected);
    error RevocationLedgerWrongCertificate(RequestId requestId, bytes32 given, bytes32 expected);
    error RevocationLedgerEmptyDigest();
    error RevocationLedgerInvalidSteps();

    /// @notice Asks for updates to be revoked. For one's own this is approved at once; for others' it takes a reason
    ///         code and the support of a quorum within the step time.
    /// @dev requestId = keccak256(abi.encode(block.chainid, address(this), n)), n counting requests from 1. An update is
    ///      in one approved request; those that wait for support hold nothing, and lapse at their deadline.
    function request(
        UpdateId[] calldata updates,
        bytes32 reason,
        Mode mode,
        bool urgent,
        bytes32 requestDigest,
        bytes32 leafSalt
    ) external returns (RequestId requestId);

    /// @notice Supports a request. An urgent one that a quorum supports, and an approved `Replay`, fail a round whose
    ///         phases are not over. A `Replay` that nobody but the owner supports does so only for a contribution that
    ///         counts, and once a member between two closed rounds.
    function support(RequestId requestId, bytes32 leafSalt) external;

    /// @notice Counts again over the present members, after membership or quorum changed; any delegate may.
    /// @param certificateDigest The certificate to count endorsements of; zero at the other stages.
    function settle(RequestId requestId, bytes32 certificateDigest, bytes32 leafSalt) external;

    /// @notice Records the descendants, between rounds; each member may correct the record once until it is verified.
    function recordAffected(RequestId requestId, UpdateId[] calldata descendants, bytes32 leafSalt) external;

    /// @notice Records the new manifest, between rounds; each member may correct the record once until it is verified.
    function recordReplacement(RequestId requestId, bytes32 manifestDigest, bytes32 leafSalt) external;

    /// @notice Records the caller's figures, once a member.
    function recordVerification(RequestId requestId, Verification calldata verification, bytes32 leafSalt) external;

    /// @notice Endorses a certificate; the signature is the caller's. Later endorsements of the certified digest are
    ///         taken too; before that, a member may change its mind.
    function endorse(
        RequestId requestId,
        bytes32 certificateDigest,
        string calldata certificateCid,
        bytes calldata signature,
        bytes32 leafSalt
    ) external;

    /// @notice Records that the caller's organisation has destroyed keys and salts, once a member.
    function recordShredding(
        RequestId requestId,
        bytes32 certificateDigest,
        bytes32 receiptDigest,
        string calldata receiptCid,
        bytes32 leafSalt
    ) external;

    function consortium() external view returns (IConsortium);

    function rounds() external view returns (IRoundLedger);

    function schedule() external view returns (ICheckpointSchedule);

    function stepBlocks() external view returns (uint32);

    function requestCount() external view returns (uint64);

    /// @notice How many approved requests have no new manifest yet; no round opens meanwhile.
    function awaitingReplacement() external view returns (uint64);

    function requestAt(uint64 number) external view returns (RequestId);

    function revocation(RequestId requestId) external view returns (RevocationView memory);

    /// @notice Stage that an action in this block meets.
    function stageOf(RequestId requestId) external view returns (Stage);

    /// @notice Block by which the next step is due; 0 when there is none left.
    function deadlineOf(RequestId requestId) external view returns (uint64);

    /// @notice Whether the next step is late.
    function overdue(RequestId requestId) external view returns (bool);

    /// @notice The approved request that an update is in; zero for none.
    function requestOf(UpdateId updateId) external view returns (RequestId);

    /// @notice EIP-712 digest that a delegate signs to endorse.
    function certificateDigestOf(RequestId requestId, bytes32 certificateDigest) external view returns (bytes32);
}
