"""A whole masked round by the records alone: five members do what ``steps`` says, until the sum is a contribution.

Each reads the ledger, acts, and is told by the ledger what the others did; objects lie where everybody can read them.
In one round a member drops out whose masks are in the others' updates, in one a member sends keys that nobody takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from unit.ledger.actors import CHAIN_ID, CONTRACTS, cid_of, task
from unit.ledger.history import History
from unit.secagg.secagg_world import prekey

from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import Artefact, Round
from orchestrator.ledger.ids import artefact_id_of, round_subject
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.masked_rounds import (
    KEYS,
    MASKED,
    REVEAL,
    SHARES,
    Act,
    chosen,
    course,
    shared_awards,
    steps,
    weight_cap,
)
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import capped
from orchestrator.secagg.book import Book
from orchestrator.secagg.bundles import Bundle, check_bundle, open_shares
from orchestrator.secagg.keys import Announcement, check_announcement
from orchestrator.secagg.masked import MaskedUpdate, check_masked
from orchestrator.secagg.masks import Units
from orchestrator.secagg.member import Member
from orchestrator.secagg.opening import terms_of
from orchestrator.secagg.recover import Aggregate, aggregate
from orchestrator.secagg.refusal import SecaggRefused
from orchestrator.secagg.reveals import Reveal
from orchestrator.types import MILLION, ZERO_DIGEST, ArtefactId, OrganisationId, UpdateId

FIVE = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus", "dune", "ember"))
GONE = FIVE[3]
WORDS = 40


def masked_task() -> TaskSpec:
    return task(
        privacy={"policy": "secagg", "epsilon_cap": 0, "delta_inverse": 0, "secagg": {"clip": 1 << 20}},
        strategy={"name": "ffa", "settings": {"fraction_bits": 16, "rule": "mean", "trim": 0}},
        adapter={"modules": ["q_proj"], "ranks": [4], "alpha": 16, "rslora": False, "dense": []},
        deadlines={"submit": 800, "release": 10, "commit": 10, "reveal": 10},
    )


class Play(History):
    """The members, what they know, and the objects that they stored.

    Args:
        gone: who does nothing any more once it had to send. liar: whose mask key is one of low order.
    """

    def __init__(self, folder: Path, *, gone: OrganisationId | None = None, liar: OrganisationId | None = None) -> None:
        super().__init__(FIVE, quorum=4)
        self.gone, self.liar = gone, liar
        number = self.open_round(masked_task())
        self.number = number
        self.terms = terms_of(masked_task(), self.found, CHAIN_ID, CONTRACTS["RoundLedger"], WORDS, ZERO_DIGEST)
        self.books = [Book(folder / f"{name}.sqlite") for name in FIVE]
        self.nodes = {
            name: Member(self.terms, name, prekey(name)[0], book) for name, book in zip(FIVE, self.books, strict=True)
        }
        drawn = np.random.default_rng(3)
        self.units: dict[OrganisationId, Units] = {name: drawn.integers(-900, 900, WORDS) for name in FIVE}
        self.store: dict[ArtefactId, bytes] = {}
        self.sums: dict[UpdateId, Aggregate] = {}

    @property
    def found(self) -> Round:
        return self.state.rounds[self.number]

    def play(self) -> None:
        """Everybody in turn, until nobody wants anything in any later block of the phase."""
        while self.block < self.found.opened.block + 800:
            wanted = [(name, step) for name in FIVE for step in self.steps(name)]
            if not wanted:
                self.mine()
                continue
            name, step = wanted[0]
            self._do(name, step.act, step.artefact)

    def steps(self, name: OrganisationId) -> Iterator:
        now = course(self.state, self.found, self.block + 1)
        if name == self.gone and now.part != "deal":
            return iter(())
        return steps(self.state, self.found, name, self.block + 1)

    def _do(self, me: OrganisationId, act: Act, about: ArtefactId | None) -> None:
        node, now = self.nodes[me], course(self.state, self.found, self.block + 1)
        match act:
            case Act.ANNOUNCE:
                keys = node.announce()
                self._put(KEYS, me, (keys if me != self.liar else replace(keys, mask_key=ZERO_DIGEST)).to_bytes())
            case Act.DEAL:
                self._put(SHARES, me, node.deal({name: prekey(name)[1] for name in FIVE}).to_bytes())
            case Act.CHECK:
                assert about is not None
                self._check(me, self.state.artefacts[about])
            case Act.SEND:
                assert node.take(self._keys(now.dealers), self._bundles(now.dealers)) == now.dealers
                self._put(MASKED, me, node.mask(self.units[me]).to_bytes())
            case Act.REVEAL:
                node.take(self._keys(now.dealers), self._bundles(now.dealers))
                self._put(REVEAL, me, node.reveal(now.survivors).to_bytes())
            case Act.SUBMIT:
                total = self.summed()
                self.sums[self.submit(me)] = total
            case Act.PASS:
                self.tell("RoundPassed", me, round_id=self.number, organisation=me)

    def _put(self, kind: str, me: OrganisationId, data: bytes) -> None:
        number = len(self.state.artefacts) + 1
        found = artefact_id_of(CHAIN_ID, CONTRACTS["ArtefactRegistry"], number)
        named = {"kind": kind, "subject": round_subject(self.number), "digest": sha256(data)}
        self.store[found] = data
        self.tell("ArtefactProposed", me, artefact_id=found, organisation=me, **named, cid=cid_of(number))
        self.tell("ArtefactEndorsed", me, same_transaction=True, artefact_id=found, organisation=me, deviation=0)

    def _check(self, me: OrganisationId, item: Artefact) -> None:
        try:
            self._examine(me, item)
        except SecaggRefused as error:
            told = {"artefact_id": item.id, "organisation": me, "reason": str(error.reason)}
            self.tell("ArtefactDisputed", me, **told)
            return
        self.tell("ArtefactEndorsed", me, artefact_id=item.id, organisation=me, deviation=0)
        now = self.state.artefacts[item.id]
        if len(now.endorsements) == self.found.quorum and now.agreed is None:
            self.agree(item.id, me)

    def _examine(self, me: OrganisationId, item: Artefact) -> None:
        data, sender = self.store[item.id], item.organisation
        assert sha256(data) == item.digest
        if item.kind == KEYS:
            check_announcement(self.terms, Announcement.from_bytes(data), sender)
        elif item.kind == SHARES:
            bundle = Bundle.from_bytes(data)
            check_bundle(self.terms, bundle, sender)
            open_shares(self.terms, bundle, me, prekey(me)[0])
        else:
            dealers = course(self.state, self.found, self.block + 1).dealers
            check_masked(self.terms, MaskedUpdate.from_bytes(data, self.terms), sender, dealers)

    def _read(self, kind: str, name: OrganisationId) -> bytes:
        return next(
            self.store[item.id]
            for item in self.state.artefacts.values()
            if (item.kind, item.organisation) == (kind, name)
        )

    def _keys(self, names: tuple) -> dict[OrganisationId, Announcement]:
        return {name: Announcement.from_bytes(self._read(KEYS, name)) for name in names}

    def _bundles(self, names: tuple) -> dict[OrganisationId, Bundle]:
        return {name: Bundle.from_bytes(self._read(SHARES, name)) for name in names}

    def summed(self) -> Aggregate:
        """What any member computes of what lies there."""
        now = course(self.state, self.found, self.found.opened.block + 800)
        masked = {name: MaskedUpdate.from_bytes(self._read(MASKED, name), self.terms) for name in now.survivors}
        reveals = {name: Reveal.from_bytes(self._read(REVEAL, name)) for name in now.holders}
        return aggregate(self.terms, self._keys(now.dealers), self._bundles(now.dealers), masked, reveals)

    def judged(self) -> UpdateId:
        """Release and verdicts: the first submission that is the sum is accepted, with the cap that makes it a mean."""
        for item in self.found.submissions:
            self.release(item)
        total = self.summed()
        right = {item for item, claimed in self.sums.items() if np.array_equal(claimed.total, total.total)}
        accepted = chosen(self.found, frozenset(right))
        assert accepted is not None
        others = [item for item in self.found.submissions if item != accepted]
        caps = dict.fromkeys(self.found.submissions, MILLION) | {accepted: weight_cap(total.owners)}
        for name in FIVE:
            if name != self.gone:
                self.judge(name, dict.fromkeys(self.found.submissions, 0), rejects=others, caps=caps)
        self.close()
        return accepted


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Play]]:
    """Begins a round, whose books are closed when its test is over."""
    begun: list[Play] = []

    def one(**who: OrganisationId) -> Play:
        begun.append(Play(tmp_path, **who))
        return begun[-1]

    yield one
    for book in (book for play in begun for book in play.books):
        book.close()


def test_all_five_come_to_the_end(begin: Callable[..., Play]) -> None:
    play = begin()
    play.play()
    total = play.summed()
    assert total.owners == FIVE
    assert np.array_equal(total.total, sum(play.units.values()))
    assert len(play.found.submissions) == 2
    assert len(play.found.passed) == 3


def test_one_drops_out_and_the_others_make_one_contribution_of_the_rest(begin: Callable[..., Play]) -> None:
    play = begin(gone=GONE)
    play.play()
    accepted = play.judged()
    owners = tuple(name for name in FIVE if name != GONE)
    assert play.sums[accepted].owners == owners
    assert np.array_equal(play.sums[accepted].total, sum(play.units[name] for name in owners))

    (entry,) = build_manifest(play.state, masked_task(), play.tasks).originals
    assert entry.update_id == accepted
    assert entry.weight == capped(1 << 32, MILLION // 4) == 1 << 30, "of four owners the mean is exact"
    awards = shared_awards(play.state, play.found, 1000, accepted, owners)
    assert [item.amount for item in awards] == [250] * 4


def test_keys_that_nobody_takes_leave_their_member_out(begin: Callable[..., Play]) -> None:
    play = begin(liar=GONE)
    play.play()
    disputes = [item.disputes for item in play.state.artefacts.values() if item.disputes]
    assert disputes == [{name: "BAD_KEY" for name in FIVE if name != GONE}]
    assert play.summed().owners == tuple(name for name in FIVE if name != GONE)
