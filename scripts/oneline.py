"""How a script ends when something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable

from orchestrator.errors import EnvironmentMissing, LoranchorError
from scripts.nodes import without_addresses


def in_one_line(script: str, action: Callable[[], None]) -> None:
    """Run a script; what a user can have wrong ends it with one line and the number of its kind."""
    try:
        action()
    except LoranchorError as error:
        sys.stdout.flush()
        print(f"{script}: {without_addresses(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:  # such as a full disk under build/
        sys.stdout.flush()
        where = f" {error.filename}" if error.filename else ""
        print(f"{script}: cannot use{where}: {error.strerror or type(error).__name__}", file=sys.stderr)
        sys.exit(EnvironmentMissing.exit_code)
    except KeyboardInterrupt:
        print(f"{script}: interrupted; run it again to go on", file=sys.stderr)
        sys.exit(130)
