"""Files of a Debian package, by apt's own client and the mirrors that this machine is configured with.

Nothing is installed and the machine's package lists stay as they are: where these are empty, as on a new machine, apt
reads lists of its own into a folder that is thrown away.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tools.setup.command import run_logged
from tools.setup.paths import SetupError

PREFIX = "debian:"
SHIPPED = "usr/share/datasets"
"""Where Debian's packages of data have their files."""
INSTALLED = Path("/") / SHIPPED
"""What the machine has installed is not fetched again."""
PATIENCE = ("Acquire::Retries=1", "Acquire::http::Timeout=20", "Acquire::https::Timeout=20")


def bring_files(package: str, names: Sequence[str], folder: Path, log: str) -> None:
    """Put these files of the package's data folder into ``folder``.

    Args:
        package: as a source names it, ``debian:dataset-…``.
        names: plain file names below ``/usr/share/datasets/…``. log: of the set-up's step.

    Raises:
        SetupError: no apt, no mirror that answers, or a package without these files.
    """
    name = package.removeprefix(PREFIX)
    there = INSTALLED / folder_of(name)
    if all((there / file).is_file() for file in names):
        for file in names:
            shutil.copyfile(there / file, folder / file)
        return
    _extract(_download(name, folder, log), names, folder, log)


def _download(name: str, folder: Path, log: str) -> Path:
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise SetupError(f"the Debian package {name} needs {program}, which is not here")
    try:
        run_logged(log, ["apt-get", *_options(PATIENCE), "download", name], folder=folder)
    except SetupError:  # no lists on a new machine, or old ones
        own = _options((*PATIENCE, *_own_lists(folder / "apt")))
        run_logged(log, ["apt-get", *own, "update"], folder=folder)
        run_logged(log, ["apt-get", *own, "download", name], folder=folder)
    found = sorted(folder.glob(f"{name}_*.deb"))
    if not found:
        raise SetupError(f"no configured Debian mirror has {name}")
    return found[-1]


def _own_lists(folder: Path) -> list[str]:
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    places = [f"Dir::State::Lists={folder / 'lists'}", f"Dir::Cache={folder / 'cache'}"]
    return [*places, "APT::Sandbox::User=root", "Acquire::Languages=none"]


def _options(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("-o", setting)]


def _extract(package: Path, names: Sequence[str], folder: Path, log: str) -> None:
    content = folder / "content"
    run_logged(log, ["dpkg-deb", "--extract", package, content])
    for name in names:
        place = content / SHIPPED / folder_of(package.name.partition("_")[0]) / name
        if place.is_symlink() or not place.is_file():
            raise SetupError(f"{package.name} came without {name}; look at the mirror's offer")
        shutil.copyfile(place, folder / name)


def folder_of(name: str) -> str:
    """``fashion-mnist`` of ``dataset-fashion-mnist``."""
    return name.removeprefix("dataset-")
