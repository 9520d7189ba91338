"""What an observation means: pure rules from (memory, observation) to conditions. No clock, no chain, no file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from orchestrator.audit.report import Finding
from orchestrator.audit.watch import alerts as of
from orchestrator.audit.watch.alerts import Alert, Condition, Kind, Source
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.observation import ChainSeen, Observation, Roll
from orchestrator.audit.watch.state import State

Rule = Callable[[State, Observation, Limits], Iterable[Condition]]

MOST = 20
"""Alerts of one kind that are told one by one; the rest is one alert more."""

TOPICS: Mapping[str, Kind] = {
    "contracts": of.CONTRACTS_DIFFER,
    "consortium": of.MEMBERS_DIFFER,
    "records": of.RECORDS_FALSE,
    "checkpoints": of.CHECKPOINT_FALSE,
    "attestations": of.SIGNATURE_FALSE,
    "awards": of.TOKENS_DIFFER,
}
"""The audit's checks that are made at every change, and what their findings mean."""


def conditions(state: State, seen: Observation, limits: Limits) -> tuple[Condition, ...]:
    """All that is wrong in this look, one condition a matter, in order of kind and subject."""
    found: dict[str, Condition] = {}
    for rule in RULES:
        for condition in rule(state, seen, limits):
            known = found.get(condition.alert.id)
            found[condition.alert.id] = condition if known is None else _joined(known, condition)
    return tuple(_bounded(sorted(found.values(), key=lambda item: (item.alert.kind.name, item.alert.subject))))


def silence(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """A watcher that sees nothing says so."""
    for source, why in seen.silent.items():
        alert = Alert(of.SOURCE_SILENT, source.value, f"the {source.value} does not answer: {why}")
        yield Condition(alert, limits.silent_after)


def standing(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """A chain whose newest block is old, by the watcher's clock."""
    for source, chain in _chains(seen):
        age = seen.at - chain.timestamp
        if age > limits.stands_after:
            text = f"the newest block of the {source.value}, {chain.last.number}, is {_span(age)} old"
            yield Condition(Alert(of.CHAIN_STANDS, source.value, text))


def rewritten(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """A block that was final is no longer in its chain."""
    for source, chain in _chains(seen):
        if chain.gone is not None:
            subject = f"block {chain.gone.number} of the {source.value}"
            text = f"{subject} was {chain.gone.hash}, and the chain has another one now, or none"
            yield Condition(Alert(of.CHAIN_REWRITTEN, subject, text))


def fallen(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """A checkpoint that was anchored is anchored no more."""
    if seen.public is None or state.peak is None:
        return
    now = seen.public.heads.get(state.peak.sequence)
    if now != state.peak.head:
        subject = f"checkpoint {state.peak.sequence}"
        has = f"has {now} there" if now else f"ends at checkpoint {seen.public.sequence}"
        text = f"{subject} was anchored with head {state.peak.head}, and the public chain {has}"
        yield Condition(Alert(of.CHECKPOINT_FELL, subject, text))


def stalled(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """Due on the private chain for too long; or, to an outsider, nothing anchored for longer than is usual."""
    if seen.public is None:
        return
    if seen.private is not None:
        waiting = {number: at for number, at in seen.private.due.items() if number > seen.public.sequence}
        late = sorted(number for number, at in waiting.items() if seen.at - at > limits.stalled_after)
        if late:
            age, more = seen.at - waiting[late[0]], f", and {len(late) - 1} after it" if len(late) > 1 else ""
            text = f"checkpoint {late[0]} has been due for {_span(age)} and is not anchored{more}"
            yield Condition(Alert(of.CHECKPOINT_STALLED, f"checkpoint {late[0]}", text))
    if limits.quiet_after and seen.public.anchored_at and seen.at - seen.public.anchored_at > limits.quiet_after:
        last, age = seen.public.sequence, seen.at - seen.public.anchored_at
        text = f"nothing was anchored for {_span(age)}, since checkpoint {last}"
        yield Condition(Alert(of.CHECKPOINT_STALLED, f"after checkpoint {last}", text))


def membership(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """Members that changed since the last look, and chains that do not name the same ones."""
    if seen.public is not None and state.roll is not None and seen.public.roll != state.roll:
        yield Condition(
            Alert(of.MEMBERS_CHANGED, f"epoch {seen.public.roll.epoch}", changes(state.roll, seen.public.roll))
        )
    if seen.public is None or seen.private is None:
        return
    ours, theirs = seen.public.roll, seen.private.roll
    if ours != theirs:
        text = f"the public chain is in epoch {ours.epoch}, the private chain in epoch {theirs.epoch}"
        if ours.epoch == theirs.epoch:
            text = f"in epoch {ours.epoch} the public chain names {_roll(ours)}, the private chain {_roll(theirs)}"
        yield Condition(Alert(of.MEMBERS_DIFFER, "epochs", text), limits.differ_after)
    if seen.private.delegates_differ:
        names = ", ".join(seen.private.delegates_differ)
        text = f"the delegate of {names} differs between the chains"
        yield Condition(Alert(of.MEMBERS_DIFFER, f"delegates of {names}", text), limits.differ_after)


def shredding(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """Receipts that are missing after their last block."""
    for owed in seen.private.owed if seen.private is not None else ():
        assert seen.private is not None
        late = seen.private.chain.last.number - owed.due
        if late > 0:
            who = ", ".join(owed.missing)
            text = f"revocation {owed.request} lacks the shred receipt of {who}, due {late} blocks ago"
            yield Condition(Alert(of.SHREDDING_OVERDUE, f"revocation {owed.request}", text))


def supply(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """Every token must come from a claim; anybody can see that."""
    if seen.public is not None and seen.public.supply != seen.public.paid:
        text = f"the token says it has minted {seen.public.supply}, and claims make {seen.public.paid}"
        yield Condition(Alert(of.TOKENS_DIFFER, "ContributionToken", text), limits.confirm_after)


def absences(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """Objects that did not come, as often in a row as it takes."""
    for item in seen.objects.absent if seen.objects is not None else ():
        if item.misses >= limits.misses:
            yield Condition(Alert(of.OBJECT_MISSING, item.cid, f"{item.what} is missing: {item.why}"))


def findings(state: State, seen: Observation, limits: Limits) -> Iterator[Condition]:
    """What the audit's own checks found in what was read."""
    for topic, found in seen.findings.items():
        for subject, texts in _by_subject(found).items():
            kind = of.EQUIVOCATION if any(map(_equivocates, texts)) else TOPICS[topic]
            yield Condition(Alert(kind, subject, "; ".join(texts)), limits.confirm_after)


RULES: tuple[Rule, ...] = (
    silence, standing, rewritten, fallen, stalled, membership, shredding, supply, absences, findings,
)  # fmt: skip
"""All of them; none depends on another."""


def changes(before: Roll, after: Roll) -> str:
    """How one member set became another, in a sentence."""
    parts = []
    if joined := [name for name in after.members if name not in before.members]:
        parts.append(f"{', '.join(joined)} joined")
    if left := [name for name in before.members if name not in after.members]:
        parts.append(f"{', '.join(left)} left")
    if before.quorum != after.quorum:
        parts.append(f"the quorum is {after.quorum}, and was {before.quorum}")
    told = "; ".join(parts) or "the names are the same, so an authority key is another"
    return f"epoch {after.epoch} follows epoch {before.epoch}: {told}"


def _by_subject(found: Iterable[Finding]) -> Mapping[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for finding in found:
        grouped[finding.subject].append(finding.message)
    return grouped


def _equivocates(message: str) -> bool:
    return message.startswith("equivocation")


def _joined(one: Condition, other: Condition) -> Condition:
    """Two rules on one matter: both sentences, and the shorter grace."""
    texts = dict.fromkeys((one.alert.text, other.alert.text))
    alert = Alert(one.alert.kind, one.alert.subject, "; ".join(texts))
    return Condition(alert, min(one.grace, other.grace))


def _bounded(found: Iterable[Condition]) -> Iterator[Condition]:
    counts: dict[str, int] = defaultdict(int)
    for condition in found:
        kind = condition.alert.kind
        counts[kind.name] += 1
        if counts[kind.name] <= MOST:
            yield condition
    for name, count in counts.items():
        if count > MOST:
            yield Condition(Alert(of.KINDS[name], "the rest", f"{count - MOST} more of this kind are not told singly"))


def _chains(seen: Observation) -> Iterator[tuple[Source, ChainSeen]]:
    if seen.public is not None:
        yield Source.PUBLIC, seen.public.chain
    if seen.private is not None:
        yield Source.PRIVATE, seen.private.chain


def _roll(roll: Roll) -> str:
    return f"{', '.join(roll.members)} with quorum {roll.quorum}"


def _span(seconds: int) -> str:
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
