// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What contributions earn: an ERC-20 with Permit whose supply is what has been claimed.
interface IContributionToken is IERC20 {
    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice Only the `AwardDistributor` makes tokens.
    /// @dev Claim an award; there is no other way.
    error ContributionTokenNotMinter(address account);

    /// @notice Makes `amount` for `account`; only the `minter` may, which is the `AwardDistributor`.
    function mint(address account, uint256 amount) external;

    /// @notice The `AwardDistributor`.
    function minter() external view returns (address);
}
