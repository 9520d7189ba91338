"""Operators, settings and files of anonymisation."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from orchestrator.anonymise import KINDS, OPERATORS, Anonymisation, Anonymiser, find, pseudonym
from orchestrator.anonymise.files import rewrite
from orchestrator.anonymise.find import finders
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.ledger import data_statement

TEXT = "Mail a.b@example.org or A.B@EXAMPLE.ORG, call (650) 253-0000 now.\r\n"
KEY = bytes(range(32))


def test_tag_drop_and_counts() -> None:
    tag = Anonymiser(Anonymisation())
    assert tag.clean(TEXT) == "Mail [EMAIL] or [EMAIL], call [PHONE] now.\r\n"
    assert (tag.found, tag.changed) == ({"email": 2, "phone": 1}, 1)
    assert Anonymiser(Anonymisation("drop")).clean(TEXT) == "Mail or , call now.\r\n"


def test_a_pseudonym_is_the_same_for_the_same_item_and_key_only() -> None:
    made = Anonymiser(Anonymisation("pseudonym"), KEY).clean(TEXT)
    first, second = (part.split("]")[0] for part in made.split("[EMAIL-")[1:])
    assert first == second == pseudonym(KEY, "email", "a.b@example.org")
    assert first != pseudonym(bytes(32), "email", "a.b@example.org")
    assert first != pseudonym(KEY, "phone", "a.b@example.org")
    assert pseudonym(KEY, "iban", "DE89 3704") == pseudonym(KEY, "iban", "de893704")


@pytest.mark.parametrize("operator", OPERATORS)
def test_what_was_cleaned_has_nothing_left(operator: Any) -> None:
    done = Anonymiser(Anonymisation(operator), KEY).clean(TEXT)
    assert find(done) == []
    assert Anonymiser(Anonymisation(operator), KEY).clean(done) == done


def test_a_pseudonym_needs_its_key() -> None:
    with pytest.raises(ConfigurationError, match="pseudonyms need a key of 32 bytes; give --home"):
        Anonymiser(Anonymisation("pseudonym"))
    assert "key" not in repr(Anonymiser(Anonymisation("pseudonym"), KEY))


def test_settings() -> None:
    assert Anonymisation.from_settings(None) is None
    assert Anonymisation.from_settings({}) == Anonymisation("tag", KINDS)
    chosen = Anonymisation.from_settings({"operator": "drop", "kinds": ["ip", "ip"], "regions": ["CH"]})
    assert chosen == Anonymisation("drop", ("ip",), ("CH",))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"operator": "hash"}, "data.anonymise.operator is 'hash'; choose from tag, pseudonym, drop"),
        ({"kinds": ["name"]}, "data.anonymise.kinds is 'name'; choose from email"),
        ({"kinds": "ip"}, "data.anonymise.kinds is 'ip'"),
        ({"regions": ["usa"]}, r"data.anonymise.regions is \['usa'\]"),
        ({"what": 1}, r"data.anonymise has \['what'\]; it takes operator, kinds and regions"),
        (True, "data.anonymise has True"),
    ],
)
def test_wrong_settings_are_named(values: object, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Anonymisation.from_settings(values)


def test_a_statement_knows_every_operator() -> None:
    assert frozenset(OPERATORS) == data_statement.OPERATORS


def test_files_keep_their_bytes_where_nothing_is_found(tmp_path: Path) -> None:
    file, to = tmp_path / "in.txt", tmp_path / "out.txt"
    file.write_bytes("Grüße,\r\n\tno one\x00 here\n\r".encode())
    rewrite(file, to, Anonymiser(Anonymisation()))
    assert to.read_bytes() == file.read_bytes()
    assert to.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigurationError, match="is there already; name a new file"):
        rewrite(file, to, Anonymiser(Anonymisation()))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*none\.txt: No such file"):
        rewrite(tmp_path / "none.txt", tmp_path / "out", Anonymiser(Anonymisation()))
    (tmp_path / "latin").write_bytes(b"ab\xff")
    with pytest.raises(DataError, match="is not UTF-8 from byte 2 on"):
        rewrite(tmp_path / "latin", tmp_path / "out", Anonymiser(Anonymisation()))
    assert not (tmp_path / "out").exists()


def test_without_its_packages_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "orchestrator.anonymise" and rest[2] and "money" in rest[2]:
            raise ModuleNotFoundError("no", name="stdnum")
        return real(name, *rest)

    finders.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"needs the package stdnum; install loranchor\[anonymise\]"):
        Anonymiser(Anonymisation())
