// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {MembershipChange, PauseChange, Seat} from "../types/Membership.sol";

/// @title What authorities sign, and what `consortiumDigest` covers.
/// @dev The domain names neither chain nor contract: the structs name both pairs, so one signature serves both chains.
library ConsortiumHash {
    bytes32 internal constant DOMAIN_SEPARATOR = keccak256(
        abi.encode(
            keccak256("EIP712Domain(string name,string version)"), keccak256("LoRAnchor Consortium"), keccak256("1")
        )
    );
    bytes32 internal constant SEAT = keccak256("Seat(bytes32 organisation,address authority)");
    bytes32 internal constant MEMBERSHIP_CHANGE = keccak256(
        "MembershipChange(bytes32 consortiumId,uint256 publicChainId,address publicAddress,uint256 privateChainId,address privateAddress,uint64 epoch,Seat[] seats,uint8 quorum)Seat(bytes32 organisation,address authority)"
    );
    bytes32 internal constant PAUSE_CHANGE = keccak256(
        "PauseChange(bytes32 consortiumId,uint256 publicChainId,address publicAddress,uint256 privateChainId,address privateAddress,uint64 epoch,uint64 nonce,bool paused)"
    );
    bytes32 internal constant CONSORTIUM =
        keccak256("Consortium(bytes32 consortiumId,uint64 epoch,uint8 quorum,bytes32 seatsHash)");

    /// @notice EIP-712 digest of a change of membership.
    function digest(MembershipChange calldata change) internal pure returns (bytes32) {
        bytes32[] memory seats = new bytes32[](change.seats.length);
        for (uint256 i = 0; i < seats.length; ++i) {
            seats[i] = keccak256(abi.encode(SEAT, change.seats[i]));
        }
        bytes memory fields = abi.encode(
            MEMBERSHIP_CHANGE,
            change.consortiumId,
            change.publicChainId,
            change.publicAddress,
            change.privateChainId,
            change.privateAddress,
            change.epoch,
            keccak256(abi.encodePacked(seats)),
            change.quorum
        );
        return MessageHashUtils.toTypedDataHash(DOMAIN_SEPARATOR, keccak256(fields));
    }

    /// @notice EIP-712 digest of a pause or a resumption.
    function digest(PauseChange calldata change) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(DOMAIN_SEPARATOR, keccak256(abi.encode(PAUSE_CHANGE, change)));
    }

    /// @notice What a checkpoint names as `consortiumDigest`.
    function consortiumDigest(bytes32 consortiumId, uint64 epoch, uint8 quorum, Seat[] memory seats)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(CONSORTIUM, consortiumId, epoch, quorum, keccak256(abi.encode(seats))));
    }
}
