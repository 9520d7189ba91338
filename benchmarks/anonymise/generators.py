"""Personal data that belongs to nobody, made from the standards' own descriptions and not from what looks for it.

Nothing here imports `orchestrator.anonymise`, python-stdnum or phonenumbers: check digits are computed here, from
ISO 13616, ISO/IEC 7812, BIP 173 and each state's rule; phone numbers come from ranges that numbering plans publish.
Each kind is made in every form that people write it in, those that the finders do not know among them.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from random import Random

from eth_utils.address import to_checksum_address

GIVEN = ("ana", "bjorn", "chloe", "dmitri", "emeka", "fatima", "giulia", "haruto", "ines", "josé", "kiran", "liam")
FAMILY = ("okafor", "smith", "garcia", "tanaka", "novak", "müller", "rossi", "dubois", "kim", "o'neil", "lopez-cruz")
HOSTS = ("example.com", "mail.example.org", "uni-example.de", "example.co.jp", "dept.example.ac.uk", "example.museum")
HEX = "0123456789abcdef"


def _digits(dice: Random, count: int) -> str:
    return "".join(dice.choice("0123456789") for _ in range(count))


def email(dice: Random) -> str:
    given, family, host = dice.choice(GIVEN), dice.choice(FAMILY), dice.choice(HOSTS)
    local = dice.choice(
        (
            f"{given}.{family}",
            f"{given}{dice.randrange(100)}",
            f"{family}_{given}",
            f"{given}+list",
            f"{given[0]}-{family}",
        )
    )
    found = f"{local}@{host}"
    return dice.choice((found, found, found, found.upper(), found.replace("@", " (at) ")))


def user_url(dice: Random) -> str:
    name, host = dice.choice(GIVEN) + _digits(dice, 2), dice.choice(HOSTS)
    name = name.encode("ascii", "ignore").decode()
    return dice.choice(
        (
            f"https://{name}:s3cret@{host}/inbox",
            f"ftp://{name}@{host}/pub/file.txt",
            f"https://{host}/~{name}/cv.html",
            f"https://{host}/users/{name}",
            f"https://github.com/{name}",
            f"https://www.linkedin.com/in/{name}",
            f"https://{host}/profile.php?user={name}",
            f"twitter.com/{name}",
        )
    )


def ip(dice: Random) -> str:
    if dice.random() < 0.6:
        return str(ipaddress.IPv4Address(dice.getrandbits(32)))
    address = ipaddress.IPv6Address((0x20010DB8 << 96) | dice.getrandbits(dice.choice((16, 64, 96))))
    return dice.choice((address.compressed, address.exploded, address.compressed.upper()))


def mac(dice: Random) -> str:
    raw = "".join(dice.choice(HEX) for _ in range(12))
    pairs = [raw[at : at + 2] for at in range(0, 12, 2)]
    fours = [raw[at : at + 4] for at in range(0, 12, 4)]
    return dice.choice((":".join(pairs), "-".join(pairs).upper(), ".".join(fours), ":".join(pairs).upper()))


BANKS: Mapping[str, str] = {
    "DE": "n" * 18, "FR": "n" * 10 + "c" * 11 + "nn", "GB": "aaaa" + "n" * 14, "NL": "aaaa" + "n" * 10,
    "ES": "n" * 20, "IT": "a" + "n" * 10 + "c" * 12, "NO": "n" * 11, "CH": "n" * 5 + "c" * 12, "PL": "n" * 24,
}  # fmt: skip
"""The basic account number of the SWIFT registry: n digits, a capitals, c either."""


def iban(dice: Random) -> str:
    country = dice.choice(sorted(BANKS))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    sets = {"n": "0123456789", "a": letters, "c": "0123456789" + letters}
    account = "".join(dice.choice(sets[kind]) for kind in BANKS[country])
    number = int("".join(str(int(sign, 36)) for sign in account + country + "00"))
    whole = f"{country}{98 - number % 97:02d}{account}"
    grouped = " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
    return dice.choice((whole, grouped, grouped, grouped.replace(" ", "-")))


def card(dice: Random) -> str:
    begin, length = dice.choice(
        (("4", 16), ("51", 16), ("55", 16), ("2300", 16), ("37", 15), ("6011", 16), ("3530", 16))
    )
    body = begin + _digits(dice, length - len(begin) - 1)
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(reversed(body)))
    whole = body + str(-total % 10)
    cuts = (4, 10, 15) if length == 15 else (4, 8, 12, 16)
    parts = [whole[start:end] for start, end in zip((0, *cuts), cuts, strict=False)]
    return dice.choice((whole, " ".join(parts), "-".join(parts)))


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def coin(dice: Random) -> str:
    return dice.choice((_base58, _base58, _segwit, _ethereum))(dice)


def _base58(dice: Random) -> str:
    raw = dice.choice((b"\x00", b"\x05")) + dice.randbytes(20)
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\x00"))) + text


def _segwit(dice: Random) -> str:
    version, constant, size = dice.choice(((0, 1, 20), (0, 1, 32), (1, 0x2BC830A3, 32)))
    bits = "".join(f"{byte:08b}" for byte in dice.randbytes(size))
    bits += "0" * (-len(bits) % 5)
    data = [version, *(int(bits[at : at + 5], 2) for at in range(0, len(bits), 5))]
    check = 1
    for value in [3, 3, 0, 2, 3, *data, 0, 0, 0, 0, 0, 0]:  # "bc" expanded, and room for the checksum
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for at, mask in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= mask if top >> at & 1 else 0
    check ^= constant
    return "bc1" + "".join(BECH32[value] for value in [*data, *(check >> 5 * (5 - at) & 31 for at in range(6))])


def _ethereum(dice: Random) -> str:
    plain = "0x" + dice.randbytes(20).hex()
    return dice.choice((plain, to_checksum_address(plain)))


def phone(dice: Random) -> str:
    return dice.choice((_north_american, _british, _german, _french, _japanese))(dice)


def _north_american(dice: Random) -> str:
    area, office, line = (
        dice.choice(("212", "415", "312", "206", "617")),
        f"{dice.randint(2, 9)}{_digits(dice, 2)}",
        _digits(dice, 4),
    )
    if office.endswith("11"):
        office = office[0] + "34"
    return dice.choice(
        (f"({area}) {office}-{line}", f"{area}-{office}-{line}", f"+1 {area} {office} {line}",
         f"{area}.{office}.{line}", f"1-{area}-{office}-{line}")
    )  # fmt: skip


def _british(dice: Random) -> str:
    rest = f"7700 900{_digits(dice, 3)}"  # of the range that Ofcom keeps free for films
    return dice.choice((f"0{rest}", f"+44 {rest}", f"+44 (0){rest}", f"0044 {rest}"))


def _german(dice: Random) -> str:
    area, rest = dice.choice(("30", "89", "40")), str(dice.randint(2, 8)) + _digits(dice, 6)
    return dice.choice((f"0{area} {rest}", f"+49 {area} {rest}", f"0{area}/{rest}", f"+49-{area}-{rest}"))


def _french(dice: Random) -> str:
    pairs = " ".join(_digits(dice, 2) for _ in range(4))
    return dice.choice((f"06 {pairs}", f"+33 6 {pairs}", f"06.{pairs.replace(' ', '.')}"))


def _japanese(dice: Random) -> str:
    rest = f"{dice.randint(1000, 9999)}-{_digits(dice, 4)}"
    return dice.choice((f"090-{rest}", f"+81-90-{rest}", f"+81 90 {rest.replace('-', ' ')}"))


def national_id(dice: Random) -> str:
    return dice.choice((_ssn, _dni, _nir, _hetu, _personnummer, _pesel, _nhs, _cpf, _ahv, _steuer))(dice)


def _ssn(dice: Random) -> str:
    number = (dice.choice([*range(1, 666), *range(667, 900)]), dice.randint(1, 99), dice.randint(1, 9999))
    return f"{number[0]:03d}-{number[1]:02d}-{number[2]:04d}"


def _dni(dice: Random) -> str:
    number = dice.randint(10_000_000, 99_999_999)
    return f"{number}{dice.choice(('', '-'))}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def _nir(dice: Random) -> str:
    place = f"{dice.choice('12')}{_digits(dice, 2)}{dice.randint(1, 12):02d}{dice.randint(1, 95):02d}"
    whole = place.replace(place[5:7], "75", 1) if place[5:7] == "20" else place
    whole += f"{dice.randint(1, 900):03d}{dice.randint(1, 999):03d}"
    whole += f"{97 - int(whole) % 97:02d}"
    cuts = ((0, 1), (1, 3), (3, 5), (5, 7), (7, 10), (10, 13), (13, 15))
    return dice.choice((whole, " ".join(whole[start:end] for start, end in cuts)))


def _birth(dice: Random) -> tuple[int, int, int]:
    return dice.randint(1940, 1999), dice.randint(1, 12), dice.randint(1, 28)


def _hetu(dice: Random) -> str:
    year, month, day = _birth(dice)
    digits, serial = f"{day:02d}{month:02d}{year % 100:02d}", f"{dice.randint(2, 899):03d}"
    return f"{digits}-{serial}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(digits + serial) % 31]}"


def _personnummer(dice: Random) -> str:
    year, month, day = _birth(dice)
    body = f"{year % 100:02d}{month:02d}{day:02d}{_digits(dice, 3)}"
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(body))
    return f"{body[:6]}-{body[6:]}{-total % 10}"


def _pesel(dice: Random) -> str:
    year, month, day = _birth(dice)
    body = f"{year % 100:02d}{month:02d}{day:02d}{_digits(dice, 4)}"
    check = -sum(int(digit) * weight for digit, weight in zip(body, (1, 3, 7, 9) * 3, strict=False)) % 10
    return f"PESEL {body}{check}"


def _nhs(dice: Random) -> str:
    while True:
        body = "4" + _digits(dice, 8)
        check = 11 - sum(int(digit) * (10 - at) for at, digit in enumerate(body)) % 11
        if check != 10:
            return f"NHS number {body[:3]} {body[3:6]} {body[6:]}{check % 11}"


def _cpf(dice: Random) -> str:
    body = _digits(dice, 9)
    for size in (10, 11):
        rest = sum(int(digit) * (size - at) for at, digit in enumerate(body)) % 11
        body += str(0 if rest < 2 else 11 - rest)
    return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"


def _ahv(dice: Random) -> str:
    body = "756" + _digits(dice, 9)
    check = -sum(int(digit) * (1 + 2 * (at % 2)) for at, digit in enumerate(body)) % 10
    return f"756.{body[3:7]}.{body[7:11]}.{body[11]}{check}"


def _steuer(dice: Random) -> str:
    """Ten digits of which one stands twice, the rest once, and a check digit of ISO 7064 MOD 11,10."""
    signs = dice.sample("0123456789", 9)
    signs.insert(dice.randrange(1, 10), dice.choice(signs))
    while signs[0] == "0":
        dice.shuffle(signs)
    product = 10
    for sign in signs:
        product = ((int(sign) + product) % 10 or 10) * 2 % 11
    body = "".join(signs)
    return f"Steuer-ID {body[:2]} {body[2:5]} {body[5:8]} {body[8:]}{(11 - product) % 10}"


LONG = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def birth_date(dice: Random) -> str:
    year, month, day = _birth(dice)
    word = dice.choice(
        ("born on", "DOB:", "date of birth", "birthday is", "born", "geboren am", "came into the world on")
    )
    when = dice.choice(
        (f"{year}-{month:02d}-{day:02d}", f"{day:02d}/{month:02d}/{year}", f"{month}/{day}/{year}",
         f"{day}.{month}.{year}",         f"{LONG[month - 1]} {day}, {year}", f"{day} {LONG[month - 1][:3]} {year}", 
         f"{day:02d}.{month:02d}.{year % 100:02d}")
    )  # fmt: skip
    return f"{word} {when}"


MAKERS: Mapping[str, Callable[[Random], str]] = {
    "email": email,
    "user_url": user_url,
    "ip": ip,
    "mac": mac,
    "iban": iban,
    "card": card,
    "coin": coin,
    "phone": phone,
    "national_id": national_id,
    "birth_date": birth_date,
}
LEADS = ("PESEL ", "NHS number ", "Steuer-ID ")
"""What stands before some items and is not part of them; of a date of birth all before the date."""


def item_of(kind: str, planted: str) -> str:
    """The part of what was planted that is personal: without the words that introduce it."""
    if kind == "national_id":
        return next((planted.removeprefix(lead) for lead in LEADS if planted.startswith(lead)), planted)
    if kind == "birth_date":
        starts = [place for word in (*LONG, *"0123456789") if (place := planted.find(word)) >= 0]
        return planted[min(starts) :]
    return planted
