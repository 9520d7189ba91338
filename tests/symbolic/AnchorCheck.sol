// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "../../contracts/interfaces/IConsortium.sol";
import {CheckpointAnchor} from "../../contracts/public/CheckpointAnchor.sol";
import {CheckpointHash} from "../../contracts/shared/CheckpointHash.sol";
import {Signatures} from "../../contracts/shared/Signatures.sol";
import {Checkpoint} from "../../contracts/types/Checkpoint.sol";
import {OrganisationId} from "../../contracts/types/Types.sol";
import {AnyConsortium} from "./Stubs.sol";
import {Symbolic} from "./Symbolic.sol";

/// @title The head moves one sequence at a time, to checkpoints that shrink nothing.
/// @notice Every check starts from any storage of the anchor, whose head is that of some checkpoint `present`. The
///         consortium answers anything. Bounds: up to three signatures of 65 bytes; no collisions of keccak.
contract AnchorCheck is Symbolic {
    using CheckpointHash for Checkpoint;

    uint256 private constant PRIVATE_CHAIN = 1337;
    CheckpointAnchor private _anchor;
    AnyConsortium private _consortium;

    function setUp() external {
        _consortium = new AnyConsortium();
        _anchor = new CheckpointAnchor(IConsortium(address(_consortium)), PRIVATE_CHAIN);
        svm.enableSymbolicStorage(address(_consortium));
        svm.enableSymbolicStorage(address(_anchor));
    }

    /// @custom:halmos --array-lengths signatures={0,1,2,3}
    function check_headMovesOnlyForward(
        Checkpoint calldata present,
        Checkpoint calldata previous,
        Checkpoint calldata next,
        bytes[] calldata signatures
    ) external {
        vm.assume(_anchor.head() == present.head());
        _anchor.anchor(previous, next, signatures);
        assert(_anchor.head() == next.head());
        assert(next.previousHead == present.head());
        assert(uint256(next.sequence) == uint256(present.sequence) + 1);
        assert(next.treeSize >= present.treeSize);
        assert(next.privateBlock >= present.privateBlock);
        assert(next.privateChainId == PRIVATE_CHAIN);
        assert(next.epoch == _consortium.epoch() && next.consortiumDigest == _consortium.consortiumDigest());
        assert(!_consortium.paused());
        assert(signatures.length >= _consortium.quorum());
    }

    /// @custom:halmos --default-array-lengths 2
    function check_nothingElseMovesTheHead(uint64 sequence, OrganisationId organisation, address sender) external {
        bytes32 head = _anchor.head();
        bool proven = _anchor.equivocated(sequence, organisation);
        bytes4 called = _callAnything(address(_anchor), "CheckpointAnchor", sender);
        assert(called == CheckpointAnchor.anchor.selector || _anchor.head() == head);
        assert(!proven || _anchor.equivocated(sequence, organisation)); // a proof stands for ever
    }

    /// @custom:halmos --array-lengths signatures={0,1,2,3}
    function check_signersAreDistinct(bytes32 digest, bytes[] calldata signatures) external pure {
        address[] memory signers = Signatures.recoverAscending(digest, signatures);
        assert(signers.length == signatures.length);
        for (uint256 i = 0; i < signers.length; ++i) {
            assert(signers[i] != address(0));
            for (uint256 j = 0; j < i; ++j) {
                assert(signers[i] != signers[j]);
            }
        }
    }
}
