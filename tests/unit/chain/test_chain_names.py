"""The package's public names, and that structs are free of web3.py."""

from __future__ import annotations

import subprocess
import sys

import pytest

import orchestrator.chain as chain


@pytest.mark.parametrize("name", chain.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(chain, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = chain.nope


def test_structs_load_no_web3() -> None:
    code = "import sys, orchestrator.chain.structs; sys.exit('web3' in sys.modules or 'eth_abi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
