"""Accounts: IBAN, payment cards, addresses of Bitcoin and Ethereum. Each is checked by its own check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from eth_utils.address import is_checksum_address
from stdnum import bitcoin, iban, luhn

from orchestrator.anonymise.span import Span

IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
CARD = re.compile(
    r"(?<![0-9A-Za-z.,-])"
    r"(?:[0-9]{12,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})"
    r"(?![0-9A-Za-z]|[.,-][0-9])"
)
ISSUERS = re.compile(
    r"4|5[0-8]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|3(?:0[0-5]|095|[689])|35(?:2[89]|[3-8])|6(?:011|22|4[4-9]|5|2|7|3)"
)
"""First digits of the card schemes (ISO/IEC 7812): without them one number in ten would pass for a card."""
BITCOIN = re.compile(
    r"(?<![A-Za-z0-9])(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71})(?![A-Za-z0-9])", re.A
)
BECH32M = re.compile(r"bc1p[02-9ac-hj-np-z]{58}")
"""Taproot (BIP 350), whose other checksum python-stdnum does not know: taken by form."""
ETHEREUM = re.compile(r"(?<![A-Za-z0-9])0[xX][0-9a-fA-F]{40}(?![A-Za-z0-9])")


def ibans(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """The longest beginning of letters and digits that is an IBAN of its country; the words after it are not."""
    for match in IBAN.finditer(text):
        found = match[0]
        while len(found) >= 15 and not iban.is_valid(
            found.replace("-", " ").replace("\u00a0", " "), check_country=False
        ):
            found = found[:-1].rstrip(" -\u00a0")
        if len(found) >= 15 and not text[match.start() + len(found) :][:1].isalnum():
            yield Span(match.start(), match.start() + len(found), "iban")


def cards(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """13 to 19 digits as a card has them, in one run or in its groups, with an issuer's first and Luhn's last."""
    for match in CARD.finditer(text):
        digits = match[0].replace(" ", "").replace("-", "")
        if ISSUERS.match(digits) and 13 <= len(digits) <= 19 and luhn.is_valid(digits):
            yield Span(*match.span(), "card")


def coins(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """Bitcoin with its checksum; Ethereum in one case, or in mixed case with the checksum of EIP-55."""
    for match in BITCOIN.finditer(text):
        if bitcoin.is_valid(match[0]) or BECH32M.fullmatch(match[0]):
            yield Span(*match.span(), "coin")
    for match in ETHEREUM.finditer(text):
        body = match[0][2:]
        if body in (body.lower(), body.upper()) or is_checksum_address("0x" + body):
            yield Span(*match.span(), "coin")
