"""Is the folder what a receiver would accept? Files, bill of materials, signature: the same code as `model verify`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.export.record import SIGNATURE
from orchestrator.release.check import KINDS, Finding, Subject, not_run
from orchestrator.release.parts import Terms
from orchestrator.release.supply.bill import NAME as BOM
from orchestrator.release.supply.keys import read_public
from orchestrator.release.supply.refusal import ModelRefused
from orchestrator.release.supply.scan import files_of, refusals
from orchestrator.release.supply.signing import check_signature
from orchestrator.release.supply.verify import check_papers

SURE = "a list of what may lie there: nothing else is passed; weights without code may still hold a backdoor"


class Supply:
    """``supply.files`` always; ``supply.bill`` and ``supply.signature`` where there is one."""

    name = "supply"
    needs = frozenset({"terms"})
    kinds = frozenset(KINDS)

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> list[Finding]:
        """Yes or no each; what is refused is named."""
        return [self._files(subject), self._bill(subject), self._signature(subject)]

    def _files(self, subject: Subject) -> Finding:
        found = [refused.message for refused in refusals(subject.folder)]
        figures = {"refused": float(len(found))}
        if found:
            return Finding("supply.files", "fail", figures, why=found[0], sure=SURE, named=tuple(found))
        return Finding("supply.files", "pass", figures, why="nothing in the folder runs when it is read", sure=SURE)

    def _bill(self, subject: Subject) -> Finding:
        if not (subject.folder / BOM).is_file():
            return not_run("supply.bill", f"the folder holds no {BOM}: see `loranchor model bom`")
        try:
            bill = check_papers(subject.folder)
        except ModelRefused as refused:
            return Finding("supply.bill", "fail", why=refused.message)
        figures = {"contributions": float(bill.contributions)}
        why = f"the manifest follows from the {bill.contributions} contributions listed"
        return Finding("supply.bill", "pass", figures, why=why, sure="licences are as the signer says")

    def _signature(self, subject: Subject) -> Finding:
        key = subject.part("terms", Terms).settings.key
        if key is None:
            there = f"{SIGNATURE} is there, and " if (subject.folder / SIGNATURE).is_file() else ""
            return not_run("supply.signature", f"{there}release.key is not set")
        public = read_public(key)
        try:
            signed = check_signature(subject.folder, files_of(subject.folder), public)
        except ModelRefused as refused:
            return Finding("supply.signature", "fail", why=refused.message)
        figures, sure = {"files": float(len(signed))}, "whose key it is, the folder cannot say"
        return Finding("supply.signature", "pass", figures, why="the key signed exactly these files", sure=sure)
