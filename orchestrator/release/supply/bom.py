"""Writes a bill of materials as CycloneDX 1.6 by its own library; without a time, so that all write the same."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from orchestrator.errors import EnvironmentMissing
from orchestrator.files import write_atomic
from orchestrator.release.supply.bill import NAME, Bill, Item

if TYPE_CHECKING:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component

PREFIX = "loranchor:"
FORMAT = "loranchor/model-bom 1"
CARD = "README.md"


def write_bom(bill: Bill, folder: Path) -> None:
    """Write ``bom.cdx.json``.

    Raises:
        EnvironmentMissing: the library is not installed.
    """
    write_atomic(folder / NAME, bom_text(bill).encode() + b"\n")


def check_installed() -> None:
    """Raises EnvironmentMissing: this is the base install."""
    if find_spec("cyclonedx") is None:
        raise EnvironmentMissing("cyclonedx-python-lib is not installed", mend="pip install 'loranchor[train]'")


def bom_text(bill: Bill) -> str:
    """The document. What CycloneDX has no member for is a property whose name begins with ``loranchor:``."""
    check_installed()
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.json import JsonV1Dot6

    model, base = _model(bill), _base(bill)
    parts = [_file(name, digest) for name, digest in sorted(bill.files.items())]
    entries = [_entry(place, item) for place, item in enumerate(bill.items)]
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, bill.manifest), components=[base, *parts, *entries])
    bom.metadata.timestamp = None  # type: ignore[assignment] # the library writes none then
    bom.metadata.component = model
    bom.register_dependency(model, [base, *parts, *entries])
    return JsonV1Dot6(bom).output_as_string(indent=2)


def _model(bill: Bill) -> Component:
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        name="loranchor-model",
        version=bill.manifest,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="model",
        external_references=[ExternalReference(type=ExternalReferenceType.MODEL_CARD, url=XsUri(CARD))],
        properties=_properties(
            format=FORMAT,
            consortium=bill.consortium,
            manifest=bill.manifest,
            base=bill.base,
            settings=bill.settings,
            strategy=bill.strategy,
            count=bill.count,
            named=str(bill.named).lower(),
        ),
    )


def _base(bill: Bill) -> Component:
    """Its digest is over tensors, not over a file: a property, since a hash here would be taken for a file's."""
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        name=bill.base_hub or "base-model",
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="base",
        description=bill.base_words,
        licenses=[_licence(bill.licence)] if bill.licence else (),
        properties=_properties(digest=bill.base),
    )


def _licence(name: str) -> Any:
    from cyclonedx.model.license import DisjunctiveLicense
    from cyclonedx.spdx import fixup_id

    known = fixup_id(name)
    return DisjunctiveLicense(id=known) if known else DisjunctiveLicense(name=name)


def _file(name: str, digest: str) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        name=name,
        type=ComponentType.FILE,
        bom_ref=f"file/{name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )


def _entry(place: int, item: Item) -> Component:
    """A contribution is data: what an organisation's training made of its own."""
    from cyclonedx.model.component import Component, ComponentType

    told = {"organisation": item.organisation, "round": item.round, "update": item.update}
    told = {name: value for name, value in told.items() if value}
    more = {"statement": item.statement} if item.statement else {}
    more |= {"document": item.document} if item.document else {}
    return Component(
        name=f"{item.kind} {place + 1}",
        type=ComponentType.DATA,
        bom_ref=f"entry/{place + 1}",
        properties=_properties(
            place=place, kind=item.kind, leaf=item.leaf, covered=str(item.covered).lower(), **told, **more
        ),
    )


def _properties(**values: object) -> list[Property]:
    from cyclonedx.model import Property

    return [Property(name=PREFIX + name, value=str(value)) for name, value in values.items()]
