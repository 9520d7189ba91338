// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Member} from "../../contracts/types/Membership.sol";
import {OrganisationId} from "../../contracts/types/Types.sol";

/// @title Neighbours that answer anything: their storage is made symbolic, and each call may revert.
/// @dev What a contract does with a neighbour that answers anything, it does with the real one.
contract AnyConsortium {
    mapping(address account => OrganisationId) private _organisations;
    mapping(bytes32 call => bool) private _refuses;
    uint8 public quorum;
    uint64 public epoch;
    bytes32 public consortiumDigest;
    bool public paused;

    function organisationOf(address account) external view returns (OrganisationId) {
        require(!_refuses[keccak256(abi.encode(account))]);
        return _organisations[account];
    }

    function organisationOfAuthority(address account) external view returns (OrganisationId) {
        require(!_refuses[keccak256(abi.encode(account))]);
        return _organisations[account];
    }

    function formerOrganisationOf(address account) external view returns (OrganisationId) {
        return _organisations[account];
    }

    function members() external view returns (Member[] memory list) {
        list = new Member[](2);
        for (uint160 i = 0; i < 2; ++i) {
            list[i] = Member(_organisations[address(i)], address(i), address(i));
        }
    }

    function current() external view returns (uint64, uint8, bytes32) {
        return (epoch, quorum, consortiumDigest);
    }

    function signers(address[] calldata) external view returns (uint256) {
        require(!_refuses["signers"]);
        return 0;
    }

    function authoritySigners(address[] calldata) external view returns (uint256) {
        require(!_refuses["authoritySigners"]);
        return 0;
    }
}

contract AnyAnchor {
    bytes32 public head;
}

/// @title What the round ledger asks of schedule, keys and revocations.
contract AnyPrivateNeighbour {
    uint64 public awaitingReplacement;

    function announce(bytes32, uint8) external returns (uint64) {}

    function assignPrekeys(uint64, bytes32) external {}
}
