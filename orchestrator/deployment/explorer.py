"""Publishing sources to Etherscan (API V2), or to an explorer that speaks its language, such as Blockscout.

Source: docs.etherscan.io, "Verify Solidity Source Code" and "Check Source Code Verification Status".
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Protocol

import requests

from orchestrator.deployment.publication import Publication
from orchestrator.errors import ChainError, ConfigurationError

ETHERSCAN = "https://api.etherscan.io/v2/api"
CHECK = "check LORANCHOR_ETHERSCAN_URL and the connection"
APACHE_2 = "12"  # Etherscan's number of the licence
WAITING = ("pending", "in progress", "unable to locate contractcode", "rate limit")


class Explorer(Protocol):
    """A place that shows a contract's sources."""

    def publish(self, publication: Publication) -> str:
        """Hand the sources in and wait for the result; gives the explorer's words for success.

        Raises:
            ChainError: it does not answer, or does not find that the sources make the code.
        """


class Etherscan:
    """One chain at an explorer.

    Args:
        patience: seconds that one contract may take; a new one is indexed some time after its block.
        pause: seconds between two requests; the free plan allows a few a second.
    """

    def __init__(
        self, url: str, token: str, chain_id: int, *, patience: float = 180.0, pause: float = 3.0, timeout: float = 60.0
    ) -> None:
        self._url, self._token, self._chain_id = url, token, chain_id
        self._patience, self._pause, self._timeout = patience, pause, timeout

    def publish(self, publication: Publication) -> str:
        """See ``Explorer``."""
        end = time.monotonic() + self._patience
        words = self._until(end, "verifysourcecode", self._form(publication))
        if _verified(words):
            return words
        words = self._until(end, "checkverifystatus", {"guid": words})
        if not _verified(words):
            raise ChainError(f"{publication.name}: the explorer says: {words}")
        return words

    def _form(self, publication: Publication) -> dict[str, str]:
        return {
            "contractaddress": publication.address,
            "sourceCode": json.dumps(publication.standard_input),
            "codeformat": "solidity-standard-json-input",
            "contractname": publication.identifier,
            "compilerversion": f"v{publication.compiler}",
            "constructorArguements": publication.arguments,  # Etherscan's own spelling
            "constructorArguments": publication.arguments,  # and that of others
            "licenseType": APACHE_2,
        }

    def _until(self, end: float, action: str, form: Mapping[str, str]) -> str:
        """Ask until the answer is not to wait."""
        while True:
            answer = self._ask(action, form)
            words = str(answer.get("result", ""))
            if str(answer.get("status")) == "1" or _verified(words):
                return words
            lower = words.lower()
            if "api key" in lower or "apikey" in lower:
                raise ConfigurationError("the explorer refuses the token", mend="check ETHERSCAN_TOKEN")
            if not any(waits in lower for waits in WAITING):
                raise ChainError(f"the explorer refuses: {words or answer.get('message', 'no reason')}")
            if time.monotonic() > end:
                raise ChainError(f"the explorer is not done: {words}", mend="run this again later")
            time.sleep(self._pause)

    def _ask(self, action: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        chain = {"chainid": str(self._chain_id)}
        fields = {"module": "contract", "action": action, "apikey": self._token, **form}
        try:
            if action == "verifysourcecode":
                answer = requests.post(self._url, params=chain, data=fields, timeout=self._timeout)
            else:
                answer = requests.get(self._url, params={**chain, **fields}, timeout=self._timeout)
            if not answer.ok:
                raise ChainError(f"the explorer answers with HTTP {answer.status_code}", mend="run this again later")
            document = answer.json()
        except (requests.RequestException, ValueError) as error:  # whose words may hold the token
            raise ChainError(f"the explorer does not answer ({type(error).__name__})", mend=CHECK) from None
        if not isinstance(document, dict):
            raise ChainError("the explorer does not answer as one", mend=CHECK)
        return document


def _verified(words: str) -> bool:
    return "already verified" in words.lower() or words.lower().startswith("pass")
