"""The ceremony document: what it says is what was signed, and nothing else is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.governance.decisions_made import DECISIONS, decisions, key_of, membership, pause
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, address_of_key, sign

from orchestrator.errors import ConfigurationError, FormatError, ProtocolError
from orchestrator.governance.ceremony import Ceremony, merge, read_ceremony, standing, write_ceremony
from orchestrator.governance.decisions import Decision, Kind
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.types import Address

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SIGNERS = st.lists(st.sampled_from([AURORA, BOREALIS, CUMULUS, "stranger"]), unique=True)


def signed(decision: Decision, *names: str) -> Ceremony:
    ceremony = Ceremony.of(decision)
    for name in names:
        ceremony = ceremony.signed(sign(key_of(name), decision.digest()))
    return ceremony


def address(name: str) -> Address:
    return address_of_key(key_of(name))


@given(decisions(), SIGNERS)
def test_reading_gives_what_was_written(decision: Decision, names: list[str]) -> None:
    ceremony = signed(decision, *names)
    read = Ceremony.from_bytes(ceremony.to_bytes())
    assert read == ceremony
    assert read.to_bytes() == ceremony.to_bytes()
    assert list(read.signatures) == sorted(map(address, names))
    assert read.digest == "0x" + decision.digest().hex()


@given(decisions(), SIGNERS, SIGNERS)
def test_merging_does_not_depend_on_the_order(decision: Decision, first: list[str], second: list[str]) -> None:
    one, two = signed(decision, *first), signed(decision, *second)
    both = merge([one, two])
    assert both == merge([two, one]) == merge([both, one])
    assert set(both.signatures) == {address(name) for name in first + second}


@given(decisions(), st.data())
def test_no_changed_byte_is_read_as_the_same_decision(decision: Decision, data: st.DataObject) -> None:
    ceremony = signed(decision, AURORA)
    content = bytearray(ceremony.to_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255).filter(lambda value: value != content[place]))
    with pytest.raises(FormatError):
        Ceremony.from_bytes(bytes(content))


def test_the_first_signature_of_a_signer_stays() -> None:
    ceremony = signed(membership(), AURORA)
    assert ceremony.signed(sign(key_of(AURORA), membership().digest())) == ceremony


def test_kinds_say_whose_keys_sign() -> None:
    roles = {Ceremony.of(decision).kind: Ceremony.of(decision).role for decision in DECISIONS}
    assert set(roles) == set(Kind)
    assert [kind for kind, role in roles.items() if role == "delegate"] == [Kind.AWARD_VOID]


def test_copies_of_two_decisions_do_not_merge() -> None:
    with pytest.raises(ProtocolError, match="two decisions"):
        merge([Ceremony.of(membership()), Ceremony.of(pause())])
    with pytest.raises(ProtocolError, match="no ceremony"):
        merge([])


def test_standing_counts_members_only() -> None:
    found = standing(
        signed(membership(), CUMULUS, "stranger", AURORA),
        {address(name): name for name in (AURORA, BOREALIS, CUMULUS)},
        2,
    )
    assert (found.signed, found.waiting) == ((AURORA, CUMULUS), (BOREALIS,))
    assert found.strangers == (address("stranger"),)
    assert (found.missing, found.quorum) == (0, 2)
    assert standing(Ceremony.of(membership()), {address(AURORA): AURORA}, 2).missing == 2


def test_contracts_get_signatures_of_voters_in_ascending_order() -> None:
    ceremony = signed(membership(), CUMULUS, "stranger", BOREALIS, AURORA)
    voters = sorted([address(AURORA), address(CUMULUS)])
    expected = [sign(key_of({address(n): n for n in (AURORA, CUMULUS)}[key]), membership().digest()) for key in voters]
    assert ceremony.ordered(voters) == expected


def changed(path: tuple[Any, ...], value: Any) -> bytes:
    document = json.loads(signed(membership(), AURORA, BOREALIS).to_bytes())
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return canonical_bytes(document)


STRANGE = "0x" + "11" * 65


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("format",), "loranchor/other", "expected the format loranchor/ceremony"),
        (("version",), 2, "version 2 is unknown"),
        (("kind",), "coup", "ceremony.kind is 'coup'; one of award-root, award-void, membership, pause"),
        (("kind",), "pause", "ceremony.change lacks nonce"),
        (("kind",), "award-root", "ceremony lacks domain"),
        (("domain",), {"chain_id": "1", "contract": "0x" + "00" * 20}, "unknown member domain"),
        (("note",), "hello", "unknown member note"),
        (("digest",), "0x" + "00" * 32, "but the change hashes to"),
        (("change", "epoch"), 3, "but the change hashes to"),
        (("change", "epoch"), 1, "ceremony.change.epoch is 1"),
        (("change", "quorum"), 1, "is not more than half of 3 members"),
        (("change", "quorum"), 4, "could never be reached"),
        (("change", "seats"), {}, "seats is not a list"),
        (("change", "seats"), [], "0 members"),
        (("change", "seats", 1, "organisation"), "aurora", "aurora has two seats"),
        (("change", "seats", 1, "organisation"), "Boreal", "is not an organisation's name"),
        (("change", "seats", 1, "authority"), address(AURORA), "is the authority of two members"),
        (("change", "seats", 1, "authority"), "0x" + "00" * 20, "borealis has no authority"),
        (("change", "seats", 1, "authority"), "0x" + "AB" * 20, "40 lower-case hexadecimal digits"),
        (("change", "seats", 1, "role"), "king", "unknown member role"),
        (("change", "public_chain_id"), 31337, "a decimal string is expected"),
        (("change", "public_chain_id"), "031337", "without leading zeros"),
        (("signatures",), {}, "signatures is not a list"),
        (("signatures", 0, "signature"), "0x" + "11" * 64, "not a 65-byte signature"),
        (("signatures", 0, "signature"), "0x", "not a 65-byte signature"),
        (("signatures", 0, "signature"), STRANGE, "v 27 or 28"),
        (("signatures", 0, "signature"), "11" * 65, "is not 0x and lower-case hexadecimal digits"),
        (("signatures", 0, "signature"), "0x" + "AA" * 65, "is not 0x and lower-case hexadecimal digits"),
        (("signatures", 0, "signer"), "0x" + "22" * 20, "is not by 0x2222"),
        (("signatures", 0, "date"), "today", "unknown member date"),
    ],
)
def test_refuses_by_name(path: tuple[Any, ...], value: Any, words: str) -> None:
    with pytest.raises(FormatError) as raised:
        Ceremony.from_bytes(changed(path, value))
    assert words in raised.value.message


def test_refuses_a_malleable_signature() -> None:
    decision = membership()
    good = sign(key_of(AURORA), decision.digest())
    mirrored = (ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    twin = good[:32] + mirrored + bytes([55 - good[64]])
    with pytest.raises(FormatError, match="upper half"):
        Ceremony.of(decision).signed(twin)
    with pytest.raises(FormatError, match="upper half"):
        Ceremony.from_document(
            {
                **Ceremony.of(decision).document(),
                "signatures": [{"signer": address(AURORA), "signature": "0x" + twin.hex()}],
            }
        )


@pytest.mark.parametrize(("order", "words"), [([0, 0], "two signatures of"), ([1, 0], "ascending order of signer")])
def test_refuses_signatures_twice_or_unordered(order: list[int], words: str) -> None:
    document = signed(membership(), AURORA, BOREALIS).document()
    document["signatures"] = [document["signatures"][place] for place in order]
    with pytest.raises(FormatError, match=words):
        Ceremony.from_document(document)


def test_refuses_indices_twice_or_unordered() -> None:
    document = next(Ceremony.of(d) for d in DECISIONS if Ceremony.of(d).kind is Kind.AWARD_VOID).document()
    for indices, words in ((["7", "2"], "not in ascending order"), (["2", "2"], "one twice"), (["02"], "decimal")):
        document["change"]["indices"] = indices
        with pytest.raises(FormatError, match=words):
            Ceremony.from_document(document)


def test_files_are_whole_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "join.json"
    write_ceremony(path, signed(membership(), AURORA))
    assert read_ceremony(path) == signed(membership(), AURORA)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(FormatError, match=r"join\.json: .*not in canonical form") as raised:
        read_ceremony(path)
    assert "as it was sent" in raised.value.mend
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_ceremony(tmp_path / "none.json")
    with pytest.raises(ConfigurationError, match="cannot write"):
        write_ceremony(path / "below-a-file.json", Ceremony.of(pause()))
