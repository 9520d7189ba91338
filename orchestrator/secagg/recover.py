"""The sum out of masked updates and revealed shares: what anybody computes, and everybody gets the same bits.

Whoever does this needs no trust and no secret: it takes objects that the chain has digests of, and a wrong sum differs
from what any other member computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from orchestrator.ledger.masked_rounds import LEAST_OWNERS
from orchestrator.ledger.words import word
from orchestrator.secagg.bundles import Bundle, Secret
from orchestrator.secagg.keys import Announcement, Secrets, pair_key, public_key, seed_commitment, self_key
from orchestrator.secagg.masked import MaskedUpdate, check_masked
from orchestrator.secagg.masks import Units, Words, add_stream, check_enough, ring_type, sign, signed
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.reveals import Reveal, check_reveal, wanted_secret
from orchestrator.secagg.shamir import join
from orchestrator.secagg.terms import Terms
from orchestrator.types import OrganisationId


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A sum and whose it is.

    Attributes:
        total: Σ weight · units over the owners, int64, exact.
        owners: in ascending order. weights: of each.
        faults: reveals that were left out, by holder, with what was wrong with them.
    """

    total: Units = field(repr=False, compare=False)
    owners: tuple[OrganisationId, ...]
    weights: Mapping[OrganisationId, int]
    faults: Mapping[OrganisationId, SecaggRefused] = field(default_factory=dict)


def aggregate(
    terms: Terms,
    announced: Mapping[OrganisationId, Announcement],
    bundles: Mapping[OrganisationId, Bundle],
    masked: Mapping[OrganisationId, MaskedUpdate],
    reveals: Mapping[OrganisationId, Reveal],
) -> Aggregate:
    """The sum of the updates that are there.

    Args:
        announced, bundles: of the same members, those that have dealt in time; each was checked.
        masked, reveals: by who recorded them.

    Raises:
        SecaggRefused: REPLAYED, FORGED, WRONG_DEALERS for a masked update; TOO_FEW updates or right shares; BAD_DEAL
            where a dealer's shares do not make what it announced; OUT_OF_RANGE.
    """
    dealers, survivors = tuple(sorted(bundles)), tuple(sorted(masked))
    for name in survivors:
        check_masked(terms, masked[name], name, dealers)
    check_enough(terms, len(survivors), "have sent masked updates")
    shares, faults = _usable(terms, bundles, survivors, reveals)
    secrets = {name: _recovered(terms, announced[name], shares[name], survivors, faults) for name in dealers}
    total: Words = np.zeros(terms.words, ring_type(terms))
    for name in survivors:
        np.add(total, masked[name].words, out=total)
    for name in survivors:
        add_stream(total, self_key(terms, name, secrets[name]), -1)
    for gone in (name for name in dealers if name not in survivors):
        for name in survivors:
            add_stream(total, pair_key(terms, gone, secrets[gone], announced[name]), -sign(name, gone))
    weights = {name: masked[name].weight for name in survivors}
    found = signed(total)
    _check_range(terms, found, sum(weights.values()), "the sum")
    return Aggregate(found, survivors, weights, faults)


def opened(terms: Terms, announced: Mapping[OrganisationId, Announcement], update: MaskedUpdate, own: Secrets) -> Units:
    """One member's weighted update, out of its masked one and both of its secrets.

    Only the member itself has both, and gives its own mask key away for one purpose: to have its update taken out of a
    sum exactly. Nobody else's secret is touched by that.

    Raises:
        SecaggRefused: FORGED where the secrets are not those that it announced; OUT_OF_RANGE.
    """
    name = update.organisation
    announcement = announced[name]
    known = (public_key(own.mask_key), seed_commitment(terms, name, own.seed))
    if known != (announcement.mask_key, announcement.seed_commitment):
        raise SecaggRefused(Reason.FORGED, f"these are not the secrets that {name} announced")
    words = update.words.astype(ring_type(terms))
    add_stream(words, self_key(terms, name, own.seed), -1)
    for other in update.dealers:
        if other != name:
            add_stream(words, pair_key(terms, name, own.mask_key, announced[other]), -sign(name, other))
    found = signed(words)
    _check_range(terms, found, update.weight, f"the update of {name}")
    return found


def without(
    terms: Terms, found: Aggregate, announced: Mapping[OrganisationId, Announcement], update: MaskedUpdate, own: Secrets
) -> Aggregate:
    """The sum without one owner, to the bit what it is without it.

    Raises:
        SecaggRefused: NOT_A_MEMBER, FORGED, OUT_OF_RANGE; TOO_FEW where those that are left would see each other's
            updates: then the round is trained again without it.
    """
    name = update.organisation
    if name not in found.owners:
        raise SecaggRefused(Reason.NOT_A_MEMBER, f"{name} owns no part of this sum")
    if len(found.owners) - 1 < LEAST_OWNERS:
        raise SecaggRefused(
            Reason.TOO_FEW,
            f"{len(found.owners) - 1} owners would be left, {LEAST_OWNERS} are needed to hide each other",
            mend="revoke the whole sum, and replay the round without this member",
        )
    rest = found.total - opened(terms, announced, update, own)
    owners = tuple(item for item in found.owners if item != name)
    return Aggregate(rest, owners, {item: found.weights[item] for item in owners})


def _usable(
    terms: Terms,
    bundles: Mapping[OrganisationId, Bundle],
    survivors: tuple[OrganisationId, ...],
    reveals: Mapping[OrganisationId, Reveal],
) -> tuple[dict[OrganisationId, dict[int, bytes]], dict[OrganisationId, SecaggRefused]]:
    """Right shares by dealer and place, and what was wrong with the reveals that are left out."""
    shares: dict[OrganisationId, dict[int, bytes]] = {name: {} for name in bundles}
    faults: dict[OrganisationId, SecaggRefused] = {}
    for holder in sorted(reveals):
        try:
            check_reveal(terms, reveals[holder], holder, bundles, survivors)
        except SecaggRefused as error:
            faults[holder] = error
            continue
        for item in reveals[holder].shares:
            shares[item.of][terms.place_of(holder)] = word(item.share)
    return shares, faults


def _recovered(
    terms: Terms,
    announced: Announcement,
    shares: Mapping[int, bytes],
    survivors: tuple[OrganisationId, ...],
    faults: Mapping[OrganisationId, SecaggRefused],
) -> bytes:
    name = announced.organisation
    secret: Secret = wanted_secret(name, survivors)
    if len(shares) < terms.threshold:
        why = "".join(f"; {error.message}" for error in faults.values())
        raise SecaggRefused(
            Reason.TOO_FEW, f"{len(shares)} right shares of the {secret} of {name}, {terms.threshold} are needed{why}"
        )
    found = join({place: shares[place] for place in sorted(shares)[: terms.threshold]})
    if secret == "seed":
        right = seed_commitment(terms, name, found) == announced.seed_commitment
    else:
        right = public_key(found) == announced.mask_key
    if not right:
        raise SecaggRefused(Reason.BAD_DEAL, f"the shares that {name} dealt do not make the {secret} that it announced")
    return found


def _check_range(terms: Terms, total: Units, weight: int, what: str) -> None:
    """A wrong mask, or numbers beyond the clip, put a sum of random words far outside; whose it was nobody can tell."""
    most = max(int(total.max()), -int(total.min()))
    if most > weight * terms.clip:
        raise SecaggRefused(
            Reason.OUT_OF_RANGE,
            f"{what} has a number of {most} steps, where {weight * terms.clip} is the most: a member masked wrongly or"
            " sent more than its terms allow",
        )
