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

    error CheckpointScheduleNotDeployer(address account);
    error CheckpointScheduleAlreadyBound();
    error CheckpointScheduleZeroAddress();
    error CheckpointScheduleNotBoundContract(address account);
    error CheckpointScheduleUnknownSequence(uint64 sequence, uint64 latest);
    error CheckpointScheduleSignatureLength(uint256 length);

    /// @notice Names the two contracts that announce; the deployer calls it once.
    function bind(address rounds, address revocations) external;

    /// @notice Numbers a checkpoint; only the bound contracts may.
    function announce(bytes32 subject, Reason reason) external returns (uint64 sequence);

    /// @notice Leaves a delegate's signature; again for a newer epoch.
    function attest(uint64 sequence, bytes32 head, bytes calldata signature) external;

    function consortium() external view returns (IConsortium);

    /// @notice The bound contracts; zero before `bind`.
    function binding() external view returns (address rounds, address revocations);

    /// @notice Number of the latest checkpoint; 0 before the first.
    function latestSequence() external view returns (uint64);
}
