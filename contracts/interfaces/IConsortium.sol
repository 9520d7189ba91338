// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrganisationId} from "../types/Types.sol";
import {Member, MembershipChange, PauseChange, Seat} from "../types/Membership.sol";

/// @title Who belongs to the consortium, and how many of them decide.
/// @notice The same source is deployed on the public and on the private chain. One governance decision, signed once by a
///         quorum of authorities, is good once on each of the two contracts and nowhere else.
/// @dev Warning: losing more than n − k authorities freezes the consortium for ever. Nobody else has a say: the
///      deployer's only right is to bind the two contracts to each other once.
interface IConsortium {
    /// @notice An organisation joined. New members stand at the end of the member order.
    event MemberAdded(OrganisationId indexed organisation, address indexed authority);
    /// @notice An organisation left; its delegate lost its rights with it. The others keep their order.
    event MemberRemoved(OrganisationId indexed organisation, address indexed authority);
    /// @notice A quorum of authorities gave a member a new authority.
    event AuthorityReplaced(OrganisationId indexed organisation, address previous, address current);
    /// @notice A member's authority changed its delegate; `current` is zero when it was revoked.
    event DelegateRotated(OrganisationId indexed organisation, address previous, address current);
    /// @notice A quorum of authorities changed the quorum.
    event QuorumChanged(uint8 previous, uint8 current);
    /// @notice Membership is now that of `epoch`; `consortiumDigest` covers authorities, quorum and epoch.
    event EpochAdvanced(uint64 indexed epoch, bytes32 consortiumDigest, uint8 quorum, uint256 members);
    /// @notice The two contracts of this consortium know each other; the deployer has no rights left.
    event ConsortiumBound(uint256 publicChainId, address publicAddress, uint256 privateChainId, address privateAddress);
    /// @notice No new rounds and no anchoring from here on.
    event Paused(uint64 nonce);
    /// @notice Rounds and anchoring are allowed again.
    event Resumed(uint64 nonce);

    error ConsortiumNotADelegate(address account);
    error ConsortiumNotAnAuthority(address account);
    error ConsortiumUnknownOrganisation(OrganisationId organisation);
    error ConsortiumNotDeployer(address account);
    error ConsortiumAlreadyBound();
    error ConsortiumNotBound();
    error ConsortiumWrongBinding(uint256 chainId, address account);
    error ConsortiumTooManyMembers(uint256 members);
    error ConsortiumQuorumInvalid(uint8 quorum, uint256 members);
    error ConsortiumInvalidOrganisation(OrganisationId organisation);
    error ConsortiumDuplicateOrganisation(OrganisationId organisation);
    error ConsortiumInvalidAuthority(OrganisationId organisation, address authority);
    error ConsortiumInvalidDelegate(OrganisationId organisation, address delegate);
    error ConsortiumSeatsOutOfOrder(OrganisationId organisation);
    error ConsortiumWrongConsortium();
    error ConsortiumWrongEpoch(uint64 epoch, uint64 expected);
    error ConsortiumNonceUsed(uint64 nonce, uint64 expected);
    error ConsortiumPauseUnchanged(bool paused);
    error ConsortiumQuorumMissed(uint256 signatures, uint8 quorum);
    error ConsortiumIndexOutOfRange(uint256 index, uint256 members);

    /// @notice Makes the two contracts of one consortium known to each other; the deployer calls it once on each.
    /// @dev Warning: the contract can check its own side only; members check the other side before they use it.
    function bind(uint256 publicChainId, address publicAddress, uint256 privateChainId, address privateAddress)
        external;

    /// @notice Gives `organisation` a new delegate at once; only its authority may.
    /// @dev An address serves as a delegate once: a former or revoked one never comes back.
    function rotateDelegate(OrganisationId organisation, address newDelegate) external;

    /// @notice Takes the delegate of `organisation` away at once; only its authority may.
    function revokeDelegate(OrganisationId organisation) external;

    /// @notice Replaces the membership by `change.seats` and starts the next epoch.
    /// @param signatures Of at least a quorum of the present authorities, in ascending order of signer.
    function changeMembership(MembershipChange calldata change, bytes[] calldata signatures) external;

    /// @notice Pauses or resumes; signatures as for `changeMembership`.
    function setPaused(PauseChange calldata change, bytes[] calldata signatures) external;

    function consortiumId() external view returns (bytes32);

    /// @notice Number of the present membership; the first is 1.
    function epoch() external view returns (uint64);

    /// @notice How many members decide: always more than half.
    function quorum() external view returns (uint8);

    /// @notice Digest of id, epoch, quorum and seats; see `shared/ConsortiumHash.sol`.
    function consortiumDigest() external view returns (bytes32);

    /// @notice Epoch, quorum and digest in one call.
    function current() external view returns (uint64 epoch, uint8 quorum, bytes32 consortiumDigest);

    function paused() external view returns (bool);

    /// @notice Least nonce that the next `PauseChange` may carry.
    function pauseNonce() external view returns (uint64);

    /// @notice The pair of contracts; all zero before `bind`.
    function binding()
        external
        view
        returns (uint256 publicChainId, address publicAddress, uint256 privateChainId, address privateAddress);

    function memberCount() external view returns (uint256);

    function memberAt(uint256 index) external view returns (Member memory);

    function members() external view returns (Member[] memory);

    function seats() external view returns (Seat[] memory);

    function seatOf(OrganisationId organisation) external view returns (bool found, uint8 index);

    function authorityOf(OrganisationId organisation) external view returns (address);

    function delegateOf(OrganisationId organisation) external view returns (address);

    /// @notice Organisation whose present delegate `delegate` is; reverts for anybody else.
    function organisationOf(address delegate) external view returns (OrganisationId);

    /// @notice Organisation whose present authority `authority` is; reverts for anybody else.
    function organisationOfAuthority(address authority) external view returns (OrganisationId);

    /// @notice Organisation whose delegate `account` is or ever was; zero for anybody else.
    function formerOrganisationOf(address account) external view returns (OrganisationId);

    /// @notice Bitmap by member index of present delegates; reverts when one of them is not.
    /// @dev The caller makes sure that they are distinct.
    function signers(address[] calldata delegates) external view returns (uint256 bitmap);

    /// @notice Bitmap by member index of present authorities; reverts when one of them is not.
    /// @dev The caller makes sure that they are distinct.
    function authoritySigners(address[] calldata authorities) external view returns (uint256 bitmap);
}
