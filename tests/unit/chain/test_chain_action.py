"""What belongs to an action, and to which."""

from __future__ import annotations

import threading

import pytest

from orchestrator.chain.action import acting, current_action, next_ordinal


def test_outside_there_is_none() -> None:
    assert current_action() is None
    with pytest.raises(RuntimeError, match="no action"):
        next_ordinal(1, "Echo.say")


def test_it_ends_with_its_block_however_that_ends() -> None:
    with pytest.raises(OSError, match="full"), acting("submit:1"):
        assert current_action() == "submit:1"
        raise OSError("full")
    assert current_action() is None


def test_an_empty_id_is_refused() -> None:
    with pytest.raises(ValueError, match="id"), acting(""):
        pass


def test_calls_are_counted_by_chain_and_name() -> None:
    with acting("settle:1"):
        names = [(1, "A.b"), (1, "A.b"), (1, "A.c"), (2, "A.b")]
        assert [next_ordinal(*name) for name in names] == [0, 1, 0, 0]


def test_beginning_again_counts_anew_and_one_inside_stands_alone() -> None:
    with acting("outer"):
        next_ordinal(1, "A.b")
        with acting("inner"):
            assert (current_action(), next_ordinal(1, "A.b")) == ("inner", 0)
        assert (current_action(), next_ordinal(1, "A.b")) == ("outer", 1)
    with acting("outer"):
        assert next_ordinal(1, "A.b") == 0


def test_other_threads_act_for_themselves() -> None:
    seen: list[str | None] = []

    def look() -> None:
        seen.append(current_action())
        with acting("theirs"):
            seen.append(current_action())

    with acting("mine"):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert current_action() == "mine"
    assert seen == [None, "theirs"]
