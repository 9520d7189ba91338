"""Which private records a bundle discloses: terms that its maker names, and the salts that go with them.

A leaf salt serves every record of its transaction. Where one of them stays undisclosed, the others are shown with their
effective salts, from which the leaf salt does not follow.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.records import Record
from orchestrator.ledger.schema import KINDS, kind_of
from orchestrator.ledger.state import EMPTY
from orchestrator.ledger.words import ORGANISATION
from orchestrator.types import RequestId

NONE, ALL = "none", "all"
_ROUND = re.compile(r"[1-9][0-9]{0,14}")
MEND = "use none, all, kind:NAME, organisation:NAME or round:N; several are given with several --disclose"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A rule.

    Attributes:
        terms: ``none`` or ``all`` alone, else any number of the others, in ascending order.
    """

    terms: tuple[str, ...]

    def names(self, record: Record, state: LedgerState) -> bool:
        """Whether a record is disclosed; those of members always are."""
        if not kind_of(record.kind).salted or self.terms == (ALL,):
            return True
        return any(_named(term, record, state) for term in self.terms)


def disclosure_of(terms: Iterable[str]) -> Disclosure:
    """The rule of some terms.

    Raises:
        ConfigurationError: a term is unknown, names no kind of record, or does not go with the others.
    """
    found = tuple(sorted(set(terms))) or (NONE,)
    for term in found:
        _check(term)
    if len(found) > 1 and {NONE, ALL} & set(found):
        raise ConfigurationError(f"'{NONE}' and '{ALL}' stand alone, not with {', '.join(found)}", mend=MEND)
    return Disclosure(found)


def plausible(rule: Disclosure, record: Record) -> bool:
    """Whether a rule can have named a record, as far as the record alone tells.

    A revocation's records name no round; whether one of its updates is of it, only the ledger knows.
    """
    if not kind_of(record.kind).salted or rule.terms == (ALL,):
        return True
    of_a_request = any(term.startswith("round:") for term in rule.terms) and "request_id" in record.fields
    return of_a_request or any(_named(term, record, EMPTY) for term in rule.terms)


def disclosed(records: Sequence[Record], state: LedgerState, rule: Disclosure) -> tuple[list[bool], set[str]]:
    """For each record whether it is disclosed, and the transactions of which everything is."""
    named = [rule.names(record, state) for record in records]
    all_of, shown = Counter(record.transaction for record in records), Counter[str]()
    for record, yes in zip(records, named, strict=True):
        shown[record.transaction] += yes
    return named, {transaction for transaction, count in all_of.items() if shown[transaction] == count}


def _check(term: str) -> None:
    word, _, value = term.partition(":")
    fits = {
        NONE: not value and term == NONE,
        ALL: not value and term == ALL,
        "kind": value in KINDS,
        "organisation": bool(ORGANISATION.fullmatch(value)),
        "round": bool(_ROUND.fullmatch(value)),
    }
    if not fits.get(word, False):
        raise ConfigurationError(f"{term!r} does not say which records to disclose", mend=MEND)


def _named(term: str, record: Record, state: LedgerState) -> bool:
    word, _, value = term.partition(":")
    if word == "kind":
        return record.kind == value
    if word == "organisation":
        return value in (record.sender, "" if record.sender else record.fields.get("organisation"))
    return word == "round" and int(value) in _rounds(record, state)


def _rounds(record: Record, state: LedgerState) -> set[int]:
    if "round_id" in record.fields:
        return {int(record.fields["round_id"])}
    revocation = state.revocations.get(RequestId(record.fields.get("request_id", "")))
    return set() if revocation is None else {state.updates[item].round for item in revocation.updates}
