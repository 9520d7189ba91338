// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IArtefactRegistry} from "../interfaces/IArtefactRegistry.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {Callers} from "../shared/Callers.sol";
import {ArtefactView} from "../types/Artefacts.sol";
import {Member} from "../types/Membership.sol";
import {ArtefactId, NO_ORGANISATION, OrganisationId} from "../types/Types.sol";

/// @notice See `IArtefactRegistry`.
contract ArtefactRegistry is IArtefactRegistry {
    using Callers for IConsortium;

    enum Stance {
        None,
        Endorses,
        Disputes
    }

    struct Artefact {
        OrganisationId organisation;
        bytes32 kind;
        bytes32 subject;
        bytes32 digest;
        bool agreed;
    }

    /// @inheritdoc IArtefactRegistry
    IConsortium public immutable consortium;
    /// @inheritdoc IArtefactRegistry
    uint64 public artefactCount;
    mapping(ArtefactId artefactId => Artefact) private _artefacts;
    mapping(ArtefactId artefactId => mapping(OrganisationId organisation => Stance)) private _stances;

    constructor(IConsortium consortium_) {
        consortium = consortium_;
    }

    /// @inheritdoc IArtefactRegistry
    function propose(bytes32 kind, bytes32 subject, bytes32 digest, string calldata cid, bytes32 leafSalt)
        external
        returns (ArtefactId artefactId)
    {
        OrganisationId organisation = consortium.callingDelegate();
        if (kind == 0 || subject == 0 || digest == 0 || bytes(cid).length == 0) revert ArtefactRegistryIncomplete();
        artefactId = artefactAt(++artefactCount);
        _artefacts[artefactId] = Artefact(organisation, kind, subject, digest, false);
        emit ArtefactProposed(artefactId, organisation, kind, subject, digest, cid, leafSalt);
        _endorse(artefactId, organisation, 0, leafSalt);
    }

    /// @inheritdoc IArtefactRegistry
    function endorse(ArtefactId artefactId, uint64 deviation, bytes32 leafSalt) external {
        _endorse(artefactId, _undecided(artefactId), deviation, leafSalt);
    }

    /// @inheritdoc IArtefactRegistry
    function dispute(ArtefactId artefactId, bytes32 reason, bytes32 leafSalt) external {
        OrganisationId organisation = _undecided(artefactId);
        if (reason == 0) revert ArtefactRegistryReasonMissing();
        _stances[artefactId][organisation] = Stance.Disputes;
        emit ArtefactDisputed(artefactId, organisation, reason, leafSalt);
    }

    /// @inheritdoc IArtefactRegistry
    function settle(ArtefactId artefactId, bytes32 leafSalt) external {
        consortium.callingDelegate();
        if (_known(artefactId).agreed) revert ArtefactRegistryAlreadyAgreed(artefactId);
        if (!_settle(artefactId, leafSalt)) revert ArtefactRegistryNothingToSettle(artefactId);
    }

    /// @inheritdoc IArtefactRegistry
    function artefactAt(uint64 number) public view returns (ArtefactId) {
        return ArtefactId.wrap(keccak256(abi.encode(block.chainid, address(this), number)));
    }

    /// @inheritdoc IArtefactRegistry
    function artefact(ArtefactId artefactId) external view returns (ArtefactView memory) {
        Artefact storage entry = _known(artefactId);
        return ArtefactView({
            organisation: entry.organisation,
            kind: entry.kind,
            subject: entry.subject,
            digest: entry.digest,
            endorsements: _count(artefactId),
            agreed: entry.agreed
        });
    }

    /// @inheritdoc IArtefactRegistry
    function endorsed(ArtefactId artefactId, OrganisationId organisation) external view returns (bool) {
        return _stances[artefactId][organisation] == Stance.Endorses;
    }

    function _known(ArtefactId artefactId) private view returns (Artefact storage entry) {
        entry = _artefacts[artefactId];
        if (entry.organisation == NO_ORGANISATION) revert ArtefactRegistryUnknown(artefactId);
    }

    function _undecided(ArtefactId artefactId) private view returns (OrganisationId organisation) {
        organisation = consortium.callingDelegate();
        _known(artefactId);
        if (_stances[artefactId][organisation] != Stance.None) {
            revert ArtefactRegistryAlreadyDone(artefactId, organisation);
        }
    }

    function _endorse(ArtefactId artefactId, OrganisationId organisation, uint64 deviation, bytes32 leafSalt) private {
        _stances[artefactId][organisation] = Stance.Endorses;
        emit ArtefactEndorsed(artefactId, organisation, deviation, leafSalt);
        _settle(artefactId, leafSalt);
    }

    function _settle(ArtefactId artefactId, bytes32 leafSalt) private returns (bool) {
        Artefact storage entry = _artefacts[artefactId];
        if (entry.agreed || _count(artefactId) < consortium.quorum()) return false;
        entry.agreed = true;
        emit ArtefactAgreed(artefactId, entry.kind, entry.subject, entry.digest, leafSalt);
        return true;
    }

    /// @dev How many of the present members stand behind it.
    function _count(ArtefactId artefactId) private view returns (uint16 count) {
        Member[] memory members = consortium.members();
        for (uint256 i = 0; i < members.length; ++i) {
            if (_stances[artefactId][members[i].organisation] == Stance.Endorses) ++count;
        }
    }
}
