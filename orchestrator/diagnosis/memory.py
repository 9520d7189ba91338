"""Checks of what a daemon remembers in its home: can this version read it, and which alarms has nobody cleared?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from orchestrator.diagnosis.finding import Check

_ASIDE = "stop the daemon and put the file aside: all but unfinished local work follows from the chains"


def memory(home: Path) -> Iterator[Check]:
    """The daemon's journal; nothing in a home where none has run."""
    from orchestrator.daemon.journal import NAME, VERSION

    path = home / NAME
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            (found,) = database.execute("PRAGMA user_version").fetchone()
            if found > VERSION:
                told = f"{path} is of version {found}, this release reads {VERSION}"
                yield Check("journal", "broken", told, "upgrade LoRAnchor, or put the file aside (docs/upgrading.md)")
                return
            yield Check("journal", "ok", f"{path}, version {found}")
            yield _alarms(database.execute("SELECT name, text FROM alarms ORDER BY since").fetchall())
    except sqlite3.Error as error:
        yield Check("journal", "broken", f"{path} cannot be read: {error}", _ASIDE)


def _alarms(alarms: list[tuple[str, str]]) -> Check:
    from orchestrator.daemon import alarms as known

    if not alarms:
        return Check("alarms", "ok", "none that nobody has cleared")
    told = "; ".join(f"{name}: {text}" for name, text in alarms)
    staying = {
        known.PRIVATE_CHAIN_REWRITTEN: (
            "compare the chain with the other members' before you clear it: nothing is signed until then"
        ),
        known.FOREIGN_CATCH_UP: "rotate the delegate at once, then clear it",
        known.RECORD_PASSED_OVER: "ask whoever runs the private chain: they alone can take it out; then clear it",
    }
    mends = [mend for name, mend in staying.items() if name in {name for name, _ in alarms}]
    if mends:
        return Check("alarms", "broken", told, mends[0])
    return Check("alarms", "warning", told, "they end by themselves once the cause is gone and the daemon runs")
