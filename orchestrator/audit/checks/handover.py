"""Is everything that was handed over what the chains and IPFS give?"""

from __future__ import annotations

from orchestrator.audit.differences import difference
from orchestrator.audit.handed import Handed
from orchestrator.audit.handover import INDEX, RECORDS, handover_files
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally


def check_handover(own: Recomputed, handed: Handed, tally: Tally) -> None:
    """Make the handover anew, as of the blocks that it names, and compare file by file."""
    for problem in handed.problems:
        tally.demand(False, problem.subject, problem.message)
    expected = handover_files(_as_of(own, handed, tally))
    for path in sorted(handed.files.keys() | expected.keys()):
        found, ours = handed.files.get(path), expected.get(path)
        if tally.demand(found is not None, path, "it is missing from the handover") and tally.demand(
            ours is not None, path, "nothing of this name follows from the chains"
        ):
            assert found is not None and ours is not None
            tally.demand(found == ours, path, _why(path, found, ours))
    tally.note(f"files compared: {len(handed.files)}")


def _why(path: str, found: bytes, ours: bytes) -> str:
    return "" if found == ours else difference(found, ours, lines=path == RECORDS)


def _as_of(own: Recomputed, handed: Handed, tally: Tally) -> Recomputed:
    """What follows from the chains as they were when the handover was made."""
    public, private = own.evidence.public, own.evidence.private
    blocks = []
    for side, given in ((public, handed.public_block), (private, handed.private_block)):
        present = side.block if given is None else given
        message = f"it goes up to block {given} of chain {side.chain_id}, which has {side.block}"
        tally.demand(present <= side.block, INDEX, message)
        blocks.append(min(present, side.block))
    if blocks == [public.block, private.block]:
        return own
    tally.note(f"it ends at public block {blocks[0]} and private block {blocks[1]}; the chains go on to "
               f"{public.block} and {private.block}")  # fmt: skip
    return Recomputed(own.evidence.as_of(*blocks))
