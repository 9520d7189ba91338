// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrganisationId} from "../types/Types.sol";

/// @title Requests of members that joined or were away, and the answers of the others.
/// @notice A member asks with a one-time key; another answers with an object on IPFS that is sealed to it and holds the
///         content keys of active contributions. The contract knows neither keys nor contributions.
/// @dev Warning: whoever sends with a member's delegate asks in its name. A request therefore ends with that delegate.
interface ICatchUps {
    /// @notice A member asks for what it cannot open; its former request stands no longer. `number` counts all requests
    ///         from 1, `keyDigest` is the SHA-256 of `key`, the one-time HPKE public key to seal the answers to.
    event CatchUpAsked(
        uint64 indexed number,
        OrganisationId indexed organisation,
        bytes32 indexed keyDigest,
        bytes key,
        bytes32 leafSalt
    );
    /// @notice `organisation` answers a request; `objectDigest` is the SHA-256 of the object that lies at `cid`.
    event CatchUpAnswered(
        uint64 indexed number,
        OrganisationId indexed organisation,
        bytes32 indexed objectDigest,
        string cid,
        bytes32 leafSalt
    );

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice The organisation published this one-time key before, as a prekey or with a request; each serves once.
    /// @dev Make a new one; a daemon does so by itself.
    error KeyDirectoryKeyKnown(bytes32 digest);
    /// @notice There is no request of this number.
    /// @dev Take the number from `CatchUpAsked`, or from `catchUpOf`.
    error KeyDirectoryUnknownCatchUp(uint64 number);
    /// @notice The asker has made a newer request, `standing`, and keeps no key to the former one.
    /// @dev Answer the newer one.
    error KeyDirectoryCatchUpSuperseded(uint64 number, uint64 standing);
    /// @notice The delegate that asked is not its member's delegate any more, so nobody is to be told anything.
    /// @dev Nothing; a member that still needs an answer asks again with its present delegate.
    error KeyDirectoryCatchUpLapsed(uint64 number, address delegate);
    /// @notice A member does not answer its own request.
    /// @dev Wait for the others.
    error KeyDirectoryOwnCatchUp(uint64 number);
    /// @notice The organisation has answered this request before.
    /// @dev Nothing; an asker that is not content asks again.
    error KeyDirectoryCatchUpAnswered(uint64 number, OrganisationId organisation);
    /// @notice An answer names the object's digest and where the object is.
    /// @dev Fill in what is missing.
    error KeyDirectoryAnswerIncomplete();

    /// @notice Asks the other members for what the caller's organisation cannot open; supersedes its former request.
    function askCatchUp(bytes calldata key, bytes32 leafSalt) external returns (uint64 number);

    /// @notice Answers another member's standing request, once a member.
    function answerCatchUp(uint64 number, bytes32 objectDigest, string calldata cid, bytes32 leafSalt) external;

    /// @notice How many requests there have been.
    function catchUpCount() external view returns (uint64);

    /// @notice The organisation's latest request; zero for none.
    function catchUpOf(OrganisationId organisation) external view returns (uint64);

    /// @notice Who asked, by which delegate, and the digest of the key to seal answers to.
    function catchUp(uint64 number)
        external
        view
        returns (OrganisationId organisation, address delegate, bytes32 keyDigest);

    /// @notice Whether the organisation has answered the request.
    function answeredCatchUp(uint64 number, OrganisationId organisation) external view returns (bool);
}
