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

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice A default embargo above 365 days (only while deploying).
    /// @dev Correct `disclosure.embargo_seconds` in the consortium file.
    error DisclosureRegistryEmbargoAboveLimit(uint64 given, uint64 limit);
    /// @notice The commitment is zero.
    /// @dev Commit to keccak256(abi.encode(reportDigest, salt, reporter)).
    error DisclosureRegistryEmptyCommitment();
    /// @notice There is no report of that number.
    /// @dev Take the number from `ReportCommitted`; they count from 1.
    error DisclosureRegistryUnknownReport(uint256 id);
    /// @notice A member has acknowledged the report; an agreed extension counts as well.
    /// @dev Nothing; a later end takes an agreement (`extendEmbargo`).
    error DisclosureRegistryAlreadyAcknowledged(uint256 id);
    /// @notice An acknowledgement may bring the end forward, not put it off.
    /// @dev Name the present end or an earlier one; a later one takes the reporter's agreement (`extendEmbargo`).
    error DisclosureRegistryEmbargoTooLong(uint256 id, uint64 embargoEnds, uint64 latest);
    /// @notice The proposed end is not later than the present one.
    /// @dev Name a later end; earlier ones come by `acknowledge`.
    error DisclosureRegistryNotLater(uint256 id, uint64 embargoEnds, uint64 present);
    /// @notice The embargo is over; it cannot be extended any more.
    /// @dev Nothing: the report may be revealed by now.
    error DisclosureRegistryEmbargoOver(uint256 id, uint256 timestamp, uint64 embargoEnds);
    /// @notice The embargo is not over.
    /// @dev Reveal from the time `embargoEnds` on.
    error DisclosureRegistryUnderEmbargo(uint256 id, uint256 timestamp, uint64 embargoEnds);
    /// @notice Digest, salt and reporter do not make the commitment.
    /// @dev Use the digest and the salt that the reporter committed to.
    error DisclosureRegistryWrongReport(uint256 id);
    /// @notice The report is public; only its reporter may say again where it lies.
    /// @dev Nothing.
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

    /// @notice The `Consortium` whose delegates acknowledge.
    function consortium() external view returns (IConsortium);

    /// @notice Embargo of a new report, in seconds.
    function defaultEmbargo() external view returns (uint64);

    /// @notice How many reports there are.
    function reportCount() external view returns (uint256);

    /// @notice A report's reporter, end of the embargo, state and commitment.
    function report(uint256 id)
        external
        view
        returns (address reporter, uint64 embargoEnds, bool acknowledged, bool revealed, bytes32 commitment);
}
