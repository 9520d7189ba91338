"""As much of Etherscan's API V2 as publishing sources needs, on a port of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local_server import Handler, serving

TOKEN = "TOKEN-OF-THE-TEST"


class Fake:
    """Takes sources, lets the status be asked for, remembers everything.

    Attributes:
        forms: what was handed in. waits: how often each question is answered with "wait" first.
        verdict: the words at the end. status: HTTP status of every answer. text: an answer that is no JSON.
    """

    def __init__(self) -> None:
        self.url = ""
        self.forms: list[dict[str, str]] = []
        self.verdict, self.status, self.text = "Pass - Verified", 200, ""
        self.waits = {
            "verifysourcecode": ["Unable to locate ContractCode at 0x…"],
            "checkverifystatus": ["Pending in queue"],
        }
        self._left: dict[str, list[str]] = {}

    def answer(self, fields: dict[str, str]) -> dict[str, Any]:
        action = fields.get("action", "")
        if fields.get("apikey") != TOKEN:
            return {"status": "0", "message": "NOTOK", "result": "Invalid API Key"}
        subject = action + fields.get("contractaddress", fields.get("guid", ""))
        left = self._left.setdefault(subject, list(self.waits.get(action, [])))
        if left:
            return {"status": "0", "message": "NOTOK", "result": left.pop(0)}
        if action == "verifysourcecode":
            self.forms.append(fields)
            if self.verdict.startswith("Contract source"):
                return {"status": "0", "message": "NOTOK", "result": self.verdict}
            return {"status": "1", "message": "OK", "result": f"guid-{len(self.forms)}"}
        passed = self.verdict.startswith("Pass")
        return {"status": "1" if passed else "0", "message": "OK" if passed else "NOTOK", "result": self.verdict}


@contextmanager
def etherscan() -> Iterator[Fake]:
    fake = Fake()

    class Api(Handler):
        def do_POST(self) -> None:
            self._answer(self.body.decode())

        def do_GET(self) -> None:
            self._answer("")

        def _answer(self, body: str) -> None:
            query = parse_qs(urlsplit(self.path).query)
            assert "chainid" in query, "V2 wants the chain in the address"
            fields = {name: values[0] for name, values in {**query, **parse_qs(body)}.items()}
            self.give(fake.text.encode() or json.dumps(fake.answer(fields)).encode(), fake.status)

    with serving(Api) as url:
        fake.url = f"{url}/v2/api"
        yield fake
