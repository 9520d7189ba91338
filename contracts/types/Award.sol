// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UpdateId} from "./Types.sol";

/// @notice One leaf of an awards tree: what one contribution earned in one round.
struct Award {
    uint64 sequence;
    uint256 index;
    UpdateId updateId;
    address account;
    uint256 amount;
}
