"""Looks at both chains and IPFS, and says what it saw in plain values. What does not answer is silent, and no error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from orchestrator.audit.checks import CHECKS
from orchestrator.audit.evidence import Evidence, PrivateSide, PublicSide
from orchestrator.audit.objects import Objects
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.report import Finding
from orchestrator.audit.tally import Tally
from orchestrator.audit.watch.alerts import Source
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.observation import Observation
from orchestrator.audit.watch.outside import contract_findings, outside_findings
from orchestrator.audit.watch.probing import KeptObjects, Prober
from orchestrator.audit.watch.rules import TOPICS
from orchestrator.audit.watch.sides import Glance, Watching, watch_private, watch_public
from orchestrator.audit.watch.sights import private_seen, public_seen
from orchestrator.audit.watch.state import State
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.port import ChainReader
from orchestrator.errors import LoranchorError, StorageError
from orchestrator.ledger.contributions import contributing_rounds
from orchestrator.storage.store import ObjectReader

Findings = Mapping[str, tuple[Finding, ...]]

NEED_TASKS = ("checkpoints", "attestations", "awards")
"""Checks that recompute what tasks decide."""
NOT_OURS = "its contracts are not those that the deployment file names, so nothing is read from them"


@dataclass(frozen=True)
class Watched:
    """What is watched. An outsider has the public chain alone.

    Attributes:
        private: a node that reads the private chain. store: an IPFS node in the members' swarm; goes with ``private``.
    """

    public: tuple[ChainReader, Deployment]
    private: tuple[ChainReader, Deployment] | None = None
    store: ObjectReader | None = None


class Eyes:
    """Reads what is new, and compares again what that bears on.

    Args:
        clock: seconds since 1970, by the watcher's machine.
    """

    def __init__(self, watched: Watched, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits, self._clock = limits, clock
        self._public = watch_public(*watched.public)
        self._inside: Inside | None = None
        if watched.private is not None and watched.store is not None:
            self._inside = Inside(watch_private(*watched.private), watched.store, limits)
        self._outside: Findings = {}

    @property
    def calls(self) -> Mapping[str, int]:
        """Questions asked so far, by chain."""
        private = {} if self._inside is None else {"private": self._inside.chain.calls}
        return {"public": self._public.calls, **private}

    def look(self, state: State) -> Observation:
        """One look; never raises for what a chain or IPFS does."""
        seen = Observation(int(self._clock()))
        public: Glance[PublicSide] | None = None
        try:
            public = self._public.look(state.marks.get("public"))
        except LoranchorError as error:
            seen = _silent(seen, Source.PUBLIC, error.message)
        if public is not None:
            if public.fresh or not self._outside:
                self._outside = {"contracts": contract_findings(public.side), **outside_findings(public.side)}
            seen = replace(seen, findings=self._outside, compared=self._inside is None)
            if public.side.consortium is None:
                seen, public = _silent(seen, Source.PUBLIC, NOT_OURS), None
            else:
                seen = replace(seen, public=public_seen(public))
        return seen if self._inside is None else self._inside.look(seen, public, state)


class Inside:
    """What takes the private chain and IPFS, too.

    Attributes:
        chain: the private chain.
    """

    def __init__(self, chain: Watching[PrivateSide], store: ObjectReader, limits: Limits) -> None:
        self.chain = chain
        self._objects, self._limits = KeptObjects(store), limits
        self._own: Recomputed | None = None
        self._stale = True
        self._findings: Findings = {}

    def look(self, seen: Observation, public: Glance[PublicSide] | None, state: State) -> Observation:
        """``seen`` with what the private chain and IPFS add."""
        try:
            private = self.chain.look(state.marks.get("private"))
        except LoranchorError as error:
            return _silent(seen, Source.PRIVATE, error.message)
        self._stale = self._stale or private.fresh or (public is not None and public.fresh)
        seen = replace(seen, findings=_merged(seen.findings, {"contracts": contract_findings(private.side)}))
        if private.side.consortium is None:
            return _silent(seen, Source.PRIVATE, NOT_OURS)
        complete = False
        try:
            if public is not None:
                self._compare(public, private)
                complete = not missing_tasks(self._recomputed)
            if self._own is not None:
                prober = Prober(self._objects.store, self._limits)
                seen = replace(seen, objects=prober.look(self._own, state.objects, seen.at))
        except StorageError as error:
            seen, complete = _silent(seen, Source.IPFS, error.message), False
        if self._own is not None:
            seen = replace(seen, private=private_seen(private, self._own))
        return replace(seen, findings=_merged(seen.findings, self._findings), compared=complete)

    @property
    def _recomputed(self) -> Recomputed:
        assert self._own is not None
        return self._own

    def _compare(self, public: Glance[PublicSide], private: Glance[PrivateSide]) -> None:
        """Recompute where there is anything new, or where a task was missing, which may be here now.

        Raises:
            StorageError: the IPFS node is down; all of it is done anew the next time then.
        """
        if not self._stale and not missing_tasks(self._recomputed):
            return
        self._stale = True
        objects = Objects(self._objects, timeout=float(self._limits.object_timeout))
        self._own = Recomputed(Evidence(public.side, private.side, objects))
        self._findings = audited(self._own)
        self._stale = False


def missing_tasks(own: Recomputed) -> list[str]:
    """Why tasks are not at hand that contributions were made under: without them not all can be recomputed."""
    tasks = (own.tasks[found.opening.task_digest] for found in contributing_rounds(own.state))
    return [task.problem for task in tasks if task.problem]


def audited(own: Recomputed) -> Findings:
    """The audit's own checks; without the tasks only those that need none: what is missing is no lie."""
    lacking, found = bool(missing_tasks(own)), {}
    for check in CHECKS:
        if check.name in TOPICS and check.name != "contracts" and not (lacking and check.name in NEED_TASKS):
            tally = Tally(check.name, check.title)
            check.compare(own, tally)
            found[check.name] = tally.result().findings
    return found


def _merged(one: Findings, other: Findings) -> Findings:
    """Both, by topic, each finding once."""
    return {topic: tuple(dict.fromkeys((*one.get(topic, ()), *other.get(topic, ())))) for topic in {**one, **other}}


def _silent(seen: Observation, source: Source, why: str) -> Observation:
    return replace(seen, silent={**seen.silent, source: why})
