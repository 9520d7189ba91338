"""Which entry points leave an event or raise an error, followed through all calls of the syntax trees.

Calls into other contracts of ours count: opening a round assigns prekeys, so it leaves `PrekeyAssigned`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]


class Reach:
    """The call graph of all sources."""

    def __init__(self, trees: Mapping[str, Node]) -> None:
        self._nodes = {node["id"]: node for tree in trees.values() for node in walk(tree) if "id" in node}
        self._contracts = {
            node["name"]: node for node in self._nodes.values() if node["nodeType"] == "ContractDefinition"
        }

    def of(self, contract: str) -> dict[str, set[str]]:
        """Names of the events and errors that each external function of a contract, and its constructor, reach."""
        found: dict[str, set[str]] = {"constructor": set()}
        for base in self._bases(contract):
            for node in base["nodes"]:
                if node["nodeType"] != "FunctionDefinition" or not node.get("body"):
                    continue
                if node["kind"] == "constructor":
                    found["constructor"] |= self._reached(node, contract)
                elif node["visibility"] in ("external", "public"):
                    found.setdefault(node["name"], self._reached(node, contract))
        return found

    def _bases(self, contract: str) -> list[Node]:
        """The contract and what it inherits, the most derived first."""
        return [self._nodes[number] for number in self._contracts[contract]["linearizedBaseContracts"]]

    def _reached(self, start: Node, contract: str) -> set[str]:
        names: set[str] = set()
        waiting, seen = [(start, contract)], {(start["id"], contract)}
        while waiting:
            function, inside = waiting.pop()
            for node in walk(function):
                if node["nodeType"] in ("EmitStatement", "RevertStatement"):
                    names.add(_called_name(node.get("eventCall") or node["errorCall"]))
                if node["nodeType"] not in ("FunctionCall", "ModifierInvocation"):
                    continue
                for step in self._targets(node, inside):
                    if (step[0]["id"], step[1]) not in seen:
                        seen.add((step[0]["id"], step[1]))
                        waiting.append(step)
        return names

    def _targets(self, call: Node, inside: str) -> Iterator[tuple[Node, str]]:
        """Functions with a body that a call may run, each with the contract it runs in."""
        expression = call.get("expression") or call["modifierName"]
        if expression["nodeType"] == "NewExpression":
            made = self._nodes.get(expression["typeName"].get("referencedDeclaration", -1))
            if made is not None:  # it is for `new address[](n)`
                bases = self._bases(made["name"])
                constructors = (node for base in bases for node in base["nodes"] if node.get("kind") == "constructor")
                yield from ((node, made["name"]) for node in constructors)
            return
        target = self._nodes.get(expression.get("referencedDeclaration", -1))
        if target is None or target["nodeType"] != "FunctionDefinition":
            return
        owner = self._nodes[target["scope"]]
        if owner["nodeType"] != "ContractDefinition" or owner["contractKind"] == "library":
            yield target, inside
        elif owner["contractKind"] == "interface":
            yield from self._implementations(target, owner)
        else:
            yield self._override(target, inside), inside

    def _implementations(self, target: Node, interface: Node) -> Iterator[tuple[Node, str]]:
        for name, contract in self._contracts.items():
            if interface["id"] in contract["linearizedBaseContracts"] and contract["contractKind"] == "contract":
                found = self._override(target, name)
                if found.get("body"):
                    yield found, name

    def _override(self, target: Node, contract: str) -> Node:
        """The most derived function of that name in a contract; the names of our sources are not overloaded."""
        found: list[Node] = [node for base in self._bases(contract) for node in base["nodes"] if _alike(node, target)]
        return found[0] if found else target


def _alike(node: Node, target: Node) -> bool:
    """Whether a node is a function with a body, of the name and the number of parameters of another."""
    if node["nodeType"] != "FunctionDefinition" or not node.get("body") or node["name"] != target["name"]:
        return False
    counts = [len(one["parameters"]["parameters"]) for one in (node, target)]
    return counts[0] == counts[1]


def walk(node: Any) -> Iterator[Node]:
    """A node of a syntax tree and all below it."""
    if isinstance(node, list):
        for item in node:
            yield from walk(item)
    elif isinstance(node, dict):
        if "nodeType" in node:
            yield node
        for item in node.values():
            if isinstance(item, (dict, list)):
                yield from walk(item)


def _called_name(call: Node) -> str:
    expression = call["expression"]
    return str(expression.get("name") or expression["memberName"])
