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

    // Errors: `@notice` says what happened, `@dev` what to do.
    /// @notice A cap above 2⁹⁶ − 1.
    /// @dev Choose a smaller one; the token has 18 decimals.
    error AwardDistributorCapTooLarge(uint256 cap);
    /// @notice Window or vesting time above 2³² − 1 blocks (only while deploying).
    /// @dev Correct `awards` in the consortium file.
    error AwardDistributorInvalidBlocks(uint64 windowBlocks, uint64 vestingBlocks);
    /// @notice The checkpoint at `index` does not follow from the one before it, or the list is empty.
    /// @dev Pass the checkpoint and all later ones up to the head, in order.
    error AwardDistributorChainBroken(uint256 index);
    /// @notice The list does not end at the anchor's head.
    /// @dev Read `head()` and pass every checkpoint up to it; somebody may have anchored another meanwhile.
    error AwardDistributorNotAnchored(bytes32 head, bytes32 given);
    /// @notice The checkpoint awards nothing.
    /// @dev Nothing: a round without scores, and a certified revocation, pay nobody.
    error AwardDistributorNoAwards(uint64 sequence);
    /// @notice The awards of this sequence were published before.
    /// @dev Nothing: claim from it, see `publication(sequence)`.
    error AwardDistributorAlreadyPublished(uint64 sequence);
    /// @notice The awards of this sequence are not published.
    /// @dev Call `publish` first; anybody may.
    error AwardDistributorNotPublished(uint64 sequence);
    /// @notice The objection window ended with the block before `claimableFrom`.
    /// @dev Too late for an objection or another root; awards that are not claimed can still be voided.
    error AwardDistributorWindowClosed(uint64 sequence, uint256 blockNumber, uint64 claimableFrom);
    /// @notice The objection window or the vesting time is not over.
    /// @dev Claim from block `vestedFrom` on.
    error AwardDistributorTooEarly(uint64 sequence, uint256 blockNumber, uint64 vestedFrom);
    /// @notice One objection a member and sequence.
    /// @dev Nothing: the objection counts; replacing the root takes a quorum of authorities.
    error AwardDistributorAlreadyObjected(uint64 sequence, OrganisationId organisation);
    /// @notice The decision has fewer signatures than the quorum.
    /// @dev Collect more signatures: of authorities for a root or a cap, of delegates for a void.
    error AwardDistributorQuorumMissed(uint256 signatures, uint8 quorum);
    /// @notice A signed decision is good once, and this one was used.
    /// @dev Nothing, if it was carried out; else sign a new decision.
    error AwardDistributorDecisionSpent(bytes32 digest);
    /// @notice The award is claimed or void.
    /// @dev Nothing: `AwardClaimed` or `AwardVoided` with this sequence and index says when.
    error AwardDistributorSpent(uint64 sequence, uint256 index);
    /// @notice Every award in the list was claimed or void before; an empty list too.
    /// @dev Nothing: others were faster. `isSpent(sequence, index)` tells for each.
    error AwardDistributorNothingLeft(uint64 sequence);
    /// @notice Award and proof do not lead to the root of the sequence; the root may have been replaced.
    /// @dev Build the tree again from the records, and compare its root with `publication(sequence)`.
    error AwardDistributorInvalidProof(uint64 sequence, uint256 index);
    /// @notice The sequence has paid `claimed` of `cap`, and this award is larger than the rest.
    /// @dev Object and have the root replaced within the window; the cap of a published sequence does not change.
    error AwardDistributorCapExceeded(uint64 sequence, uint256 claimed, uint256 cap);
    /// @notice As many proofs as awards are needed.
    /// @dev Pass one proof for each award, in the same order.
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

    /// @notice The `ContributionToken` that is paid.
    function token() external view returns (IContributionToken);

    /// @notice The `Consortium` whose members object, void and replace.
    function consortium() external view returns (IConsortium);

    /// @notice The `CheckpointAnchor` whose checkpoints award.
    function anchor() external view returns (ICheckpointAnchor);

    /// @notice Cap of sequences published from now on.
    function payoutCap() external view returns (uint256);

    /// @notice Number of changes of the cap so far; goes into the next signature.
    function payoutCapNonce() external view returns (uint64);

    /// @notice Length of the objection window.
    function windowBlocks() external view returns (uint64);

    /// @notice Blocks from the end of the window to the first claim.
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
