// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./IConsortium.sol";
import {OrganisationId} from "../types/Types.sol";

/// @title The private chain numbers its own checkpoints, and members leave their signatures here.
interface ICheckpointSchedule {
    enum Reason {
        RoundClosed,
        RevocationCertified
    }

    /// @notice The end of this block is checkpoint `sequence`. `subject` is the round's number or the request's id.
    event CheckpointDue(uint64 indexed sequence, bytes32 indexed subject, Reason reason);
    /// @notice A member signed the checkpoint whose struct hash is `head`, for the public `CheckpointAnchor`.
    event CheckpointAttested(
        uint64 indexed sequence, OrganisationId indexed organisation, bytes32 indexed head, bytes signature
    );

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice Only the account that deployed the contract binds it.
    /// @dev Bind with the deployer's account.
    error CheckpointScheduleNotDeployer(address account);
    /// @notice A binding is for ever.
    /// @dev Nothing: compare `binding()` with the deployment file.
    error CheckpointScheduleAlreadyBound();
    /// @notice A contract to bind is missing.
    /// @dev Bind after `RoundLedger` and `RevocationLedger` are deployed.
    error CheckpointScheduleZeroAddress();
    /// @notice Only the bound `RoundLedger` and `RevocationLedger` number checkpoints.
    /// @dev Nothing: they do so when a round closes or a revocation is certified.
    error CheckpointScheduleNotBoundContract(address account);
    /// @notice No checkpoint of that number is due yet; they count from 1.
    /// @dev Attest to what `CheckpointDue` has announced; `latestSequence()` is the last.
    error CheckpointScheduleUnknownSequence(uint64 sequence, uint64 latest);
    /// @notice A signature has 65 bytes.
    /// @dev Pass r, s and v as they come from signing.
    error CheckpointScheduleSignatureLength(uint256 length);

    /// @notice Names the two contracts that announce; the deployer calls it once.
    function bind(address rounds, address revocations) external;

    /// @notice Numbers a checkpoint; only the bound contracts may.
    function announce(bytes32 subject, Reason reason) external returns (uint64 sequence);

    /// @notice Leaves a delegate's signature; again for a newer epoch.
    function attest(uint64 sequence, bytes32 head, bytes calldata signature) external;

    /// @notice The `Consortium` whose delegates attest.
    function consortium() external view returns (IConsortium);

    /// @notice The bound contracts; zero before `bind`.
    function binding() external view returns (address rounds, address revocations);

    /// @notice Number of the latest checkpoint; 0 before the first.
    function latestSequence() external view returns (uint64);
}
