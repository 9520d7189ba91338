// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrganisationId} from "../types/Types.sol";

/// @title Which names an organisation may have: [a-z][a-z0-9-]{0,30}, left-aligned, zeros after it.
/// @notice Every reader of records writes these names as text; so a contract takes no other.
library OrganisationNames {
    uint256 private constant MAX_LENGTH = 31;

    /// @notice Whether `organisation` is such a name.
    function valid(OrganisationId organisation) internal pure returns (bool) {
        bytes32 name = OrganisationId.unwrap(organisation);
        if (!_letter(name[0])) return false;
        uint256 length = 1;
        while (length <= MAX_LENGTH && _follows(name[length])) {
            ++length;
        }
        return length <= MAX_LENGTH && uint256(name) << (8 * length) == 0;
    }

    function _letter(bytes1 character) private pure returns (bool) {
        return character >= "a" && character <= "z";
    }

    function _follows(bytes1 character) private pure returns (bool) {
        return _letter(character) || (character >= "0" && character <= "9") || character == "-";
    }
}
