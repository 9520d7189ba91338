// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./IConsortium.sol";
import {ICheckpointSchedule} from "./ICheckpointSchedule.sol";
import {IKeyDirectory} from "./IKeyDirectory.sol";
import {OrganisationId, UpdateId} from "../types/Types.sol";
import {Opening, Phase, RoundView, Submission, UpdateView, Verdict} from "../types/Rounds.sol";

/// @title Rounds of training: who submitted what, who released it, and how the members judged it.
/// @notice One round is open at a time. A phase takes actions up to and including its deadline block, and ends earlier
///         when everybody has acted. `leafSalt` hides the record in an auditor's bundle; it is never destroyed.
interface IRoundLedger {
    /// @notice A member's authority accepts an agreement; rounds may name it once all have.
    event AgreementAccepted(
        bytes32 indexed agreementDigest, OrganisationId indexed organisation, bytes32 leafSalt
    );
    event RoundOpened(
        uint64 indexed roundId,
        bytes32 indexed taskDigest,
        bytes32 indexed manifestDigest,
        OrganisationId opener,
        Opening opening,
        uint64 epoch,
        bytes32 leafSalt
    );
    event UpdateSubmitted(
        uint64 indexed roundId,
        UpdateId indexed updateId,
        OrganisationId indexed organisation,
        Submission submission,
        bytes32 leafSalt
    );
    /// @notice The submission in the same transaction takes the place of `previous`, which is void.
    event UpdateReplaced(
        uint64 indexed roundId, UpdateId indexed previous, UpdateId indexed current, bytes32 leafSalt
    );
    /// @notice A member takes no part with an update in this round; it judges all the same.
    event RoundPassed(uint64 indexed roundId, OrganisationId indexed organisation, bytes32 leafSalt);
    event UpdateReleased(
        uint64 indexed roundId,
        UpdateId indexed updateId,
        OrganisationId indexed organisation,
        string payloadCid,
        string headerCid,
        bytes32 leafSalt
    );
    event VerdictsCommitted(
        uint64 indexed roundId, OrganisationId indexed organisation, bytes32 commitment, bytes32 leafSalt
    );
    /// @notice One verdict; `organisation` is the judge. A judge's verdict on its own update does not count.
    event VerdictRevealed(
        uint64 indexed roundId,
        UpdateId indexed updateId,
        OrganisationId indexed organisation,
        bool accept,
        uint32 weightCap,
        int64 score,
        bytes32 reason,
        bytes32 leafSalt
    );
    /// @notice A member wants the open round to fail; it does when a quorum wants it.
    event RoundAbandonSupported(
        uint64 indexed roundId, OrganisationId indexed organisation, uint16 supporters, bytes32 leafSalt
    );
    /// @notice The round counts: `accepted` of its `released` updates are active.
    event RoundClosed(uint64 indexed roundId, uint16 accepted, uint16 released, bytes32 leafSalt);
    /// @notice The round adds nothing; another can open. `reason` is ASCII.
    event RoundFailed(uint64 indexed roundId, bytes32 reason, bytes32 leafSalt);

    error RoundLedgerNotDeployer(address account);
    error RoundLedgerAlreadyBound();
    error RoundLedgerNotBound();
    error RoundLedgerZeroAddress();
    error RoundLedgerNotRevocationLedger(address account);
    error RoundLedgerPaused();
    error RoundLedgerRoundStillOpen(uint64 roundId);
    error RoundLedgerRevocationsWaiting(uint64 waiting);
    error RoundLedgerInvalidOpening();
    error RoundLedgerPhaseTooLong(uint32 blocks, uint32 limit);
    error RoundLedgerAgreementNotAccepted(bytes32 agreementDigest, OrganisationId organisation);
    error RoundLedgerAgreementAlreadyAccepted(bytes32 agreementDigest, OrganisationId organisation);
    error RoundLedgerEpsilonCapChanged(bytes32 taskDigest, uint64 given, uint64 recorded);
    error RoundLedgerUnknownRound(uint64 roundId);
    error RoundLedgerNotOpen(uint64 roundId, Phase phase);
    error RoundLedgerTooEarly(uint64 roundId, Phase expected, Phase current, uint256 blockNumber, uint64 deadline);
    error RoundLedgerTooLate(uint64 roundId, Phase expected, uint256 blockNumber, uint64 deadline);
    error RoundLedgerNotInRound(uint64 roundId, OrganisationId organisation);
    error RoundLedgerAlreadyActed(uint64 roundId, OrganisationId organisation);
    error RoundLedgerTooManySubmissions(uint64 roundId, OrganisationId organisation, uint32 limit);
    error RoundLedgerEpsilonFell(OrganisationId organisation, uint64 given, uint64 recorded);
    error RoundLedgerEpsilonAboveCap(OrganisationId organisation, uint64 given, uint64 cap);
    error RoundLedgerInvalidSubmission();
    error RoundLedgerUnknownUpdate(UpdateId updateId);
    error RoundLedgerNotOwner(UpdateId updateId, OrganisationId organisation);
    error RoundLedgerUpdateReplaced(UpdateId updateId);
    error RoundLedgerUpdateNotReleased(UpdateId updateId);
    error RoundLedgerUpdateOfOtherRound(UpdateId updateId, uint64 roundId);
    error RoundLedgerEmptyCommitment();
    error RoundLedgerNotCommitted(uint64 roundId, OrganisationId organisation);
    error RoundLedgerNoVerdicts(uint64 roundId, OrganisationId organisation);
    error RoundLedgerWrongReveal(uint64 roundId, OrganisationId organisation);
    error RoundLedgerInvalidVerdict(UpdateId updateId);
    error RoundLedgerJudgedTwice(UpdateId updateId);

    /// @notice Names the contract that may interrupt a round; the deployer calls it once.
    function bind(address revocations) external;

    /// @notice Accepts an agreement in the name of the caller's organisation; the caller is its authority.
    function acceptAgreement(bytes32 agreementDigest, bytes32 leafSalt) external;

    /// @notice Opens a round under an agreement that all members accepted, and assigns prekeys. Approved revocations
    ///         get their new manifest first.
    function openRound(Opening calldata opening, bytes32 leafSalt) external returns (uint64 roundId);

    /// @notice Records a sealed update; again before the deadline replaces the former one, at most 16 times in all.
    /// @dev updateId = keccak256(abi.encode(block.chainid, address(this), roundId, organisation, ordinal)), ordinal
    ///      counting the member's submissions to this round from 1.
    function submitUpdate(uint64 roundId, Submission calldata submission, bytes32 leafSalt)
        external
        returns (UpdateId updateId);

    /// @notice Says that the member submits nothing in this round.
    function passRound(uint64 roundId, bytes32 leafSalt) external;

    /// @notice Shows where payload and header lie. An update that is not released is void.
    function releaseUpdate(
        UpdateId updateId,
        string calldata payloadCid,
        string calldata headerCid,
        bytes32 leafSalt
    ) external;

    /// @notice Commits to verdicts.
    /// @param commitment keccak256(abi.encode(roundId, organisation, verdicts, nonce)).
    function commitVerdicts(uint64 roundId, bytes32 commitment, bytes32 leafSalt) external;

    /// @notice Shows the verdicts that were committed to, at least one. `accept` leaves `reason` empty.
    function revealVerdicts(uint64 roundId, Verdict[] calldata verdicts, bytes32 nonce, bytes32 leafSalt) external;

    /// @notice Closes a round whose phases are over, or records that it failed; any delegate may.
    function closeRound(uint64 roundId, bytes32 leafSalt) external;

    /// @notice Supports failing the round; a quorum of those who were members at its opening does it. Once the phases
    ///         are over it is too late: the verdicts stand.
    function abandonRound(uint64 roundId, bytes32 leafSalt) external;

    /// @notice Fails a round whose phases are not over; only the `RevocationLedger` may.
    function interrupt(uint64 roundId, bytes32 reason, bytes32 leafSalt) external;

    function consortium() external view returns (IConsortium);

    function schedule() external view returns (ICheckpointSchedule);

    function keys() external view returns (IKeyDirectory);

    /// @notice The bound `RevocationLedger`; zero before `bind`.
    function revocations() external view returns (address);

    /// @notice The longest that one phase of a round may last, in blocks.
    function maxPhaseBlocks() external view returns (uint32);

    function roundCount() external view returns (uint64);

    /// @notice How many rounds have closed, failed ones not counted.
    function closedCount() external view returns (uint64);

    /// @notice The round that is neither closed nor failed; 0 for none.
    function openRoundId() external view returns (uint64);

    /// @notice Phase that an action in this block meets.
    function phaseOf(uint64 roundId) external view returns (Phase);

    /// @notice Phase that an action in block `blockNumber` would meet if nobody acted before.
    function phaseAt(uint64 roundId, uint256 blockNumber) external view returns (Phase);

    /// @notice Last block of the present phase; 0 where it has none.
    function deadlineOf(uint64 roundId) external view returns (uint64);

    function round(uint64 roundId) external view returns (RoundView memory);

    function update(UpdateId updateId) external view returns (UpdateView memory);

    /// @notice Organisation that submitted the update; zero when there is no such update.
    function ownerOf(UpdateId updateId) external view returns (OrganisationId);

    /// @notice Whether the update became a contribution: its round closed, and a quorum had accepted it.
    function accepted(UpdateId updateId) external view returns (bool);

    /// @notice Whether the organisation was a member when the round opened, and what it has done in it.
    function participation(uint64 roundId, OrganisationId organisation)
        external
        view
        returns (bool member, bool passed, UpdateId updateId, bytes32 commitment, bool revealed);

    function agreementAccepted(bytes32 agreementDigest, OrganisationId organisation) external view returns (bool);

    /// @notice Cumulative ε that a member has recorded for a task, in millionths.
    function epsilonSpent(OrganisationId organisation, bytes32 taskDigest) external view returns (uint64);
}
