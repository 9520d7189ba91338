// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./interfaces/IConsortium.sol";
import {ConsortiumHash} from "./shared/ConsortiumHash.sol";
import {OrganisationNames} from "./shared/OrganisationNames.sol";
import {Signatures} from "./shared/Signatures.sol";
import {NO_ORGANISATION, OrganisationId} from "./types/Types.sol";
import {Member, MembershipChange, PauseChange, Seat} from "./types/Membership.sol";

/// @notice See `IConsortium`.
contract Consortium is IConsortium {
    using OrganisationNames for OrganisationId;

    uint256 private constant MAX_MEMBERS = 255;
    uint64 private constant MAX_NONCE_GAP = 255;

    /// @inheritdoc IConsortium
    bytes32 public immutable consortiumId;
    address private immutable _deployer;

    // One slot: what every anchoring reads.
    /// @inheritdoc IConsortium
    uint64 public epoch;
    /// @inheritdoc IConsortium
    uint64 public pauseNonce;
    /// @inheritdoc IConsortium
    uint8 public quorum;
    /// @inheritdoc IConsortium
    bool public paused;

    /// @inheritdoc IConsortium
    bytes32 public consortiumDigest;

    struct Binding {
        uint256 publicChainId;
        address publicAddress;
        uint256 privateChainId;
        address privateAddress;
    }

    Binding private _binding;
    Member[] private _members;
    // Positions are index + 1, so that 0 says "not there".
    mapping(OrganisationId organisation => uint8 position) private _positionOf;
    mapping(address delegate => uint8 position) private _delegatePosition;
    mapping(address authority => uint8 position) private _authorityPosition;
    mapping(address delegate => OrganisationId organisation) private _everOrganisationOf;
    /// @dev Whose a name was: what hangs on it (acceptances, prekeys, ε, awards) is inherited by nobody else.
    mapping(OrganisationId organisation => address authority) private _lastAuthorityOf;

    constructor(bytes32 consortiumId_, Member[] memory members_, uint8 quorum_) {
        consortiumId = consortiumId_;
        _deployer = msg.sender;
        _checkQuorum(quorum_, members_.length);
        for (uint256 i = 0; i < members_.length; ++i) {
            _add(Seat(members_[i].organisation, members_[i].authority));
        }
        for (uint256 i = 0; i < members_.length; ++i) {
            if (members_[i].delegate != address(0)) _setDelegate(i, members_[i].delegate);
        }
        quorum = quorum_;
        _advance();
    }

    /// @inheritdoc IConsortium
    function bind(uint256 publicChainId, address publicAddress, uint256 privateChainId, address privateAddress)
        external
    {
        if (msg.sender != _deployer) revert ConsortiumNotDeployer(msg.sender);
        if (_binding.publicAddress != address(0)) revert ConsortiumAlreadyBound();
        bool isPublic = publicChainId == block.chainid && publicAddress == address(this);
        bool isPrivate = privateChainId == block.chainid && privateAddress == address(this);
        if (isPublic == isPrivate || publicAddress == address(0) || privateAddress == address(0)) {
            revert ConsortiumWrongBinding(block.chainid, address(this));
        }
        _binding = Binding(publicChainId, publicAddress, privateChainId, privateAddress);
        emit ConsortiumBound(publicChainId, publicAddress, privateChainId, privateAddress);
    }

    /// @inheritdoc IConsortium
    function rotateDelegate(OrganisationId organisation, address newDelegate) external {
        _setDelegate(_indexForAuthority(organisation), newDelegate);
    }

    /// @inheritdoc IConsortium
    function revokeDelegate(OrganisationId organisation) external {
        uint256 index = _indexForAuthority(organisation);
        if (_members[index].delegate == address(0)) revert ConsortiumInvalidDelegate(organisation, address(0));
        _dropDelegate(index);
    }

    /// @inheritdoc IConsortium
    function changeMembership(MembershipChange calldata change, bytes[] calldata signatures) external {
        _checkNames(
            change.consortiumId,
            Binding(change.publicChainId, change.publicAddress, change.privateChainId, change.privateAddress)
        );
        if (change.epoch != epoch + 1) revert ConsortiumWrongEpoch(change.epoch, epoch + 1);
        _checkQuorum(change.quorum, change.seats.length);
        _checkAuthorities(ConsortiumHash.digest(change), signatures);

        uint256 kept = _removeMissing(change.seats);
        _replaceAuthorities(change.seats, kept);
        for (uint256 i = kept; i < change.seats.length; ++i) {
            _add(change.seats[i]);
        }
        if (change.quorum != quorum) {
            emit QuorumChanged(quorum, change.quorum);
            quorum = change.quorum;
        }
        _advance();
    }

    /// @inheritdoc IConsortium
    function setPaused(PauseChange calldata change, bytes[] calldata signatures) external {
        _checkNames(
            change.consortiumId,
            Binding(change.publicChainId, change.publicAddress, change.privateChainId, change.privateAddress)
        );
        if (change.epoch != epoch) revert ConsortiumWrongEpoch(change.epoch, epoch);
        if (change.nonce < pauseNonce) revert ConsortiumNonceUsed(change.nonce, pauseNonce);
        uint64 latest = pauseNonce + MAX_NONCE_GAP;
        if (change.nonce > latest) revert ConsortiumNonceAhead(change.nonce, latest);
        _checkAuthorities(ConsortiumHash.digest(change), signatures);

        pauseNonce = change.nonce + 1;
        paused = change.paused;
        if (change.paused) emit Paused(change.nonce);
        else emit Resumed(change.nonce);
    }

    /// @inheritdoc IConsortium
    function current() external view returns (uint64, uint8, bytes32) {
        return (epoch, quorum, consortiumDigest);
    }

    /// @inheritdoc IConsortium
    function binding() external view returns (uint256, address, uint256, address) {
        Binding memory bound = _binding;
        return (bound.publicChainId, bound.publicAddress, bound.privateChainId, bound.privateAddress);
    }

    /// @inheritdoc IConsortium
    function memberCount() external view returns (uint256) {
        return _members.length;
    }

    /// @inheritdoc IConsortium
    function memberAt(uint256 index) external view returns (Member memory) {
        if (index >= _members.length) revert ConsortiumIndexOutOfRange(index, _members.length);
        return _members[index];
    }

    /// @inheritdoc IConsortium
    function members() external view returns (Member[] memory) {
        return _members;
    }

    /// @inheritdoc IConsortium
    function seats() public view returns (Seat[] memory list) {
        list = new Seat[](_members.length);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = Seat(_members[i].organisation, _members[i].authority);
        }
    }

    /// @inheritdoc IConsortium
    function seatOf(OrganisationId organisation) external view returns (bool found, uint8 index) {
        uint8 position = _positionOf[organisation];
        return position == 0 ? (false, 0) : (true, position - 1);
    }

    /// @inheritdoc IConsortium
    function authorityOf(OrganisationId organisation) external view returns (address) {
        return _members[_indexOf(organisation)].authority;
    }

    /// @inheritdoc IConsortium
    function delegateOf(OrganisationId organisation) external view returns (address) {
        return _members[_indexOf(organisation)].delegate;
    }

    /// @inheritdoc IConsortium
    function organisationOf(address delegate) external view returns (OrganisationId) {
        if (_delegatePosition[delegate] == 0) revert ConsortiumNotADelegate(delegate);
        return _everOrganisationOf[delegate];
    }

    /// @inheritdoc IConsortium
    function organisationOfAuthority(address authority) external view returns (OrganisationId) {
        uint8 position = _authorityPosition[authority];
        if (position == 0) revert ConsortiumNotAnAuthority(authority);
        return _members[position - 1].organisation;
    }

    /// @inheritdoc IConsortium
    function formerOrganisationOf(address account) external view returns (OrganisationId) {
        return _everOrganisationOf[account];
    }

    /// @inheritdoc IConsortium
    function signers(address[] calldata delegates) external view returns (uint256 bitmap) {
        for (uint256 i = 0; i < delegates.length; ++i) {
            uint8 position = _delegatePosition[delegates[i]];
            if (position == 0) revert ConsortiumNotADelegate(delegates[i]);
            bitmap |= 1 << (position - 1);
        }
    }

    /// @inheritdoc IConsortium
    function authoritySigners(address[] memory authorities) public view returns (uint256 bitmap) {
        for (uint256 i = 0; i < authorities.length; ++i) {
            uint8 position = _authorityPosition[authorities[i]];
            if (position == 0) revert ConsortiumNotAnAuthority(authorities[i]);
            bitmap |= 1 << (position - 1);
        }
    }

    function _checkQuorum(uint8 quorum_, uint256 count) private pure {
        if (count > MAX_MEMBERS) revert ConsortiumTooManyMembers(count);
        if (quorum_ > count || 2 * uint256(quorum_) <= count) revert ConsortiumQuorumInvalid(quorum_, count);
    }

    function _checkNames(bytes32 consortiumId_, Binding memory given) private view {
        if (_binding.publicAddress == address(0)) revert ConsortiumNotBound();
        bool same = keccak256(abi.encode(given)) == keccak256(abi.encode(_binding));
        if (consortiumId_ != consortiumId || !same) revert ConsortiumWrongConsortium();
    }

    function _checkAuthorities(bytes32 digest, bytes[] calldata signatures) private view {
        if (signatures.length < quorum) revert ConsortiumQuorumMissed(signatures.length, quorum);
        authoritySigners(Signatures.recoverAscending(digest, signatures));
    }

    function _indexOf(OrganisationId organisation) private view returns (uint256) {
        uint8 position = _positionOf[organisation];
        if (position == 0) revert ConsortiumUnknownOrganisation(organisation);
        return position - 1;
    }

    function _indexForAuthority(OrganisationId organisation) private view returns (uint256 index) {
        index = _indexOf(organisation);
        if (_members[index].authority != msg.sender) revert ConsortiumNotAnAuthority(msg.sender);
    }

    function _setDelegate(uint256 index, address delegate) private {
        Member storage member = _members[index];
        bool used = _everOrganisationOf[delegate] != NO_ORGANISATION || _authorityPosition[delegate] != 0;
        if (delegate == address(0) || used) revert ConsortiumInvalidDelegate(member.organisation, delegate);
        address previous = member.delegate;
        delete _delegatePosition[previous];
        member.delegate = delegate;
        _delegatePosition[delegate] = uint8(index + 1);
        _everOrganisationOf[delegate] = member.organisation;
        emit DelegateRotated(member.organisation, previous, delegate);
    }

    function _dropDelegate(uint256 index) private {
        Member storage member = _members[index];
        address previous = member.delegate;
        delete _delegatePosition[previous];
        delete member.delegate;
        emit DelegateRotated(member.organisation, previous, address(0));
    }

    function _add(Seat memory seat) private {
        if (!seat.organisation.valid()) revert ConsortiumInvalidOrganisation(seat.organisation);
        if (_positionOf[seat.organisation] != 0) revert ConsortiumDuplicateOrganisation(seat.organisation);
        address last = _lastAuthorityOf[seat.organisation];
        if (last != address(0) && last != seat.authority) revert ConsortiumNameTaken(seat.organisation, last);
        _members.push(Member(seat.organisation, seat.authority, address(0)));
        _positionOf[seat.organisation] = uint8(_members.length);
        _seatAuthority(_members.length - 1, seat.authority);
        emit MemberAdded(seat.organisation, seat.authority);
    }

    /// @dev Naming a delegate takes no proof of its key. So a delegate of this address gives way: else one member could
    ///      keep a seat from being filled, and on one chain of the two.
    function _seatAuthority(uint256 index, address authority) private {
        if (authority == address(0) || _authorityPosition[authority] != 0) {
            revert ConsortiumInvalidAuthority(_members[index].organisation, authority);
        }
        uint8 position = _delegatePosition[authority];
        if (position != 0) _dropDelegate(position - 1);
        _members[index].authority = authority;
        _authorityPosition[authority] = uint8(index + 1);
    }

    /// @dev Takes out the members that `seats_` does not list, keeps the order of the others, and checks that `seats_`
    ///      starts with them in that order.
    function _removeMissing(Seat[] calldata seats_) private returns (uint256 kept) {
        uint256 count = _members.length;
        for (uint256 i = 0; i < count; ++i) {
            Member memory member = _members[i];
            delete _authorityPosition[member.authority];
            if (kept < seats_.length && seats_[kept].organisation == member.organisation) {
                _move(member, kept++);
            } else {
                _forget(member, seats_, kept);
            }
        }
        for (uint256 i = kept; i < count; ++i) {
            _members.pop();
        }
    }

    function _move(Member memory member, uint256 index) private {
        uint8 position = uint8(index + 1);
        _members[index] = member;
        _positionOf[member.organisation] = position;
        if (member.delegate != address(0)) _delegatePosition[member.delegate] = position;
    }

    function _forget(Member memory member, Seat[] calldata seats_, uint256 from) private {
        for (uint256 i = from; i < seats_.length; ++i) {
            if (seats_[i].organisation == member.organisation) revert ConsortiumSeatsOutOfOrder(member.organisation);
        }
        _lastAuthorityOf[member.organisation] = member.authority;
        delete _positionOf[member.organisation];
        delete _delegatePosition[member.delegate];
        emit MemberRemoved(member.organisation, member.authority);
    }

    /// @dev All former authorities are free at this point, so that members may swap them.
    function _replaceAuthorities(Seat[] calldata seats_, uint256 kept) private {
        for (uint256 i = 0; i < kept; ++i) {
            address previous = _members[i].authority;
            _seatAuthority(i, seats_[i].authority);
            if (previous != seats_[i].authority) {
                emit AuthorityReplaced(seats_[i].organisation, previous, seats_[i].authority);
            }
        }
    }

    function _advance() private {
        epoch += 1;
        consortiumDigest = ConsortiumHash.consortiumDigest(consortiumId, epoch, quorum, seats());
        emit EpochAdvanced(epoch, consortiumDigest, quorum, _members.length);
    }
}
