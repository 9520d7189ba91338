"""One contestant in a process of its own: ``python -m benchmarks.aggregation.worker MODULE FUNCTION SPEC``.

It runs in the peers' environment too, so nothing here needs more than the standard library. FUNCTION makes a callable
from SPEC; at each line of the input it is called once. The seconds it took come out as a line of JSON, and then its
figures as another: checking a result costs memory too, which is not the contestant's.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import warnings

from benchmarks.aggregation import Absent


def main(module: str, function: str, spec: str) -> None:
    warnings.simplefilter("ignore")  # the peers' own
    answers, sys.stdout = sys.stdout, sys.stderr  # what a peer prints is no answer
    try:
        run = getattr(importlib.import_module(module), function)(json.loads(spec))
    except (ImportError, Absent) as error:
        _say(answers, {"missing": str(error)})
        return
    _say(answers, {"ready": os.getpid()})
    for _ in sys.stdin:
        start = time.perf_counter()
        figures = run()
        seconds = time.perf_counter() - start
        _say(answers, {"seconds": seconds})
        _say(answers, figures() if callable(figures) else figures or {})


def _say(answers: object, document: dict[str, object]) -> None:
    print(json.dumps(document), file=answers, flush=True)  # type: ignore[call-overload]


if __name__ == "__main__":
    main(*sys.argv[1:4])
