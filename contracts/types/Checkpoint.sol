// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice State of the private chain at one of its own numbered points. Its EIP-712 struct hash is the public head.
struct Checkpoint {
    uint64 sequence;
    bytes32 previousHead;
    bytes32 recordsRoot;
    uint64 treeSize;
    uint256 privateChainId;
    uint64 privateBlock;
    bytes32 privateBlockHash;
    bytes32 manifestDigest;
    bytes32 awardsRoot;
    bytes32 consortiumDigest;
    uint64 epoch;
}
