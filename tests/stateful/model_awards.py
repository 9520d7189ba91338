"""Reference model of the AwardDistributor and its token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from stateful.model_anchor import AnchorModel
from stateful.model_members import MembersModel, check_ascending
from stateful.refusals import Refused, refuse

from orchestrator.chain.structs import AwardLeaf
from orchestrator.commitment.checkpoints import head_of
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.standard_tree import StandardMerkleTree, standard_leaf, verify_standard_proof
from orchestrator.ledger.words import address_bytes, word
from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId

Proof = Sequence[Digest]
_TYPES = ("uint64", "uint256", "bytes32", "address", "uint256")


def leaf_of(award: AwardLeaf) -> bytes:
    account = address_bytes(award.account)
    return standard_leaf(_TYPES, (award.sequence, award.index, word(award.update_id), account, award.amount))


class AwardTree:
    """The awards of one root, with their proofs."""

    def __init__(self, awards: Sequence[AwardLeaf]) -> None:
        self.awards = tuple(awards)
        self._tree = StandardMerkleTree([leaf_of(award) for award in awards])
        self.root = self._tree.root

    def proof(self, place: int) -> list[Digest]:
        return self._tree.proof(place)


@dataclass
class Publication:
    root: Digest
    claimable_from: int
    cap: int
    extended: bool = False
    claimed: int = 0
    objectors: set[OrganisationId] = field(default_factory=set)


@dataclass
class Books:
    """What claims change, apart, so that a batch is written as a whole or not at all."""

    published: dict[int, Publication] = field(default_factory=dict)
    spent: set[tuple[int, Digest, int]] = field(default_factory=set)
    balances: Counter[Address] = field(default_factory=Counter)


class AwardsModel:
    """Publications, what is spent of them, and who holds what."""

    def __init__(self, members: MembersModel, anchor: AnchorModel, window: int, vesting: int, cap: int) -> None:
        self.members, self.anchor = members, anchor
        self.window, self.vesting = window, vesting
        self.cap, self.cap_nonce = cap, 0
        self.books = Books()
        self.decided: set[bytes] = set()

    @property
    def published(self) -> dict[int, Publication]:
        return self.books.published

    def publish(self, block: int, chain: Sequence[Checkpoint]) -> None:
        refuse(not chain, "AwardDistributorChainBroken", 0)
        for place in range(1, len(chain)):
            linked = chain[place].previous_head == head_of(chain[place - 1])
            refuse(not linked, "AwardDistributorChainBroken", place)
        head, last = head_of(self.anchor.chain[-1]), head_of(chain[-1])
        refuse(last != head, "AwardDistributorNotAnchored", head, last)
        sequence, root = chain[0].sequence, chain[0].awards_root
        refuse(root == ZERO_DIGEST, "AwardDistributorNoAwards", sequence)
        refuse(sequence in self.published, "AwardDistributorAlreadyPublished", sequence)
        self.published[sequence] = Publication(root, block + self.window, self.cap)

    def raise_objection(self, block: int, sender: Address, sequence: int) -> None:
        organisation = self.members.calling_delegate(sender)
        publication = self._in_window(block, sequence)
        again = organisation in publication.objectors
        refuse(again, "AwardDistributorAlreadyObjected", sequence, organisation)
        publication.objectors.add(organisation)
        if not publication.extended:
            publication.extended = True
            publication.claimable_from += self.window

    def replace_root(self, block: int, sequence: int, root: Digest, digest: bytes, signers: Sequence[Address]) -> None:
        publication = self._in_window(block, sequence)
        self._check_decision(digest, signers)
        self.members.authority_bitmap(signers)
        self.decided.add(digest)
        publication.root = root

    def void(self, sequence: int, indices: Sequence[int], digest: bytes, signers: Sequence[Address]) -> None:
        root = self._publication(sequence).root
        self._check_decision(digest, signers)
        self.members.delegate_bitmap(signers)
        left = {(sequence, root, index) for index in indices} - self.books.spent
        refuse(not left, "AwardDistributorNothingLeft", sequence)
        self.decided.add(digest)
        self.books.spent |= left

    def set_cap(self, cap: int, digest: bytes, signers: Sequence[Address]) -> None:
        refuse(cap >= 2**96, "AwardDistributorCapTooLarge", cap)
        self._check_decision(digest, signers)
        self.members.authority_bitmap(signers)
        self.decided.add(digest)
        self.cap, self.cap_nonce = cap, self.cap_nonce + 1

    def claim(self, block: int, award: AwardLeaf, proof: Proof) -> None:
        books = deepcopy(self.books)
        paid = self._pay(books, block, award, proof)
        refuse(not paid, "AwardDistributorSpent", award.sequence, award.index)
        self.books = books

    def claim_batch(self, block: int, awards: Sequence[AwardLeaf], proofs: Sequence[Proof]) -> None:
        refuse(len(awards) != len(proofs), "AwardDistributorLengthMismatch", len(awards), len(proofs))
        books = deepcopy(self.books)
        paid = [self._pay(books, block, award, proof) for award, proof in zip(awards, proofs, strict=True)]
        refuse(not any(paid), "AwardDistributorNothingLeft", awards[0].sequence if awards else 0)
        self.books = books

    def transfer(self, sender: Address, to: Address, amount: int) -> None:
        held = self.books.balances[sender]
        refuse(held < amount, "ERC20InsufficientBalance", sender, held, amount)
        self.books.balances[sender] -= amount
        self.books.balances[to] += amount

    def _pay(self, books: Books, block: int, award: AwardLeaf, proof: Proof) -> bool:
        sequence = award.sequence
        self._publication(sequence)
        publication = books.published[sequence]
        vested = publication.claimable_from + self.vesting
        refuse(block < vested, "AwardDistributorTooEarly", sequence, block, vested)
        proven = verify_standard_proof(leaf_of(award), proof, publication.root)
        refuse(not proven, "AwardDistributorInvalidProof", sequence, award.index)
        entry = (sequence, publication.root, award.index)
        if entry in books.spent:
            return False
        over = publication.claimed + award.amount > publication.cap
        refuse(over, "AwardDistributorCapExceeded", sequence, publication.claimed, publication.cap)
        books.spent.add(entry)
        publication.claimed += award.amount
        books.balances[award.account] += award.amount
        return True

    def _publication(self, sequence: int) -> Publication:
        if sequence not in self.published:
            raise Refused("AwardDistributorNotPublished", sequence)
        return self.published[sequence]

    def _in_window(self, block: int, sequence: int) -> Publication:
        publication = self._publication(sequence)
        until = publication.claimable_from
        refuse(block >= until, "AwardDistributorWindowClosed", sequence, block, until)
        return publication

    def _check_decision(self, digest: bytes, signers: Sequence[Address]) -> None:
        refuse(digest in self.decided, "AwardDistributorDecisionSpent", digest)
        quorum = self.members.quorum
        refuse(len(signers) < quorum, "AwardDistributorQuorumMissed", len(signers), quorum)
        check_ascending(signers)
