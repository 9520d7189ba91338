"""What claims cost."""

from __future__ import annotations

from brownie import AwardDistributor, CheckpointAnchor, ContributionToken
from checkpoints import GENESIS, attest, successor
from contract_support import ETHER, AwardsTree, digest


def test_gas_of_claims(consortium, deployer, delegates, stranger, holders):
    """At most 120,000 for the first claim ever, 85,000 for the first of a holder or of a round, else 65,000."""
    anchor = deployer.deploy(CheckpointAnchor, consortium, 1337)
    payer = deployer.deploy(AwardDistributor, consortium, anchor, 1000 * ETHER, 0, 0, "Contribution", "CON")
    previous, used = GENESIS, {}
    rounds = {}
    for sequence in (1, 2):
        awards = [(sequence, index, digest(str(index)), holders[index % 2].address, ETHER) for index in range(64)]
        rounds[sequence] = awards, AwardsTree(awards)
        following = successor(anchor, consortium, previous, awardsRoot=rounds[sequence][1].root)
        anchor.anchor(previous, following, attest(anchor, following, delegates), {"from": stranger})
        payer.publish([following], {"from": stranger})
        previous = following
    for label, sequence, index in (
        ("first ever", 1, 0),
        ("first of a holder", 1, 1),
        ("holder, used word", 1, 2),
        ("first of a round", 2, 0),
    ):
        awards, tree = rounds[sequence]
        tx = payer.claim(awards[index], tree.proof(awards[index]), {"from": stranger})
        used[label] = tx.gas_used
    print(f"claims among 64 awards: {used}")
    assert used["first ever"] <= 120_000
    assert max(used["first of a holder"], used["first of a round"]) <= 85_000
    assert used["holder, used word"] <= 65_000
    assert ContributionToken.at(payer.token()).totalSupply() == 4 * ETHER
