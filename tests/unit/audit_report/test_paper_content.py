"""What a report says: the figures, the verdict, the limits; in both languages, from chains or from a stored result."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from unit.audit.alter import with_award, with_field
from unit.audit.life import Life
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS

from orchestrator.audit import Evidence, collect, verify_evidence
from orchestrator.audit.checks import CHECKS
from orchestrator.audit.paper import LANGUAGES, Told, facts_of, html_of, paper_of, read_result
from orchestrator.audit.paper.blocks import Bars, Bullets, Table, Verdict
from orchestrator.audit.paper.content import tokens
from orchestrator.audit.paper.facts import RoundFact
from orchestrator.audit.paper.words import words_of
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.report import AuditReport, CheckResult, Finding
from orchestrator.chain.public_events import AwardClaim
from orchestrator.errors import ConfigurationError, FormatError

READ_AT = 1_790_000_000


def told_of(evidence: Evidence) -> Told:
    return Told(verify_evidence(evidence), facts_of(Recomputed(evidence)), READ_AT)


def test_the_figures_of_a_whole_life(evidence: Evidence) -> None:
    """Two rounds of three members, then all of cumulus taken out."""
    facts = facts_of(Recomputed(evidence))
    assert (facts.members, facts.quorum, facts.epoch) == (tuple(MEMBERS), 2, 1)
    assert facts.rounds == (RoundFact(1, "closed", 2, 1, 0), RoundFact(2, "closed", 2, 1, 0))
    (revocation,) = facts.revocations
    assert (revocation.by, revocation.owners, revocation.contributions) == (CUMULUS, (CUMULUS,), 2)
    assert revocation.certified and revocation.shredded and revocation.receipts == tuple(sorted(MEMBERS))
    assert {item.organisation: item.claimed < item.awarded for item in facts.tokens} == {
        AURORA: False,
        BOREALIS: False,
        CUMULUS: True,
    }
    claims = [event.amount for event in evidence.public.awards if isinstance(event, AwardClaim)]
    assert sum(item.claimed for item in facts.tokens) == sum(claims) == evidence.public.supply
    assert (facts.due, facts.anchored, facts.equivocations) == (3, 3, ())


def test_a_receipt_that_is_missing_is_named() -> None:
    fresh = Life()
    updates = fresh.round()
    request = fresh.request(CUMULUS, [updates[CUMULUS]])
    (waiting,) = facts_of(Recomputed(collect(fresh.sources))).revocations
    assert waiting.approved and not waiting.certified and waiting.missing == ()
    fresh.verify(request)
    fresh.certify(request)
    fresh.shred(request, AURORA, last=False)
    (later,) = facts_of(Recomputed(collect(fresh.sources))).revocations
    assert later.certified and not later.shredded and later.missing == (BOREALIS, CUMULUS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_honest_life_in_both_languages(evidence: Evidence, language: str) -> None:
    paper = paper_of(told_of(evidence), language)
    verdict = next(block for block in paper.blocks if isinstance(block, Verdict))
    assert verdict.tone == "good"
    charts = [block for block in paper.blocks if isinstance(block, Bars)]
    assert [len(chart.bars) for chart in charts] == [2, 3]
    assert sum(sum(bar.parts) for bar in charts[0].bars) == 6
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    assert len(tables[0].rows) == len(CHECKS) and all(row[1].tone == "good" for row in tables[0].rows)
    limits = next(block for block in paper.blocks if isinstance(block, Bullets) and "content key" in block.items[0])
    assert limits.items == told_of(evidence).result.not_checked


def test_a_failed_audit_says_so_first_and_names_what(life: Life, evidence: Evidence) -> None:
    told = told_of(with_award(AwardClaim, amount=7)(life, evidence))
    paper = paper_of(told)
    verdict = next(block for block in paper.blocks if isinstance(block, Verdict))
    assert (
        verdict.tone == "bad" and verdict.headline == f"Not everything agrees. Findings: {len(told.result.findings)}."
    )
    page = html_of(paper)
    assert "claim 0 of checkpoint 1" in page and page.index("Not everything agrees") < page.index("claim 0")
    assert "Everything that could be checked agrees" not in page


def test_languages_say_the_same_things() -> None:
    one, other = (words_of(name).texts for name in LANGUAGES)
    assert one.keys() == other.keys() and one["checks"].keys() == other["checks"].keys()
    assert {check.name for check in CHECKS} <= one["checks"].keys()
    for key, text in one.items():
        if isinstance(text, str):
            assert (
                re.findall(r"\{\w+\}", text)
                and set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", other[key]))
            ) or "{" not in text + other[key], key
        else:
            assert len(text) == len(other[key])
    with pytest.raises(ConfigurationError, match="no report in 'fr'"):
        words_of("fr")


class Page(HTMLParser):
    """Tags that are open, and addresses that something would be asked of."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.asked += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag not in ("meta", "rect", "line", "link", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "line"):
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_asks_nobody_and_runs_nothing(evidence: Evidence, language: str) -> None:
    page = html_of(paper_of(told_of(evidence), language))
    parsed = Page()
    parsed.feed(page)
    assert not parsed.open and not parsed.asked and "script" not in parsed.tags
    assert f'<html lang="{language}">' in page and "default-src 'none'" in page


def test_what_is_foreign_is_escaped(evidence: Evidence) -> None:
    finding = Finding("<script>alert(1)</script>", "a & b <img src=x>")
    result = AuditReport((CheckResult("records", "Records", 1, (finding,)),), {"consortium_id": "<b>"})
    page = html_of(paper_of(Told(result)))
    assert "<script>" not in page and "<img" not in page and "&lt;script&gt;" in page


def test_the_same_audit_gives_the_same_page(evidence: Evidence) -> None:
    assert html_of(paper_of(told_of(evidence))) == html_of(paper_of(told_of(evidence)))


def test_a_stored_result_makes_a_report_without_figures(life: Life, evidence: Evidence, tmp_path: Path) -> None:
    result = verify_evidence(with_field("UpdateSubmitted", "submission.samples", 101)(life, evidence))
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result.document()), "utf-8")
    stored = read_result(path)
    assert stored.document() == result.document()
    page = html_of(paper_of(Told(stored)))
    assert "no figures of rounds" in page and "public block 19" in page and "records_root" in page


def test_what_a_bundle_does_not_know_is_left_out() -> None:
    scope = {
        "consortium_id": None,
        "public": {"chain_id": 1, "block": 7, "block_hash": "0x12"},
        "private": {"chain_id": None},
    }
    result = AuditReport((CheckResult("updates", "Updates are told", 3),), scope, ("much",), {"rpc_calls": 0})
    page = html_of(paper_of(Told(result)))
    assert ">None<" not in page and "Private chain" not in page and "0 rpc calls" in page
    assert "Updates are told" in page and "still there" not in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"{}", "is no loranchor/audit-report"),
        (b'{"format": "loranchor/audit-report", "version": 1}', "damaged"),
        (b'{"format": "loranchor/audit-report", "version": 1, "checks": 5}', "damaged"),
        (b"[" * 100_000, "deep"),
        (b'{"format": "loranchor/audit-report", "version": 1.0}', "not an integer"),
    ],
)
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=words):
        read_result(path)
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_result(tmp_path / "none")


def test_tokens_are_rounded() -> None:
    assert [tokens(value) for value in (0, 10**18 - 1, 1_999_999 * 10**12, 1234567 * 10**15, 5 * 10**14)] == [
        "0.000",
        "1.000",
        "2.000",
        "1,234.567",
        "0.001",
    ]


def test_contracts_that_are_not_ours_have_no_figures(evidence: Evidence) -> None:
    result = verify_evidence(replace(evidence, public=replace(evidence.public, consortium=None)))
    page = html_of(paper_of(Told(result)))
    assert "no figures of rounds" in page
