"""The demo: organisations as processes of their own, real chains, a real IPFS network, a real model, a real audit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from orchestrator import localnet
from orchestrator.audit import Sources, read_handed, verify, write_handover
from orchestrator.daemon.equipment import check_equipment, equipment_of
from orchestrator.daemon.view import tasks_of
from orchestrator.demo.chains import DemoStuck, Seen, Watcher
from orchestrator.demo.ending import show_results
from orchestrator.demo.processes import Daemons
from orchestrator.demo.programs import deploy, loranchor
from orchestrator.demo.progress import Board
from orchestrator.demo.stopwatch import Stopwatch
from orchestrator.demo.summary import summarise
from orchestrator.demo.world import World
from orchestrator.files import write_atomic, write_json
from orchestrator.ledger.awards import awards
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.ids import round_of_subject
from orchestrator.report import write as write_report
from orchestrator.settings import compose
from orchestrator.storage import IpfsStore
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId

ROUND_SECONDS = 900.0
STEP_SECONDS = 300.0


@dataclass
class Demo:
    """One run of an experiment.

    Args:
        world: where it keeps everything. overrides: Hydra overrides, the experiment among them.
    """

    world: World
    overrides: Sequence[str]
    console: Console

    def __post_init__(self) -> None:
        self.settings = compose(self.overrides)
        self.experiment = self.settings.group("experiment")
        self.names = [str(item["name"]) for item in self.experiment["organisations"]]
        self.watch = Stopwatch()
        for name in self.names:
            check_equipment(equipment_of(self.settings, OrganisationId(name)))

    def run(self) -> dict[str, Any]:
        """From nothing to an audited revocation; gives the summary. Nothing is left running."""
        self.world.clear()
        localnet.down(self.world.network, purge=True)
        try:
            with Daemons() as daemons:
                return self._run(daemons)
        finally:
            localnet.down(self.world.network)

    def _run(self, daemons: Daemons) -> dict[str, Any]:
        with self._stage("network", "two chains and an IPFS node for each organisation"):
            localnet.up(self.world.network, self.names)
        with self._stage("organisations", "keys of each organisation, in its own keystore"):
            self._make_organisations()
        with self._stage("deploy", "contracts on both chains, by `brownie run deploy`"):
            deploy(self.world.logs / "deploy.log", self.world.environment)
        with self._stage("agreement", "every authority accepts the agreement"):
            self._each(lambda name: self._verb("round", "agree", "--home", name))
        self.settings = compose([*self.overrides, *self._chain_overrides()])
        for name in self.names:
            self._start_daemon(daemons, name)
        homes = {name: self.world.home(name) for name in self.names}
        with Board(self.console, homes) as board:

            def tick(headline: str) -> None:
                daemons.check()
                board.refresh(headline)

            watcher = Watcher(self.settings, tick)
            self._live(watcher)
            self._revoke(watcher)
        daemons.stop()
        audit = self._audit(watcher)
        return self._finish(watcher, homes, audit)

    def _make_organisations(self) -> None:
        members = []
        self._each(self._make_organisation)
        for name in self.names:
            document = json.loads((self.world.home(name) / "organisation.json").read_text())
            members.append({"organisation": name, "authority": document["authority"], "delegate": document["delegate"]})
        self.world.write_consortium(consortium_document(members, self.experiment))

    def _make_organisation(self, name: str) -> None:
        self.world.make_password(name)
        self._verb("org", "init", "--name", name, "--home", name, overrides=self._chain_overrides())

    def _each(self, act: Callable[[str], object]) -> None:
        """For every organisation at once; the first error counts."""
        with ThreadPoolExecutor(len(self.names)) as pool:
            for done in [pool.submit(act, name) for name in self.names]:
                done.result()

    def _live(self, watcher: Watcher) -> None:
        """Rounds, until the last is anchored and its awards are claimed."""
        with self._stage("prekeys", "one-time keys for the first rounds"):
            watcher.wait("publishing prekeys", self._all_have_prekeys, seconds=STEP_SECONDS)
        for number in range(1, int(self.experiment["rounds"]) + 1):
            with self._stage(f"round_{number}", f"round {number}: train, seal, judge, close, anchor"):
                self._verb("round", "open", "--home", self.names[(number - 1) % len(self.names)])
                watcher.wait(f"round {number}", partial(_ended, number=number), seconds=ROUND_SECONDS)
                watcher.wait("anchoring", partial(_anchored, count=number), seconds=STEP_SECONDS)
        with self._stage("claims", "awards reach their accounts"):
            watcher.wait("claiming awards", self._all_claimed, seconds=STEP_SECONDS)
            watcher.wait("evaluating", lambda seen: self._all_evaluated(), seconds=STEP_SECONDS)

    def _revoke(self, watcher: Watcher) -> None:
        owner = str(self.experiment["revoke"]["organisation"])
        with self._stage("revocation", f"{owner} withdraws its contributions"):
            reason = str(self.settings.group("revocation")["reason"])
            self._verb("revoke", "request", "--home", owner, "--reason", reason)
            watcher.wait("certifying and shredding", _all_shredded, seconds=ROUND_SECONDS)

    def _audit(self, watcher: Watcher) -> dict[str, Any]:
        with self._stage("audit", "everything is recomputed from chains, IPFS and the handover"):
            sources = Sources(
                public=self.settings.connection("public"),
                private=self.settings.connection("private"),
                store=IpfsStore(self.settings.ipfs_api(self.names[0])),
                public_deployment=watcher.public.deployment,
                private_deployment=watcher.private.deployment,
            )
            write_handover(self.world.handover, sources)
            report = verify(sources, read_handed(self.world.handover))
            self.tasks = tasks_of(watcher.seen.state, sources.store)
        return report.document()

    def _finish(self, watcher: Watcher, homes: Mapping[str, Path], audit: Mapping[str, Any]) -> dict[str, Any]:
        watcher.look()
        summary = summarise(
            experiment=str(self.experiment["name"]),
            metric=str(self.experiment["metric"]),
            seen=watcher.seen,
            tasks=self.tasks,
            homes=homes,
            private=watcher.private,
            public=watcher.public,
            seconds=self.watch.seconds,
            audit=audit,
            notes=[str(note) for note in self.experiment.get("notes", [])],
        )
        write_json(self.world.root / "summary.json", summary)
        write_report(self.world.root / "summary.json", self.world.root / "report.html")
        keep_copy(self.world.root, self.world.root.parent / str(self.experiment["name"]))
        show_results(self.console, summary, self.world.root)
        return summary

    def _start_daemon(self, daemons: Daemons, name: str) -> None:
        arguments = ["daemon", "run", "--home", str(self.world.home(name))]
        arguments += ["--password-file", str(self.world.password_file(name)), *self.overrides]
        daemons.start(name, arguments, self.world.logs / f"{name}.log", environment=self.world.environment)

    def _verb(self, *arguments: str, overrides: Sequence[str] | None = None) -> str:
        """A verb of the command line for the organisation named after ``--home``."""
        given = list(arguments)
        place = given.index("--home") + 1
        name, given[place] = given[place], str(self.world.home(given[place]))
        given += ["--password-file", str(self.world.password_file(name))]
        given += self.overrides if overrides is None else overrides
        return loranchor(given, self.world.logs / f"{name}-verbs.log", self.world.environment)

    def _chain_overrides(self) -> list[str]:
        return [f"chain.network={self.world.network}", f"chain.deployments={self.world.deployments}"]

    def _stage(self, name: str, sentence: str) -> Any:
        self.console.print(f"[bold]{name}[/bold]: {sentence}", highlight=False)
        return self.watch.stage(name)

    def _all_have_prekeys(self, seen: Seen) -> bool:
        return all(len(seen.state.prekeys.get(name, {})) >= 1 for name in seen.state.members.seats) and bool(
            seen.state.members.seats
        )

    def _all_claimed(self, seen: Seen) -> bool:
        paying = [item for item in seen.anchored if item.checkpoint.awards_root != ZERO_DIGEST]
        claimed = {(claim.sequence, claim.update_id) for claim in seen.claims}
        return len(seen.published) >= len(paying) and all(self._paid(seen, item.sequence, claimed) for item in paying)

    def _paid(self, seen: Seen, sequence: int, claimed: set[tuple[int, Any]]) -> bool:
        due = seen.state.due[sequence - 1]
        per_round = int(self.experiment["task"]["awards"]["per_round"])
        listed = awards(seen.state, round_of_subject(due.subject), per_round)
        return all((sequence, award.update_id) in claimed for award in listed)

    def _all_evaluated(self) -> bool:
        label = f"round/{self.experiment['rounds']}"
        for name in self.names:
            path = self.world.home(name) / "figures.json"
            if not path.exists() or label not in json.loads(path.read_text()).get("held_out", {}):
                return False
        return True


def consortium_document(members: list[dict[str, str]], experiment: Mapping[str, Any]) -> dict[str, object]:
    """The consortium file of a demo: a majority is the quorum, awards are claimable after ten blocks."""
    return {
        "format": "loranchor/consortium",
        "version": 1,
        "consortium_id": Digest("0x" + secrets.token_hex(32)),
        "quorum": len(members) // 2 + 1,
        "members": members,
        "awards": {
            "payout_cap": str(experiment["task"]["awards"]["per_round"]),
            "window_blocks": 10,
            "vesting_blocks": 0,
        },
    }


def keep_copy(run: Path, target: Path) -> None:
    """Copy summary and report to the experiment's own folder, so that another experiment does not replace them."""
    for name, data in [(name, (run / name).read_bytes()) for name in ("summary.json", "report.html")]:
        write_atomic(target / name, data)


def _ended(seen: Seen, number: int) -> bool:
    found = seen.state.rounds.get(number)
    if found is not None and found.status is RoundStatus.FAILED:
        raise DemoStuck(f"round {number} failed: {found.failure}", mend="see the logs folder of the run")
    return found is not None and found.status is RoundStatus.CLOSED


def _anchored(seen: Seen, count: int) -> bool:
    return len(seen.anchored) >= count


def _all_shredded(seen: Seen) -> bool:
    return bool(seen.state.revocations) and all(found.shredded for found in seen.state.revocations.values())
