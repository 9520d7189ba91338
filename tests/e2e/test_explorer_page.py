"""The auditor's page in a real browser: every view, every falsification, nothing from elsewhere, and fast."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.page_browser import looked_at, served
from unit.audit.site_world import FALSIFIED, busy_material, long_material

from orchestrator.audit.site import Material, view_files, write_site
from orchestrator.ledger.entities import LedgerState

pytestmark = pytest.mark.slow

ROUNDS = 1000
MOST_MS = 2000


@pytest.fixture(scope="module")
def material() -> Material:
    return busy_material()


@pytest.fixture(scope="module")
def files(material: Material) -> dict[str, bytes]:
    return dict(view_files(material))


def views(state: LedgerState) -> list[dict[str, Any]]:
    """Every kind of view, and of those with several states one of each."""
    revoked, kept = list(state.updates)[2], next(iter(state.updates))
    first, second = state.revocations
    routes = [
        "#/",
        "#/rounds",
        "#/round/2",
        "#/round/3",
        "#/round/99",
        "#/model",
        "#/model/1",
        f"#/contribution/1/{kept}",
        f"#/contribution/1/{revoked}",
        f"#/contribution/3/{list(state.updates)[-1]}",
        "#/revocations",
        f"#/revocation/{first}",
        f"#/revocation/{second}",
        "#/tokens",
        "#/members",
        "#/checkpoints",
        "#/checkpoint/1",
        "#/checkpoint/3",
        "#/record/0",
        "#/record/78",
        "#/trouble",
        "#/report",
        "#/search/aurora",
        "#/search/0x",
    ]
    return [{"route": route} for route in routes]


@pytest.fixture(scope="module")
def site(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(write_site(tmp_path_factory.mktemp("page") / "site", files.items())) as address:
        yield address


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_every_view_opens(site: str, material: Material, scheme: str, width: int) -> None:
    seen = looked_at(site, settle=True, axe=True, scheme=scheme, width=width, views=views(material.state))
    assert seen["verdict"].startswith("agrees")
    assert seen["console"] == []
    assert seen["foreign"] == []
    assert seen["failed"] == []
    for view in seen["views"]:
        assert view["axe"] == [], view["route"]
        assert view["fault"] == [], view["route"]
        assert view["bad"] == [], view["route"]
        assert view["wide"] <= 0, f"{view['route']} is {view['wide']} pixels too wide"
        assert view["focused"] == "H1", view["route"]
        assert view["heading"]


def test_whatever_is_falsified_turns_red(files: dict[str, bytes], material: Material, tmp_path: Path) -> None:
    """One site for each falsification, below the address of the genuine one; each in one place of one file."""
    root = write_site(tmp_path / "site", files.items())
    request = next(iter(material.state.revocations))
    opened = []
    for number, (falsify, route, _) in enumerate(FALSIFIED.values()):
        altered = dict(files)
        falsify(altered)
        assert altered != files
        write_site(root / f"case{number}", altered.items())
        opened.append({"at": f"case{number}/index.html", "route": route.replace("REQUEST", request)})
    with served(root) as address:
        seen = looked_at(address, views=opened)
    assert seen["console"] == []
    for (name, (_, _, label)), view in zip(FALSIFIED.items(), seen["views"], strict=True):
        assert label in view["bad"], f"{name}: {view['bad']}"


def test_the_audit_in_the_background_finds_it_from_any_view(files: dict[str, bytes], tmp_path: Path) -> None:
    altered = dict(files)
    FALSIFIED["a record"][0](altered)
    with served(write_site(tmp_path / "site", altered.items())) as address:
        seen = looked_at(address, settle=True)
    assert "does not agree" in seen["verdict"]
    assert "checkpoint 2: Its records make its root" in seen["verdict"]


def test_an_equivocation_is_shown_with_its_signatures(site: str) -> None:
    (view,) = looked_at(site, views=[{"route": "#/trouble"}])["views"]
    assert view["good"] == 2
    assert view["bad"] == []


@pytest.mark.timeout(1800)  # making a thousand rounds takes longer than showing them
def test_the_first_view_of_a_thousand_rounds(tmp_path: Path) -> None:
    """Best of three: how busy the machine is otherwise is no property of the page."""
    site = write_site(tmp_path / "site", view_files(long_material(ROUNDS)))
    size = (site / "view" / "index.json").stat().st_size
    with served(site) as address:
        times = [looked_at(address)["first"] for _ in range(3)]
        seen = looked_at(address, views=[{"route": "#/rounds"}, {"route": "#/model"}, {"route": "#/checkpoint/900"}])
    print(f"\nfirst view of {ROUNDS} rounds: {min(times):.0f} ms (index of {size / 1e6:.2f} MB)")
    assert seen["console"] == []
    assert [view["bad"] for view in seen["views"]] == [[], [], []]
    assert min(times) <= MOST_MS
