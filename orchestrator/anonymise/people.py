"""Phone numbers, numbers that states give to people, and dates of birth."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum.br import cpf
from stdnum.ch import ssn as ahv
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ssn

from orchestrator.anonymise.span import Span

DIALLED = re.compile(r"[+(\uff0b]?[0-9][0-9()\[\]\s./\u2010-\u2015\u00a0-]{5,30}[0-9]")
"""What may hold a phone number: seven digits or more, nearly in one. The library looks at the texts that have some."""
COUNTRY = re.compile(r"[+\uff0b][0-9]{1,3}[ -]?$")
WORLD: str | None = None
SHORTEST = 7
TABLE = re.compile(r"[0-9] +- +[0-9]")
"""Hyphens with spaces around stand between numbers of a table, not inside a number."""


def phones(text: str, regions: Sequence[str] = ()) -> Iterator[Span]:
    """Numbers that are valid by libphonenumber's plan: with a country code, and without it those of the regions."""
    if not DIALLED.search(text):
        return
    seen: set[Span] = set()
    for region in (WORLD, *regions):
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            code = COUNTRY.search(text, max(0, match.start - 6), match.start)  # the library drops it before "(0)"
            if TABLE.search(match.raw_string) or sum(map(str.isdigit, match.raw_string)) < SHORTEST:
                continue
            span = Span(match.start if code is None else code.start(), match.end, "phone")
            if span not in seen:
                seen.add(span)
                yield span


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one state numbers people.

    Attributes:
        form: how it is written. valid: by its check digits or its rules.
        near: where digits alone prove little, a word that must stand up to 40 characters before.
    """

    form: re.Pattern[str]
    valid: Callable[[str], bool]
    near: re.Pattern[str] | None = None


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.,+/-])(?:{pattern})(?![\w/-]|[.,][0-9])", re.IGNORECASE)


def _near(*words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


NEAR = 40
SCHEMES = {
    "US SSN": Scheme(_form(r"[0-9]{3}-[0-9]{2}-[0-9]{4}"), ssn.is_valid),
    "US SSN in one": Scheme(_form(r"[0-9]{9}"), ssn.is_valid, _near("ssn", r"social security(?: \w+)?")),
    "GB NHS": Scheme(_form(r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}"), nhs.is_valid, _near("nhs")),
    "ES DNI": Scheme(_form(r"[0-9]{8}-?[a-z]"), dni.is_valid),
    "ES NIE": Scheme(_form(r"[xyz]-?[0-9]{7}-?[a-z]"), nie.is_valid),
    "IT codice fiscale": Scheme(
        _form(r"[a-z]{6}[0-9lmnpqrstuv]{2}[a-z][0-9lmnpqrstuv]{2}[a-z][0-9lmnpqrstuv]{3}[a-z]"), codicefiscale.is_valid
    ),
    "FR NIR": Scheme(_form(r"[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9ab] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"), nir.is_valid),
    "FI henkilötunnus": Scheme(_form(r"[0-9]{6}[-+a-fu-y][0-9]{3}[0-9a-y]"), hetu.is_valid),
    "SE personnummer": Scheme(_form(r"(?:[0-9]{2})?[0-9]{6}[-+][0-9]{4}"), personnummer.is_valid),
    "PL PESEL": Scheme(_form(r"[0-9]{11}"), pesel.is_valid, _near("pesel")),
    "NL BSN": Scheme(_form(r"[0-9]{9}|[0-9]{4}\.[0-9]{2}\.[0-9]{3}"), bsn.is_valid, _near("bsn", r"burger\w+")),
    "DE Steuer-ID": Scheme(
        _form(r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
        idnr.is_valid,
        _near("steuer-?id(?:entifikationsnummer)?", "idnr", "tax id"),
    ),
    "BR CPF": Scheme(_form(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"), cpf.is_valid),
    "CH AHV": Scheme(_form(r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}"), ahv.is_valid),
    "IN Aadhaar": Scheme(_form(r"[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}"), aadhaar.is_valid),
}


def national_ids(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """Numbers of :data:`SCHEMES` whose check digits hold, by python-stdnum."""
    for scheme in SCHEMES.values():
        for match in scheme.form.finditer(text):
            named = scheme.near is None or scheme.near.search(text, max(0, match.start() - NEAR), match.start())
            if named and scheme.valid(match[0]):
                yield Span(*match.span(), "national_id")


MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_MONTH = "|".join(f"{name}|{name[:3]}" for name in MONTHS) + "|sept"
DATE = re.compile(
    rf"(?<![\w/-])(?:(?P<y>[0-9]{{4}})(?P<s>[-/.])(?P<m>[0-9]{{1,2}})(?P=s)(?P<d>[0-9]{{1,2}})"
    rf"|(?P<a>[0-9]{{1,2}})(?P<t>[-/.])(?P<b>[0-9]{{1,2}})(?P=t)(?P<y2>[0-9]{{4}}|[0-9]{{2}})"
    rf"|(?P<d3>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)?[ -](?P<m3>{_MONTH})\.?,?[ -](?P<y3>[0-9]{{4}})"
    rf"|(?P<m4>{_MONTH})\.? (?P<d4>[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?P<y4>[0-9]{{4}})"
    r"|(?P<y5>[0-9]{4})年(?P<m5>[0-9]{1,2})月(?P<d5>[0-9]{1,2})日)(?![\w/-])",
    re.IGNORECASE,
)
BIRTH = re.compile(
    r"(?:\b(?:born|birth|birthday|birthdate|dob|d\.o\.b\.|geboren|geburtsdatum|geb\.|n[ée]e?|naissance|nacimiento"
    r"|nacid[oa]|nascita|nat[oa])|生年月日|誕生日)[^0-9\n.;!?]{0,20}$",
    re.IGNORECASE,
)
"""A word of birth, and little between it and the date."""
OLDEST = 1900
"""Somebody born before is not alive: that date is history's."""


def birth_dates(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """Dates that a word of birth introduces. A date alone is nobody's."""
    for match in DATE.finditer(text):
        if BIRTH.search(text, max(0, match.start() - NEAR), match.start()) and _possible(match):
            yield Span(*match.span(), "birth_date")


def _possible(match: re.Match[str]) -> bool:
    part = {name.rstrip("2345"): value for name, value in match.groupdict().items() if value is not None}
    year = int(part["y"])
    year += 1900 if year < 100 else 0
    if "a" in part:  # day first or month first
        orders = [(part["a"], part["b"]), (part["b"], part["a"])]
    else:
        month = part["m"].lower()
        number = month if month.isdigit() else 1 + [name[:3] for name in MONTHS].index(month[:3])
        orders = [(part["d"], str(number))]
    return any(_is_date(year, int(month), int(day)) for day, month in orders)


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return OLDEST <= date(year, month, day).year <= date.today().year
    except ValueError:
        return False
