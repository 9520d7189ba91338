// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICatchUps} from "../interfaces/ICatchUps.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IKeyDirectory} from "../interfaces/IKeyDirectory.sol";
import {Callers} from "../shared/Callers.sol";
import {Member} from "../types/Membership.sol";
import {NO_ORGANISATION, OrganisationId} from "../types/Types.sol";

/// @notice See `IKeyDirectory` and `ICatchUps`.
contract KeyDirectory is IKeyDirectory, ICatchUps {
    using Callers for IConsortium;

    struct CatchUp {
        OrganisationId organisation;
        address delegate;
        bytes32 keyDigest;
    }

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
    /// @inheritdoc ICatchUps
    uint64 public catchUpCount;
    mapping(uint64 number => CatchUp) private _catchUps;
    mapping(OrganisationId organisation => uint64 number) private _catchUpOf;
    mapping(uint64 number => mapping(OrganisationId organisation => bool)) private _answered;

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

    /// @inheritdoc ICatchUps
    function askCatchUp(bytes calldata key, bytes32 leafSalt) external returns (uint64 number) {
        OrganisationId organisation = consortium.callingDelegate();
        bytes32 digest = _digest(key);
        if (_known[organisation][digest]) revert KeyDirectoryKeyKnown(digest);
        _known[organisation][digest] = true;
        number = ++catchUpCount;
        _catchUps[number] = CatchUp(organisation, msg.sender, digest);
        _catchUpOf[organisation] = number;
        emit CatchUpAsked(number, organisation, digest, key, leafSalt);
    }

    /// @inheritdoc ICatchUps
    function answerCatchUp(uint64 number, bytes32 objectDigest, string calldata cid, bytes32 leafSalt) external {
        OrganisationId organisation = consortium.callingDelegate();
        _checkStanding(number, organisation);
        if (_answered[number][organisation]) revert KeyDirectoryCatchUpAnswered(number, organisation);
        if (objectDigest == 0 || bytes(cid).length == 0) revert KeyDirectoryAnswerIncomplete();
        _answered[number][organisation] = true;
        emit CatchUpAnswered(number, organisation, objectDigest, cid, leafSalt);
    }

    /// @inheritdoc IKeyDirectory
    function prekeyAt(OrganisationId organisation, uint64 index) external view returns (bytes32) {
        return _prekeys[organisation][index];
    }

    /// @inheritdoc IKeyDirectory
    function unusedPrekeys(OrganisationId organisation) external view returns (uint256) {
        return _prekeys[organisation].length - _used[organisation];
    }

    /// @inheritdoc ICatchUps
    function catchUpOf(OrganisationId organisation) external view returns (uint64) {
        return _catchUpOf[organisation];
    }

    /// @inheritdoc ICatchUps
    function catchUp(uint64 number)
        external
        view
        returns (OrganisationId organisation, address delegate, bytes32 keyDigest)
    {
        CatchUp storage asked = _asked(number);
        return (asked.organisation, asked.delegate, asked.keyDigest);
    }

    /// @inheritdoc ICatchUps
    function answeredCatchUp(uint64 number, OrganisationId organisation) external view returns (bool) {
        return _answered[number][organisation];
    }

    function _asked(uint64 number) private view returns (CatchUp storage asked) {
        asked = _catchUps[number];
        if (asked.organisation == NO_ORGANISATION) revert KeyDirectoryUnknownCatchUp(number);
    }

    /// @dev The request is the asker's latest, another's, and by the delegate that the asker still has.
    function _checkStanding(uint64 number, OrganisationId answering) private view {
        CatchUp storage asked = _asked(number);
        OrganisationId asker = asked.organisation;
        if (asker == answering) revert KeyDirectoryOwnCatchUp(number);
        uint64 standing = _catchUpOf[asker];
        if (number != standing) revert KeyDirectoryCatchUpSuperseded(number, standing);
        if (consortium.delegateOf(asker) != asked.delegate) revert KeyDirectoryCatchUpLapsed(number, asked.delegate);
    }

    function _digest(bytes calldata key) private pure returns (bytes32) {
        if (key.length == 0 || key.length > MAX_KEY_LENGTH) revert KeyDirectoryKeyLength(key.length, MAX_KEY_LENGTH);
        return sha256(key);
    }
}
