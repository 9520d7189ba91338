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
    /// @notice Somebody asks for updates to be revoked.
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
    /// @notice Another member supports a request.
    event RevocationSupported(RequestId indexed requestId, OrganisationId indexed organisation, bytes32 leafSalt);
    /// @notice The request is approved: by its owner, or by `supporters` members.
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
    /// @notice A member's figure before and after, measured at home.
    event VerificationRecorded(
        RequestId indexed requestId,
        OrganisationId indexed organisation,
        bytes32 metric,
        int64 valueBefore,
        int64 valueAfter,
        uint64 samples,
        bytes32 leafSalt
    );
    /// @notice A member signed the certificate.
    event CertificateEndorsed(
        RequestId indexed requestId,
        OrganisationId indexed organisation,
        bytes32 indexed certificateDigest,
        string certificateCid,
        bytes signature,
        bytes32 leafSalt
    );
    /// @notice A quorum endorsed this certificate. `CheckpointDue` follows in the same transaction.
    event RevocationCertified(RequestId indexed requestId, bytes32 indexed certificateDigest, bytes32 leafSalt);
    /// @notice A member has destroyed its content keys and salts, says its receipt.
    event ShredReceiptRecorded(
        RequestId indexed requestId,
        OrganisationId indexed organisation,
        bytes32 receiptDigest,
        string receiptCid,
        bytes32 leafSalt
    );
    /// @notice Every present member has recorded a shred receipt.
    event RevocationShredded(RequestId indexed requestId, bytes32 leafSalt);

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice A request names 1 to 256 updates.
    /// @dev Split it.
    error RevocationLedgerUpdateCount(uint256 count, uint256 limit);
    /// @notice There is no update of that id.
    /// @dev Take the ids from `UpdateSubmitted`.
    error RevocationLedgerUnknownUpdate(UpdateId updateId);
    /// @notice The update is in an approved request, which is `requestId`.
    /// @dev Follow that request; leave the update out of this one.
    error RevocationLedgerAlreadyRequested(UpdateId updateId, RequestId requestId);
    /// @notice Revoking others' updates takes a reason.
    /// @dev Name a reason code; one's own updates need none.
    error RevocationLedgerReasonMissing();
    /// @notice There is no request of that id.
    /// @dev Take the id from `RevocationRequested`, or from `requestAt(number)`.
    error RevocationLedgerUnknownRequest(RequestId requestId);
    /// @notice The request is at `current`; this step begins at `expected`.
    /// @dev Do the steps in their order; `stageOf(requestId)` tells where it stands.
    error RevocationLedgerUnexpectedStage(RequestId requestId, Stage current, Stage expected);
    /// @notice The organisation has done this step.
    /// @dev Nothing.
    error RevocationLedgerAlreadyDone(RequestId requestId, OrganisationId organisation);
    /// @notice Support ended with block `deadline`; the request has lapsed.
    /// @dev Ask again with a new request: a lapsed one holds no update.
    error RevocationLedgerTooLate(RequestId requestId, uint256 blockNumber, uint64 deadline);
    /// @notice Counting again over the present members changes nothing.
    /// @dev Nothing; `settle` is for requests that a change of membership has left hanging.
    error RevocationLedgerNothingToSettle(RequestId requestId, Stage current);
    /// @notice This is recorded between rounds, and round `roundId` is open.
    /// @dev Wait until it is closed or failed.
    error RevocationLedgerRoundOpen(uint64 roundId);
    /// @notice The signature is not the sender's over this request and certificate.
    /// @dev Sign with the delegate's key that sends, under the domain of this contract and chain.
    error RevocationLedgerWrongSigner(address signer, address expected);
    /// @notice Another certificate was certified.
    /// @dev Endorse, or shred by, the certified one: `revocation(requestId)` names its digest.
    error RevocationLedgerWrongCertificate(RequestId requestId, bytes32 given, bytes32 expected);
    /// @notice A digest is zero: of the request, the manifest, the certificate or the receipt.
    /// @dev Pass the digest of the object; a daemon does so by itself.
    error RevocationLedgerEmptyDigest();
    /// @notice A step has at least one block (only while deploying).
    /// @dev Correct `revocations.step_blocks` in the consortium file.
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

    /// @notice The `Consortium` whose members revoke.
    function consortium() external view returns (IConsortium);

    /// @notice The `RoundLedger` whose updates are revoked.
    function rounds() external view returns (IRoundLedger);

    /// @notice The `CheckpointSchedule` that numbers checkpoints.
    function schedule() external view returns (ICheckpointSchedule);

    /// @notice Time for each step, in blocks.
    function stepBlocks() external view returns (uint32);

    /// @notice How many requests there are.
    function requestCount() external view returns (uint64);

    /// @notice How many approved requests have no new manifest yet; no round opens meanwhile.
    function awaitingReplacement() external view returns (uint64);

    /// @notice Id of a request by its number, from 1.
    function requestAt(uint64 number) external view returns (RequestId);

    /// @notice State and content of a request.
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
