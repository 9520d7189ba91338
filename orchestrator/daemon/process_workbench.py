"""The workbench whose work is done in another process, which is started when there is work and ends when there is none.

What of it dies is started again: a training goes on from its last checkpoint, all else from the beginning.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from orchestrator.anonymise import Anonymisation
from orchestrator.daemon.equipment import groups_of, organisation_of
from orchestrator.daemon.workbench import Figure, Judgement, Layout, Numbers, OpenDelta, Progress
from orchestrator.daemon.worker_process import LEAVING_SECONDS, WorkerProcess
from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.daemon.worker_talk import Call, Talk
from orchestrator.errors import DataError, EnvironmentMissing, WorkCancelled, WorkerError
from orchestrator.files import write_atomic
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.lock_key import LockKey
from orchestrator.settings import Settings
from orchestrator.types import OrganisationId, ProtectedDelta, UpdateId
from orchestrator.worker.kept import discard, folder_of
from orchestrator.worker.wire import Ended, Frame
from orchestrator.worker.words import (
    delta_of,
    figure_of,
    judgements_of,
    layout_of,
    lock_words,
    manifest_words,
    no_answer,
    numbers_of,
    pseudonym_words,
)

MOST_DEATHS = 3
"""Deaths without any step between them, before a call is given up."""
PAUSE_SECONDS = 1.0
STATEMENT = "data-statement.json"
KEYLOCK = "keylock"
"""The privacy policy whose work needs a lock key."""
IDLE = "with code 0"
"""How a worker ends that had nothing to do for long; the next call may meet it in the door."""

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class ProcessWorkbench:
    """See :class:`orchestrator.daemon.workbench.Workbench`.

    Args:
        values: the settings' groups that a worker needs, see :func:`orchestrator.daemon.equipment.groups_of`.
        home: the organisation's; checkpoints and the last data statement lie there.
    """

    def __init__(
        self, organisation: OrganisationId, values: Mapping[str, Any], home: Path, settings: WorkerSettings
    ) -> None:
        self._organisation, self._values, self._settings = organisation, values, settings
        self._home, self._folder, self._stated = home, folder_of(home), home / STATEMENT
        self._turn, self._state = threading.Lock(), threading.Lock()
        self._worker: WorkerProcess | None = None
        self._call: Call | None = None
        self._unfinished: int | None = None
        """The round whose training was begun, and may go on."""
        self._statement: bytes | None = None
        self._closed = False
        self.lock_key: Callable[[], LockKey] | None = None
        """Gives the key of the organisation's key-lock out of its keystore; asked where a task wants one."""
        self.pseudonym_key: Callable[[], bytes] | None = None
        """Gives the key of pseudonyms; asked where `data.anonymise` wants them."""

    @classmethod
    def of(cls, settings: Settings, home: Path) -> ProcessWorkbench:
        """The bench of the organisation whose settings these are.

        Raises:
            ConfigurationError: it is nobody's, or has no data in the experiment, or the worker's settings are wrong.
        """
        organisation = organisation_of(settings)
        return cls(organisation, groups_of(settings), home, WorkerSettings.of(settings.group("worker")))

    def check(self) -> None:
        """Refuse at once what would fail after minutes: a model or data that are not there.

        Raises:
            DataError: no such model, or an empty shard. ConfigurationError: no such source or device.
        """
        self._carried_out(Call("check", {}))

    def statement(self) -> bytes:
        """Of the data that were used last, also by an earlier daemon."""
        if self._statement is None:
            try:
                self._statement = self._stated.read_bytes()
            except FileNotFoundError as error:
                raise DataError("no data was loaded yet", mend="train or evaluate first") from error
        return self._statement

    def train(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: Progress,
        *,
        ordinal: int | None = None,
        spent: int = 0,
    ) -> ProtectedDelta:
        return self._trained(
            self._training(task, manifest, opener, round_number, progress, ordinal, spent),
            lambda frame: delta_of(frame.words, frame.body),
        )

    def numbers(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: Progress,
        *,
        ordinal: int | None = None,
    ) -> Numbers:
        return self._trained(
            self._training(task, manifest, opener, round_number, progress, ordinal, 0),
            lambda frame: numbers_of(frame.words, frame.body),
        )

    def layout(self, task: TaskSpec, manifest: Manifest) -> Layout:
        return self._answered(Call("layout", self._about(task, manifest)), lambda frame: layout_of(frame.words))

    def whole(self, task: TaskSpec, manifest: Manifest, total: bytes) -> bytes:
        return self._answered(Call("whole", self._about(task, manifest), body=total), lambda frame: frame.body)

    def evaluate(self, task: TaskSpec, manifest: Manifest, opener: OpenDelta) -> Figure:
        call = Call("evaluate", self._about(task, manifest), opener, openable(manifest))
        return self._answered(call, lambda frame: figure_of(frame.words))

    def judge(
        self,
        task: TaskSpec,
        manifest: Manifest,
        candidates: Sequence[UpdateId],
        opener: OpenDelta,
        refused: Mapping[UpdateId, str],
    ) -> Mapping[UpdateId, Judgement]:
        words = {**self._about(task, manifest), "candidates": list(candidates), "refused": dict(refused)}
        known = {*candidates, *refused}

        def verdicts(frame: Frame) -> dict[UpdateId, Judgement]:
            found = judgements_of(frame.words.get("judgements"))
            if not found.keys() <= known:
                raise no_answer("verdicts on what was not to be judged")
            return found

        return self._answered(Call("judge", words, opener, openable(manifest, candidates)), verdicts)

    def settle(self, round_number: int) -> None:
        if self._unfinished == round_number:
            self._unfinished = None
        discard(self._folder, round_number=round_number)

    def forget(self) -> None:
        """End the process, and its memory is gone; a call under way begins again, a training at its checkpoint."""
        with self._state:
            worker = self._worker
        discard(self._folder, but=self._unfinished)
        if worker is not None:
            worker.end()

    def cancel(self) -> None:
        with self._state:
            if self._call is not None:
                self._call.cancelled.set()

    def close(self) -> None:
        self._closed = True
        self.cancel()
        with self._turn, self._state:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.end(patience=LEAVING_SECONDS)

    def _training(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        number: int,
        progress: Progress,
        ordinal: int | None,
        spent: int,
    ) -> Call:
        words = {**self._about(task, manifest), "round": number, "ordinal": ordinal or number, "spent": spent}
        return Call("train", words, opener, openable(manifest), progress)

    def _trained(self, call: Call, decode: Callable[[Frame], Answer]) -> Answer:
        self._unfinished = call.words["round"]
        done = self._answered(call, decode)
        self._unfinished = None
        return done

    def _about(self, task: TaskSpec, manifest: Manifest) -> dict[str, Any]:
        found = {"task": task.document, "manifest": manifest_words(manifest)}
        if KEYLOCK in task.privacy.names and self.lock_key is not None:
            found |= lock_words(self.lock_key())
        wanted = Anonymisation.from_settings((self._values.get("data") or {}).get("anonymise"))
        if wanted is not None and wanted.operator == "pseudonym" and self.pseudonym_key is not None:
            found |= pseudonym_words(self.pseudonym_key())
        return found

    def _answered(self, call: Call, decode: Callable[[Frame], Answer]) -> Answer:
        """What a call's answer says. A worker that says what nobody can read is not asked again."""
        done = self._carried_out(call)
        try:
            return decode(done)
        except WorkerError:
            with self._state:
                worker = self._worker
            if worker is not None:
                worker.end()
            raise

    def _carried_out(self, call: Call) -> Frame:
        with self._turn:
            if self._closed:
                raise WorkCancelled("the workbench is closed")
            call.began = time.monotonic()
            with self._state:
                self._call = call
            try:
                return self._until_done(call)
            finally:
                with self._state:
                    self._call = None

    def _until_done(self, call: Call) -> Frame:
        while not call.cancelled.is_set():
            try:
                worker = self._at_work()
                worker.channel.send(call.kind, call.body, **call.words)
                done = Talk(worker, call, self._settings).until_done()
            except Ended:
                self._mourn(call)
            else:
                words = dict(done.words)
                self._state_data(words.pop("statement", None))
                return Frame(done.kind, words, done.body)
        raise WorkCancelled(f"the call to {call.kind} was cancelled")

    def _state_data(self, statement: Any) -> None:
        if not isinstance(statement, str) or statement.encode() == self._statement:
            return
        self._statement = statement.encode()
        try:
            write_atomic(self._stated, self._statement, mode=0o600)
        except OSError as error:  # what was computed is worth more
            _log.warning("the data statement could not be written down: %s", error)

    def _at_work(self) -> WorkerProcess:
        with self._state:
            if self._worker is not None and not self._worker.running:
                self._worker.end()
                self._worker = None
            if self._worker is None:
                self._worker = self._started()
            return self._worker

    def _started(self) -> WorkerProcess:
        own, experiment = self._settings, self._values["experiment"]
        if importlib.util.find_spec("torch") is None:
            raise EnvironmentMissing("torch is not installed", mend="pip install 'loranchor[train]'")
        begin = {
            "organisation": self._organisation,
            "values": self._values,
            "home": str(self._home),
            "folder": str(self._folder),
            "every": own.checkpoint_every,
            "memory": own.memory_limit,
            "idle": own.idle_seconds,
        }
        return WorkerProcess(own, begin, str(experiment["device"]), int(experiment["threads"]))

    def _mourn(self, call: Call) -> None:
        """Count a death that nobody asked for, and wait a little before the next birth."""
        with self._state:
            worker, self._worker = self._worker, None
        how = "before it began" if worker is None else worker.ended_how()
        dismissed = worker is not None and worker.dismissed
        if worker is not None:
            worker.end()
        if dismissed or (how == IDLE and not call.excused):
            call.excused = True
            return
        call.deaths += 1
        _log.warning("the worker ended %s while it was to %s, after step %d", how, call.kind, call.step)
        if call.deaths >= MOST_DEATHS:
            raise WorkerError(
                f"the worker ended {how} while it was to {call.kind}, {call.deaths} times",
                mend="its last words are on the daemon's standard error; a killed one may have lacked memory",
            )
        call.cancelled.wait(PAUSE_SECONDS * call.deaths)


def openable(manifest: Manifest, candidates: Sequence[UpdateId] = ()) -> frozenset[UpdateId]:
    """Contributions that the work on a manifest may need: its own, those that a compaction stands for, candidates."""
    return frozenset((*(entry.update_id for entry in (*manifest.opened, *manifest.covered)), *candidates))
