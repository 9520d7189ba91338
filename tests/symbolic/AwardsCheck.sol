// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICheckpointAnchor} from "../../contracts/interfaces/ICheckpointAnchor.sol";
import {IConsortium} from "../../contracts/interfaces/IConsortium.sol";
import {AwardDistributor} from "../../contracts/public/AwardDistributor.sol";
import {ContributionToken} from "../../contracts/public/ContributionToken.sol";
import {Award} from "../../contracts/types/Award.sol";
import {AnyAnchor, AnyConsortium} from "./Stubs.sol";
import {Symbolic} from "./Symbolic.sol";

/// @title Awards are paid once, and the supply is what was claimed.
/// @notice Every check starts from any storage whatever of distributor and token, so what holds for one step holds for
///         whole lives; what it assumes of the storage is the invariant that the other checks keep. Consortium and
///         anchor answer anything. Bounds: proofs of up to two nodes, batches of up to two awards, lists of one and
///         signatures of 65 bytes in calls of other functions; blocks below 2⁵⁶; no collisions of keccak.
contract AwardsCheck is Symbolic {
    AwardDistributor private _distributor;
    ContributionToken private _token;

    function setUp() external {
        IConsortium consortium = IConsortium(address(new AnyConsortium()));
        ICheckpointAnchor anchor = ICheckpointAnchor(address(new AnyAnchor()));
        _distributor = new AwardDistributor(consortium, anchor, 1000 ether, 20, 5, "Contribution", "CON");
        _token = ContributionToken(address(_distributor.token()));
        svm.enableSymbolicStorage(address(consortium));
        svm.enableSymbolicStorage(address(anchor));
        svm.enableSymbolicStorage(address(_distributor));
        svm.enableSymbolicStorage(address(_token));
    }

    function check_spentAwardIsNotPaid(Award calldata award, bytes32[] calldata proof, uint56 blockNumber) external {
        vm.roll(blockNumber);
        vm.assume(_distributor.isSpent(award.sequence, award.index));
        (bool done,) = address(_distributor).call(abi.encodeCall(AwardDistributor.claim, (award, proof)));
        assert(!done);
    }

    function check_claimPaysOnceWithinTheCap(Award calldata award, bytes32[] calldata proof, uint56 blockNumber)
        external
    {
        vm.roll(blockNumber);
        uint256 claimed = _claimed(award.sequence);
        uint256 supply = _token.totalSupply();
        uint256 balance = _token.balanceOf(award.account);
        vm.assume(claimed <= _cap(award.sequence));
        _distributor.claim(award, proof);
        assert(_distributor.isSpent(award.sequence, award.index));
        assert(_claimed(award.sequence) == claimed + award.amount);
        assert(_claimed(award.sequence) <= _cap(award.sequence));
        assert(_token.totalSupply() == supply + award.amount);
        assert(_token.balanceOf(award.account) == balance + award.amount);
    }

    function check_batchMintsWhatItCounts(Award calldata first, Award calldata second, uint56 blockNumber) external {
        vm.roll(blockNumber);
        bool one = first.sequence == second.sequence;
        uint256 counted = _claimed(first.sequence) + (one ? 0 : _claimed(second.sequence));
        uint256 supply = _token.totalSupply();
        vm.assume(_claimed(first.sequence) <= _cap(first.sequence));
        vm.assume(_claimed(second.sequence) <= _cap(second.sequence));
        Award[] memory awards = new Award[](2);
        (awards[0], awards[1]) = (first, second);
        _distributor.claimBatch(awards, new bytes32[][](2)); // each award is its tree's only leaf
        uint256 nowCounted = _claimed(first.sequence) + (one ? 0 : _claimed(second.sequence));
        assert(nowCounted - counted == _token.totalSupply() - supply);
        assert(_claimed(first.sequence) <= _cap(first.sequence));
        assert(!one || first.index != second.index || _token.totalSupply() - supply <= first.amount);
    }

    /// @custom:halmos --default-array-lengths 1
    function check_noOtherCallPays(uint64 sequence, uint256 index, uint56 blockNumber, address sender) external {
        vm.roll(blockNumber);
        (bytes32 root, uint64 claimableFrom,, uint256 claimed) = _distributor.publication(sequence);
        vm.assume(claimableFrom != 0 || claimed == 0);
        bool spent = _distributor.isSpent(sequence, index);
        uint256 supply = _token.totalSupply();
        bytes4 called = _callAnything(address(_distributor), "AwardDistributor", sender);
        vm.assume(called != AwardDistributor.claim.selector && called != AwardDistributor.claimBatch.selector);
        assert(_token.totalSupply() == supply);
        assert(_claimed(sequence) == claimed);
        if (claimableFrom == 0 || blockNumber < claimableFrom) return; // the root may still change
        assert(!spent || _distributor.isSpent(sequence, index));
        (bytes32 newRoot, uint64 newClaimableFrom,,) = _distributor.publication(sequence);
        assert(newRoot == root && newClaimableFrom == claimableFrom);
    }

    /// @custom:halmos --default-array-lengths 1
    function check_onlyTheDistributorMints(address sender) external {
        vm.assume(sender != address(_distributor));
        uint256 supply = _token.totalSupply();
        _callAnything(address(_token), "ContributionToken", sender);
        assert(_token.totalSupply() == supply);
    }

    function _claimed(uint64 sequence) private view returns (uint256 claimed) {
        (,,, claimed) = _distributor.publication(sequence);
    }

    function _cap(uint64 sequence) private view returns (uint256 cap) {
        (,, cap,) = _distributor.publication(sequence);
    }
}
