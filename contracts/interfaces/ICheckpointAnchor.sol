// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./IConsortium.sol";
import {Checkpoint} from "../types/Checkpoint.sol";
import {OrganisationId} from "../types/Types.sol";

/// @title One slot on the public chain that commits to the whole history of the private one.
/// @notice Anybody relays a checkpoint that a quorum of delegates has signed (EIP-712, domain
///         {name "LoRAnchor CheckpointAnchor", version "1", chainId, verifyingContract}).
/// @dev Warning: it proves that nothing was altered after anchoring, not that it was true or complete.
interface ICheckpointAnchor {
    /// @notice The checkpoint whose struct hash is now `head`. `signers` is a bitmap by member index.
    event CheckpointAnchored(
        uint64 indexed sequence,
        bytes32 indexed head,
        bytes32 indexed manifestDigest,
        Checkpoint checkpoint,
        uint256 signers
    );
    /// @notice A member signed two different contents for one sequence; this stays on record for ever.
    event EquivocationProven(
        uint64 indexed sequence, OrganisationId indexed organisation, bytes32 headA, bytes32 headB
    );

    error CheckpointAnchorStale(bytes32 head, bytes32 given);
    error CheckpointAnchorWrongPreviousHead(bytes32 head, bytes32 previousHead);
    error CheckpointAnchorWrongSequence(uint64 sequence, uint64 expected);
    error CheckpointAnchorTreeShrank(uint64 previous, uint64 treeSize);
    error CheckpointAnchorBlockFell(uint64 previous, uint64 privateBlock);
    error CheckpointAnchorWrongChain(uint256 chainId, uint256 expected);
    error CheckpointAnchorWrongEpoch(uint64 epoch, uint64 expected);
    error CheckpointAnchorWrongConsortium(bytes32 consortiumDigest, bytes32 expected);
    error CheckpointAnchorPaused();
    error CheckpointAnchorQuorumMissed(uint256 signatures, uint8 quorum);
    error CheckpointAnchorNotEquivocation(uint64 sequenceA, uint64 sequenceB);
    error CheckpointAnchorNotOneMember(OrganisationId a, OrganisationId b);
    error CheckpointAnchorAlreadyProven(uint64 sequence, OrganisationId organisation);

    /// @notice Moves the head from `previous` to `next`.
    /// @param previous Preimage of the present head; all zero for the first checkpoint.
    /// @param signatures Of at least a quorum of delegates over `next`, in ascending order of signer.
    function anchor(Checkpoint calldata previous, Checkpoint calldata next, bytes[] calldata signatures) external;

    /// @notice Records that one organisation signed `a` and `b`, which have one sequence and different content.
    /// @dev Content is all but `previousHead`, `consortiumDigest` and `epoch`: honest members sign the same content
    ///      again for a newer epoch. Signatures of former delegates count, also after their revocation.
    function proveEquivocation(
        Checkpoint calldata a,
        Checkpoint calldata b,
        bytes calldata signatureA,
        bytes calldata signatureB
    ) external;

    /// @notice EIP-712 struct hash of the last checkpoint; of the all-zero one before the first.
    function head() external view returns (bytes32);

    /// @notice EIP-712 digest that a delegate signs for `checkpoint`.
    function digestOf(Checkpoint calldata checkpoint) external view returns (bytes32);

    function consortium() external view returns (IConsortium);

    function privateChainId() external view returns (uint256);

    function equivocated(uint64 sequence, OrganisationId organisation) external view returns (bool);
}
