"""``CheckpointSchedule``: numbers the checkpoints and collects the members' attestations."""

from __future__ import annotations

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.types import Digest


class CheckpointScheduleProxy(Proxy):
    contract = "CheckpointSchedule"

    def latest_sequence(self, *, block: int | None = None) -> int:
        """Sequence of the newest checkpoint that is due; 0 while none is."""
        return int(self._view("latestSequence", block=block))

    def attest(self, sequence: int, head: Digest, signature: bytes) -> Call:
        return self._call("attest", sequence, head, signature)
