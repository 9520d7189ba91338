"""`python -m orchestrator.worker`: started by a daemon, which is at the other end of its standard input.

With `accelerate launch` there are several; see :mod:`orchestrator.worker.team`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
from collections.abc import Mapping
from typing import Any

from orchestrator.errors import LoranchorError
from orchestrator.ledger.masked_rounds import is_masked
from orchestrator.worker import team as teams
from orchestrator.worker.limits import bound_oneself
from orchestrator.worker.serve import Begun, Calls, task_and_manifest, workbench
from orchestrator.worker.session import Session, ToDaemon
from orchestrator.worker.team import LaunchedTeam
from orchestrator.worker.wire import Channel, Frame
from orchestrator.worker.words import Words, error_words, lock_of, pseudonym_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m orchestrator.worker")
    parser.add_argument("--device", default="cpu", help="as the experiment names it; decides how a team talks")
    cpu = parser.parse_args().device == "cpu"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's: it ends this process when it is ready to
    team = LaunchedTeam(cpu=cpu) if teams.size() > 1 else None
    if team is None or team.first:
        lead(cpu, team)
    else:
        follow(team)


def lead(cpu: bool, team: LaunchedTeam | None) -> None:
    """Speak to the daemon until it has nothing more to do."""
    session = Session(_to_daemon())
    logging.basicConfig(level=logging.INFO, handlers=[ToDaemon(session)])
    first = session.next_call(None)
    assert first is not None
    begun = Begun.of(first.words)
    if cpu:  # a GPU's driver maps far more than it uses
        bound_oneself(begun.memory)
    try:
        calls = _calls(begun, first, session, team)
    except LoranchorError as error:  # the settings are wrong: whatever is asked, that is the answer
        session.next_call(None)
        session.answer("failed", **error_words(error))
        return
    while (frame := session.next_call(begun.idle)) is not None and calls.answered(frame):
        pass
    if team is not None:
        team.tell(b"")


def _calls(begun: Begun, first: Frame, session: Session, team: LaunchedTeam | None) -> Calls:
    if team is None:
        bench = workbench(begun, begun.keepers())
        session.cancel = bench.cancel  # one process of a team cannot leave a training alone: the daemon ends them all
        return Calls(begun, bench, session)
    team.tell(json.dumps(dict(first.words)).encode())
    return TeamCalls(begun, workbench(begun, team.keepers(begun.keepers()), team), session, team)


class TeamCalls(Calls):
    """Trainings are done together, all else by the first process."""

    def __init__(self, begun: Begun, bench: Any, session: Session, team: LaunchedTeam) -> None:
        super().__init__(begun, bench, session)
        self._team = team

    def _carried_out(self, frame: Frame) -> tuple[Words, bytes]:
        if frame.kind != "train":
            return super()._carried_out(frame)
        self._team.tell(json.dumps(dict(frame.words)).encode())
        self._bench.forget()  # all begin at the base, so that all open the same contributions in the same order
        task, manifest = task_and_manifest(frame.words)
        try:
            done = self.trained(task, manifest, frame.words, self._team.opener(self._session.open))
        except LoranchorError:
            self._team.meet()
            raise
        self._team.meet()
        return done


def follow(team: LaunchedTeam) -> None:
    """Train whatever the first process trains, until it has ended."""
    _leave_input()
    begun = Begun.of(json.loads(team.hear()))
    bench = workbench(begun, team.keepers(begun.keepers()), team)
    while words := team.hear():
        _train_along(team, bench, json.loads(words))


def _train_along(team: LaunchedTeam, bench: Any, words: Mapping[str, Any]) -> None:
    bench.forget()
    bench.wear(lock_of(words))
    bench.name_with(pseudonym_of(words))
    task, manifest = task_and_manifest(words)
    try:
        number, ordinal, spent = (int(words[name]) for name in ("round", "ordinal", "spent"))
        if is_masked(task):
            bench.numbers(task, manifest, team.opener(), number, lambda step, steps: None, ordinal=ordinal)
        else:
            bench.train(task, manifest, team.opener(), number, lambda step, steps: None, ordinal=ordinal, spent=spent)
    except LoranchorError as error:  # the first process has the same one; if it has not, nobody comes to the meeting
        logging.getLogger(__name__).warning("%s", error)
    team.meet()


def _to_daemon() -> Channel:
    """Standard input is the daemon's end of a socket pair; no library is to read from it by mistake."""
    end = socket.socket(fileno=os.dup(0))
    _leave_input()
    return Channel(end)


def _leave_input() -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


if __name__ == "__main__":
    main()
