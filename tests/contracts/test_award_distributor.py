"""Awards: published from an anchored checkpoint, disputed within the window, claimed once."""

from __future__ import annotations

from types import SimpleNamespace

import brownie
import pytest
from brownie import AwardDistributor, CheckpointAnchor, ContributionToken, chain, web3
from checkpoints import GENESIS, attest, successor
from contract_support import (
    ETHER,
    ZERO,
    AwardsTree,
    contract_domain,
    digest,
    key,
    name,
    refuses,
    sign_all,
)
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

WINDOW, VESTING = 20, 5
REPLACEMENT = [("uint64", "sequence"), ("bytes32", "previousRoot"), ("bytes32", "root")]
VOID = [("uint64", "sequence"), ("bytes32", "root"), ("bytes32", "indicesHash")]
CAP_CHANGE = [("uint256", "previousCap"), ("uint256", "cap"), ("uint64", "nonce")]


def awards_of(sequence, holders, amount=10 * ETHER):
    return [
        (sequence, index, digest(f"update {index}"), holder.address, amount) for index, holder in enumerate(holders)
    ]


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
def history(anchor, consortium, parties, stranger, tree):
    """Three anchored checkpoints; the first awards something."""
    delegates, made, previous = [one.delegate for one in parties], [], GENESIS
    for root in (tree.root, ZERO, ZERO):
        following = successor(anchor, consortium, previous, awardsRoot=root)
        anchor.anchor(previous, following, attest(anchor, following, delegates), {"from": stranger})
        made.append(following)
        previous = following
    return made


@pytest.fixture(scope="module")
def published(distributor, history, stranger):
    return SimpleNamespace(tx=distributor.publish(history, {"from": stranger}))


def decide(distributor, accounts, primary, fields, values):
    return sign_all(accounts, contract_domain("LoRAnchor AwardDistributor", distributor), primary, fields, values)


def open_claims(distributor, sequence=1):
    chain.mine(max(0, distributor.vestedFrom(sequence) - web3.eth.block_number))


def test_the_token_belongs_to_the_distributor(distributor, token, stranger):
    assert token.minter() == distributor
    assert (token.name(), token.symbol(), token.decimals(), token.totalSupply()) == ("Contribution", "CON", 18, 0)
    refuses("ContributionTokenNotMinter", token.mint, stranger, 1, sender=stranger)
    assert distributor.payoutCap() == 1000 * ETHER and distributor.payoutCapNonce() == 0


def test_settings_that_would_overflow_are_refused(consortium, anchor, deployer):
    refused = brownie.reverts
    with refused(revert_pattern="AwardDistributorCapTooLarge.*"):
        deployer.deploy(AwardDistributor, consortium, anchor, 2**96, 1, 1, "t", "t")
    with refused(revert_pattern="AwardDistributorInvalidBlocks.*"):
        deployer.deploy(AwardDistributor, consortium, anchor, 1, 2**32, 1, "t", "t")


class TestPublishing:
    def test_a_root_is_published_from_a_checkpoint_below_the_head(self, distributor, published, tree):
        event = published.tx.events["AwardsPublished"]
        opens = published.tx.block_number + WINDOW
        assert tuple(event.values()) == (1, tree.root, opens)
        assert distributor.publication(1) == (tree.root, opens, 1000 * ETHER, 0)
        assert distributor.vestedFrom(1) == opens + VESTING

    def test_it_must_lead_to_the_head(self, distributor, history, stranger):
        cases = {
            "AwardDistributorNotAnchored": history[:2],
            "AwardDistributorChainBroken": [history[0], history[2]],
            "AwardDistributorNoAwards": history[1:],
        }
        for error, chain_ in cases.items():
            refuses(error, distributor.publish, chain_, sender=stranger)
        refuses("AwardDistributorChainBroken", distributor.publish, [], sender=stranger)

    def test_once_a_sequence(self, distributor, history, published, stranger):
        refuses("AwardDistributorAlreadyPublished", distributor.publish, history, sender=stranger)

    def test_unpublished_sequences_have_nothing(self, distributor, published, awards, stranger, parties):
        error, unknown = "AwardDistributorNotPublished", (2, *awards[0][1:])
        refuses(error, distributor.claim, unknown, [], sender=stranger)
        refuses(error, distributor.raiseObjection, 2, ZERO, sender=parties[0].delegate)
        refuses(error, distributor.voidAwards, 2, [0], [], sender=stranger)
        refuses(error, distributor.vestedFrom, 2, sender=stranger)


class TestClaiming:
    def test_anybody_claims_for_anybody_once(self, distributor, token, published, awards, tree, holders, stranger):
        open_claims(distributor)
        event = distributor.claim(awards[2], tree.proof(awards[2]), {"from": stranger}).events["AwardClaimed"]
        assert tuple(event.values()) == (1, digest("update 2"), holders[2], 2, 10 * ETHER)
        assert token.balanceOf(holders[2]) == token.totalSupply() == 10 * ETHER
        assert distributor.isSpent(1, 2) and not distributor.isSpent(1, 1)
        refuses("AwardDistributorSpent", distributor.claim, awards[2], tree.proof(awards[2]), sender=stranger)

    def test_a_batch_pays_what_is_left(self, distributor, token, published, awards, tree, stranger):
        open_claims(distributor)
        proofs = [tree.proof(award) for award in awards]
        refuses("AwardDistributorLengthMismatch", distributor.claimBatch, awards, proofs[1:], sender=stranger)
        twice = [awards[0], awards[0]], [proofs[0], proofs[0]]
        distributor.claimBatch(*twice, {"from": stranger})
        assert token.totalSupply() == 10 * ETHER
        refuses("AwardDistributorNothingLeft", distributor.claimBatch, *twice, sender=stranger)
        refuses("AwardDistributorNothingLeft", distributor.claimBatch, [], [], sender=stranger)
        distributor.claimBatch(awards, proofs, {"from": stranger})
        assert token.totalSupply() == distributor.publication(1)[3] == 50 * ETHER

    def test_not_before_the_window_and_the_vesting_are_over(self, distributor, published, awards, tree, stranger):
        chain.mine(distributor.vestedFrom(1) - web3.eth.block_number - 2)
        proof = tree.proof(awards[0])
        refuses("AwardDistributorTooEarly", distributor.claim, awards[0], proof, sender=stranger)
        chain.mine()
        distributor.claim(awards[0], proof, {"from": stranger})

    @pytest.mark.parametrize("place", range(5))
    def test_a_proof_is_for_one_award(self, distributor, published, awards, tree, holders, stranger, place):
        open_claims(distributor)
        other = [2, 7, digest("other"), holders[1].address, 11 * ETHER][place]
        changed = tuple(other if index == place else value for index, value in enumerate(awards[0]))
        error = "AwardDistributorNotPublished" if changed[0] != 1 else "AwardDistributorInvalidProof"
        refuses(error, distributor.claim, changed, tree.proof(awards[0]), sender=stranger)

    def test_a_round_pays_no_more_than_its_cap(self, anchor, consortium, deployer, history, awards, tree, stranger):
        small = deployer.deploy(AwardDistributor, consortium, anchor, 15 * ETHER, 0, 0, "t", "t")
        small.publish(history, {"from": stranger})
        small.claim(awards[0], tree.proof(awards[0]), {"from": stranger})
        refuses("AwardDistributorCapExceeded", small.claim, awards[1], tree.proof(awards[1]), sender=stranger)


class TestDisputes:
    def test_the_first_objection_extends_the_window_once(self, distributor, published, parties, stranger):
        opens, reason = distributor.publication(1)[1], name("wrong-scores")
        refuses("ConsortiumNotADelegate", distributor.raiseObjection, 1, reason, sender=stranger)
        tx = distributor.raiseObjection(1, reason, {"from": parties[0].delegate})
        assert tuple(tx.events["ObjectionRaised"].values()) == (1, parties[0].organisation, reason, opens + WINDOW)
        again = (1, reason)
        refuses("AwardDistributorAlreadyObjected", distributor.raiseObjection, *again, sender=parties[0].delegate)
        distributor.raiseObjection(1, reason, {"from": parties[1].delegate})
        assert distributor.publication(1)[1] == opens + WINDOW

    def test_authorities_replace_the_root_within_the_window(
        self, distributor, published, parties, holders, tree, awards, stranger
    ):
        better = AwardsTree(awards_of(1, holders[:2]))
        authorities = [one.authority for one in parties[:2]]
        values = (1, tree.root, better.root)
        signatures = decide(distributor, authorities, "RootReplacement", REPLACEMENT, values)
        tx = distributor.replaceRoot(1, better.root, signatures, {"from": stranger})
        assert tuple(tx.events["AwardsRootReplaced"].values()) == (1, tree.root, better.root)
        open_claims(distributor)
        proof = tree.proof(awards[0])
        refuses("AwardDistributorInvalidProof", distributor.claim, awards[0], proof, sender=stranger)
        distributor.claim(awards[0], better.proof(awards[0]), {"from": stranger})

    def test_a_replacement_needs_a_quorum_of_authorities(self, distributor, published, parties, tree, stranger):
        values = (1, tree.root, ZERO)
        for error, accounts in {
            "AwardDistributorQuorumMissed": [parties[0].authority],
            "ConsortiumNotAnAuthority": [parties[0].authority, parties[1].delegate],
            "SignaturesNotAscending": [parties[0].authority, parties[0].authority],
        }.items():
            signatures = decide(distributor, accounts, "RootReplacement", REPLACEMENT, values)
            refuses(error, distributor.replaceRoot, 1, ZERO, signatures, sender=stranger)

    def test_a_decision_is_good_once(self, distributor, published, parties, tree, stranger):
        authorities = [one.authority for one in parties]
        there = decide(distributor, authorities, "RootReplacement", REPLACEMENT, (1, tree.root, ZERO))
        back = decide(distributor, authorities, "RootReplacement", REPLACEMENT, (1, ZERO, tree.root))
        distributor.replaceRoot(1, ZERO, there, {"from": stranger})
        distributor.replaceRoot(1, tree.root, back, {"from": stranger})
        refuses("AwardDistributorDecisionSpent", distributor.replaceRoot, 1, ZERO, there, sender=stranger)

    def test_not_after_the_window(self, distributor, published, parties, tree, stranger):
        chain.mine(distributor.publication(1)[1] - web3.eth.block_number)
        authorities = [one.authority for one in parties]
        signatures = decide(distributor, authorities, "RootReplacement", REPLACEMENT, (1, tree.root, ZERO))
        refuses("AwardDistributorWindowClosed", distributor.replaceRoot, 1, ZERO, signatures, sender=stranger)
        refuses("AwardDistributorWindowClosed", distributor.raiseObjection, 1, ZERO, sender=parties[0].delegate)


class TestVoiding:
    def values(self, root, indices):
        return 1, root, "0x" + keccak(b"".join(encode(["uint256"], [index]) for index in indices)).hex()

    def test_a_quorum_of_delegates_voids_what_nobody_claimed(
        self, distributor, published, parties, awards, tree, stranger
    ):
        delegates = [one.delegate for one in parties[:2]]
        signatures = decide(distributor, delegates, "AwardVoid", VOID, self.values(tree.root, [1, 3]))
        tx = distributor.voidAwards(1, [1, 3], signatures, {"from": stranger})
        assert [tuple(event.values()) for event in tx.events["AwardVoided"]] == [(1, 1), (1, 3)]
        open_claims(distributor)
        refuses("AwardDistributorSpent", distributor.claim, awards[3], tree.proof(awards[3]), sender=stranger)
        distributor.claim(awards[0], tree.proof(awards[0]), {"from": stranger})
        signatures = decide(distributor, delegates, "AwardVoid", VOID, self.values(tree.root, [0]))
        refuses("AwardDistributorNothingLeft", distributor.voidAwards, 1, [0], signatures, sender=stranger)
        signatures = decide(distributor, delegates, "AwardVoid", VOID, self.values(tree.root, [0, 2]))
        tx = distributor.voidAwards(1, [0, 2], signatures, {"from": stranger})
        assert [event["index"] for event in tx.events["AwardVoided"]] == [2]  # a claim that came first stops no void

    def test_it_is_about_one_root(self, distributor, published, parties, holders, awards, tree, stranger):
        delegates, authorities = ([getattr(one, kind) for one in parties[:2]] for kind in ("delegate", "authority"))
        void = decide(distributor, delegates, "AwardVoid", VOID, self.values(tree.root, [1]))
        later = decide(distributor, delegates, "AwardVoid", VOID, self.values(tree.root, [2]))
        distributor.voidAwards(1, [1], void, {"from": stranger})
        better = AwardsTree(awards_of(1, holders[:2]))
        values = (1, tree.root, better.root)
        signatures = decide(distributor, authorities, "RootReplacement", REPLACEMENT, values)
        distributor.replaceRoot(1, better.root, signatures, {"from": stranger})
        refuses("ConsortiumNotADelegate", distributor.voidAwards, 1, [2], later, sender=stranger)
        assert not distributor.isSpent(1, 1)
        open_claims(distributor)
        distributor.claim(awards[1], better.proof(awards[1]), {"from": stranger})

    def test_it_takes_a_quorum_of_delegates(self, distributor, published, parties, tree, stranger):
        for error, accounts in {
            "AwardDistributorQuorumMissed": [parties[0].delegate],
            "ConsortiumNotADelegate": [parties[0].delegate, parties[1].authority],
        }.items():
            signatures = decide(distributor, accounts, "AwardVoid", VOID, self.values(tree.root, [1]))
            refuses(error, distributor.voidAwards, 1, [1], signatures, sender=stranger)


class TestPayoutCap:
    def test_authorities_change_it_for_later_rounds(self, distributor, published, parties, stranger):
        authorities = [one.authority for one in parties]
        values = (1000 * ETHER, ETHER, 0)
        signatures = decide(distributor, authorities, "PayoutCapChange", CAP_CHANGE, values)
        tx = distributor.setPayoutCap(ETHER, signatures, {"from": stranger})
        assert tuple(tx.events["PayoutCapChanged"].values()) == (1000 * ETHER, ETHER)
        assert distributor.payoutCap() == ETHER and distributor.publication(1)[2] == 1000 * ETHER
        one = decide(distributor, authorities[:1], "PayoutCapChange", CAP_CHANGE, (ETHER, 5, 1))
        refuses("AwardDistributorQuorumMissed", distributor.setPayoutCap, 5, one, sender=stranger)
        hot = decide(distributor, [p.delegate for p in parties], "PayoutCapChange", CAP_CHANGE, (ETHER, 5, 1))
        refuses("ConsortiumNotAnAuthority", distributor.setPayoutCap, 5, hot, sender=stranger)
        refuses("AwardDistributorCapTooLarge", distributor.setPayoutCap, 2**96, one, sender=stranger)


def test_permit_spends_without_a_transaction_of_the_holder(
    distributor, token, published, awards, tree, holders, stranger
):
    open_claims(distributor)
    distributor.claim(awards[0], tree.proof(awards[0]), {"from": stranger})
    holder = holders[0]
    kind = [("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256")]
    kind += [("deadline", "uint256")]
    message = {"owner": holder.address, "spender": stranger.address, "value": 5, "nonce": 0, "deadline": 2**63}
    signable = encode_typed_data(
        domain_data=contract_domain("Contribution", token),
        message_types={"Permit": [{"name": label, "type": type_} for label, type_ in kind]},
        message_data=message,
    )
    signed = Account.sign_message(signable, holder.private_key)
    r, s = (number.to_bytes(32, "big") for number in (signed.r, signed.s))
    token.permit(holder, stranger, 5, 2**63, signed.v, r, s, {"from": stranger})
    token.transferFrom(holder, stranger, 5, {"from": stranger})
    assert token.balanceOf(stranger) == 5


def test_gas_of_claims(consortium, parties, deployer, stranger, holders):
    """At most 120,000 for the first claim ever, 85,000 for the first of a holder or of a round, else 65,000."""
    anchor = deployer.deploy(CheckpointAnchor, consortium, 1337)
    payer = deployer.deploy(AwardDistributor, consortium, anchor, 1000 * ETHER, 0, 0, "Contribution", "CON")
    delegates, previous, used = [one.delegate for one in parties], GENESIS, {}
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
