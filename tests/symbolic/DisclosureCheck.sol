// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IConsortium} from "../../contracts/interfaces/IConsortium.sol";
import {DisclosureRegistry} from "../../contracts/public/DisclosureRegistry.sol";
import {AnyConsortium} from "./Stubs.sol";
import {Symbolic} from "./Symbolic.sol";

/// @title Nobody can stop a reveal after the embargo.
/// @notice Any storage of the registry, any consortium, any caller. Bounds: times below 2⁶³, CIDs of 65 bytes; no
///         collisions of keccak.
contract DisclosureCheck is Symbolic {
    DisclosureRegistry private _registry;

    function setUp() external {
        AnyConsortium consortium = new AnyConsortium();
        _registry = new DisclosureRegistry(IConsortium(address(consortium)), 90 days);
        svm.enableSymbolicStorage(address(consortium));
        svm.enableSymbolicStorage(address(_registry));
    }

    function check_embargoIsNotProlongedOnceOver(uint256 id, uint64 time, address sender) external {
        vm.assume(time < 1 << 63);
        vm.warp(time);
        vm.assume(id <= _registry.reportCount());
        (address reporter, uint64 embargoEnds,,, bytes32 commitment) = _registry.report(id);
        vm.assume(time >= embargoEnds);
        _callAnything(address(_registry), "DisclosureRegistry", sender);
        (address newReporter, uint64 newEmbargoEnds,,, bytes32 newCommitment) = _registry.report(id);
        assert(newEmbargoEnds <= embargoEnds);
        assert(newReporter == reporter && newCommitment == commitment);
    }

    function check_reporterCanAlwaysRevealThen(
        uint256 id,
        uint64 time,
        bytes32 reportDigest,
        bytes32 salt,
        string calldata cid
    ) external {
        vm.warp(time);
        (address reporter, uint64 embargoEnds,,, bytes32 commitment) = _registry.report(id);
        vm.assume(time >= embargoEnds);
        vm.assume(keccak256(abi.encode(reportDigest, salt, reporter)) == commitment);
        vm.prank(reporter, reporter);
        try _registry.reveal(id, reportDigest, salt, cid) {
            (,,, bool revealed,) = _registry.report(id);
            assert(revealed);
        } catch {
            assert(false);
        }
    }
}
