// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICheckpointSchedule} from "../interfaces/ICheckpointSchedule.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {Callers} from "../shared/Callers.sol";
import {OrganisationId} from "../types/Types.sol";

/// @notice See `ICheckpointSchedule`.
contract CheckpointSchedule is ICheckpointSchedule {
    using Callers for IConsortium;

    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @inheritdoc ICheckpointSchedule
    IConsortium public immutable consortium;
    address private immutable _deployer;
    address private _rounds;
    address private _revocations;
    /// @inheritdoc ICheckpointSchedule
    uint64 public latestSequence;

    constructor(IConsortium consortium_) {
        consortium = consortium_;
        _deployer = msg.sender;
    }

    /// @inheritdoc ICheckpointSchedule
    function bind(address rounds, address revocations) external {
        if (msg.sender != _deployer) revert CheckpointScheduleNotDeployer(msg.sender);
        if (_rounds != address(0)) revert CheckpointScheduleAlreadyBound();
        if (rounds == address(0) || revocations == address(0)) revert CheckpointScheduleZeroAddress();
        _rounds = rounds;
        _revocations = revocations;
    }

    /// @inheritdoc ICheckpointSchedule
    function announce(bytes32 subject, Reason reason) external returns (uint64 sequence) {
        if (msg.sender != _rounds && msg.sender != _revocations) {
            revert CheckpointScheduleNotBoundContract(msg.sender);
        }
        sequence = ++latestSequence;
        emit CheckpointDue(sequence, subject, reason);
    }

    /// @inheritdoc ICheckpointSchedule
    function attest(uint64 sequence, bytes32 head, bytes calldata signature) external {
        OrganisationId organisation = consortium.callingDelegate();
        if (sequence == 0 || sequence > latestSequence) {
            revert CheckpointScheduleUnknownSequence(sequence, latestSequence);
        }
        if (signature.length != SIGNATURE_LENGTH) revert CheckpointScheduleSignatureLength(signature.length);
        emit CheckpointAttested(sequence, organisation, head, signature);
    }

    /// @inheritdoc ICheckpointSchedule
    function binding() external view returns (address rounds, address revocations) {
        return (_rounds, _revocations);
    }
}
