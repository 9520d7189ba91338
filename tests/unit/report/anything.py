"""Documents in which any member is anything."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

Place = tuple[Any, ...]
"""The keys that lead to a member."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: Place = ()) -> list[Place]:
    """Every member of a document, at any depth."""
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in pairs:
        found += places(below, (*path, key))
    return found


def with_value(document: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """The document with another value in one place."""
    changed = copy.deepcopy(document)
    below: Any = changed
    for key in place[:-1]:
        below = below[key]
    below[place[-1]] = value
    return changed
