"""The site as static files: the page as it was built, and ``view/`` with what it reads."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from orchestrator.audit.site.headers import POLICY
from orchestrator.errors import ConfigurationError, EnvironmentMissing

PAGE = Path(__file__).parent / "page"
VIEW = "view"
START = "index.html"


def page_folder() -> Path:
    """Where the built page is.

    Raises:
        EnvironmentMissing: it was not built, as in a checkout without `make setup`.
    """
    if not (PAGE / START).is_file():
        raise EnvironmentMissing("the auditor's page is not built", mend="run `make setup`, or install a release")
    return PAGE


def write_site(out: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """Write the site into a new or empty folder, all of it or nothing.

    Args:
        files: of the view, as :func:`orchestrator.audit.site.view.view_files` gives them.

    Raises:
        ConfigurationError: there is something of that name. EnvironmentMissing: the page was not built.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"{out} exists and is no empty folder", mend="name a new folder for the site")
    page = page_folder()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        draft = Path(scratch) / out.name
        shutil.copytree(page, draft)
        _with_policy(draft / START)
        for path, data in files:
            place = draft / VIEW / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        draft.replace(out)
    return out


def _with_policy(start: Path) -> None:
    """The policy goes with the files: whoever serves them may send no headers. A page cannot forbid its own framing."""
    rules = "; ".join(rule for rule in POLICY.split("; ") if not rule.startswith("frame-ancestors"))
    text = start.read_text(encoding="utf-8")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
    start.write_text(text.replace("<head>", f"<head>\n    {meta}", 1), encoding="utf-8")
