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
    /// @notice A round is open; the members of the present epoch take part in it.
    event RoundOpened(
        uint64 indexed roundId,
        bytes32 indexed taskDigest,
        bytes32 indexed manifestDigest,
        OrganisationId opener,
        Opening opening,
        uint64 epoch,
        bytes32 leafSalt
    );
    /// @notice A sealed update is recorded: digests and figures, nothing that opens it.
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
    /// @notice Payload and header lie at these places from here on.
    event UpdateReleased(
        uint64 indexed roundId,
        UpdateId indexed updateId,
        OrganisationId indexed organisation,
        string payloadCid,
        string headerCid,
        bytes32 leafSalt
    );
    /// @notice A member has judged; what it judged is hidden until it reveals.
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

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice Only the account that deployed the contract binds it.
    /// @dev Bind with the deployer's account.
    error RoundLedgerNotDeployer(address account);
    /// @notice A binding is for ever.
    /// @dev Nothing: compare `revocations()` with the deployment file.
    error RoundLedgerAlreadyBound();
    /// @notice No round opens before the `RevocationLedger` is known.
    /// @dev Finish the deployment: `brownie run deploy` goes on where it stopped.
    error RoundLedgerNotBound();
    /// @notice The contract to bind is missing.
    /// @dev Bind after `RevocationLedger` is deployed.
    error RoundLedgerZeroAddress();
    /// @notice Only the bound `RevocationLedger` interrupts a round.
    /// @dev Members fail a round with `abandonRound`, by quorum.
    error RoundLedgerNotRevocationLedger(address account);
    /// @notice The consortium is paused; no round opens.
    /// @dev Wait for the quorum of authorities that resumes it (`setPaused`).
    error RoundLedgerPaused();
    /// @notice One round at a time, and this one is open.
    /// @dev Close it, or wait for its deadlines and close it then, or abandon it by quorum.
    error RoundLedgerRoundStillOpen(uint64 roundId);
    /// @notice Approved revocations wait for their new manifest; the next round must be trained without what they take
    ///         out.
    /// @dev Record what is affected and the new manifest (`RevocationLedger`), then open the round; daemons do that by
    ///      themselves.
    error RoundLedgerRevocationsWaiting(uint64 waiting);
    /// @notice A digest is zero, a phase has no length, or `minimumUpdates` is 0 or above the number of members.
    /// @dev Check the task's deadlines and its minimum against the membership.
    error RoundLedgerInvalidOpening();
    /// @notice A phase longer than the consortium's limit in blocks; while deploying: a limit of 0.
    /// @dev Shorten the phase, or the task's deadlines; the limit is `maxPhaseBlocks()`.
    error RoundLedgerPhaseTooLong(uint32 blocks, uint32 limit);
    /// @notice This member's present authority has not accepted the agreement.
    /// @dev Have it call `acceptAgreement`, once for each agreement and authority.
    error RoundLedgerAgreementNotAccepted(bytes32 agreementDigest, OrganisationId organisation);
    /// @notice This authority accepted the agreement before.
    /// @dev Nothing.
    error RoundLedgerAgreementAlreadyAccepted(bytes32 agreementDigest, OrganisationId organisation);
    /// @notice The last rounds that the organisation opened came to nothing: too few updates, abandoned, or nothing accepted.
    /// @dev Open a round after block `untilBlock`, or have another member open it.
    error RoundLedgerOpenerMustWait(OrganisationId organisation, uint64 untilBlock);
    /// @notice A task keeps the cap of the first of its rounds in which an update was accepted.
    /// @dev Open the round with the recorded cap, or under another task.
    error RoundLedgerEpsilonCapChanged(bytes32 taskDigest, uint64 given, uint64 recorded);
    /// @notice There is no round of that number.
    /// @dev Rounds count from 1 to `roundCount()`.
    error RoundLedgerUnknownRound(uint64 roundId);
    /// @notice The phases of the round are over, or it is closed or failed; `deadline` is the last that it had.
    /// @dev Look at `phaseOf(roundId)`; close the round, or go on with the next.
    error RoundLedgerNotOpen(uint64 roundId, Phase phase, uint256 blockNumber, uint64 deadline);
    /// @notice The round is still in phase `current`, which ends at block `deadline` at the latest; the action belongs
    ///         to `expected`.
    /// @dev Wait for block `deadline`, or until everybody has acted.
    error RoundLedgerTooEarly(uint64 roundId, Phase expected, Phase current, uint256 blockNumber, uint64 deadline);
    /// @notice The phase `expected` ended with block `deadline`, by its deadline or because everybody had acted; or it never
    ///         began, because the round's phases ended then.
    /// @dev The action is lost for this round; make sure that the daemon runs and that its node keeps up.
    error RoundLedgerTooLate(uint64 roundId, Phase expected, uint256 blockNumber, uint64 deadline);
    /// @notice The organisation was no member when the round opened.
    /// @dev Take part in the next round.
    error RoundLedgerNotInRound(uint64 roundId, OrganisationId organisation);
    /// @notice Once a member and phase; who passed does not submit, and who submitted does not pass.
    /// @dev Nothing: the first action counts. A submission is replaced by submitting again, before the deadline.
    error RoundLedgerAlreadyActed(uint64 roundId, OrganisationId organisation);
    /// @notice The member has submitted as often as one may in a round.
    /// @dev The last submission stands.
    error RoundLedgerTooManySubmissions(uint64 roundId, OrganisationId organisation, uint32 limit);
    /// @notice Cumulative ε never falls: what was recorded counts, also of replaced, rejected and revoked updates.
    /// @dev Report the total spent on this task, at least `recorded`.
    error RoundLedgerEpsilonFell(OrganisationId organisation, uint64 given, uint64 recorded);
    /// @notice With this update the organisation's cumulative ε would pass the task's cap.
    /// @dev Pass this round; more ε takes another task with a higher cap, which all members agree to.
    error RoundLedgerEpsilonAboveCap(OrganisationId organisation, uint64 given, uint64 cap);
    /// @notice A digest is zero, or a CID is empty.
    /// @dev Fill in every field; a daemon does so by itself.
    error RoundLedgerInvalidSubmission();
    /// @notice There is no update of that id.
    /// @dev Take the id from `UpdateSubmitted`.
    error RoundLedgerUnknownUpdate(UpdateId updateId);
    /// @notice Only its owner releases an update.
    /// @dev Release the organisation's own update.
    error RoundLedgerNotOwner(UpdateId updateId, OrganisationId organisation);
    /// @notice A later submission has taken this update's place.
    /// @dev Release the last one.
    error RoundLedgerUpdateReplaced(UpdateId updateId);
    /// @notice A verdict on an update that was not released, and so is void.
    /// @dev Judge the released updates only.
    error RoundLedgerUpdateNotReleased(UpdateId updateId);
    /// @notice A verdict on an update of another round.
    /// @dev Judge the updates of this round.
    error RoundLedgerUpdateOfOtherRound(UpdateId updateId, uint64 roundId);
    /// @notice The commitment is zero.
    /// @dev Commit to keccak256(abi.encode(roundId, organisation, verdicts, nonce)).
    error RoundLedgerEmptyCommitment();
    /// @notice The organisation committed to nothing in this round.
    /// @dev Nothing: without a commitment the member abstains in this round.
    error RoundLedgerNotCommitted(uint64 roundId, OrganisationId organisation);
    /// @notice A reveal of nothing.
    /// @dev Judge at least one update, or leave the reveal out, which is an abstention.
    error RoundLedgerNoVerdicts(uint64 roundId, OrganisationId organisation);
    /// @notice Round, organisation, verdicts and nonce do not make the commitment.
    /// @dev Reveal exactly what was committed to; a daemon keeps it in its home.
    error RoundLedgerWrongReveal(uint64 roundId, OrganisationId organisation);
    /// @notice A weight cap above 1,000,000, or a reason with an acceptance.
    /// @dev Leave the reason empty when accepting.
    error RoundLedgerInvalidVerdict(UpdateId updateId);
    /// @notice Two verdicts on one update.
    /// @dev One verdict an update; what was committed to cannot be revealed otherwise any more.
    error RoundLedgerJudgedTwice(UpdateId updateId);

    /// @notice Names the contract that may interrupt a round; the deployer calls it once.
    function bind(address revocations) external;

    /// @notice Accepts an agreement in the name of the caller's organisation; the caller is its authority.
    function acceptAgreement(bytes32 agreementDigest, bytes32 leafSalt) external;

    /// @notice Opens a round under an agreement that all members accepted, and assigns prekeys. Approved revocations
    ///         get their new manifest first. Whoever's last n rounds came to nothing waits 2^n blocks, at most 65,536.
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

    /// @notice The `Consortium` whose members take part.
    function consortium() external view returns (IConsortium);

    /// @notice The `CheckpointSchedule` that numbers checkpoints.
    function schedule() external view returns (ICheckpointSchedule);

    /// @notice The `KeyDirectory` that assigns prekeys.
    function keys() external view returns (IKeyDirectory);

    /// @notice The bound `RevocationLedger`; zero before `bind`.
    function revocations() external view returns (address);

    /// @notice The longest that one phase of a round may last, in blocks.
    function maxPhaseBlocks() external view returns (uint32);

    /// @notice How many rounds were opened.
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

    /// @notice State, deadlines and counts of a round.
    function round(uint64 roundId) external view returns (RoundView memory);

    /// @notice State of an update.
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

    /// @notice Whether the organisation's authority has accepted an agreement.
    function agreementAccepted(bytes32 agreementDigest, OrganisationId organisation) external view returns (bool);

    /// @notice Cumulative ε that a member has recorded for a task, in millionths.
    function epsilonSpent(OrganisationId organisation, bytes32 taskDigest) external view returns (uint64);
}
