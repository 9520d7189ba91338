// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {OrganisationId} from "../types/Types.sol";

/// @title For whom a caller acts on the private chain.
/// @notice A record counts only if its member signed the transaction (docs/decisions/0050). So the contracts take nothing
///         that a contract sends in a member's name: their state would know it, and every reader would pass it over.
library Callers {
    /// @notice `caller` is a contract. Delegates and authorities send to the private contracts themselves.
    /// @dev Send from the key's own account, not through a wallet contract: every record is signed by its member.
    error CallersNotAnAccount(address caller);

    /// @notice Organisation whose delegate sends this transaction.
    function callingDelegate(IConsortium consortium) internal view returns (OrganisationId) {
        _checkDirect();
        return consortium.organisationOf(msg.sender);
    }

    /// @notice Organisation whose authority sends this transaction.
    function callingAuthority(IConsortium consortium) internal view returns (OrganisationId) {
        _checkDirect();
        return consortium.organisationOfAuthority(msg.sender);
    }

    function _checkDirect() private view {
        // slither-disable-next-line tx-origin
        if (msg.sender != tx.origin) revert CallersNotAnAccount(msg.sender);
    }
}
