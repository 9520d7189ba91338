// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IAwardDistributor} from "../interfaces/IAwardDistributor.sol";
import {ICheckpointAnchor} from "../interfaces/ICheckpointAnchor.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IContributionToken} from "../interfaces/IContributionToken.sol";
import {CheckpointHash} from "../shared/CheckpointHash.sol";
import {Signatures} from "../shared/Signatures.sol";
import {Award} from "../types/Award.sol";
import {Checkpoint} from "../types/Checkpoint.sol";
import {OrganisationId} from "../types/Types.sol";
import {ContributionToken} from "./ContributionToken.sol";

/// @notice See `IAwardDistributor`.
contract AwardDistributor is IAwardDistributor, EIP712 {
    using BitMaps for BitMaps.BitMap;
    using CheckpointHash for Checkpoint;

    bytes32 private constant ROOT_REPLACEMENT =
        keccak256("RootReplacement(uint64 sequence,bytes32 previousRoot,bytes32 root)");
    bytes32 private constant AWARD_VOID = keccak256("AwardVoid(uint64 sequence,bytes32 root,bytes32 indicesHash)");
    bytes32 private constant PAYOUT_CAP_CHANGE =
        keccak256("PayoutCapChange(uint256 previousCap,uint256 cap,uint64 nonce)");

    uint64 private constant MAX_BLOCKS = type(uint32).max;

    /// @dev Two slots, so that a claim reads and writes little.
    struct Publication {
        bytes32 root;
        uint56 claimableFrom;
        bool extended;
        uint96 cap;
        uint96 claimed;
    }

    /// @inheritdoc IAwardDistributor
    IContributionToken public immutable token;
    /// @inheritdoc IAwardDistributor
    IConsortium public immutable consortium;
    /// @inheritdoc IAwardDistributor
    ICheckpointAnchor public immutable anchor;
    /// @inheritdoc IAwardDistributor
    uint64 public immutable windowBlocks;
    /// @inheritdoc IAwardDistributor
    uint64 public immutable vestingBlocks;
    /// @inheritdoc IAwardDistributor
    uint256 public payoutCap;
    /// @inheritdoc IAwardDistributor
    uint64 public payoutCapNonce;

    mapping(uint64 sequence => Publication) private _publications;
    mapping(uint64 sequence => mapping(bytes32 root => BitMaps.BitMap)) private _spent;
    mapping(uint64 sequence => mapping(OrganisationId organisation => bool)) private _objected;
    mapping(bytes32 digest => bool) private _decided;

    constructor(
        IConsortium consortium_,
        ICheckpointAnchor anchor_,
        uint256 payoutCap_,
        uint64 windowBlocks_,
        uint64 vestingBlocks_,
        string memory tokenName,
        string memory tokenSymbol
    ) EIP712("LoRAnchor AwardDistributor", "1") {
        _checkCap(payoutCap_);
        if (windowBlocks_ > MAX_BLOCKS || vestingBlocks_ > MAX_BLOCKS) {
            revert AwardDistributorInvalidBlocks(windowBlocks_, vestingBlocks_);
        }
        consortium = consortium_;
        anchor = anchor_;
        payoutCap = payoutCap_;
        windowBlocks = windowBlocks_;
        vestingBlocks = vestingBlocks_;
        token = new ContributionToken(tokenName, tokenSymbol, address(this));
        emit PayoutCapChanged(0, payoutCap_);
    }

    /// @inheritdoc IAwardDistributor
    function publish(Checkpoint[] calldata chain) external {
        if (chain.length == 0) revert AwardDistributorChainBroken(0);
        bytes32 last = chain[0].head();
        for (uint256 i = 1; i < chain.length; ++i) {
            if (chain[i].previousHead != last) revert AwardDistributorChainBroken(i);
            last = chain[i].head();
        }
        bytes32 head = anchor.head();
        if (last != head) revert AwardDistributorNotAnchored(head, last);
        uint64 sequence = chain[0].sequence;
        bytes32 root = chain[0].awardsRoot;
        if (root == 0) revert AwardDistributorNoAwards(sequence);
        if (_publications[sequence].claimableFrom != 0) revert AwardDistributorAlreadyPublished(sequence);

        uint56 claimableFrom = uint56(block.number + windowBlocks);
        _publications[sequence] = Publication(root, claimableFrom, false, uint96(payoutCap), 0);
        emit AwardsPublished(sequence, root, claimableFrom);
    }

    /// @inheritdoc IAwardDistributor
    function raiseObjection(uint64 sequence, bytes32 reason) external {
        OrganisationId organisation = consortium.organisationOf(msg.sender);
        Publication storage published = _inWindow(sequence);
        if (_objected[sequence][organisation]) revert AwardDistributorAlreadyObjected(sequence, organisation);
        _objected[sequence][organisation] = true;
        if (!published.extended) {
            published.extended = true;
            published.claimableFrom += uint56(windowBlocks);
        }
        emit ObjectionRaised(sequence, organisation, reason, published.claimableFrom);
    }

    /// @inheritdoc IAwardDistributor
    function replaceRoot(uint64 sequence, bytes32 newRoot, bytes[] calldata signatures) external {
        Publication storage published = _inWindow(sequence);
        bytes32 previous = published.root;
        address[] memory authorities =
            _decide(keccak256(abi.encode(ROOT_REPLACEMENT, sequence, previous, newRoot)), signatures);
        consortium.authoritySigners(authorities);
        published.root = newRoot;
        emit AwardsRootReplaced(sequence, previous, newRoot);
    }

    /// @inheritdoc IAwardDistributor
    function voidAwards(uint64 sequence, uint256[] calldata indices, bytes[] calldata signatures) external {
        if (_publications[sequence].claimableFrom == 0) revert AwardDistributorNotPublished(sequence);
        bytes32 root = _publications[sequence].root;
        bytes32 indicesHash = keccak256(abi.encodePacked(indices));
        consortium.signers(_decide(keccak256(abi.encode(AWARD_VOID, sequence, root, indicesHash)), signatures));
        bool any = false;
        for (uint256 i = 0; i < indices.length; ++i) {
            if (!_spend(sequence, root, indices[i])) continue;
            any = true;
            emit AwardVoided(sequence, indices[i]);
        }
        if (!any) revert AwardDistributorNothingLeft(sequence);
    }

    /// @inheritdoc IAwardDistributor
    function setPayoutCap(uint256 cap, bytes[] calldata signatures) external {
        _checkCap(cap);
        uint256 previous = payoutCap;
        bytes32 structHash = keccak256(abi.encode(PAYOUT_CAP_CHANGE, previous, cap, payoutCapNonce));
        consortium.authoritySigners(_decide(structHash, signatures));
        ++payoutCapNonce;
        payoutCap = cap;
        emit PayoutCapChanged(previous, cap);
    }

    /// @inheritdoc IAwardDistributor
    function claim(Award calldata award, bytes32[] calldata proof) external {
        if (!_claim(award, proof)) revert AwardDistributorSpent(award.sequence, award.index);
    }

    /// @inheritdoc IAwardDistributor
    function claimBatch(Award[] calldata awards, bytes32[][] calldata proofs) external {
        if (awards.length != proofs.length) revert AwardDistributorLengthMismatch(awards.length, proofs.length);
        bool any = false;
        for (uint256 i = 0; i < awards.length; ++i) {
            if (_claim(awards[i], proofs[i])) any = true;
        }
        if (!any) revert AwardDistributorNothingLeft(awards.length == 0 ? 0 : awards[0].sequence);
    }

    /// @inheritdoc IAwardDistributor
    function publication(uint64 sequence)
        external
        view
        returns (bytes32 root, uint64 claimableFrom, uint256 cap, uint256 claimed)
    {
        Publication storage published = _publications[sequence];
        return (published.root, published.claimableFrom, published.cap, published.claimed);
    }

    /// @inheritdoc IAwardDistributor
    function vestedFrom(uint64 sequence) external view returns (uint64) {
        uint64 claimableFrom = _publications[sequence].claimableFrom;
        if (claimableFrom == 0) revert AwardDistributorNotPublished(sequence);
        return claimableFrom + vestingBlocks;
    }

    /// @inheritdoc IAwardDistributor
    function isSpent(uint64 sequence, uint256 index) external view returns (bool) {
        return _spent[sequence][_publications[sequence].root].get(index);
    }

    /// @dev False where the award was spent before: whoever claims first cannot make a batch fail.
    function _claim(Award calldata award, bytes32[] calldata proof) private returns (bool) {
        uint64 sequence = award.sequence;
        Publication storage published = _publications[sequence];
        uint64 claimableFrom = published.claimableFrom;
        if (claimableFrom == 0) revert AwardDistributorNotPublished(sequence);
        if (block.number < claimableFrom + vestingBlocks) {
            revert AwardDistributorTooEarly(sequence, block.number, claimableFrom + vestingBlocks);
        }
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(award))));
        bytes32 root = published.root;
        if (!MerkleProof.verifyCalldata(proof, root, leaf)) {
            revert AwardDistributorInvalidProof(sequence, award.index);
        }
        if (!_spend(sequence, root, award.index)) return false;
        uint256 cap = published.cap;
        uint256 claimed = published.claimed;
        if (award.amount > cap - claimed) revert AwardDistributorCapExceeded(sequence, claimed, cap);
        published.claimed = uint96(claimed + award.amount);
        emit AwardClaimed(sequence, award.updateId, award.account, award.index, award.amount);
        token.mint(award.account, award.amount);
        return true;
    }

    function _spend(uint64 sequence, bytes32 root, uint256 index) private returns (bool) {
        BitMaps.BitMap storage spent = _spent[sequence][root];
        if (spent.get(index)) return false;
        spent.set(index);
        return true;
    }

    function _inWindow(uint64 sequence) private view returns (Publication storage published) {
        published = _publications[sequence];
        uint64 claimableFrom = published.claimableFrom;
        if (claimableFrom == 0) revert AwardDistributorNotPublished(sequence);
        if (block.number >= claimableFrom) {
            revert AwardDistributorWindowClosed(sequence, block.number, claimableFrom);
        }
    }

    /// @dev Marks a decision as spent and returns who signed it; the caller checks that they are entitled.
    function _decide(bytes32 structHash, bytes[] calldata signatures) private returns (address[] memory) {
        bytes32 digest = _hashTypedDataV4(structHash);
        if (_decided[digest]) revert AwardDistributorDecisionSpent(digest);
        _decided[digest] = true;
        uint8 quorum = consortium.quorum();
        if (signatures.length < quorum) revert AwardDistributorQuorumMissed(signatures.length, quorum);
        return Signatures.recoverAscending(digest, signatures);
    }

    function _checkCap(uint256 cap) private pure {
        if (cap > type(uint96).max) revert AwardDistributorCapTooLarge(cap);
    }
}
