"""Tables of `make bench-participation`, from its result alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.harness import Interval, Report, Result, Table, t_interval, values_of
from benchmarks.harness.tables import Value
from benchmarks.participation.world import ARRIVALS, PAY

POLICIES = ("always", "threshold", "q_learning")
USERS = ("one", "all")

INTRODUCTION = """\
Six organisations with unequal machines (a CPU second costs 0.5 to 2 of the mean one's) and data of unequal worth
decide round by round whether to train. Policies, situations and the rule of awards are the daemon's own code. Nothing
is trained: what an update gains is made up, falls by a fifth each time the same data are used again, and each judge
sees it with 30 % noise. A round pays a fixed sum, shared by scores, so whoever passes leaves more to the others.

Money is in CPU seconds of the mean machine: an update costs 20.4 (SmolLM2-135M, 12 steps) and 1 for sealing and
sending; an evaluation costs 4, and judges need one more than there are updates, also those that passed. A round pays
3 (rich), 1.2 (even) or 0.6 (poor) times what all six trainings cost on mean machines. New data come in every second
or every tenth round on average. `threshold` and `q_learning` have their packaged settings with the organisation's
true costs.

**One**: one organisation uses the policy, the others always take part; its own figures. **All**: everybody uses it;
means over the six."""

SHOWN_NOT = (
    "Real updates: gains, noise and staleness are made up, and no update makes another one worth less.",
    "Costs that the policies do not know, or misjudge. Here each organisation knows its own exactly.",
    "What an organisation gets from a better common model: nobody here is rewarded for that, so passing looks cheaper"
    " than it is.",
    "Members that lie about scores or agree with each other to pass.",
    "Prices of a public chain: sending is one second whatever the fee.",
    "More than six seeds; t-intervals of shares can reach below 0 or above 100 %.",
)


def report(result: Result) -> Report:
    tables = [_table(result, pay, arrivals) for pay in PAY for arrivals in ARRIVALS]
    return Report("Participation policies", INTRODUCTION, tables, SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """A policy that asks what a round pays must not leave one organisation poorer where rounds do not pay."""
    found = []
    for policy in POLICIES[1:]:
        for arrivals in ARRIVALS:
            mean = t_interval(_more(result, "poor", arrivals, policy, "one")).mean
            if mean is not None and mean < 0:
                found.append(f"{policy} loses {-mean:.2f} a round against always, poor pay, new data {arrivals}")
    return found


def _table(result: Result, pay: str, arrivals: str) -> Table:
    columns = [
        "policy, used by",
        "takes part, %",
        "earned",
        "training",
        "judging",
        "net",
        "net more than always",
        "common gain, % of always",
        "rounds failed, %",
    ]
    rows = [[f"{policy}, {user}", *_row(result, pay, arrivals, policy, user)] for policy in POLICIES for user in USERS]
    note = "A round and organisation, in CPU seconds; differences are to the same seed's `always`."
    title = f"Pay {pay}, new data {arrivals}"
    return Table(title, columns, rows, note if (pay, arrivals) == ("rich", "often") else "", digits=1)


def _row(result: Result, pay: str, arrivals: str, policy: str, user: str) -> Iterator[Value]:
    where = {"pay": pay, "arrivals": arrivals, "policy": policy, "used by": user}

    def over(figure: str, factor: float = 1.0) -> Interval:
        return t_interval([factor * value for value in values_of(result.cells, figure, **where)])

    yield over("taken", 100)
    yield over("earned")
    yield over("cost")
    yield over("judging")
    yield t_interval(_net(result, **where))
    yield "–" if policy == "always" else t_interval(_more(result, pay, arrivals, policy, user))
    yield "100" if policy == "always" else t_interval(_gain(result, pay, arrivals, policy, user))
    yield over("failed", 100)


def _net(result: Result, **where: object) -> list[float]:
    parts = (values_of(result.cells, figure, **where) for figure in ("earned", "cost", "judging"))
    return [earned - cost - judging for earned, cost, judging in zip(*parts, strict=True)]


def _more(result: Result, pay: str, arrivals: str, policy: str, user: str) -> list[float]:
    """Net of a policy less that of always, by seed."""
    return [
        found[0] - always[0]
        for seed in result.seeds
        if (found := _net(result, pay=pay, arrivals=arrivals, policy=policy, seed=seed, **{"used by": user}))
        and (always := _net(result, pay=pay, arrivals=arrivals, policy="always", seed=seed, **{"used by": user}))
    ]


def _gain(result: Result, pay: str, arrivals: str, policy: str, user: str) -> list[float]:
    """The common model's gain, in per cent of what it is where everybody always takes part, by seed."""
    where = {"pay": pay, "arrivals": arrivals, "used by": user}
    return [
        100 * found[0] / always[0]
        for seed in result.seeds
        if (found := values_of(result.cells, "gained", policy=policy, seed=seed, **where))
        and (always := values_of(result.cells, "gained", policy="always", seed=seed, **where))
    ]
