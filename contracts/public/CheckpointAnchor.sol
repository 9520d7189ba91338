// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICheckpointAnchor} from "../interfaces/ICheckpointAnchor.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {CheckpointHash} from "../shared/CheckpointHash.sol";
import {Signatures} from "../shared/Signatures.sol";
import {Checkpoint} from "../types/Checkpoint.sol";
import {NO_ORGANISATION, OrganisationId} from "../types/Types.sol";

/// @notice See `ICheckpointAnchor`.
contract CheckpointAnchor is ICheckpointAnchor, EIP712 {
    using CheckpointHash for Checkpoint;

    /// @inheritdoc ICheckpointAnchor
    IConsortium public immutable consortium;
    /// @inheritdoc ICheckpointAnchor
    uint256 public immutable privateChainId;
    /// @inheritdoc ICheckpointAnchor
    bytes32 public head;
    /// @inheritdoc ICheckpointAnchor
    mapping(uint64 sequence => mapping(OrganisationId organisation => bool)) public equivocated;

    constructor(IConsortium consortium_, uint256 privateChainId_) EIP712("LoRAnchor CheckpointAnchor", "1") {
        consortium = consortium_;
        privateChainId = privateChainId_;
        Checkpoint memory nothing;
        head = nothing.head();
    }

    /// @inheritdoc ICheckpointAnchor
    function anchor(Checkpoint calldata previous, Checkpoint calldata next, bytes[] calldata signatures) external {
        bytes32 previousHead = previous.head();
        if (previousHead != head) revert CheckpointAnchorStale(head, previousHead);
        _checkSuccession(previous, next, previousHead);
        uint8 quorum = _checkConsortium(next);
        if (signatures.length < quorum) revert CheckpointAnchorQuorumMissed(signatures.length, quorum);

        bytes32 nextHead = next.head();
        address[] memory delegates = Signatures.recoverAscending(_hashTypedDataV4(nextHead), signatures);
        uint256 signers = consortium.signers(delegates);
        head = nextHead;
        emit CheckpointAnchored(next.sequence, nextHead, next.manifestDigest, next, signers);
    }

    /// @inheritdoc ICheckpointAnchor
    function proveEquivocation(
        Checkpoint calldata a,
        Checkpoint calldata b,
        bytes calldata signatureA,
        bytes calldata signatureB
    ) external {
        if (a.sequence != b.sequence || a.content() == b.content()) {
            revert CheckpointAnchorNotEquivocation(a.sequence, b.sequence);
        }
        OrganisationId organisation = _signerOf(a, signatureA);
        OrganisationId other = _signerOf(b, signatureB);
        if (organisation == NO_ORGANISATION || organisation != other) {
            revert CheckpointAnchorNotOneMember(organisation, other);
        }
        if (equivocated[a.sequence][organisation]) revert CheckpointAnchorAlreadyProven(a.sequence, organisation);
        equivocated[a.sequence][organisation] = true;
        emit EquivocationProven(a.sequence, organisation, a.head(), b.head());
    }

    /// @inheritdoc ICheckpointAnchor
    function digestOf(Checkpoint calldata checkpoint) external view returns (bytes32) {
        return _hashTypedDataV4(checkpoint.head());
    }

    function _checkSuccession(Checkpoint calldata previous, Checkpoint calldata next, bytes32 previousHead)
        private
        view
    {
        if (next.previousHead != previousHead) revert CheckpointAnchorWrongPreviousHead(previousHead, next.previousHead);
        if (next.sequence != previous.sequence + 1) {
            revert CheckpointAnchorWrongSequence(next.sequence, previous.sequence + 1);
        }
        if (next.treeSize < previous.treeSize) revert CheckpointAnchorTreeShrank(previous.treeSize, next.treeSize);
        if (next.privateBlock < previous.privateBlock) {
            revert CheckpointAnchorBlockFell(previous.privateBlock, next.privateBlock);
        }
        if (next.privateChainId != privateChainId) {
            revert CheckpointAnchorWrongChain(next.privateChainId, privateChainId);
        }
    }

    function _checkConsortium(Checkpoint calldata next) private view returns (uint8 quorum) {
        uint64 epoch;
        bytes32 digest;
        (epoch, quorum, digest) = consortium.current();
        if (next.epoch != epoch) revert CheckpointAnchorWrongEpoch(next.epoch, epoch);
        if (next.consortiumDigest != digest) revert CheckpointAnchorWrongConsortium(next.consortiumDigest, digest);
        if (consortium.paused()) revert CheckpointAnchorPaused();
    }

    function _signerOf(Checkpoint calldata checkpoint, bytes calldata signature)
        private
        view
        returns (OrganisationId)
    {
        return consortium.formerOrganisationOf(ECDSA.recover(_hashTypedDataV4(checkpoint.head()), signature));
    }
}
