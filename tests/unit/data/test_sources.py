"""Reading the sources, on small files that the tests make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.data import DataSettings, Document, load_documents
from orchestrator.errors import ConfigurationError, DataError


def settings(source: str, folder: Path | None, **shard: Any) -> DataSettings:
    return DataSettings(source, shard, folder)


@pytest.fixture
def speeches(tmp_path: Path) -> Path:
    entries = [{"year": 1790 + k, "name": "N", "party": "p", "text": f"speech  {k}\nend"} for k in range(9)]
    (tmp_path / "sotu.json").write_text(json.dumps(entries[::-1]))
    return tmp_path


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    lines = ["1\t2.5\tgood", "2\t-1.5\tbad", "3\t0.2\tso so", "4\t2.5\tgood", "5\t0.6\ttab\there"]
    (tmp_path / "tweets_GroundTruth.txt").write_text("\r\n".join(lines) + "\r\n")
    return tmp_path


def test_sotu_parts_cover_the_time_line_once(speeches: Path) -> None:
    parts = [load_documents(settings("sotu", speeches, part=k, parts=4)) for k in range(4)]
    assert [document.text for part in parts for document in part] == [f"speech {k} end" for k in range(9)]
    assert {len(part) for part in parts} == {2, 3}


def test_sotu_years(speeches: Path) -> None:
    found = load_documents(settings("sotu", speeches, years=[1792, 1793]))
    assert [document.text for document in found] == ["speech 2 end", "speech 3 end"]


def test_sotu_in_a_file_each(tmp_path: Path) -> None:
    for k in (1, 0):
        entry = {"year": 1800 + k, "name": "N", "party": "p", "text": f"speech {k}"}
        (tmp_path / f"{k}.json").write_text(json.dumps(entry))
    assert [d.text for d in load_documents(settings("sotu", tmp_path))] == ["speech 0", "speech 1"]


def test_an_empty_shard(speeches: Path) -> None:
    with pytest.raises(DataError, match="is empty"):
        load_documents(settings("sotu", speeches, years=[2500, 2600]))


def test_a_part_that_there_is_not(speeches: Path) -> None:
    with pytest.raises(ConfigurationError, match="no part 3 of 3"):
        load_documents(settings("sotu", speeches, part=3, parts=3))


def test_vader_leaves_out_neutral_and_repeated_sentences(ratings: Path) -> None:
    found = load_documents(settings("vader", ratings, domain="tweets"))
    assert found == [Document("good", 1), Document("bad", 0), Document("tab\there", 1)]


def test_vader_domains(ratings: Path) -> None:
    with pytest.raises(ConfigurationError, match="no domain 'news'"):
        load_documents(settings("vader", ratings, domain="news"))
    with pytest.raises(DataError, match="amazonReviewSnippets"):
        load_documents(settings("vader", ratings, domain="amazon"))


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    rows = [("x", [["a", "b"], ["c"]]), ("y", [["d"], ["d"]]), ("z", [["e"]])]
    lines = (json.dumps({"sender": sender, "utterances": 0, "conversations": said}) for sender, said in rows)
    (tmp_path / "chitchat.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_chitchat_by_pseudonymous_sender(talk: Path) -> None:
    def texts(**shard: Any) -> list[str]:
        return [document.text for document in load_documents(settings("chitchat", talk, **shard))]

    assert texts(sender="x") == ["a\nb", "c"]
    assert texts(ranks=[1, 2]) == ["d", "e"], "the same words twice are one document"
    assert texts(part=0, parts=2) == ["a\nb", "c", "e"]
    assert texts() == ["a\nb", "c", "d", "e"]
    with pytest.raises(DataError, match="is empty"):
        texts(sender="nobody")


def test_what_is_wrong_with_chitchat_is_told_without_its_words(talk: Path) -> None:
    (talk / "chitchat.jsonl").write_text('{"sender": "x", "said": "a secret"}\n')
    with pytest.raises(DataError) as told:
        load_documents(settings("chitchat", talk, sender="x"))
    assert "conversations" in str(told.value) and "secret" not in str(told.value)


def test_text_is_cut_into_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f"line {k} " + "x" * 90 for k in range(100)))
    (tmp_path / "empty.txt").write_text("\n\n")
    found = load_documents(settings("text", tmp_path))
    assert len(found) == 3
    assert found[0].text.startswith("line 0 ")
    assert sum(document.text.count("line ") for document in found) == 100


def test_csv(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('words,mood\n"good, really",up\nbad,down\n')
    found = load_documents(settings("csv", tmp_path, text="words", label="mood", labels=["down", "up"]))
    assert found == [Document("good, really", 1), Document("bad", 0)]
    with pytest.raises(DataError, match="no column 'text'"):
        load_documents(settings("csv", tmp_path))
    with pytest.raises(DataError, match="'down' is not in"):
        load_documents(settings("csv", tmp_path, text="words", label="mood", labels=["up"]))


def test_folders_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORANCHOR_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="make setup"):
        load_documents(settings("sotu", None))
    with pytest.raises(DataError, match="no data folder"):
        load_documents(settings("text", tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"no \*\.txt"):
        load_documents(settings("text", tmp_path))
    with pytest.raises(ConfigurationError, match=r"needs data\.folder"):
        load_documents(settings("csv", None))
    with pytest.raises(ConfigurationError, match="unknown data source 'imdb'"):
        load_documents(settings("imdb", None))


@pytest.mark.parametrize(
    ("source", "name", "content", "shard"),
    [
        ("sotu", "a.json", b"[{", {}),
        ("sotu", "a.json", b"[1]", {}),
        ("sotu", "a.json", b'[{"year": 1800}]', {}),
        ("sotu", "a.json", b"[]", {"years": "the nineties"}),
        ("sotu", "a.json", b"[]", {"part": "first"}),
        ("vader", "tweets_GroundTruth.txt", b"no tabs here", {"domain": "tweets"}),
        ("vader", "tweets_GroundTruth.txt", b"1\tmuch\tgood", {"domain": "tweets"}),
        ("csv", "a.csv", b"text,label\n\xff\xfe,1\n", {}),
    ],
)
def test_files_of_another_form_are_told_in_one_line(
    tmp_path: Path, source: str, name: str, content: bytes, shard: dict[str, Any]
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"of {source} (cannot be read: [A-Z][A-Za-z]+Error|is empty)"):
        load_documents(settings(source, tmp_path, **shard))


def test_a_row_of_a_table_that_ends_early_has_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,text\ngood,a text\nbad\n")
    assert [document.text for document in load_documents(settings("csv", tmp_path))] == ["a text"]
