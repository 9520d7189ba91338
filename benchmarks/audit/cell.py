"""One cell: a bundle of a synthetic history is written, and the verb checks it in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.audit.history import History, write_history
from benchmarks.harness import Configuration, Figures
from orchestrator.errors import ProtocolError

DISCLOSED: dict[str, tuple[str, ...]] = {
    "nothing": ("none",),
    "openings, updates, ends": ("kind:RoundClosed", "kind:RoundOpened", "kind:UpdateSubmitted"),
    "everything": ("all",),
}
"""Terms of disclosure by the name that tables have."""


RUN = (
    "import sys; from pathlib import Path; from orchestrator.cli import run; code = run(sys.argv[1:]); "
    "print(*[line.split()[1] for line in Path('/proc/self/status').read_text().splitlines() if 'VmHWM' in line], "
    "file=sys.stderr); sys.exit(code)"
)
"""The verb, and then its peak memory in KiB. What the system tells of a child's peak counts its parent's, too."""


def work(configuration: Configuration) -> Figures:
    """Figures of one size and one disclosure.

    Raises:
        ProtocolError: the verb found something; the history is honest, so the benchmark is wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.bundle"
        begin = time.monotonic()
        history = write_history(
            path, configuration["rounds"], configuration["members"], DISCLOSED[configuration["disclosed"]]
        )
        made = time.monotonic() - begin
        checked = _check(path, history)
        return {
            "records": history.records,
            "transactions": history.transactions,
            "bytes": path.stat().st_size,
            "seconds_making": round(made, 1),
            "consistency": history.consistency,
            "inclusion": history.inclusion,
            **checked,
        }


def _check(path: Path, history: History) -> dict[str, Any]:
    """Seconds, processor time and peak memory of `loranchor audit verify --bundle`, its start included."""
    anchors = history.anchors
    named = ["--block-hash", anchors.block_hash, "--anchor", anchors.anchor, "--chain-id", str(anchors.chain_id)]
    verb = ["audit", "verify", "--bundle", str(path), *named, "--json"]
    command = [sys.executable, "-B", "-c", RUN, *verb]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        report, peak = json.loads(output.read() or b"{}"), errors.read().split()
    if process.returncode:
        found = [entry for check in report.get("checks", []) for entry in check["findings"]]
        raise ProtocolError(f"the verb ended with {process.returncode}: {found[:1]}")
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_bytes": int(peak[-1]) * 1024,
        "compared": sum(check["count"] for check in report["checks"]),
        "topics": len(report["checks"]),
    }
