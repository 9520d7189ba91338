// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title What one would write first: every update's CID and digest in public storage, and a token minted by an owner.
/// @notice Only a yardstick for `make bench-gas`. It has no members, no rounds, no quorum and no event: each of them
///         would make it dearer.
contract Naive is ERC20 {
    struct Update {
        bytes32 digest;
        string cid;
    }

    error NaiveNotOwner(address account);

    address public immutable owner;
    mapping(uint64 round => mapping(address contributor => Update)) public updates;

    constructor() ERC20("Naive", "NAIVE") {
        owner = msg.sender;
    }

    function record(uint64 round, string calldata cid, bytes32 digest) external {
        updates[round][msg.sender] = Update(digest, cid);
    }

    function pay(address account, uint256 amount) external {
        if (msg.sender != owner) revert NaiveNotOwner(msg.sender);
        _mint(account, amount);
    }
}
