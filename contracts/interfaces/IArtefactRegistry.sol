// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./IConsortium.sol";
import {ArtefactView} from "../types/Artefacts.sol";
import {ArtefactId, OrganisationId} from "../types/Types.sol";

/// @title Objects that one member makes and a quorum stands behind, named by their digest.
/// @notice For what cannot be recomputed bit by bit on every machine (a frozen matrix, a compacted base) or what somebody
///         has to answer for (a report on a model). A member that endorses has made or measured it for itself and says
///         how far it was off; the limit is in what the task or the object says.
/// @dev Warning: the contract compares digests and counts members. It cannot know whether anybody compared objects.
interface IArtefactRegistry {
    /// @notice `kind` is ASCII; `subject` is the digest of what the object is about (a task, a manifest, a model).
    event ArtefactProposed(
        ArtefactId indexed artefactId,
        OrganisationId indexed organisation,
        bytes32 indexed kind,
        bytes32 subject,
        bytes32 digest,
        string cid,
        bytes32 leafSalt
    );
    /// @notice A member stands behind the object. `deviation` is its largest relative difference, in 10⁻¹²; 0 is equal.
    event ArtefactEndorsed(
        ArtefactId indexed artefactId, OrganisationId indexed organisation, uint64 deviation, bytes32 leafSalt
    );
    /// @notice A member found the object wrong; `reason` is ASCII. It does not count against a quorum.
    event ArtefactDisputed(
        ArtefactId indexed artefactId, OrganisationId indexed organisation, bytes32 reason, bytes32 leafSalt
    );
    /// @notice A quorum stands behind it, once for ever.
    event ArtefactAgreed(
        ArtefactId indexed artefactId, bytes32 indexed kind, bytes32 indexed subject, bytes32 digest, bytes32 leafSalt
    );

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice A proposal names its kind, its subject, the object's digest and where the object is.
    /// @dev Fill in what is missing.
    error ArtefactRegistryIncomplete();
    /// @notice There is no proposal with this id.
    /// @dev Take the id from `ArtefactProposed`, or from `artefactAt`.
    error ArtefactRegistryUnknown(ArtefactId artefactId);
    /// @notice The organisation has endorsed or disputed the object before, and its word stands.
    /// @dev Nothing; who was wrong proposes another object.
    error ArtefactRegistryAlreadyDone(ArtefactId artefactId, OrganisationId organisation);
    /// @notice A quorum stands behind the object already.
    /// @dev Nothing.
    error ArtefactRegistryAlreadyAgreed(ArtefactId artefactId);
    /// @notice Whoever disputes says why.
    /// @dev Give a reason of 1 to 32 ASCII characters.
    error ArtefactRegistryReasonMissing();
    /// @notice Of the present members too few stand behind the object.
    /// @dev Settle after membership or quorum changed, or wait for endorsements.
    error ArtefactRegistryNothingToSettle(ArtefactId artefactId);

    /// @notice Names an object and endorses it with deviation 0.
    /// @dev artefactId = keccak256(abi.encode(block.chainid, address(this), n)), n counting proposals from 1.
    function propose(bytes32 kind, bytes32 subject, bytes32 digest, string calldata cid, bytes32 leafSalt)
        external
        returns (ArtefactId artefactId);

    /// @notice Endorses an object, once a member and never after disputing it; also after it is agreed.
    function endorse(ArtefactId artefactId, uint64 deviation, bytes32 leafSalt) external;

    /// @notice Says that an object is wrong, once a member and never after endorsing it.
    function dispute(ArtefactId artefactId, bytes32 reason, bytes32 leafSalt) external;

    /// @notice Counts again over the present members, after membership or quorum changed; any delegate may.
    function settle(ArtefactId artefactId, bytes32 leafSalt) external;

    /// @notice The `Consortium` whose delegates propose and endorse.
    function consortium() external view returns (IConsortium);

    /// @notice How many objects have been proposed.
    function artefactCount() external view returns (uint64);

    /// @notice The id of the proposal of that number, counted from 1, whether it was made or not.
    function artefactAt(uint64 number) external view returns (ArtefactId);

    /// @notice What was proposed, and how many of the present members stand behind it.
    function artefact(ArtefactId artefactId) external view returns (ArtefactView memory);

    /// @notice Whether the organisation stands behind the object.
    function endorsed(ArtefactId artefactId, OrganisationId organisation) external view returns (bool);
}
