"""A worker without tensors that kills itself in the middle of each kind of call that a file in its folder names.

Run with ``-m``, as the real one: frames, opening and starting again are those of the product. ``FOLDER/train`` and the
like are removed before the worker dies, so that the next one lives; a line in ``FOLDER/deaths`` is what remains.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unit.daemon.fake_workbench import FakeWorkbench

from orchestrator.ledger.task import TaskSpec
from orchestrator.types import OrganisationId, UpdateId
from orchestrator.worker.session import Session
from orchestrator.worker.wire import Channel
from orchestrator.worker.words import delta_words, judgements_words, manifest_of


def main() -> None:
    session = Session(Channel(socket.socket(fileno=os.dup(0))))
    first = session.next_call(None)
    assert first is not None
    folder, bench = Path(first.words["values"]["folder"]), FakeWorkbench(OrganisationId(first.words["organisation"]))
    while (frame := session.next_call(first.words["idle"])) is not None:
        words, body = carried_out(frame.kind, frame.words, bench, session)
        _die_if_told(folder, frame.kind)
        session.answer("done", body, statement=bench.statement().decode(), **words)


def carried_out(
    kind: str, words: Mapping[str, Any], bench: FakeWorkbench, session: Session
) -> tuple[dict[str, Any], bytes]:
    task, manifest = TaskSpec.from_document(words["task"]), manifest_of(words["manifest"])
    if kind == "train":
        number, ordinal = int(words["round"]), int(words["ordinal"])
        delta = bench.train(task, manifest, session.open, number, session.progress, ordinal=ordinal)
        return delta_words(delta), delta.payload
    if kind == "evaluate":
        figure = bench.evaluate(task, manifest, session.open)
        return {"metric": figure.metric, "value": figure.value, "samples": figure.samples}, b""
    candidates = [UpdateId(name) for name in words["candidates"]]
    found = bench.judge(task, manifest, candidates, session.open, words["refused"])
    return {"judgements": judgements_words(found)}, b""


def _die_if_told(folder: Path, kind: str) -> None:
    """With everything opened and computed, and nothing answered."""
    order = folder / kind
    if order.exists():
        order.unlink()
        with (folder / "deaths").open("a") as file:
            file.write(f"{kind} {os.getpid()}\n")
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
