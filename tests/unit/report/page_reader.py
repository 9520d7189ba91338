"""A page as its tags, attributes and words; what several tests of the report look at."""

from __future__ import annotations

from html.parser import HTMLParser

NASTY = """<img src=x onerror="alert('1')">&amp;{{ 7 * 7 }}"""
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Tags(HTMLParser):
    """Collects tags, attributes and text; fails on a tag that is not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def nothing_foreign(page: str) -> Tags:
    """That the page loads and runs nothing, and its ids are unique; gives its tags."""
    tags = Tags(page)
    ids = [attributes["id"] for _, attributes in tags.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert not {tag for tag, _ in tags.seen} & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for _, attributes in tags.seen:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style")]
        assert (attributes.get("href") or "#").startswith("#")
        assert attributes.get("href", "#") == "#" or (attributes.get("href") or "")[1:] in ids
    assert "url(" not in page and "@import" not in page and "//" not in page.replace("://", "")
    assert "default-src 'none'" in page
    return tags


def with_words(value: object, words: str, *, kept: frozenset[str] = frozenset()) -> object:
    """The same document with every text replaced that does not stand under one of the ``kept`` names."""
    if isinstance(value, dict):
        return {name: item if name in kept else with_words(item, words, kept=kept) for name, item in value.items()}
    if isinstance(value, list):
        return [with_words(item, words, kept=kept) for item in value]
    return words if isinstance(value, str) else value
