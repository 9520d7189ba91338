// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "./IConsortium.sol";
import {ICheckpointAnchor} from "./ICheckpointAnchor.sol";
import {IContributionToken} from "./IContributionToken.sol";
import {Award} from "../types/Award.sol";
import {Checkpoint} from "../types/Checkpoint.sol";
import {OrganisationId, UpdateId} from "../types/Types.sol";

/// @title Pays what checkpoints award.
/// @notice Trees and leaves are those of OpenZeppelin's StandardMerkleTree with the types
///         ["uint64","uint256","bytes32","address","uint256"] = (sequence, index, updateId, account, amount).
///         Quorums sign EIP-712 under the domain {name "LoRAnchor AwardDistributor", version "1", chainId,
///         verifyingContract}; each signed decision is good once.
interface IAwardDistributor {
    /// @notice The awards root of an anchored checkpoint; objections are open up to the block before `claimableFrom`.
    event AwardsPublished(uint64 indexed sequence, bytes32 indexed root, uint64 claimableFrom);
    /// @notice A member objects; the first objection to a sequence extends its window once.
    event ObjectionRaised(
        uint64 indexed sequence, OrganisationId indexed organisation, bytes32 reason, uint64 claimableFrom
    );
    /// @notice A quorum of authorities replaced the root within the window.
    event AwardsRootReplaced(uint64 indexed sequence, bytes32 previous, bytes32 indexed current);
    /// @notice A quorum of delegates voided an award that nobody had claimed.
    event AwardVoided(uint64 indexed sequence, uint256 indexed index);
    /// @notice An award was paid.
    event AwardClaimed(
        uint64 indexed sequence,
        UpdateId indexed updateId,
        address indexed account,
        uint256 index,
        uint256 amount
    );
    /// @notice A quorum of authorities changed the cap for rounds published from here on.
    event PayoutCapChanged(uint256 previous, uint256 current);

    error AwardDistributorCapTooLarge(uint256 cap);
    error AwardDistributorInvalidBlocks(uint64 windowBlocks, uint64 vestingBlocks);
    error AwardDistributorChainBroken(uint256 index);
    error AwardDistributorNotAnchored(bytes32 head, bytes32 given);
    error AwardDistributorNoAwards(uint64 sequence);
    error AwardDistributorAlreadyPublished(uint64 sequence);
    error AwardDistributorNotPublished(uint64 sequence);
    error AwardDistributorWindowClosed(uint64 sequence, uint256 blockNumber, uint64 claimableFrom);
    error AwardDistributorTooEarly(uint64 sequence, uint256 blockNumber, uint64 vestedFrom);
    error AwardDistributorAlreadyObjected(uint64 sequence, OrganisationId organisation);
    error AwardDistributorQuorumMissed(uint256 signatures, uint8 quorum);
    error AwardDistributorDecisionSpent(bytes32 digest);
    error AwardDistributorSpent(uint64 sequence, uint256 index);
    error AwardDistributorNothingLeft(uint64 sequence);
    error AwardDistributorInvalidProof(uint64 sequence, uint256 index);
    error AwardDistributorCapExceeded(uint64 sequence, uint256 claimed, uint256 cap);
    error AwardDistributorLengthMismatch(uint256 awards, uint256 proofs);

    /// @notice Publishes the awards root of an anchored checkpoint; anybody may, once a sequence.
    /// @param chain That checkpoint and all later ones up to the head.
    function publish(Checkpoint[] calldata chain) external;

    /// @notice A delegate objects within the window, once a member and sequence.
    /// @param reason ASCII code.
    function raiseObjection(uint64 sequence, bytes32 reason) external;

    /// @notice Replaces the root within the window; zero leaves nothing to claim.
    /// @param signatures Of at least a quorum of authorities over
    ///        RootReplacement(uint64 sequence,bytes32 previousRoot,bytes32 root), ascending by signer.
    function replaceRoot(uint64 sequence, bytes32 newRoot, bytes[] calldata signatures) external;

    /// @notice Voids awards of the present root, as part of a revocation for cause; those that are spent are passed over.
    ///         A root that takes the place of this one starts with nothing void.
    /// @param signatures Of at least a quorum of delegates over
    ///        AwardVoid(uint64 sequence,bytes32 root,bytes32 indicesHash) with
    ///        indicesHash = keccak256(abi.encodePacked(indices)), ascending by signer.
    function voidAwards(uint64 sequence, uint256[] calldata indices, bytes[] calldata signatures) external;

    /// @notice Changes the cap for sequences published later.
    /// @param signatures Of at least a quorum of authorities over
    ///        PayoutCapChange(uint256 previousCap,uint256 cap,uint64 nonce), ascending by signer.
    function setPayoutCap(uint256 cap, bytes[] calldata signatures) external;

    /// @notice Pays one award to its account; anybody may send it.
    function claim(Award calldata award, bytes32[] calldata proof) external;

    /// @notice Pays several awards, of any sequences; those that are spent are passed over.
    function claimBatch(Award[] calldata awards, bytes32[][] calldata proofs) external;

    function token() external view returns (IContributionToken);

    function consortium() external view returns (IConsortium);

    function anchor() external view returns (ICheckpointAnchor);

    /// @notice Cap of sequences published from now on.
    function payoutCap() external view returns (uint256);

    /// @notice Number of changes of the cap so far; goes into the next signature.
    function payoutCapNonce() external view returns (uint64);

    function windowBlocks() external view returns (uint64);

    function vestingBlocks() external view returns (uint64);

    /// @notice The present root of a sequence, its window and its payments; all zero when it is not published.
    function publication(uint64 sequence)
        external
        view
        returns (bytes32 root, uint64 claimableFrom, uint256 cap, uint256 claimed);

    /// @notice First block in which awards of the sequence are paid: `claimableFrom` and the vesting time.
    function vestedFrom(uint64 sequence) external view returns (uint64);

    /// @notice Whether an award is claimed or void.
    function isSpent(uint64 sequence, uint256 index) external view returns (bool);
}
