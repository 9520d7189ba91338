// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Consortium} from "../../contracts/Consortium.sol";
import {Member, MembershipChange, Seat} from "../../contracts/types/Membership.sol";
import {OrganisationId} from "../../contracts/types/Types.sol";
import {Symbolic} from "./Symbolic.sol";

/// @title The quorum is always a majority of the members and at most all of them; only authorities change membership.
/// @notice Bounds: the membership before a change has two or three members; a change has up to three seats with names out
///         of three and any keys, and two signatures of 65 bytes. The members before have keys of their own: which they
///         are makes no difference, since the new keys and the signers may be the same ones.
contract ConsortiumCheck is Symbolic {
    bytes32 private constant ID = "consortium";

    function check_everyConsortiumIsBornWithAMajority(uint8 quorum, uint8 count, address[3] calldata keys) external {
        vm.assume(count <= 3);
        Consortium made = _make(count, quorum, keys);
        _assertSound(made);
        assert(made.quorum() == quorum && made.memberCount() == count && made.epoch() == 1);
    }

    /// @custom:halmos --array-lengths signatures=2
    function check_everyChangeKeepsAMajority(
        address[3] calldata newKeys,
        uint8[3] calldata names,
        uint8 count,
        uint8 quorum,
        uint64 epoch,
        bytes[] calldata signatures
    ) external {
        vm.assume(count <= 3);
        Consortium made = _make(2, 2, _someKeys());
        made.bind(block.chainid, address(made), block.chainid + 1, address(0xb));
        Seat[] memory seats = new Seat[](_split(count));
        for (uint256 i = 0; i < seats.length; ++i) {
            seats[i] = Seat(_name(names[i]), newKeys[i]);
        }
        made.changeMembership(
            MembershipChange(ID, block.chainid, address(made), block.chainid + 1, address(0xb), epoch, seats, quorum),
            signatures
        );
        _assertSound(made);
        assert(made.epoch() == 2 && epoch == 2);
        assert(made.quorum() == quorum && made.memberCount() == seats.length);
        for (uint256 i = 0; i < seats.length; ++i) {
            assert(made.memberAt(i).organisation == seats[i].organisation);
            assert(made.memberAt(i).authority == seats[i].authority);
        }
    }

    /// @custom:halmos --default-array-lengths 1
    function check_onlyAQuorumOfAuthoritiesChangesMembership(address sender) external {
        Consortium made = _make(3, 2, _someKeys());
        made.bind(block.chainid, address(made), block.chainid + 1, address(0xb));
        bytes32 digest = made.consortiumDigest();
        _callAnything(address(made), "Consortium", sender); // one signature at most
        _assertSound(made);
        assert(made.consortiumDigest() == digest && made.epoch() == 1);
        assert(made.quorum() == 2 && made.memberCount() == 3 && !made.paused());
    }

    function _make(uint8 count, uint8 quorum, address[3] memory keys) private returns (Consortium) {
        Member[] memory members = new Member[](_split(count));
        for (uint256 i = 0; i < members.length; ++i) {
            members[i] = Member(_name(uint8(i)), keys[i], address(0));
        }
        return new Consortium(ID, members, quorum);
    }

    function _someKeys() private pure returns (address[3] memory) {
        return [address(0xa1), address(0xa2), address(0xa3)];
    }

    function _assertSound(Consortium made) private view {
        uint256 count = made.memberCount();
        assert(made.quorum() <= count);
        assert(2 * uint256(made.quorum()) > count);
        for (uint256 i = 0; i < count; ++i) {
            Member memory member = made.memberAt(i);
            assert(made.organisationOfAuthority(member.authority) == member.organisation);
            (bool found, uint8 index) = made.seatOf(member.organisation);
            assert(found && index == i);
        }
    }

    /// @dev One path for each number up to three, so that lengths are numbers and not terms.
    function _split(uint8 number) private pure returns (uint256) {
        for (uint256 i = 0; i < 3; ++i) {
            if (number == i) return i;
        }
        return 3;
    }

    function _name(uint8 number) private pure returns (OrganisationId) {
        if (number == 0) return OrganisationId.wrap("aurora");
        if (number == 1) return OrganisationId.wrap("borealis");
        return OrganisationId.wrap("cumulus");
    }
}
