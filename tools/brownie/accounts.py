"""Where Brownie's encrypted accounts lie: in the user's home, since a cache is removed without a thought."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def accounts_folder() -> Path:
    """`~/.loranchor/accounts`, or what LORANCHOR_ACCOUNTS names."""
    return Path(os.environ.get("LORANCHOR_ACCOUNTS") or Path.home() / ".loranchor" / "accounts").expanduser().resolve()


def link_accounts(home: Path) -> None:
    """Have Brownie with this home keep its accounts there; those that it has already move there."""
    folder, link = accounts_folder(), home / ".brownie" / "accounts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()
    elif link.is_dir():
        for path in link.glob("*.json"):
            if not (folder / path.name).exists():
                shutil.move(path, folder / path.name)
        link.rename(_free(link)) if any(link.iterdir()) else link.rmdir()
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(folder)


def forget_dead_link(home: Path) -> None:
    """Brownie does not start with a link to a folder that is gone, as after a run for another user's home."""
    link = home / ".brownie" / "accounts"
    if link.is_symlink() and not link.exists():
        link.unlink(missing_ok=True)


def _free(path: Path) -> Path:
    """A name beside ``path`` that nothing has: an account that is there twice is kept twice."""
    number = 1
    while (found := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    return found
