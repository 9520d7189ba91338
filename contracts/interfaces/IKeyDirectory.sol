// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./IConsortium.sol";
import {OrganisationId} from "../types/Types.sol";

/// @title Public keys of the members: bytes in the events, SHA-256 digests in storage.
/// @notice Updates are sealed to prekeys, each used in one round only, never to the long-term key.
interface IKeyDirectory {
    /// @notice A member's long-term HPKE key from here on.
    event KeyPublished(OrganisationId indexed organisation, bytes32 indexed digest, bytes key, bytes32 leafSalt);
    /// @notice A member has no long-term key from here on.
    event KeyRevoked(OrganisationId indexed organisation, bytes32 indexed digest, bytes32 leafSalt);
    /// @notice A one-time key; `index` counts a member's prekeys from 0.
    event PrekeyPublished(
        OrganisationId indexed organisation, uint64 indexed index, bytes32 indexed digest, bytes key, bytes32 leafSalt
    );
    /// @notice A member takes back its unused prekeys, `count` of them from index `first` on.
    event PrekeysDiscarded(OrganisationId indexed organisation, uint64 first, uint64 count, bytes32 leafSalt);
    /// @notice The prekey that the round's updates are sealed to for this member.
    event PrekeyAssigned(
        uint64 indexed roundId,
        OrganisationId indexed organisation,
        uint64 index,
        bytes32 digest,
        bytes32 leafSalt
    );

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice Only the account that deployed the contract binds it.
    /// @dev Bind with the deployer's account.
    error KeyDirectoryNotDeployer(address account);
    /// @notice A binding is for ever.
    /// @dev Nothing: compare `rounds()` with the deployment file.
    error KeyDirectoryAlreadyBound();
    /// @notice The contract to bind is missing.
    /// @dev Bind after `RoundLedger` is deployed.
    error KeyDirectoryZeroAddress();
    /// @notice Only the bound `RoundLedger` assigns prekeys.
    /// @dev Nothing: it does so when a round opens.
    error KeyDirectoryNotRoundLedger(address account);
    /// @notice A key has 1 to `limit` bytes.
    /// @dev Pass the public key's raw bytes; a prekey has 1,216.
    error KeyDirectoryKeyLength(uint256 length, uint256 limit);
    /// @notice The organisation has no long-term key to revoke.
    /// @dev Nothing.
    error KeyDirectoryNoKey(OrganisationId organisation);
    /// @notice The list of prekeys is empty, or there is no unused one to discard.
    /// @dev Publish at least one; discard only while `unusedPrekeys` is above zero.
    error KeyDirectoryNoPrekeys();
    /// @notice This organisation published the prekey before; each serves one round.
    /// @dev Make new ones; a daemon does so by itself.
    error KeyDirectoryPrekeyKnown(bytes32 digest);

    /// @notice Names the contract that assigns prekeys; the deployer calls it once.
    function bind(address rounds) external;

    /// @notice Publishes or replaces the caller's long-term key.
    function publishKey(bytes calldata key, bytes32 leafSalt) external;

    /// @notice Takes the caller's long-term key back.
    function revokeKey(bytes32 leafSalt) external;

    /// @notice Adds one-time keys; a key that the caller's organisation published before is refused.
    function publishPrekeys(bytes[] calldata keys, bytes32 leafSalt) external;

    /// @notice Takes back all unused prekeys, as after their loss or theft; no round will be sealed to them.
    function discardPrekeys(bytes32 leafSalt) external;

    /// @notice Gives each member's next unused prekey to the round; a member without one gets none.
    function assignPrekeys(uint64 roundId, bytes32 leafSalt) external;

    /// @notice The `Consortium` whose delegates publish.
    function consortium() external view returns (IConsortium);

    /// @notice The bound `RoundLedger`; zero before `bind`.
    function rounds() external view returns (address);

    /// @notice Digest of the long-term key; zero for none.
    function keyOf(OrganisationId organisation) external view returns (bytes32);

    /// @notice Digest of the prekey assigned to a member for a round; zero for none.
    function prekeyOf(uint64 roundId, OrganisationId organisation) external view returns (bytes32);

    /// @notice Digest of an organisation's prekey by its index.
    function prekeyAt(OrganisationId organisation, uint64 index) external view returns (bytes32);

    /// @notice How many prekeys a member has left.
    function unusedPrekeys(OrganisationId organisation) external view returns (uint256);
}
