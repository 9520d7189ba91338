"""Has the next start read the private chain anew and take its records as they are then.

For an operator who has found out that the node of before was not to be trusted: it left events out, say. By itself no
daemon can tell which of two nodes is the honest one, so it refuses the second (docs/decisions/0076).
"""

from __future__ import annotations

from orchestrator.daemon.approvals import WORDS, approved_of
from orchestrator.daemon.journal import Journal


def forget_records(journal: Journal) -> int | None:
    """Forget what was made of the private chain's records; which blocks there were is kept and compared, as ever.

    Approvals and local work follow from records: what was approved is asked for again, and what was done is looked for.

    Returns:
        The block up to which the chain was read; None where nothing of it was.

    Raises:
        DiskError: the journal cannot be written; nothing is forgotten then.
    """
    kept = journal.cursor("private")
    if kept is None:
        return None
    forget = {WORDS: approved_of(journal.results(WORDS))}
    journal.rolled_back("private", {**kept, "number": -1, "tree": None}, forget=forget, alarm=None)
    return int(kept["number"])
