// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Name of an organisation, [a-z][a-z0-9-]{0,30}, left-aligned in 32 bytes.
type OrganisationId is bytes32;

/// @notice Identifies one recorded update (see `IRoundLedger.submitUpdate`).
type UpdateId is bytes32;

/// @notice Identifies one revocation request (see `IRevocationLedger.request`).
type RequestId is bytes32;

/// @notice Identifies one object that a quorum is to stand behind (see `IArtefactRegistry.propose`).
type ArtefactId is bytes32;

using {sameOrganisation as ==, otherOrganisation as !=} for OrganisationId global;
using {sameUpdate as ==, otherUpdate as !=} for UpdateId global;
using {sameRequest as ==, otherRequest as !=} for RequestId global;

OrganisationId constant NO_ORGANISATION = OrganisationId.wrap(0);
UpdateId constant NO_UPDATE = UpdateId.wrap(0);
RequestId constant NO_REQUEST = RequestId.wrap(0);

function sameOrganisation(OrganisationId a, OrganisationId b) pure returns (bool) {
    return OrganisationId.unwrap(a) == OrganisationId.unwrap(b);
}

function otherOrganisation(OrganisationId a, OrganisationId b) pure returns (bool) {
    return OrganisationId.unwrap(a) != OrganisationId.unwrap(b);
}

function sameUpdate(UpdateId a, UpdateId b) pure returns (bool) {
    return UpdateId.unwrap(a) == UpdateId.unwrap(b);
}

function otherUpdate(UpdateId a, UpdateId b) pure returns (bool) {
    return UpdateId.unwrap(a) != UpdateId.unwrap(b);
}

function sameRequest(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) == RequestId.unwrap(b);
}

function otherRequest(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) != RequestId.unwrap(b);
}
