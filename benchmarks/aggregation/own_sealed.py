"""LoRAnchor's contestants on sealed updates: the stages alone, and verify → open → fold as one."""

from __future__ import annotations

import mmap
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.aggregation.inputs import BASE, entries_of, low_rank_delta
from orchestrator.aggregation.factors import stack_factors
from orchestrator.aggregation.pipeline import Clock
from orchestrator.aggregation.source import DeltaSource, HeldSource, Source
from orchestrator.aggregation.sums import sum_changes
from orchestrator.contribution import serialise
from orchestrator.envelope import Commitments, Context, generate_prekey, seal
from orchestrator.envelope.access import SealedPayload
from orchestrator.types import ZERO_DIGEST, Address, OrganisationId, UpdateId, protected

Spec = Mapping[str, Any]
Run = Callable[[], Any]
CONTEXT = Context(1337, Address("0x" + "ab" * 20), 1, OrganisationId("aurora"))


class Sealed:
    """Sealed updates in files of a temporary folder that lasts as long as the process."""

    def __init__(self, spec: Spec) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=spec["folder"])
        self.folder = Path(self._folder.name)
        self.entries = entries_of(spec["updates"])
        _, public = generate_prekey()
        self._known: dict[UpdateId, tuple[bytes, bytes, Commitments]] = {}
        for place, entry in enumerate(self.entries):
            data = serialise(_delta(spec, place))
            ready = protected(data, policy="none", samples=1, epsilon=0, parent_manifest=ZERO_DIGEST)
            made, secret = seal(ready, CONTEXT, {OrganisationId("aurora"): public})
            (self.folder / entry.update_id).write_bytes(made.payload)
            self._known[entry.update_id] = (made.header, secret.content_key, Commitments.of(made))
        self.size = len(data)

    def payloads(self) -> dict[UpdateId, SealedPayload]:
        """Mapped anew, as a fold finds them."""
        found = {}
        for update, (header, key, commitments) in self._known.items():
            with (self.folder / update).open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            found[update] = SealedPayload(header, memoryview(mapped), key, context=CONTEXT, commitments=commitments)
        return found

    def sources(self) -> dict[UpdateId, Source]:
        return {update: DeltaSource(payload) for update, payload in self.payloads().items()}


def _delta(spec: Spec, place: int) -> Any:
    return low_rank_delta(place, spec["modules"], (spec["side"], spec["side"]), spec["rank"])


def stages(spec: Spec) -> Run:
    """Each stage alone, on one thread, over all updates; making the file belongs to the fold."""
    sealed = Sealed(spec)
    held: dict[UpdateId, Source] = {
        entry.update_id: HeldSource(_delta(spec, place)) for place, entry in enumerate(sealed.entries)
    }

    def run() -> Run:
        payloads = list(sealed.payloads().values())
        buffer = memoryview(bytearray(max(payload.room for payload in payloads)))
        verifying = _seconds(payload.verify for payload in payloads)
        opening = _seconds(_opening(payload, buffer) for payload in payloads)
        clock, path = Clock(), sealed.folder / "alone"
        folding = _seconds([lambda: stack_factors(BASE, sealed.entries, held, path, clock=clock, threads=1)])
        figures = {"verify": verifying, "open": opening, "fold": folding - clock.seconds["sync"]}
        return _told({**figures, "update_bytes": sealed.size}, path)

    return run


def factor_fold(spec: Spec) -> Run:
    """Verify → open → fold into one low-rank adapter."""
    sealed = Sealed(spec)

    def run() -> Run:
        clock, path = Clock(), sealed.folder / "adapter"
        stack_factors(BASE, sealed.entries, sealed.sources(), path, clock=clock)
        return _told({**clock.seconds, "update_bytes": sealed.size}, path)

    return run


def dense_fold(spec: Spec) -> Run:
    """Verify → open → fold into dense matrices."""
    sealed = Sealed(spec)

    def run() -> Run:
        sums = sum_changes(BASE, sealed.entries, sealed.sources())
        return lambda: {"numbers": sum(tensor.numel() for tensor in sums.values()), "update_bytes": sealed.size}

    return run


def _told(figures: Mapping[str, Any], path: Path) -> Run:
    """The figures; the file goes when the clock has stopped, since removing the one before is no part of a turn."""

    def tell() -> Mapping[str, Any]:
        path.unlink()
        return figures

    return tell


def _opening(payload: SealedPayload, buffer: memoryview) -> Callable[[], object]:
    return lambda: payload.open(buffer)


def _seconds(works: Iterable[Callable[[], object]]) -> float:
    start = time.perf_counter()
    for work in works:
        work()
    return time.perf_counter() - start
