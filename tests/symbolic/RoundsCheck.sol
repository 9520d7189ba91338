// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICheckpointSchedule} from "../../contracts/interfaces/ICheckpointSchedule.sol";
import {IConsortium} from "../../contracts/interfaces/IConsortium.sol";
import {IKeyDirectory} from "../../contracts/interfaces/IKeyDirectory.sol";
import {RoundLedger} from "../../contracts/private/RoundLedger.sol";
import {Opening, Phase, Submission, Verdict} from "../../contracts/types/Rounds.sol";
import {OrganisationId, UpdateId} from "../../contracts/types/Types.sol";
import {AnyConsortium, AnyPrivateNeighbour} from "./Stubs.sol";
import {Symbolic} from "./Symbolic.sol";

/// @notice The ledger, with the words of its storage that the checks choose: halmos needs numbers for
///         places in arrays and for addresses.
contract RoundLedgerInState is RoundLedger {
    constructor(IConsortium consortium_, ICheckpointSchedule schedule_, IKeyDirectory keys_)
        RoundLedger(consortium_, schedule_, keys_, 200_000)
    {}

    function putRevocations(address revocations_) external {
        revocations = revocations_;
    }

    function put(uint64 roundId, Phase phase, UpdateId updateId) external {
        _rounds[roundId].progress.phase = phase;
        _updates[updateId].roundId = roundId;
    }

    function capOf(uint64 roundId) external view returns (uint64) {
        return _rounds[roundId].epsilonCap;
    }

    function endOf(uint64 roundId, uint256 index) external view returns (uint64) {
        return _rounds[roundId].progress.ends[index];
    }
}

/// @title Rounds go forward only, one at a time, and recorded ε never falls.
/// @notice Every check starts from any storage of the ledger in which round 1 is in any phase, and the neighbours answer
///         anything. Bounds: blocks and ends below 2⁶², one verdict at most, CIDs of 65 bytes; no collisions of
///         keccak.
contract RoundsCheck is Symbolic {
    uint64 private constant ROUND = 1;
    uint256 private constant HORIZON = 1 << 62;
    RoundLedgerInState private _ledger;

    struct Call {
        uint8 which;
        address sender;
        UpdateId updateId;
        bytes32 word;
        bytes32 salt;
    }

    function setUp() external {
        AnyConsortium consortium = new AnyConsortium();
        AnyPrivateNeighbour neighbour = new AnyPrivateNeighbour();
        _ledger = new RoundLedgerInState(
            IConsortium(address(consortium)),
            ICheckpointSchedule(address(neighbour)),
            IKeyDirectory(address(neighbour))
        );
        svm.enableSymbolicStorage(address(consortium));
        svm.enableSymbolicStorage(address(neighbour));
        svm.enableSymbolicStorage(address(_ledger));
        _ledger.putRevocations(address(neighbour));
    }

    /// @custom:halmos --array-lengths verdicts={0,1}
    function check_everyCallGoesForward(
        Call calldata call_,
        Submission calldata submission,
        Verdict[] calldata verdicts,
        uint8 phase,
        uint256 blockNumber,
        OrganisationId organisation,
        bytes32 taskDigest
    ) external {
        _prepare(phase, call_.updateId, blockNumber);
        Phase before = _ledger.phaseOf(ROUND);
        uint64 spent = _ledger.epsilonSpent(organisation, taskDigest);
        _act(call_, submission, verdicts);
        Phase now_ = _ledger.phaseOf(ROUND);
        assert(now_ >= before);
        assert(before < Phase.Closed || now_ == before);
        uint64 nowSpent = _ledger.epsilonSpent(organisation, taskDigest);
        assert(nowSpent >= spent);
        assert(nowSpent == spent || nowSpent <= _ledger.capOf(ROUND));
    }

    function check_oneRoundAtATime(Opening calldata opening, bytes32 salt, uint56 blockNumber, address sender)
        external
    {
        vm.roll(blockNumber);
        uint64 open = _ledger.openRoundId();
        uint64 count = _ledger.roundCount();
        vm.prank(sender, sender);
        uint64 roundId = _ledger.openRound(opening, salt);
        assert(open == 0);
        assert(roundId == count + 1 && _ledger.roundCount() == roundId && _ledger.openRoundId() == roundId);
    }

    /// @dev Round 1 in this phase, at this block; `updateId` is an update of it.
    function _prepare(uint8 phase, UpdateId updateId, uint256 blockNumber) private {
        vm.assume(phase <= uint8(type(Phase).max) && blockNumber < HORIZON);
        vm.roll(blockNumber);
        for (uint8 i = 0; i <= uint8(type(Phase).max); ++i) {
            if (phase == i) _ledger.put(ROUND, Phase(i), updateId);
        }
        vm.assume(_ledger.roundCount() >= ROUND);
        for (uint256 i = 0; i < 4; ++i) {
            vm.assume(_ledger.endOf(ROUND, i) < HORIZON);
        }
    }

    /// @dev Any one call that names round 1 or an update of it.
    function _act(Call calldata call_, Submission calldata submission, Verdict[] calldata verdicts) private {
        vm.prank(call_.sender, call_.sender);
        if (call_.which == 0) _ledger.submitUpdate(ROUND, submission, call_.salt);
        else if (call_.which == 1) _ledger.passRound(ROUND, call_.salt);
        else if (call_.which == 2) _ledger.releaseUpdate(call_.updateId, "payload", "header", call_.salt);
        else if (call_.which == 3) _ledger.commitVerdicts(ROUND, call_.word, call_.salt);
        else if (call_.which == 4) _ledger.revealVerdicts(ROUND, verdicts, call_.word, call_.salt);
        else if (call_.which == 5) _ledger.closeRound(ROUND, call_.salt);
        else if (call_.which == 6) _ledger.interrupt(ROUND, call_.word, call_.salt);
        else if (call_.which == 7) _ledger.abandonRound(ROUND, call_.salt);
        else _ledger.acceptAgreement(call_.word, call_.salt);
    }
}
