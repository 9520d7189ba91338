// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IContributionToken} from "../interfaces/IContributionToken.sol";

/// @notice See `IContributionToken`.
contract ContributionToken is IContributionToken, ERC20, ERC20Permit {
    /// @inheritdoc IContributionToken
    address public immutable minter;

    constructor(string memory name_, string memory symbol_, address minter_) ERC20(name_, symbol_) ERC20Permit(name_) {
        minter = minter_;
    }

    /// @inheritdoc IContributionToken
    function mint(address account, uint256 amount) external {
        if (msg.sender != minter) revert ContributionTokenNotMinter(msg.sender);
        _mint(account, amount);
    }
}
