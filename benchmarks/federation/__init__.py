"""A federation in one process, without chains and IPFS: real training, real verdict rules, real folds.

It is for figures about quality: ``Federation(document, members, seed, shared=shared).run(rounds)`` gives each round's.
"""

from benchmarks.federation.adversaries import ADVERSARIES
from benchmarks.federation.held_out import Measured
from benchmarks.federation.shards import dealt, halves, joined, limited
from benchmarks.federation.shared import Shared
from benchmarks.federation.simulate import Federation, History, Member, RoundFigures

__all__ = [
    "ADVERSARIES",
    "Federation",
    "History",
    "Measured",
    "Member",
    "RoundFigures",
    "Shared",
    "dealt",
    "halves",
    "joined",
    "limited",
]
