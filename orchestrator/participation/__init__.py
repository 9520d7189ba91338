"""Whether this organisation takes part in a round: what it accepts of a task, and what its policy makes of the rest.

No web3, no IPFS, no torch. What a round needs of all members is in the task; this is what one organisation decides for
itself, and nobody else has to agree. Policies and limits are pure; ``Notes`` is the one file.
"""

from orchestrator.participation.acceptance import Limits, refusals, unmet
from orchestrator.participation.account import Account
from orchestrator.participation.experience import Note, outcomes, situation_of
from orchestrator.participation.freshness import data_digest
from orchestrator.participation.notes import Notes
from orchestrator.participation.policy import Decision, Outcome, ParticipationPolicy, Situation
from orchestrator.participation.settings import POLICIES, Participation

__all__ = [
    "POLICIES",
    "Account",
    "Decision",
    "Limits",
    "Note",
    "Notes",
    "Outcome",
    "Participation",
    "ParticipationPolicy",
    "Situation",
    "data_digest",
    "outcomes",
    "refusals",
    "situation_of",
    "unmet",
]
