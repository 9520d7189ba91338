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
    /// @notice No new rounds and no anchoring from here on; told again where it was so already.
    event Paused(uint64 nonce);
    /// @notice Rounds and anchoring are allowed again; told again where they were.
    event Resumed(uint64 nonce);

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice The account is no member's present delegate: a stranger, an authority, or a delegate that was rotated or
    ///         revoked.
    /// @dev Send with the organisation's present hot key; `delegateOf(organisation)` names it.
    error ConsortiumNotADelegate(address account);
    /// @notice The account is no member's present authority, or not that of the organisation in question.
    /// @dev Send with the organisation's cold key; `authorityOf(organisation)` names it.
    error ConsortiumNotAnAuthority(address account);
    /// @notice No member has that name.
    /// @dev Check the spelling against `members()`; on the wire it is ASCII, left-aligned in 32 bytes.
    error ConsortiumUnknownOrganisation(OrganisationId organisation);
    /// @notice Only the account that deployed the contract binds it.
    /// @dev Bind with the deployer's account; it has no other right.
    error ConsortiumNotDeployer(address account);
    /// @notice The two contracts know each other already; a binding is for ever.
    /// @dev Nothing: compare `binding()` with the deployment files. A wrong pair means deploying anew.
    error ConsortiumAlreadyBound();
    /// @notice Governance waits until the deployer has bound the two contracts to each other.
    /// @dev Finish the deployment on both chains: `brownie run deploy` goes on where it stopped.
    error ConsortiumNotBound();
    /// @notice Exactly one of the two sides must be this chain and this contract, and neither address may be zero.
    /// @dev Give chain ids and addresses of the two deployments, public first.
    error ConsortiumWrongBinding(uint256 chainId, address account);
    /// @notice More than 255 members.
    /// @dev A consortium has at most 255: the bitmap of signers has one bit for each.
    error ConsortiumTooManyMembers(uint256 members);
    /// @notice The quorum is no majority, or larger than the membership.
    /// @dev Choose more than half of the members and at most all of them.
    error ConsortiumQuorumInvalid(uint8 quorum, uint256 members);
    /// @notice The name is not [a-z][a-z0-9-]{0,30}, left-aligned and padded with zeros.
    /// @dev Use a lower-case letter, then up to 30 of a-z, 0-9 and -.
    error ConsortiumInvalidOrganisation(OrganisationId organisation);
    /// @notice The organisation is a member already, or is listed twice.
    /// @dev List every organisation once.
    error ConsortiumDuplicateOrganisation(OrganisationId organisation);
    /// @notice A former member had that name, under another cold key; what hangs on a name passes to nobody else.
    /// @dev Take another name, or come back with the authority that the organisation had last.
    error ConsortiumNameTaken(OrganisationId organisation, address authority);
    /// @notice The cold key is zero or another member's.
    /// @dev Take a fresh address as the organisation's authority.
    error ConsortiumInvalidAuthority(OrganisationId organisation, address authority);
    /// @notice The hot key is zero, an authority's, or an address that ever was a delegate; or there is none to revoke.
    /// @dev Make a fresh key; an address serves once as a delegate, for one organisation.
    error ConsortiumInvalidDelegate(OrganisationId organisation, address delegate);
    /// @notice A member that stays does not stand in its present place among those that stay.
    /// @dev List the members that stay first, in the order of `seats()`, then the new ones.
    error ConsortiumSeatsOutOfOrder(OrganisationId organisation);
    /// @notice Id or pair of contracts in the signed decision are not this consortium's.
    /// @dev Sign a decision that names what `consortiumId()` and `binding()` say.
    error ConsortiumWrongConsortium();
    /// @notice The decision was signed for another epoch; one that was carried out before ends here too.
    /// @dev Look at `epoch()`: if it has moved on, collect signatures again for the present one.
    error ConsortiumWrongEpoch(uint64 epoch, uint64 expected);
    /// @notice A pause or a resumption with a nonce below `pauseNonce`: it was carried out, or overtaken.
    /// @dev Collect signatures again with the nonce that `pauseNonce()` names on both chains, the larger of the two.
    error ConsortiumNonceUsed(uint64 nonce, uint64 expected);
    /// @notice A nonce far above `pauseNonce`: nonces would run out, or out of what JSON can hold.
    /// @dev Collect signatures again with the nonce that `pauseNonce()` names on both chains, the larger of the two.
    error ConsortiumNonceAhead(uint64 nonce, uint64 latest);
    /// @notice The decision has fewer signatures than the quorum.
    /// @dev Collect more signatures of authorities over the same decision.
    error ConsortiumQuorumMissed(uint256 signatures, uint8 quorum);
    /// @notice There is no member at that place.
    /// @dev Ask `memberCount()` first; places count from 0.
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

    /// @notice Replaces the membership by `change.seats` and starts the next epoch. A present delegate whose address
    ///         becomes an authority is a delegate no more.
    /// @param signatures Of at least a quorum of the present authorities, in ascending order of signer.
    function changeMembership(MembershipChange calldata change, bytes[] calldata signatures) external;

    /// @notice Pauses or resumes; signatures as for `changeMembership`. Where nothing changes the nonce is used up all the
    ///         same, so that no decision that was overtaken stays good here.
    function setPaused(PauseChange calldata change, bytes[] calldata signatures) external;

    /// @notice Identity of the consortium, the same on both chains.
    function consortiumId() external view returns (bytes32);

    /// @notice Number of the present membership; the first is 1.
    function epoch() external view returns (uint64);

    /// @notice How many members decide: always more than half.
    function quorum() external view returns (uint8);

    /// @notice Digest of id, epoch, quorum and seats; see `shared/ConsortiumHash.sol`.
    function consortiumDigest() external view returns (bytes32);

    /// @notice Epoch, quorum and digest in one call.
    function current() external view returns (uint64 epoch, uint8 quorum, bytes32 consortiumDigest);

    /// @notice Whether no round opens and nothing is anchored.
    function paused() external view returns (bool);

    /// @notice Least nonce that the next `PauseChange` may carry.
    function pauseNonce() external view returns (uint64);

    /// @notice The pair of contracts; all zero before `bind`.
    function binding()
        external
        view
        returns (uint256 publicChainId, address publicAddress, uint256 privateChainId, address privateAddress);

    /// @notice How many members there are.
    function memberCount() external view returns (uint256);

    /// @notice The member at a place, from 0.
    function memberAt(uint256 index) external view returns (Member memory);

    /// @notice All members with both keys, in member order.
    function members() external view returns (Member[] memory);

    /// @notice All members with their authorities, in member order.
    function seats() external view returns (Seat[] memory);

    /// @notice The organisation's place in the member order, if it is a member.
    function seatOf(OrganisationId organisation) external view returns (bool found, uint8 index);

    /// @notice The organisation's cold key.
    function authorityOf(OrganisationId organisation) external view returns (address);

    /// @notice The organisation's hot key; zero while it has none.
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
