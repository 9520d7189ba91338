"""Takes personal data out of texts and counts what it took. A text without any comes back as it is."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field

from orchestrator.anonymise.find import find, finders
from orchestrator.anonymise.settings import Anonymisation
from orchestrator.anonymise.span import Span
from orchestrator.errors import ConfigurationError

KEY_BYTES = 32
LETTERS = 12
"""Of a pseudonym, four bits each. No digits: nothing in it may look like a number that identifies somebody."""
_DOMAIN = b"loranchor pseudonym 1/"
_HEX = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass
class Anonymiser:
    """One organisation's, for any number of texts.

    Attributes:
        found: items by kind, over all texts so far. changed: texts that had any.

    Raises:
        ConfigurationError: pseudonyms without a key, or the packages of the extra `anonymise` are not installed.
    """

    settings: Anonymisation
    key: bytes | None = field(default=None, repr=False)
    found: Counter[str] = field(default_factory=Counter)
    changed: int = 0

    def __post_init__(self) -> None:
        finders()
        if self.settings.operator == "pseudonym" and len(self.key or b"") != KEY_BYTES:
            raise ConfigurationError(
                f"pseudonyms need a key of {KEY_BYTES} bytes", mend="give --home, or choose the operator tag or drop"
            )

    def clean(self, text: str) -> str:
        """The text without what was found in it."""
        spans = find(text, self.settings.kinds, self.settings.regions)
        if not spans:
            return text
        self.changed += 1
        self.found.update(span.kind for span in spans)
        for span in reversed(spans):
            text = self._replaced(text, span)
        return text

    def _replaced(self, text: str, span: Span) -> str:
        before, item, after = text[: span.start], text[span.start : span.end], text[span.end :]
        if self.settings.operator == "drop":
            # of two spaces around it, one goes with it
            return before + (after[1:] if before.endswith(" ") and after.startswith(" ") else after)
        return f"{before}[{self._name(item, span.kind)}]{after}"

    def _name(self, item: str, kind: str) -> str:
        if self.key is None or self.settings.operator == "tag":
            return kind.upper()
        return f"{kind.upper()}-{pseudonym(self.key, kind, item)}"


def pseudonym(key: bytes, kind: str, item: str) -> str:
    """Letters that stand for an item, the same however it is written; HMAC-SHA256 under the organisation's key."""
    same = "".join(letter for letter in item.casefold() if letter.isalnum() or letter in "@+")
    word = hmac.new(key, _DOMAIN + f"{kind}/{same}".encode(), hashlib.sha256).hexdigest()
    return word[:LETTERS].translate(_HEX)
