// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Checkpoint} from "../types/Checkpoint.sol";

/// @title The EIP-712 struct hash of a checkpoint, which is the head once it is anchored.
library CheckpointHash {
    bytes32 internal constant CHECKPOINT = keccak256(
        "Checkpoint(uint64 sequence,bytes32 previousHead,bytes32 recordsRoot,uint64 treeSize,uint256 privateChainId,uint64 privateBlock,bytes32 privateBlockHash,bytes32 manifestDigest,bytes32 awardsRoot,bytes32 consortiumDigest,uint64 epoch)"
    );

    /// @notice Struct hash; a static struct is encoded as its fields in order.
    function head(Checkpoint memory checkpoint) internal pure returns (bytes32) {
        return keccak256(abi.encode(CHECKPOINT, checkpoint));
    }

    /// @notice Hash of what a sequence number stands for. The same content may be signed again for a newer epoch; so the
    ///         epoch and its digest do not count, nor does `previousHead`, which changes when an earlier checkpoint is
    ///         signed again.
    function content(Checkpoint memory checkpoint) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                checkpoint.sequence,
                checkpoint.recordsRoot,
                checkpoint.treeSize,
                checkpoint.privateChainId,
                checkpoint.privateBlock,
                checkpoint.privateBlockHash,
                checkpoint.manifestDigest,
                checkpoint.awardsRoot
            )
        );
    }
}
