// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Several signatures under one digest.
library Signatures {
    /// @notice A signer that is not above the one before it: the order proves that signers are distinct.
    /// @dev Sort by address, each once. A signature over other content recovers to another address, which usually ends
    ///      here: compare what was signed with what is sent, chain and contract included.
    error SignaturesNotAscending(address previous, address signer);

    /// @notice The signers of `digest`, strictly ascending.
    function recoverAscending(bytes32 digest, bytes[] calldata signatures)
        internal
        pure
        returns (address[] memory signers)
    {
        uint256 count = signatures.length;
        signers = new address[](count);
        address previous = address(0);
        for (uint256 i = 0; i < count; ++i) {
            address signer = ECDSA.recover(digest, signatures[i]);
            if (signer <= previous) revert SignaturesNotAscending(previous, signer);
            signers[i] = signer;
            previous = signer;
        }
    }
}
