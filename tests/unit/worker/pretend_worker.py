"""A worker without a model: it does, life after life, what its settings tell it to. Run with `-m`, as the real one."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.worker.wire import Channel, Ended

PAYLOAD = b"what was trained " * 1000
STATEMENT = canonical_bytes({"organisation": "aurora"})
DONE = {"policy": "none", "samples": 3, "epsilon": 0, "parent_manifest": "0x" + "00" * 32}
FIGURE = {"metric": "loss", "value": 1.5, "samples": 8}


def lives(folder: Path) -> int:
    """How many workers were started."""
    return len(list(folder.glob("life-*")))


def main() -> None:
    channel = Channel(socket.socket(fileno=os.dup(0)))
    begin = channel.receive().words
    folder = Path(begin["folder"]).parent
    life = lives(folder)
    (folder / f"life-{life}").write_text(str(os.getpid()))
    acts = begin["values"]["experiment"]["acts"]
    act = acts[min(life, len(acts) - 1)]
    while channel.ready(begin["idle"]):
        frame = channel.receive()
        if frame.kind != "cancel":
            play(act, frame.kind, channel)


def play(act: str, kind: str, channel: Channel) -> None:
    what, _, value = act.partition(":")
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "steps-and-kill":
        channel.send("progress", step=int(value), steps=9)
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "exit":
        raise SystemExit(int(value))
    elif what == "hang":
        time.sleep(600)
    elif what == "grow":
        hoard = bytearray(int(value) << 20)
        time.sleep(600)
        del hoard
    elif what == "heed":
        while channel.receive().kind != "cancel":
            pass
        channel.send("failed", kinds=["WorkCancelled", "WorkerError", "LoranchorError"], message="heeded", mend="")
    elif what == "say":  # words as they are
        words = json.loads(value)
        channel.send(words.pop("kind"), **words)
        time.sleep(600)
    elif what == "open":
        opening(value, kind, channel)
    else:
        channel.send("log", level=30, name="pretended", message=f"life does {kind}")
        answer(kind, channel)


def opening(update: str, kind: str, channel: Channel) -> None:
    channel.send("open", update=update)
    frame = channel.receive()
    if frame.kind == "opened":
        answer(kind, channel, frame.body)
    else:
        channel.send("failed", **frame.words)


def answer(kind: str, channel: Channel, payload: bytes = PAYLOAD) -> None:
    words: dict[str, Any] = {"train": DONE, "evaluate": FIGURE, "judge": {"judgements": {}}, "check": {}}[kind]
    channel.send("done", payload if kind == "train" else b"", statement=STATEMENT.decode(), **words)


if __name__ == "__main__":
    try:
        main()
    except Ended:
        raise SystemExit(0) from None
