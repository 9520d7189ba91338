// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrganisationId} from "./Types.sol";

/// @notice One organisation with its cold key (authority) and its hot key (delegate, zero while it has none).
struct Member {
    OrganisationId organisation;
    address authority;
    address delegate;
}

/// @notice What membership is about: the organisation and its cold key. Delegates change without a new epoch.
struct Seat {
    OrganisationId organisation;
    address authority;
}

/// @notice A change of membership, signed once by a quorum of authorities and good once on each of the two contracts.
/// @dev `epoch` is the new one. `seats` lists the members that stay, in their present order, then the new ones.
struct MembershipChange {
    bytes32 consortiumId;
    uint256 publicChainId;
    address publicAddress;
    uint256 privateChainId;
    address privateAddress;
    uint64 epoch;
    Seat[] seats;
    uint8 quorum;
}

/// @notice A pause or a resumption, signed like a `MembershipChange`. `epoch` is the present one.
/// @dev `nonce` is at least the contract's `pauseNonce`; gaps are allowed, so that a pause that reached one chain
///      only never locks the pair.
struct PauseChange {
    bytes32 consortiumId;
    uint256 publicChainId;
    address publicAddress;
    uint256 privateChainId;
    address privateAddress;
    uint64 epoch;
    uint64 nonce;
    bool paused;
}
