"""Refusals that take more than one line to ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import brownie
import pytest
from brownie.exceptions import VirtualMachineError
from contract_support import refused

MALFORMED = {
    "ECDSAInvalidSignature": "0x" + "00" * 64 + "1b",
    "ECDSAInvalidSignatureLength": "0x00",
    "ECDSAInvalidSignatureS": "0x" + "11" * 32 + "ff" * 32 + "1b",
}
"""Bytes that are no signature of anybody, by the error that says why."""


def refuses_to_deploy(error: str, container: Any, *arguments: Any) -> None:
    """A constructor would revert with this custom error; nothing is sent."""
    creation = {"from": brownie.accounts[0].address, "data": container.deploy.encode_input(*arguments)}
    with refused(error):
        try:
            brownie.web3.eth.call(creation)
        except ValueError as reverted:
            raise VirtualMachineError(reverted) from None


def refuses_strangers(error: str, method: Any, *arguments: Any, signatures: Sequence[str], sender: Any) -> None:
    """Two signatures over other content recover to two strangers, who stand in order one way round."""
    reasons = set()
    for order in (signatures, signatures[::-1]):
        with pytest.raises(VirtualMachineError) as caught:
            method.call(*arguments, order, {"from": sender})
        reasons.add(str(caught.value.revert_msg).partition(":")[0])
    assert reasons == {error, "SignaturesNotAscending"}
