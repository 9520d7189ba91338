"""`python -m tools.explorer_images DIR` takes the pictures of the auditor's page that the docs show.

The world is that of the page's tests: real digests, trees and signatures over chains in memory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tools.setup.paths import ROOT

PICTURES = {
    "page-overview": {"route": "#/", "scheme": "light", "width": 1280, "height": 1000},
    "page-model": {"route": "#/model/3", "scheme": "light", "width": 1280, "height": 820},
    "page-checkpoint": {"route": "#/checkpoint/2", "scheme": "dark", "width": 1280, "height": 900, "click": "summary"},
    "page-contribution": {"route": "", "scheme": "light", "width": 1280, "height": 1000},
    "page-phone": {"route": "#/revocations", "scheme": "light", "width": 390, "height": 780, "scale": 2},
    "page-falsified": {"route": "#/checkpoint/2", "scheme": "light", "width": 1280, "height": 860},
}
"""By name: which view, and how the window is."""


def main(arguments: list[str]) -> int:
    """Write each picture into the folder."""
    if len(arguments) != 1:
        print("usage: python -m tools.explorer_images DIR", file=sys.stderr)
        return 2
    sys.path.insert(0, str(ROOT / "tests"))  # the world of the tests
    from e2e.page_browser import looked_at, served
    from unit.audit.site_world import FALSIFIED, busy_material

    from orchestrator.audit.site import view_files, write_site

    material = busy_material()
    files = dict(view_files(material))
    altered = dict(files)
    FALSIFIED["a record"][0](altered)
    last = list(material.state.updates)[2]
    with tempfile.TemporaryDirectory() as scratch:
        sites = {False: write_site(Path(scratch) / "good", files.items())}
        sites[True] = write_site(Path(scratch) / "bad", altered.items())
        for name, picture in PICTURES.items():
            view = {
                "route": picture["route"] or f"#/contribution/1/{last}",
                "shot": name,
                "click": picture.get("click"),
            }
            window = {key: picture[key] for key in ("scheme", "width", "height", "scale") if key in picture}
            with served(sites[name == "page-falsified"]) as address:
                looked_at(address, settle=True, shots=str(Path(arguments[0]).resolve()), views=[view], **window)
            print(f"{name}.png", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
