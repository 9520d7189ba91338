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

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice `previous` is not the preimage of the head: another checkpoint was anchored meanwhile.
    /// @dev Read the head again and go on from there; a daemon does that by itself.
    error CheckpointAnchorStale(bytes32 head, bytes32 given);
    /// @notice `next` does not name the head as its previous one.
    /// @dev Build the checkpoint on the present head.
    error CheckpointAnchorWrongPreviousHead(bytes32 head, bytes32 previousHead);
    /// @notice The sequence is not the next one.
    /// @dev Anchor the checkpoints in the order in which the private chain numbers them.
    error CheckpointAnchorWrongSequence(uint64 sequence, uint64 expected);
    /// @notice The records tree would lose leaves.
    /// @dev Do not sign it: records never go away. Audit the private chain.
    error CheckpointAnchorTreeShrank(uint64 previous, uint64 treeSize);
    /// @notice The private block lies before that of the last checkpoint.
    /// @dev Do not sign it: the private chain was rewritten, or the checkpoint was built on a node that lags.
    error CheckpointAnchorBlockFell(uint64 previous, uint64 privateBlock);
    /// @notice A checkpoint of another private chain.
    /// @dev Check which deployment the daemon was pointed at.
    error CheckpointAnchorWrongChain(uint256 chainId, uint256 expected);
    /// @notice Signed for an epoch that is not the present one.
    /// @dev Sign the same content again for the present epoch; a daemon does that by itself.
    error CheckpointAnchorWrongEpoch(uint64 epoch, uint64 expected);
    /// @notice The two `Consortium` contracts differ in authorities, quorum or epoch.
    /// @dev Carry the membership decision out on the chain that lags; it is good once on each.
    error CheckpointAnchorWrongConsortium(bytes32 consortiumDigest, bytes32 expected);
    /// @notice The consortium is paused; nothing is anchored.
    /// @dev Wait for the quorum of authorities that resumes it (`setPaused`).
    error CheckpointAnchorPaused();
    /// @notice Fewer signatures than the quorum.
    /// @dev Wait until more members have left theirs in `CheckpointSchedule`.
    error CheckpointAnchorQuorumMissed(uint256 signatures, uint8 quorum);
    /// @notice The two checkpoints have two sequences, or the same content; previous head, consortium digest and epoch
    ///         do not count.
    /// @dev Show two checkpoints of one sequence that differ in what they say of the private chain.
    error CheckpointAnchorNotEquivocation(uint64 sequenceA, uint64 sequenceB);
    /// @notice The two signatures are not of one member's present or former delegates.
    /// @dev Take both signatures from one organisation; each must be over its own checkpoint, for this contract and
    ///      chain.
    error CheckpointAnchorNotOneMember(OrganisationId a, OrganisationId b);
    /// @notice This member's equivocation on this sequence is on record.
    /// @dev Nothing: `equivocated(sequence, organisation)` stays true for ever.
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

    /// @notice The `Consortium` whose delegates sign.
    function consortium() external view returns (IConsortium);

    /// @notice The private chain that is anchored here.
    function privateChainId() external view returns (uint256);

    /// @notice Whether the organisation's equivocation on a sequence is proven.
    function equivocated(uint64 sequence, OrganisationId organisation) external view returns (bool);
}
