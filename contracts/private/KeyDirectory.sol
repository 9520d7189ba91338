// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IKeyDirectory} from "../interfaces/IKeyDirectory.sol";
import {Callers} from "../shared/Callers.sol";
import {Member} from "../types/Membership.sol";
import {OrganisationId} from "../types/Types.sol";

/// @notice See `IKeyDirectory`.
contract KeyDirectory is IKeyDirectory {
    using Callers for IConsortium;

    uint256 private constant MAX_KEY_LENGTH = 4096;

    /// @inheritdoc IKeyDirectory
    IConsortium public immutable consortium;
    address private immutable _deployer;
    /// @inheritdoc IKeyDirectory
    address public rounds;
    /// @inheritdoc IKeyDirectory
    mapping(OrganisationId organisation => bytes32 digest) public keyOf;
    /// @inheritdoc IKeyDirectory
    mapping(uint64 roundId => mapping(OrganisationId organisation => bytes32 digest)) public prekeyOf;
    mapping(OrganisationId organisation => bytes32[] digests) private _prekeys;
    mapping(OrganisationId organisation => uint64 used) private _used;
    mapping(OrganisationId organisation => mapping(bytes32 digest => bool)) private _known;

    constructor(IConsortium consortium_) {
        consortium = consortium_;
        _deployer = msg.sender;
    }

    /// @inheritdoc IKeyDirectory
    function bind(address rounds_) external {
        if (msg.sender != _deployer) revert KeyDirectoryNotDeployer(msg.sender);
        if (rounds != address(0)) revert KeyDirectoryAlreadyBound();
        if (rounds_ == address(0)) revert KeyDirectoryZeroAddress();
        rounds = rounds_;
    }

    /// @inheritdoc IKeyDirectory
    function publishKey(bytes calldata key, bytes32 leafSalt) external {
        OrganisationId organisation = consortium.callingDelegate();
        bytes32 digest = _digest(key);
        keyOf[organisation] = digest;
        emit KeyPublished(organisation, digest, key, leafSalt);
    }

    /// @inheritdoc IKeyDirectory
    function revokeKey(bytes32 leafSalt) external {
        OrganisationId organisation = consortium.callingDelegate();
        bytes32 digest = keyOf[organisation];
        if (digest == 0) revert KeyDirectoryNoKey(organisation);
        delete keyOf[organisation];
        emit KeyRevoked(organisation, digest, leafSalt);
    }

    /// @inheritdoc IKeyDirectory
    function publishPrekeys(bytes[] calldata keys, bytes32 leafSalt) external {
        OrganisationId organisation = consortium.callingDelegate();
        if (keys.length == 0) revert KeyDirectoryNoPrekeys();
        bytes32[] storage own = _prekeys[organisation];
        for (uint256 i = 0; i < keys.length; ++i) {
            bytes32 digest = _digest(keys[i]);
            if (_known[organisation][digest]) revert KeyDirectoryPrekeyKnown(digest);
            _known[organisation][digest] = true;
            own.push(digest);
            emit PrekeyPublished(organisation, uint64(own.length - 1), digest, keys[i], leafSalt);
        }
    }

    /// @inheritdoc IKeyDirectory
    function discardPrekeys(bytes32 leafSalt) external {
        OrganisationId organisation = consortium.callingDelegate();
        uint64 first = _used[organisation];
        uint64 count = uint64(_prekeys[organisation].length) - first;
        if (count == 0) revert KeyDirectoryNoPrekeys();
        _used[organisation] = first + count;
        emit PrekeysDiscarded(organisation, first, count, leafSalt);
    }

    /// @inheritdoc IKeyDirectory
    function assignPrekeys(uint64 roundId, bytes32 leafSalt) external {
        if (msg.sender != rounds) revert KeyDirectoryNotRoundLedger(msg.sender);
        Member[] memory members = consortium.members();
        for (uint256 i = 0; i < members.length; ++i) {
            OrganisationId organisation = members[i].organisation;
            uint64 index = _used[organisation];
            if (index == _prekeys[organisation].length) continue;
            bytes32 digest = _prekeys[organisation][index];
            _used[organisation] = index + 1;
            prekeyOf[roundId][organisation] = digest;
            emit PrekeyAssigned(roundId, organisation, index, digest, leafSalt);
        }
    }

    /// @inheritdoc IKeyDirectory
    function prekeyAt(OrganisationId organisation, uint64 index) external view returns (bytes32) {
        return _prekeys[organisation][index];
    }

    /// @inheritdoc IKeyDirectory
    function unusedPrekeys(OrganisationId organisation) external view returns (uint256) {
        return _prekeys[organisation].length - _used[organisation];
    }

    function _digest(bytes calldata key) private pure returns (bytes32) {
        if (key.length == 0 || key.length > MAX_KEY_LENGTH) revert KeyDirectoryKeyLength(key.length, MAX_KEY_LENGTH);
        return sha256(key);
    }
}
