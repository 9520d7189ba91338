// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrganisationId} from "./Types.sol";

/// @notice What `artefact` answers. `endorsements` counts present members.
struct ArtefactView {
    OrganisationId organisation;
    bytes32 kind;
    bytes32 subject;
    bytes32 digest;
    uint16 endorsements;
    bool agreed;
}
