"""CIDs computed here: fixed vectors, and identifiers that are not CIDs. The daemons' own are in tests/ports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import StorageError
from orchestrator.storage import check_cid, cid_of
from orchestrator.storage.cid import CHUNK_SIZE, MAX_LINKS, cid_from, links_of, multihash_of

HELLO = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"


def test_known_objects_have_their_known_cids() -> None:
    assert cid_of(b"hello world\n") == HELLO
    assert cid_of(b"") == "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (CHUNK_SIZE, "QmRk1rduJvo5DfEYAaLobS2za9tDszk35hzaNSDCJ74DA7"),
        (CHUNK_SIZE + 1, "QmbVuw4C4vcmVKqxoWtgDVobvcHrSn51qsmQmyxjk4sB2Q"),
        (MAX_LINKS * CHUNK_SIZE, "QmY4HSz1oVGdUzb8poVYPLsoqBZjH6LZrtgnme9wWn2Qko"),
        (MAX_LINKS * CHUNK_SIZE + 1, "QmehMASWcBsX7VcEQqs6rpR5AHoBfKyBVEgmkJHjpPg8jq"),
    ],
)
def test_zeros_at_the_edges_of_the_tree(size: int, expected: str) -> None:
    assert cid_of(bytes(size)) == expected


@given(st.binary(max_size=2000))
def test_a_cid_is_checked_and_written_again(data: bytes) -> None:
    cid = cid_of(data)
    assert check_cid(cid) == cid
    assert cid_from(multihash_of(cid)) == cid


def test_the_cids_by_which_nodes_list_their_blocks_are_read() -> None:
    listed = "bafkreiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
    assert multihash_of(listed).hex().startswith("1220")
    assert len(multihash_of(listed)) == 34


@pytest.mark.parametrize(
    "wrong",
    ["", "Qm", HELLO[:-1], HELLO + "1", HELLO.replace("z", "0"), "bafk", "b", "/ipfs/" + HELLO, "Qm" + "z" * 44],
)
def test_what_is_no_cid_is_refused(wrong: str) -> None:
    with pytest.raises(StorageError, match="not a CID"):
        check_cid(wrong)


@given(st.text(max_size=60))
def test_no_text_makes_the_check_fail_otherwise(text: str) -> None:
    try:
        check_cid(text)
    except StorageError:
        return
    assert text.startswith("Qm")


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_links_fail_otherwise(block: bytes) -> None:
    try:
        links_of(block)
    except StorageError as error:
        assert "not dag-pb" in str(error)
