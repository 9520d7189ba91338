"""Do the two Consortium contracts know each other, and do both chains tell of the same members?"""

from __future__ import annotations

from orchestrator.audit.evidence import Binding, Side
from orchestrator.audit.membership import Membership
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.commitment.consortium import digest_of_members


def check_consortium(own: Recomputed, tally: Tally) -> None:
    public, private = own.evidence.public, own.evidence.private
    pair = Binding(
        public.chain_id,
        public.deployment.address("Consortium"),
        private.chain_id,
        private.deployment.address("Consortium"),
    )
    tally.demand(not public.broken, "public Consortium", public.broken)
    for side, membership in ((public, own.public_membership), (private, own.private_membership)):
        _check_side(side, membership, pair, tally)
    anchored = public.links.get("CheckpointAnchor.privateChainId")
    tally.same("CheckpointAnchor", "its private chain", anchored, private.chain_id)
    _check_epochs(own.public_membership, own.private_membership, tally)


def _check_side(side: Side, membership: Membership, pair: Binding, tally: Tally) -> None:
    where, facts = f"Consortium on chain {side.chain_id}", side.consortium
    assert facts is not None
    tally.same(where, "the consortium id in the deployment file", side.deployment.consortium_id, facts.consortium_id)
    tally.same(where, "its binding", facts.binding, pair)
    last = membership.last
    tally.same(where, "its epoch", facts.epoch, last.epoch)
    tally.same(where, "its quorum", facts.quorum, last.quorum)
    tally.same(where, "its digest", facts.consortium_digest, last.consortium_digest)
    seats = [(seat.organisation, seat.authority, seat.delegate) for seat in last.seats.values()]
    tally.same(where, "its members", [(m.organisation, m.authority, m.delegate) for m in facts.members], seats)
    for number, epoch in membership.epochs.items():
        digest = digest_of_members(facts.consortium_id, epoch.members)
        tally.same(f"{where}, epoch {number}", "the digest", epoch.members.consortium_digest, digest)


def _check_epochs(public: Membership, private: Membership, tally: Tally) -> None:
    """The digest covers id, epoch, quorum and authorities; delegates may differ for as long as a rotation takes."""
    for number in sorted(public.epochs.keys() & private.epochs.keys()):
        ours, theirs = public.epochs[number].members, private.epochs[number].members
        tally.same(f"epoch {number}", "the public chain's digest", ours.consortium_digest, theirs.consortium_digest)
    ahead = public.epochs.keys() ^ private.epochs.keys()
    if ahead and max(public.epochs, default=0) != max(private.epochs, default=0):
        tally.note(f"epoch {max(ahead)} has reached one chain only so far")
    differing = [
        name
        for name, seat in public.last.seats.items()
        if name in private.last.seats and private.last.seats[name].delegate != seat.delegate
    ]
    if differing:
        tally.note(f"the delegate of {', '.join(differing)} differs between the chains")
