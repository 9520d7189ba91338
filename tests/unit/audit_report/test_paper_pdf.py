"""The PDF: read and drawn by somebody else's library, the same bytes every time, whatever text comes."""

from __future__ import annotations

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.audit_report.test_paper_content import told_of

from orchestrator.audit import Evidence
from orchestrator.audit.paper import Told, paper_of, pdf_of
from orchestrator.audit.paper.bars import laid_out
from orchestrator.audit.paper.blocks import Bar, Bars
from orchestrator.audit.paper.flow import LINE, MARGIN, Type, plain, wrapped
from orchestrator.audit.paper.pdf_file import width_of
from orchestrator.audit.report import AuditReport, CheckResult, Finding
from orchestrator.errors import ConfigurationError


def texts(data: bytes) -> list[str]:
    """The text of each page, as another library reads it."""
    document = pypdfium2.PdfDocument(data)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def with_findings(*findings: Finding) -> Told:
    return Told(AuditReport((CheckResult("records", "Records", 9, findings),), {}, ("nothing",)))


def test_the_first_page_is_for_who_decides(evidence: Evidence) -> None:
    data = pdf_of(paper_of(told_of(evidence)))
    pages = texts(data)
    assert len(pages) <= 4
    for words in ("Everything that could be checked agrees.", "aurora, borealis, cumulus", "What this does not prove",
                  "2026-09-21 14:13 UTC", f"1 / {len(pages)}"):  # fmt: skip
        assert words in pages[0]
    whole = "".join(pages)
    for words in ("Who was paid", "all 3 received", "What could not be checked", "Hash of that block"):
        assert words in whole
    assert evidence.public.block_hash in whole.replace("\r\n", "")


def test_it_is_drawn_within_the_margins(evidence: Evidence) -> None:
    """Nothing but the stripe on top reaches the margins."""
    document = pypdfium2.PdfDocument(pdf_of(paper_of(told_of(evidence))))
    for page in document:
        image = page.render(scale=1, grayscale=True).to_numpy()
        inside = image[10:, int(MARGIN) - 2 : int(MARGIN + LINE) + 3]
        assert inside.min() < 100
        assert image[10:, : int(MARGIN) - 2].min() > 250 and image[10:, int(MARGIN + LINE) + 3 :].min() > 250
    document.close()


def test_the_same_audit_gives_the_same_bytes(evidence: Evidence) -> None:
    assert pdf_of(paper_of(told_of(evidence))) == pdf_of(paper_of(told_of(evidence)))


def test_japanese_is_for_the_page(evidence: Evidence) -> None:
    with pytest.raises(ConfigurationError, match="no font is packaged"):
        pdf_of(paper_of(told_of(evidence), "ja"))


def test_a_long_list_of_findings_goes_over_pages_under_its_head() -> None:
    findings = [Finding(f"record {number}", "x" * 300) for number in range(60)]
    pages = texts(pdf_of(paper_of(with_findings(*findings))))
    listed = [page for page in pages if "record " in page]
    assert len(listed) > 1 and all("What was found" in page for page in listed)
    assert "record 39" in "".join(pages) and "record 40" not in "".join(pages) and "20 more are in" in "".join(pages)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200), st.text(max_size=3000))
def test_any_text_makes_a_file_that_others_read(subject: str, message: str) -> None:
    pages = texts(pdf_of(paper_of(with_findings(Finding(subject, message)))))
    assert "Not everything agrees" in pages[0]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400), st.floats(20, 500))
def test_lines_fit_and_lose_no_letter(text: str, width: float) -> None:
    look = Type(9)
    lines = wrapped(text, look, width)
    widest = max(width_of(letter, look.font, look.size) for letter in "WM@—…")
    assert all(width_of(line, look.font, look.size) <= max(width, widest) for line in lines)
    assert "".join("".join(lines).split(" ")) == "".join(plain(text).split(" "))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=24))
def test_bars_begin_at_the_axis_and_stay_on_it(parts: list[tuple[int, int, int]]) -> None:
    chart = Bars("", ("a", "b", "c"), tuple(Bar(str(at), item, "") for at, item in enumerate(parts)), "")
    made = laid_out(chart, 500.0)
    for item in made.rectangles:
        assert made.left <= item.x and item.x + item.width <= made.right + 1.0
    assert len(made.rectangles) == sum(part > 0 for item in parts for part in item)
