// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IDisclosureRegistry} from "../interfaces/IDisclosureRegistry.sol";
import {NO_ORGANISATION, OrganisationId} from "../types/Types.sol";

/// @notice See `IDisclosureRegistry`.
contract DisclosureRegistry is IDisclosureRegistry {
    struct Report {
        address reporter;
        uint64 embargoEnds;
        bool acknowledged;
        bool revealed;
        bytes32 commitment;
        uint64 proposedByReporter;
        uint64 proposedByMember;
    }

    uint64 private constant MAX_EMBARGO = 365 days;

    /// @inheritdoc IDisclosureRegistry
    IConsortium public immutable consortium;
    /// @inheritdoc IDisclosureRegistry
    uint64 public immutable defaultEmbargo;
    /// @inheritdoc IDisclosureRegistry
    uint256 public reportCount;
    mapping(uint256 id => Report) private _reports;

    constructor(IConsortium consortium_, uint64 defaultEmbargo_) {
        if (defaultEmbargo_ > MAX_EMBARGO) revert DisclosureRegistryEmbargoAboveLimit(defaultEmbargo_, MAX_EMBARGO);
        consortium = consortium_;
        defaultEmbargo = defaultEmbargo_;
    }

    /// @inheritdoc IDisclosureRegistry
    function commitReport(bytes32 commitment) external returns (uint256 id) {
        if (commitment == 0) revert DisclosureRegistryEmptyCommitment();
        id = ++reportCount;
        Report storage entry = _reports[id];
        entry.reporter = msg.sender;
        entry.embargoEnds = uint64(block.timestamp) + defaultEmbargo;
        entry.commitment = commitment;
        emit ReportCommitted(id, msg.sender, commitment, entry.embargoEnds);
    }

    /// @inheritdoc IDisclosureRegistry
    function acknowledge(uint256 id, uint64 embargoEnds) external {
        OrganisationId organisation = consortium.organisationOf(msg.sender);
        Report storage entry = _known(id);
        if (entry.acknowledged) revert DisclosureRegistryAlreadyAcknowledged(id);
        if (embargoEnds > entry.embargoEnds) {
            revert DisclosureRegistryEmbargoTooLong(id, embargoEnds, entry.embargoEnds);
        }
        entry.acknowledged = true;
        entry.embargoEnds = embargoEnds;
        emit ReportAcknowledged(id, organisation, embargoEnds);
    }

    /// @inheritdoc IDisclosureRegistry
    function extendEmbargo(uint256 id, uint64 embargoEnds) external {
        Report storage entry = _known(id);
        uint64 present = entry.embargoEnds;
        if (block.timestamp >= present) revert DisclosureRegistryEmbargoOver(id, block.timestamp, present);
        if (embargoEnds <= present) revert DisclosureRegistryNotLater(id, embargoEnds, present);
        OrganisationId organisation = NO_ORGANISATION;
        if (msg.sender == entry.reporter) {
            entry.proposedByReporter = embargoEnds;
        } else {
            organisation = consortium.organisationOf(msg.sender);
            entry.proposedByMember = embargoEnds;
        }
        emit EmbargoExtensionProposed(id, organisation, embargoEnds);
        if (entry.proposedByReporter == entry.proposedByMember) {
            entry.embargoEnds = embargoEnds;
            entry.acknowledged = true;
            emit EmbargoExtended(id, embargoEnds);
        }
    }

    /// @inheritdoc IDisclosureRegistry
    function reveal(uint256 id, bytes32 reportDigest, bytes32 salt, string calldata cid) external {
        Report storage entry = _known(id);
        if (block.timestamp < entry.embargoEnds) {
            revert DisclosureRegistryUnderEmbargo(id, block.timestamp, entry.embargoEnds);
        }
        // whoever copies a waiting reveal may name another object: the reporter can say again where the report lies
        if (entry.revealed && msg.sender != entry.reporter) revert DisclosureRegistryAlreadyRevealed(id);
        if (keccak256(abi.encode(reportDigest, salt, entry.reporter)) != entry.commitment) {
            revert DisclosureRegistryWrongReport(id);
        }
        entry.revealed = true;
        emit ReportRevealed(id, reportDigest, cid);
    }

    /// @inheritdoc IDisclosureRegistry
    function report(uint256 id)
        external
        view
        returns (address reporter, uint64 embargoEnds, bool acknowledged, bool revealed, bytes32 commitment)
    {
        Report storage entry = _known(id);
        return (entry.reporter, entry.embargoEnds, entry.acknowledged, entry.revealed, entry.commitment);
    }

    function _known(uint256 id) private view returns (Report storage entry) {
        entry = _reports[id];
        if (entry.reporter == address(0)) revert DisclosureRegistryUnknownReport(id);
    }
}
