"""Decisions for tests: one of each kind, and any."""

from __future__ import annotations

from coincurve import PrivateKey
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CONSORTIUM_ID, CUMULUS, MEMBERS, authority, private_key, word_of

from orchestrator.commitment.eip712 import MembershipChange, Pair, PauseChange, Seat
from orchestrator.governance.decisions import AwardVoid, Decision, PayoutCapChange, RootReplacement
from orchestrator.types import Address, Digest, OrganisationId

CONTRACT = Address("0x" + "ab" * 20)
PAIR = Pair(CONSORTIUM_ID, 31337, CONTRACT, 1337, Address("0x" + "cd" * 20))


def key_of(name: str) -> PrivateKey:
    return private_key("authority", name)


def seats(*names: OrganisationId) -> tuple[Seat, ...]:
    return tuple(Seat(name, authority(name)) for name in names)


def membership(epoch: int = 2, quorum: int = 2) -> MembershipChange:
    return MembershipChange(PAIR, epoch, seats(AURORA, BOREALIS, CUMULUS), quorum)


def pause(paused: bool = True) -> PauseChange:
    return PauseChange(PAIR, 1, 0, paused)


DECISIONS: tuple[Decision, ...] = (
    membership(),
    pause(),
    RootReplacement(31337, CONTRACT, 4, word_of("root"), word_of("other")),
    AwardVoid(31337, CONTRACT, 4, word_of("root"), (2, 7)),
    PayoutCapChange(31337, CONTRACT, 10**20, 2**96 - 1, 0),
)

_small = st.integers(1, 2**53 - 1)
_large = st.integers(0, 2**256 - 1)
_words = st.binary(min_size=32, max_size=32).map(lambda data: Digest("0x" + data.hex()))
_addresses = st.binary(min_size=20, max_size=20).map(lambda data: Address("0x" + data.hex()))
_pairs = st.builds(Pair, _words, _large, _addresses, _large, _addresses)


@st.composite
def _memberships(draw: st.DrawFn) -> MembershipChange:
    names = draw(st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True), min_size=1, max_size=9, unique=True))
    chosen = tuple(Seat(OrganisationId(name), authority(name)) for name in names)
    quorum = draw(st.integers(len(names) // 2 + 1, len(names)))
    return MembershipChange(draw(_pairs), draw(st.integers(2, 2**53 - 1)), chosen, quorum)


def decisions() -> st.SearchStrategy[Decision]:
    """Any decision that a contract could take."""
    indices = st.lists(_large, min_size=1, max_size=5, unique=True).map(lambda found: tuple(sorted(found)))
    return st.one_of(
        _memberships(),
        st.builds(PauseChange, _pairs, _small, _small, st.booleans()),
        st.builds(RootReplacement, _large, _addresses, _small, _words, _words),
        st.builds(AwardVoid, _large, _addresses, _small, _words, indices),
        st.builds(PayoutCapChange, _large, _addresses, _large, _large, _small),
    )


__all__ = ["DECISIONS", "MEMBERS", "PAIR", "decisions", "key_of", "membership", "pause", "seats"]
