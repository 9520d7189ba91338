"""Ask a starting node whether it is ready. No retries here: the callers poll."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT = (1.0, 5.0)  # seconds to connect and to read


def _post(url: str, **arguments: Any) -> Any:
    """The JSON answer, or None if there is none. Proxies from the environment are for other hosts."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            response = session.post(url, timeout=TIMEOUT, **arguments)
            return response.json() if response.ok else None
        except (requests.RequestException, ValueError):
            return None


def call(rpc_url: str, method: str) -> Any:
    """Result of a JSON-RPC method without parameters; None if the node does not answer."""
    answer = _post(rpc_url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": []})
    return answer.get("result") if isinstance(answer, dict) else None


def chain_id(rpc_url: str) -> int | None:
    result = call(rpc_url, "eth_chainId")
    return None if result is None else int(result, 16)


def block_number(rpc_url: str) -> int | None:
    result = call(rpc_url, "eth_blockNumber")
    return None if result is None else int(result, 16)


def peer_id(api_url: str) -> str | None:
    """The IPFS node's identity; None if it does not answer."""
    answer = _post(f"{api_url}/api/v0/id")
    return str(answer["ID"]) if isinstance(answer, dict) and "ID" in answer else None


def connect_peer(api_url: str, multiaddr: str) -> bool:
    return _post(f"{api_url}/api/v0/swarm/connect", params={"arg": multiaddr}) is not None


def peers(api_url: str) -> list[str] | None:
    """Identities that the node is connected to; None if it does not answer."""
    answer = _post(f"{api_url}/api/v0/swarm/peers")
    if not isinstance(answer, dict):
        return None
    return [str(entry["Peer"]) for entry in answer.get("Peers") or []]
