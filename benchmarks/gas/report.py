"""Tables of `make bench-gas`, from its result alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.gas.figures import CONTRACTS, LIMITS, SPREAD, by_updates, rounds, usages, within
from benchmarks.gas.meter import Usage
from benchmarks.harness import Report, Result, Table
from benchmarks.harness.tables import Value

GWEI = (1, 10, 50)
BATCH = "AwardDistributor.claimBatch: instead of single claims"
SIDES = frozenset({0, 1})

INTRODUCTION = """\
Gas of whole transactions: what the sender pays for, intrinsic gas and calldata included, as a mined receipt says it.
Anvil mines each transaction; accounts, contents and block times are fixed, so a second run gives the same figures.
Where only another contract may call, the figure is that call's part of the transaction named, by Anvil's call tracer.
"At the calldata floor" are transactions whose data alone cost more than all that they do (EIP-7623, since prague).

The **naive** design ([source](../../benchmarks/gas/Naive.sol)) is what one would write first: each update's CID and
digest in public storage, and an ERC-20 that its owner mints. It has no members, rounds, quorum, objections or
revocations, and shows everybody who submitted what and when."""

SHOWN_NOT = (
    "Fees: what a unit of gas costs is a market's matter; the prices in the last table are assumptions, not measured.",
    "Rollups: they charge for data in a way of their own.",
    "Other hard forks: another client of the same fork counts the same gas, other forks have other prices. Ganache "
    "runs shanghai, which has no calldata floor.",
    "Load of the private chain: its gas is free, but a block holds only so much. Delays depend on its block time.",
    "Other contents: in calldata a zero byte costs 4 gas and any other 16, so figures move by a few dozen gas.",
)


def report(result: Result) -> Report:
    tables = [_limits(result), *_entry_points(result), *_rounds(result)]
    return Report("Gas", INTRODUCTION, tables, SHOWN_NOT)


def _limits(result: Result) -> Table:
    found = usages(result)
    rows: list[list[Value]] = []
    for limit in LIMITS:
        about = [one.gas for one in within(limit, found)]
        name = f"{limit.contract}.{limit.function}, {limit.case}"
        rows.append([name, _range(about), f"{limit.most:,}"])
    same = by_updates(found)
    spread = max(same) - min(same) if same else None
    rows.append(["CheckpointAnchor.anchor, difference between 1, 10, 100 and 1,000 updates", spread, SPREAD])
    note = "The run fails when one of them is passed. `tests/contracts` holds the contracts to the first five as well."
    return Table("What must hold", ["what", "gas", "at most"], rows, note)


def _entry_points(result: Result) -> Iterator[Table]:
    found = usages(result)
    for contract in (*CONTRACTS, "Naive"):
        own = [one for one in found if one.contract == contract]
        own.sort(key=lambda one: (one.function != "constructor", one.function))
        rows: list[list[Value]] = [[one.function, _case(one), one.gas, one.calldata] for one in own]
        yield Table(contract, ["entry point", "case", "gas", "bytes sent"], rows, left=SIDES)


def _case(usage: Usage) -> str:
    if not usage.inside:
        return (usage.variant or "any") + (", at the calldata floor" if usage.floor else "")
    return f"inside {usage.inside}" + (f", {usage.variant}" if usage.variant else "")


def _rounds(result: Result) -> Iterator[Table]:
    sizes = rounds(result)
    yield _public(sizes)
    yield _private(sizes)
    yield _dearest(sizes)
    yield _cost(sizes)


def _public(sizes: Mapping[int, Mapping[str, Any]]) -> Table:
    rows: list[list[Value]] = []
    for size, figures in sizes.items():
        ours, naive = figures["public"], figures["naive"]
        anchor, record = ours["CheckpointAnchor.anchor"]["gas"], naive["Naive.record"]["gas"]
        paid = [anchor, ours["AwardDistributor.publish"]["gas"], ours["AwardDistributor.claim"]["gas"]]
        batch, total = paid[0] + paid[1] + ours[BATCH]["gas"], record + naive["Naive.pay"]["gas"]
        rows.append([str(size), anchor, record, _share(anchor, record), sum(paid), batch, total, _share(batch, total)])
    columns = ["organisations", "anchor", "naive: records", "share", "with publishing and single claims"]
    columns += ["with one batch of claims", "naive: with payments", "share (batch)"]
    note = (
        "One round in service: an update and an award for each organisation, signatures of a majority. The first three "
        "columns record what happened; the others pay as well, each award claimed by itself or all in one transaction."
    )
    return Table("A round on the public chain", columns, rows, note)


def _private(sizes: Mapping[int, Mapping[str, Any]]) -> Table:
    names = list(dict.fromkeys(name for figures in sizes.values() for name in figures["private"]))
    rows: list[list[Value]] = [
        [name, *(_counted(figures["private"].get(name)) for figures in sizes.values())] for name in names
    ]
    totals = [
        {key: sum(entry[key] for entry in figures["private"].values()) for key in ("transactions", "gas")}
        for figures in sizes.values()
    ]
    rows.append(["in all", *(_counted(total) for total in totals)])
    note = (
        "Gas in all, and transactions in brackets. Every member publishes a prekey, submits, releases, judges all "
        "updates and attests. The naive design has no private chain."
    )
    return Table("A round on the private chain", _columns(sizes), rows, note)


def _dearest(sizes: Mapping[int, Mapping[str, Any]]) -> Table:
    wanted = [f"RoundLedger.{name}" for name in ("openRound", "revealVerdicts", "submitUpdate", "closeRound")]
    rows: list[list[Value]] = [
        [name, *(figures["private"][name]["most"] for figures in sizes.values())] for name in wanted
    ]
    note = "A block must hold the dearest transaction: the local chains have blocks of 30,000,000 gas."
    return Table("The dearest transaction of a round", _columns(sizes), rows, note)


def _cost(sizes: Mapping[int, Mapping[str, Any]]) -> Table:
    rows: list[list[Value]] = []
    for size, figures in sizes.items():
        ours, naive = figures["public"], figures["naive"]
        gas = ours["CheckpointAnchor.anchor"]["gas"] + ours["AwardDistributor.publish"]["gas"] + ours[BATCH]["gas"]
        total = sum(entry["gas"] for entry in naive.values())
        rows.append([str(size), *(value * price / 1e9 for price in GWEI for value in (gas, total))])
    columns = ["organisations", *(f"{who}, {price} gwei" for price in GWEI for who in ("ours", "naive"))]
    note = "In ether: a whole round with payments, claims in one batch. The gas prices are examples."
    return Table("What a round costs on the public chain", columns, rows, note, digits=5)


def _columns(sizes: Mapping[int, Mapping[str, Any]]) -> list[str]:
    return ["entry point", *(f"{size} organisations" for size in sizes)]


def _counted(entry: Mapping[str, int] | None) -> str | None:
    return None if entry is None else f"{entry['gas']:,} ({entry['transactions']:,})"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def _range(values: list[int]) -> str | None:
    if not values:
        return None
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
