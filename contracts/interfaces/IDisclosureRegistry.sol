// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./IConsortium.sol";
import {OrganisationId} from "../types/Types.sol";

/// @title Reports of a weakness: committed at once, shown after an embargo that nobody can prolong alone.
interface IDisclosureRegistry {
    /// @notice Somebody holds a report; `embargoEnds` is a time in seconds.
    event ReportCommitted(
        uint256 indexed id, address indexed reporter, bytes32 indexed commitment, uint64 embargoEnds
    );
    /// @notice A member has seen the report and set the end of the embargo, no later than it was.
    event ReportAcknowledged(uint256 indexed id, OrganisationId indexed organisation, uint64 embargoEnds);
    /// @notice One side proposes a later end. `organisation` is zero where the reporter does.
    event EmbargoExtensionProposed(uint256 indexed id, OrganisationId indexed organisation, uint64 embargoEnds);
    /// @notice Reporter and a member agree on a later end.
    event EmbargoExtended(uint256 indexed id, uint64 embargoEnds);
    /// @notice The report is public; `cid` is where it lies on IPFS.
    event ReportRevealed(uint256 indexed id, bytes32 indexed reportDigest, string cid);

    error DisclosureRegistryEmbargoAboveLimit(uint64 given, uint64 limit);
    error DisclosureRegistryEmptyCommitment();
    error DisclosureRegistryUnknownReport(uint256 id);
    error DisclosureRegistryAlreadyAcknowledged(uint256 id);
    error DisclosureRegistryEmbargoTooLong(uint256 id, uint64 embargoEnds, uint64 latest);
    error DisclosureRegistryNotLater(uint256 id, uint64 embargoEnds, uint64 present);
    error DisclosureRegistryEmbargoOver(uint256 id, uint256 timestamp, uint64 embargoEnds);
    error DisclosureRegistryUnderEmbargo(uint256 id, uint256 timestamp, uint64 embargoEnds);
    error DisclosureRegistryWrongReport(uint256 id);
    error DisclosureRegistryAlreadyRevealed(uint256 id);

    /// @notice Commits to a report.
    /// @param commitment keccak256(abi.encode(reportDigest, salt, reporter)).
    function commitReport(bytes32 commitment) external returns (uint256 id);

    /// @notice A delegate acknowledges the report, once; `embargoEnds` may be earlier than the present end, not later.
    function acknowledge(uint256 id, uint64 embargoEnds) external;

    /// @notice Proposes a later end, or agrees to the other side's proposal by naming the same end. The reporter is
    ///         one side, any delegate the other. An agreement acknowledges the report.
    function extendEmbargo(uint256 id, uint64 embargoEnds) external;

    /// @notice Shows the report once the embargo is over; anybody who has its salt may.
    function reveal(uint256 id, bytes32 reportDigest, bytes32 salt, string calldata cid) external;

    function consortium() external view returns (IConsortium);

    function defaultEmbargo() external view returns (uint64);

    function reportCount() external view returns (uint256);

    function report(uint256 id)
        external
        view
        returns (address reporter, uint64 embargoEnds, bool acknowledged, bool revealed, bytes32 commitment);
}
