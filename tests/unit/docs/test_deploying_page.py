"""What the page on deploying says of gas is what was measured last."""

from __future__ import annotations

import re

from benchmarks.gas.figures import usages
from benchmarks.harness import read_result
from orchestrator.deployment import ORDER
from tools.setup.paths import ROOT

PAGE = (ROOT / "docs" / "deploying.md").read_text("utf-8")
USAGES = usages(read_result(ROOT / "docs" / "benchmarks" / "data" / "gas.json"))
NEAR = 250
"""Addresses and ids among the arguments have zero bytes here and there: 12 gas each."""


def measured(contract: str, function: str = "constructor", case: str = "") -> int:
    (gas,) = {one.gas for one in USAGES if (one.contract, one.function, one.variant) == (contract, function, case)}
    return gas


def founders(members: int) -> int:
    return measured("Consortium", case=f"{members} members")


def number(pattern: str) -> int:
    found = re.search(pattern, PAGE)
    assert found is not None, pattern
    return int(found[1].replace(",", ""))


def test_the_dry_run_shows_what_deploying_costs() -> None:
    rows = re.findall(r"^([\w.]+) +(?:deploy|bind).*? ([\d,]+) +[\d.]+ ETH$", PAGE, re.MULTILINE)
    shown = {name: int(gas.replace(",", "")) for name, gas in rows}
    expected = {name: measured(name, case="3 members" if name == "Consortium" else "") for name in ORDER["public"]}
    expected["Consortium.bind"] = measured("Consortium", "bind")
    assert list(shown) == list(expected)
    assert {name: gas for name, gas in shown.items() if abs(gas - expected[name]) > NEAR} == {}
    assert number(r"(?m)^all +([\d,]+) +[\d.]+ ETH$") == sum(shown.values())
    assert number(r"4 transactions, ([\d,]+) gas, at most") == sum(shown.values()) - shown["Consortium.bind"]
    assert number(r"Consortium: in block \d+, (\d+) gas") == shown["Consortium"]


def test_how_many_founders_there_can_be_follows_from_what_each_costs() -> None:
    each = (founders(100) - founders(10)) / 90
    assert abs(number(r"dearer by about ([\d,]+) gas") - each) < 250
    assert f"{founders(3) / 1e6:.1f} million for 3 members, {founders(100) / 1e6:.1f}\nmillion for 100" in PAGE
    for limit, words in ((2**24, r"since Fusaka\) \| (\d+) \|"), (30_000_000, r"networks/besu` \| (\d+) \|")):
        assert number(words) == 10 + int((limit - founders(10)) / each)


def test_other_figures_are_the_measured_ones() -> None:
    one_more = measured("Consortium", "changeMembership", "one more member, 3 before, 2 signatures")
    assert number(r"one more member costs ([\d,]+) gas") == one_more
    largest = max(measured(name) for name in ORDER["private"] if name != "Consortium")
    assert re.search(rf"largest transaction\s+takes {largest / 1e6:.1f} million", PAGE)
