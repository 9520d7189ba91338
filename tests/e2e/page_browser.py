"""A real, headless Chromium that looks at a served site (tools/explorer/test/browser.mjs)."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.audit.site import SiteServer
from tools.setup.browser import chromium

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "explorer" / "test" / "browser.mjs"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with SiteServer(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.address
        finally:
            server.shutdown()
            thread.join()


def looked_at(address: str, **job: Any) -> dict[str, Any]:
    """What the browser saw: console, foreign requests, views and how long the first one took (ms)."""
    browser = chromium()
    assert browser is not None, "there is no Chromium: run `make browser`, or name one with LORANCHOR_CHROMIUM"
    done = subprocess.run(
        ["node", str(SCRIPT), address, json.dumps(job)],
        capture_output=True,
        text=True,
        timeout=540,
        env={**os.environ, "LORANCHOR_CHROMIUM": browser},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen
