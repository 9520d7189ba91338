// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice What the checks use of the test machine (the cheat codes that Foundry and halmos share).
interface Vm {
    function assume(bool condition) external pure;

    function prank(address sender) external;

    function prank(address sender, address origin) external;

    function roll(uint256 blockNumber) external;

    function warp(uint256 timestamp) external;
}

/// @notice What only halmos has.
interface Svm {
    /// @notice A call of any function of the contract that writes, with any arguments.
    function createCalldata(string memory contractName) external pure returns (bytes memory);

    /// @notice From here on the account's storage may hold anything.
    function enableSymbolicStorage(address account) external;
}

/// @title What all symbolic checks share.
/// @notice halmos takes each `check_…` function with all values of its arguments at once; a failed `assert` is a
///         counterexample. A check says in its comment what is bounded.
abstract contract Symbolic {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    Svm internal constant svm = Svm(0xF3993A62377BCd56AE39D773740A5390411E8BC9);

    /// @dev Sends any call of `contractName` to `target` as `sender` and returns which function it was. A call that
    ///      reverts changes nothing, and is left out.
    function _callAnything(address target, string memory contractName, address sender) internal returns (bytes4) {
        bytes memory data = svm.createCalldata(contractName);
        vm.prank(sender, sender);
        (bool done,) = target.call(data);
        vm.assume(done);
        return bytes4(data);
    }
}
