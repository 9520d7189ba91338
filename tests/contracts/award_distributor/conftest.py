"""What the tests of the AwardDistributor share: five awards of an anchored checkpoint, published."""

from __future__ import annotations

import pytest
from awarding import awards_of
from brownie import AwardDistributor, CheckpointAnchor
from checkpoints import GENESIS, attest, successor
from contract_support import ETHER, NOBODY, ZERO, AwardsTree, key


@pytest.fixture(scope="module")
def holders():
    return [key(f"holder {number}") for number in range(5)]


@pytest.fixture(scope="module")
def awards(holders):
    return awards_of(1, holders)


@pytest.fixture(scope="module")
def tree(awards):
    return AwardsTree(awards)


@pytest.fixture(scope="module")
def anchored(anchor, consortium, parties, stranger, tree):
    """Three anchored checkpoints; the first awards something."""
    delegates, made, previous = [one.delegate for one in parties], [], GENESIS
    for root in (tree.root, ZERO, ZERO):
        following = successor(anchor, consortium, previous, awardsRoot=root)
        anchor.anchor(previous, following, attest(anchor, following, delegates), {"from": stranger})
        made.append(following)
        previous = following
    return made


@pytest.fixture(scope="module")
def published(distributor, anchored, stranger):
    """The transaction that published the awards of sequence 1."""
    return distributor.publish(anchored, {"from": stranger})


@pytest.fixture
def authorities(parties):
    return [one.authority for one in parties]


@pytest.fixture
def delegates(parties):
    return [one.delegate for one in parties]


@pytest.fixture
def nobodys(consortium, deployer, delegates, holders, stranger):
    """A distributor that owes an award to the zero address, the award and its proof: it takes another root to mend."""
    anchor = deployer.deploy(CheckpointAnchor, consortium, 1337)
    payer = deployer.deploy(AwardDistributor, consortium, anchor, ETHER, 0, 0, "t", "t")
    award = (*awards_of(1, holders)[0][:3], NOBODY, ETHER)
    only = AwardsTree([award])
    checkpoint = successor(anchor, consortium, awardsRoot=only.root)
    anchor.anchor(GENESIS, checkpoint, attest(anchor, checkpoint, delegates), {"from": stranger})
    payer.publish([checkpoint], {"from": stranger})
    return payer, award, only.proof(award)
