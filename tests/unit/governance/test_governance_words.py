"""What people read and type: decisions in words, addresses, amounts; and that paper needs no node."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.governance.decisions_made import DECISIONS, membership

from orchestrator.commitment.eip712 import MembershipChange
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.governance.addresses import given_address
from orchestrator.governance.ceremony import Ceremony
from orchestrator.governance.decisions import fields_of
from orchestrator.governance.funding import amount_of
from orchestrator.governance.wording import describe, frozen_by, title_of

HEAVY = ("web3", "requests", "eth_account", "ipfshttpclient", "torch")
CHECKED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # from EIP-55


def test_every_decision_has_a_title_and_says_all_its_values() -> None:
    for decision in DECISIONS:
        text = "\n".join([title_of(decision), *describe(decision)])
        for name, value in fields_of(decision).items():
            if name == "seats":
                assert all(seat["authority"] in text for seat in value)
            elif name == "paused":
                assert ("pause in" in text) == value
            elif name == "indices":
                assert "awards number 2, 7" in text
            else:
                assert str(value) in text, name
    assert len({title_of(decision) for decision in DECISIONS}) == len(DECISIONS)


def test_the_freeze_is_told() -> None:
    assert frozen_by(3, 2) == "when more than 1 of its 3 authorities are lost"
    assert frozen_by(2, 2) == "when one of its 2 authorities is lost"
    change = membership()
    assert isinstance(change, MembershipChange)
    assert describe(change)[4] == "it freezes for ever when more than 1 of its 3 authorities are lost"


def test_addresses_in_any_case_but_with_their_checksum() -> None:
    assert given_address(CHECKED, "--to") == CHECKED.lower()
    assert given_address(CHECKED.lower(), "--to") == CHECKED.lower()
    assert given_address("0x" + CHECKED[2:].upper(), "--to") == CHECKED.lower()
    with pytest.raises(ConfigurationError, match="checksum"):
        given_address(CHECKED.replace("aA", "Aa"), "--to")
    for wrong in ("", "0x", CHECKED[2:], CHECKED + "0", "0x" + "g" * 40, "aurora"):
        with pytest.raises(ConfigurationError, match=r"--to: .* is no address"):
            given_address(wrong, "--to")


@given(st.integers(1, 10**29))
def test_amounts_are_exact(wei: int) -> None:
    assert amount_of(f"{wei // 10**18}.{wei % 10**18:018}") == wei


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "nan", "inf", "-inf", "1e-19", "1e3", "1,5", "0.0", "１", "1."])
def test_no_amounts(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no amount of ether"):
        amount_of(text)


def test_paper_needs_no_node() -> None:
    """Documents, digests, plans and words import no chain client: what is signed can be checked anywhere."""
    modules = ("seats", "decisions", "ceremony", "present", "membership", "drift", "wording", "addresses")
    program = (
        f"import sys, {', '.join(f'orchestrator.governance.{name}' for name in modules)}\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_a_ceremony_is_checked_when_it_is_made() -> None:
    bad = MembershipChange(membership().pair, 2, membership().seats, 1)
    with pytest.raises(FormatError, match="more than half"):
        Ceremony.of(bad)
