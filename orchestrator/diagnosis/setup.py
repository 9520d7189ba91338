"""Checks of the settings against each other and against the deployment files: what needs no node to be seen."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.deployment import read_record
from orchestrator.deployment.consortium import LOCAL_CHAINS
from orchestrator.diagnosis.ends import host_of, is_in_the_clear
from orchestrator.diagnosis.finding import Check, from_error
from orchestrator.errors import ConfigurationError, LoranchorError
from orchestrator.settings import Settings, Side

SIDES: tuple[Side, Side] = ("public", "private")


def setup(settings: Settings) -> Iterator[Check]:
    """Everything that settings and files tell by themselves."""
    yield _deployments(settings)
    yield _finality(settings)
    for side in SIDES:
        yield from _in_the_clear(settings, side)
    yield from _cold_key(settings)


def _deployments(settings: Settings) -> Check:
    """Both files are of one consortium."""
    ids = {side: settings.chain_id(side) for side in SIDES}
    if ids["public"] == ids["private"]:
        mend = "set chain.public.chain_id and chain.private.chain_id"
        return Check("deployments", "broken", f"both chains have chain id {ids['public']}", mend)
    try:
        found = {side: read_record(settings.deployments, ids[side]) for side in SIDES}
    except LoranchorError as error:
        return from_error("deployments", error)
    missing = [f"{ids[side]}.json" for side in SIDES if found[side] is None]
    if missing:
        where = f"{settings.deployments} lacks {' and '.join(missing)}"
        return Check("deployments", "absent", where, "get both files from a member, or `brownie run deploy`")
    consortia = {record.consortium_id for record in found.values() if record is not None}
    if len(consortia) > 1:
        told = f"the files in {settings.deployments} are of two consortia, {' and '.join(sorted(consortia))}"
        return Check("deployments", "broken", told, "take both files from one deployment")
    return Check("deployments", "ok", f"both of consortium {consortia.pop()}")


def _finality(settings: Settings) -> Check:
    """A public chain's newest blocks can be replaced; what a node did on one of them would be undone."""
    chain_id = settings.chain_id("public")
    try:
        depth = int(settings.group("chain")["public"]["finality_depth"])
    except (KeyError, TypeError, ValueError) as error:
        return from_error("finality", ConfigurationError(f"chain.public.finality_depth: {error}"))
    if depth == 0 and chain_id not in LOCAL_CHAINS:
        told = f"chain {chain_id} is a public one, and its newest block counts as final (depth 0)"
        return Check("finality", "broken", told, "set chain.public.finality_depth=12, or as chain=sepolia does")
    return Check("finality", "ok", f"a public block counts once {depth} others lie on it")


def _in_the_clear(settings: Settings, side: Side) -> Iterator[Check]:
    try:
        url = settings.chain_url(side)
    except LoranchorError:
        return  # what is wrong with it is told where the chain is looked at
    if is_in_the_clear(url):
        told = f"what is said to {host_of(url)} is not encrypted"
        yield Check(f"{side} connection", "warning", told, "use https, or a node on this machine or behind a tunnel")


def _cold_key(settings: Settings) -> Iterator[Check]:
    """Where real money or a real consortium is meant, the authority's key does not lie beside the daemon's."""
    organisation = settings.organisation
    if organisation is None or settings.chain_id("public") in LOCAL_CHAINS:
        return
    path = organisation.home / "keystore" / "authority.json"
    if path.exists():
        mend = "`loranchor consortium authority export --remove` takes it to a colder place"
        yield Check("cold key", "warning", f"the authority's key lies beside the daemon's, in {path}", mend)
    else:
        yield Check("cold key", "ok", "the authority's key is not in this home")
