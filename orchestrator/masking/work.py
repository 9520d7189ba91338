"""Effects of a masked round's ``Submit`` phase. What is recorded is in the journal's results before it is sent.

A book in the home keeps this member from saying two things in one session, whatever happens between two steps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.handlers.training import Sealed, check_round
from orchestrator.daemon.manifests import current_manifest
from orchestrator.daemon.opening import recipients_of
from orchestrator.daemon.results import round_key
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.daemon.trainings import LAYOUT, check_protection
from orchestrator.daemon.workbench import Numbers
from orchestrator.envelope import Context, seal
from orchestrator.errors import EnvelopeError, FormatError, ProtocolError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import Artefact, LedgerState, Round
from orchestrator.ledger.ids import round_of_subject, round_subject
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.masked_rounds import KEYS, MASKED, REVEAL, SHARES
from orchestrator.masking.session import Session, units_bytes
from orchestrator.participation import Limits
from orchestrator.privacy.secagg import protect_masked, protect_sum
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.secagg.bundles import Bundle, check_bundle, open_shares
from orchestrator.secagg.keys import check_announcement
from orchestrator.secagg.masked import check_masked
from orchestrator.secagg.masks import Units
from orchestrator.secagg.member import Member
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.reveals import dealers_statement
from orchestrator.secagg.sealed import packed

DRAWN = "secagg-drawn"
"""What a member deals, before it has said so."""

_log = logging.getLogger(__name__)


def session_of(services: Services, state: NodeState, number: int) -> Session:
    """The round's session, for what is sent in the next block at the earliest."""
    found = state.ledger.rounds[number]
    return Session(services, state.ledger, found, services.task_of(found), state.private_block + 1)


def prepare(services: Services, state: NodeState, effect: fx.PrepareMasks) -> Job | None:
    """Check the round as before a training, and ask the workbench which numbers its updates have."""
    found = state.ledger.rounds[effect.round]
    task = services.task_of(found)
    manifest = check_round(services, state.ledger, found, task)

    def layout() -> dict[str, object]:
        told = services.bench.layout(task, manifest)
        return {"words": told.words, "layout": told.layout}

    def job() -> None:
        services.results.once(LAYOUT, round_key(found), layout)
        session = session_of(services, state, effect.round)  # terms that hide nothing are refused before all else
        _check_own_least(services, len(session.terms.parties), "are in the round")

    return job


def announce(services: Services, state: NodeState, effect: fx.AnnounceMask) -> None:
    session = session_of(services, state, effect.round)
    with session.member() as member:
        _record(services, session, KEYS, lambda: member.announce().to_bytes())


def deal(services: Services, state: NodeState, effect: fx.DealShares) -> None:
    session = session_of(services, state, effect.round)
    with session.member() as member:
        # what is drawn is random: it is on disk before the book has it, or a cut between the two would end the dealing
        drawn = services.results.once(
            DRAWN, round_key(session.found), lambda: {"bundle": member.draw(session.prekeys()).to_bytes().decode()}
        )
        bundle = Bundle.from_bytes(drawn["bundle"].encode())
        _record(services, session, SHARES, lambda: member.say(bundle).to_bytes())


def check(services: Services, state: NodeState, effect: fx.CheckMasked) -> Job:
    """Endorse an object that is in order and now on the own node as well, or dispute it with the reason."""
    item = state.ledger.artefacts[effect.artefact_id]
    session = session_of(services, state, round_of_subject(item.subject))

    def job() -> None:
        registry = services.private.artefacts
        try:
            _examine(session, item)
        except SecaggRefused as error:
            call = registry.dispute(item.id, error.reason.value, leaf_salt())
            _log.warning("%s of %s is disputed: %s", item.kind, item.organisation, error)
        except (EnvelopeError, FormatError) as error:
            call = registry.dispute(item.id, Reason.BAD_FORMAT.value, leaf_salt())
            _log.warning("%s of %s is disputed: %s", item.kind, item.organisation, error)
        else:
            services.store.pin(item.cid)
            call = registry.endorse(item.id, 0, leaf_salt())
        services.send_private(call)

    return job


def send(services: Services, state: NodeState, effect: fx.SendMasked) -> Job:
    """Train once, mask once, and record what was sealed, however often this is tried."""
    session = session_of(services, state, effect.round)
    manifest = check_round(services, state.ledger, session.found, session.task)

    def job() -> None:
        services.check_signing()  # before minutes are spent
        key = round_key(session.found)
        if services.results.find(MASKED, key) is None and key not in services.numbers:
            numbers = _trained(services, state.ledger, session, manifest)
            if services.results.find(LAYOUT, key) is None:  # settled: nobody would let go of them any more
                raise ProtocolError(f"masked round {effect.round} ended while it was trained for")
            services.numbers[key] = numbers
        _record(services, session, MASKED, lambda: _masked(services, session, manifest, services.numbers[key]))
        services.numbers.pop(key, None)
        services.bench.settle(effect.round)
        services.figures.status("masked", round=effect.round)
        services.report_traffic()

    return job


def reveal(services: Services, state: NodeState, effect: fx.RevealShares) -> Job:
    """Reveal shares for the survivors that the records tell; the book refuses any other list afterwards."""
    session = session_of(services, state, effect.round)

    def job() -> None:
        with session.member() as member:
            now = session.now

            def revealed() -> bytes:
                _check_own_least(services, len(now.survivors), "have sent masked updates")
                _check_survivors(session)
                _take(session, member)
                return member.reveal(now.survivors).to_bytes()

            _record(services, session, REVEAL, revealed)

    return job


def sum_up(services: Services, state: NodeState, effect: fx.SumMasked) -> Job | None:
    """Compute the sum, and seal it as an update of this member's."""
    session = session_of(services, state, effect.round)
    found, task, sealed = session.found, session.task, Sealed(services)
    if sealed.of(found) is not None:
        return None
    manifest = current_manifest(state.ledger, services, task)

    def job() -> None:
        services.figures.status("summing", round=effect.round)
        whole = services.bench.whole(task, manifest, units_bytes(session.total().total))
        delta = protect_sum(whole, parent_manifest=manifest.digest)
        sealed.make(state.ledger, found, check_protection(delta, task, Limits.from_settings(services.settings.values)))
        services.figures.status("summed", round=effect.round)
        services.report_traffic()

    return job


def settle(services: Services, ledger: LedgerState, found: Round) -> None:
    """Destroy this member's secrets of an ended round, and let go of its objects: nobody can open them any more."""
    try:
        session = Session(services, ledger, found, services.task_of(found), found.opened_block)
    except SecaggRefused:
        return  # then nothing was said in it
    with services.lock:
        services.keystore.destroy_mask_secrets(session.terms.session)
    for (_, name), item in session.objects.items():
        if name == services.me or services.me in item.endorsements:
            services.store.unpin(item.cid)
    services.journal.drop(DRAWN, round_key(found))
    services.journal.drop(LAYOUT, round_key(found))  # nothing is left to do


def _record(services: Services, session: Session, kind: str, make: Callable[[], bytes]) -> None:
    """Make an object once, store it, and propose it."""

    def made() -> dict[str, str]:
        data = make()
        return {"cid": services.store.add(data), "digest": sha256(data)}

    kept = services.results.once(kind, round_key(session.found), made)
    subject = round_subject(session.found.id)
    services.send_private(services.private.artefacts.propose(kind, subject, kept["digest"], kept["cid"], leaf_salt()))


def _examine(session: Session, item: Artefact) -> None:
    terms, sender = session.terms, item.organisation
    if item.kind == KEYS:
        check_announcement(terms, session.announcement(item), sender)
    elif item.kind == SHARES:
        bundle = session.bundle(item)
        check_bundle(terms, bundle, sender)
        open_shares(terms, bundle, session.me, session.prekey())
    else:
        dealers = session.now.dealers
        check_masked(terms, session.masked(item), sender, dealers)
        with session.book() as book:  # whoever stands behind it reveals for these dealers and for no others
            book.claim(terms.session, [dealers_statement(session.me, dealers)])


def _check_survivors(session: Session) -> None:
    """Refuse to reveal for updates that were masked against other dealers than the records tell now.

    An update that does not open here was sealed wrongly by its own member, or to another prekey of this one; of those
    the book has this member's word.

    Raises:
        SecaggRefused: WRONG_DEALERS. StorageError: one is not to be had yet.
    """
    now = session.now
    for name in now.survivors:
        try:
            update = session.masked(session.objects[MASKED, name])
        except (EnvelopeError, FormatError) as error:
            _log.warning("the masked update of %s does not open here: %s", name, error)
        else:
            check_masked(session.terms, update, name, now.dealers)


def _check_own_least(services: Services, count: int, what: str) -> None:
    """The organisation's own least number of updates, below which it takes no part in a sum and reveals nothing."""
    least = Limits.from_settings(services.settings.values).minimum_updates
    if least is not None and count < least:
        raise SecaggRefused(
            Reason.TOO_FEW,
            f"{count} members {what}, this organisation's accept.minimum_updates is {least}",
            mend="lower accept.minimum_updates, or leave these rounds to others",
        )


def _take(session: Session, member: Member) -> None:
    """Give the member what the dealers recorded."""
    member.take(*session.dealt(session.now.dealers))
    for name, fault in member.faults.items():
        _log.warning("the shares of %s are left out: %s", name, fault)


def _masked(services: Services, session: Session, manifest: Manifest, numbers: Numbers) -> bytes:
    """The update behind its masks, sealed to all, as one object."""
    found, terms = session.found, session.terms
    units: Units = np.frombuffer(numbers.units, "<i4").astype(np.int64)
    with session.member() as member:
        _take(session, member)
        _check_own_least(services, len(session.now.dealers), "have dealt")
        hidden = member.mask(units)
    delta = protect_masked(hidden, samples=numbers.samples, parent_manifest=manifest.digest)
    check_protection(delta, session.task, Limits.from_settings(services.settings.values))
    sealed, _ = seal(delta, Context(terms.chain_id, terms.ledger, found.id, services.me), recipients_of(found))
    services.journal.write("update-masked", round=found.id, bytes=len(sealed.payload) + len(sealed.header))
    return packed(sealed)


def _trained(services: Services, ledger: LedgerState, session: Session, manifest: Manifest) -> Numbers:
    """Train from a seed of this round's number. An ordinary round that is held again trains what the first had
    trained (decision 0095); here the sums of the two would differ by the update of whoever is in one of them alone.
    """
    task, number = session.task, session.found.id

    def progress(step: int, steps: int) -> None:
        services.figures.status("training", round=number, step=step, steps=steps)

    progress(0, task.training.steps)
    opener = services.opener(ledger)
    if not manifest.entries:
        base = services.bench.evaluate(task, manifest, opener)
        services.figures.held_out("base", base.value, base.samples)
    numbers = services.bench.numbers(task, manifest, opener, number, progress, ordinal=number)
    if len(numbers.units) != 4 * session.terms.words:
        raise ProtocolError(f"the workbench trained {len(numbers.units) // 4} numbers, not {session.terms.words}")
    return numbers
