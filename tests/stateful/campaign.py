"""Campaigns: a machine, the contracts it is about, and how many lives it lives under which seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from stateful import private_machine, public_machine
from stateful.anvil_client import Anvil, fresh_anvil
from stateful.chain_world import World
from stateful.machine import Machine, Tally

from tools.compile import Compiled, Edit, compile_contracts


@dataclass(frozen=True)
class Mutation:
    """One rule taken out of the sources.

    Attributes:
        contracts: those that the edited source goes into. symptom: what the machine must say of it.
    """

    name: str
    edit: Edit
    contracts: tuple[str, ...]
    symptom: str


@dataclass(frozen=True)
class Campaign:
    """``lives`` lives of up to ``length`` actions each; ``world`` deploys the contracts."""

    machine: type[Machine]
    contracts: tuple[str, ...]
    world: Callable[[Anvil, Mapping[str, Compiled]], World]
    seed: int
    lives: int
    length: int

    def run(self, tally: Tally, mutation: Mutation | None = None) -> None:
        """Lives them on a fresh chain and counts in ``tally``.

        Raises:
            AssertionError: the chain did not do what the model said, or an invariant does not hold; notes tell the
                story and the seed. Where nothing was mutated, the smallest life that shows it is looked for.
        """
        code = compile_contracts(self.contracts)
        if mutation is not None:
            mutated = compile_contracts(mutation.contracts, [mutation.edit])
            # the ABI stays: an error that is raised nowhere any more is not in the other one
            code |= {name: replace(code[name], code=mutated[name].code) for name in mutated}
        phases = (Phase.generate,) if mutation else (Phase.generate, Phase.shrink)
        with fresh_anvil() as anvil:
            self._live(self.world(anvil, code), tally, phases)

    def _live(self, world: World, tally: Tally, phases: Sequence[Phase]) -> None:
        machine = type(self.machine.__name__, (self.machine,), {"world": world, "tally": tally})
        options = settings(
            max_examples=self.lives,
            stateful_step_count=self.length,
            phases=phases,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(seed(self.seed)(machine), settings=options)
        except AssertionError as error:
            error.add_note(f"seed {self.seed}, {self.lives} lives of {self.length}: see tests/stateful/README.md")
            raise


PUBLIC = Campaign(
    public_machine.PublicMachine, public_machine.CONTRACTS, public_machine.public_world, seed=2, lives=20, length=50
)
PRIVATE = Campaign(
    private_machine.PrivateMachine,
    private_machine.CONTRACTS,
    private_machine.private_world,
    seed=2,
    lives=8,
    length=70,
)

MUTATIONS: Mapping[Mutation, Campaign] = {
    Mutation(
        "skip signer order",
        Edit(
            "contracts/shared/Signatures.sol",
            "            if (signer <= previous) revert SignaturesNotAscending(previous, signer);\n",
            "",
        ),
        ("Consortium", "CheckpointAnchor", "AwardDistributor"),
        "SignaturesNotAscending",
    ): PUBLIC,
    Mutation(
        "allow double claim",
        Edit("contracts/public/AwardDistributor.sol", "        if (spent.get(index)) return false;\n", ""),
        ("AwardDistributor",),
        r"distributor\.(claim|claimBatch|voidAwards)\(|no_index_is_paid_twice|no_void_index_is_paid",
    ): PUBLIC,
    Mutation(
        "forget quorum change",
        Edit("contracts/Consortium.sol", "            quorum = change.quorum;\n", ""),
        ("Consortium",),
        "quorum",
    ): PUBLIC,
    Mutation(
        "accept falling tree size",
        Edit(
            "contracts/public/CheckpointAnchor.sol",
            "        if (next.treeSize < previous.treeSize) "
            "revert CheckpointAnchorTreeShrank(previous.treeSize, next.treeSize);\n",
            "",
        ),
        ("CheckpointAnchor",),
        "CheckpointAnchorTreeShrank|tree_and_block_never_fall",
    ): PUBLIC,
    Mutation(
        "accept late update",
        Edit(
            "contracts/private/RoundLedger.sol",
            "_require(roundId, Phase.Submit);\n        if (own.passed) revert",
            "_progress(roundId, block.number);\n        if (own.passed) revert",
        ),
        ("RoundLedger",),
        "submitUpdate.*(RoundLedgerTooLate|RoundLedgerNotOpen)|nothing_is_submitted_late",
    ): PRIVATE,
}
