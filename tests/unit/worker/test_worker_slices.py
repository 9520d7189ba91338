"""A bench that trains in slices: its book, what was withdrawn, and bits as if it had never been there."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from unit.ledger.actors import AURORA, task
from unit.worker.bench_world import nothing, values_of, write_texts
from unit.worker.torch_world import Objects, manifest_of

from orchestrator.daemon.equipment import equipment_of
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import load_base, resolve
from orchestrator.samples import sample_id
from orchestrator.settings import Settings
from orchestrator.types import UpdateId
from orchestrator.withdrawn import FILE, Withdrawn
from orchestrator.worker.kept import book_of
from orchestrator.worker.slice_book import SliceBook
from orchestrator.worker.torch_workbench import TorchWorkbench


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def sliced_spec(**changes: Any) -> TaskSpec:
    base = {"digest": load_base(resolve("tiny:llama")).digest, "architecture": "LlamaForCausalLM", "kind": "causal_lm"}
    training = {"batch": 2, "length": 24, "learning_rate_nano": 20_000_000, "optimizer": "adamw", "seed": 7}
    rules = {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": 50_000_000, "max_rank": 8}
    training |= {"steps": 4, "slices": 2, **changes}
    return task(base=base, training=training, verdict=rules, lineage="isolated")


def bench_of(texts: Path, home: Path) -> TorchWorkbench:
    return TorchWorkbench(equipment_of(Settings(values_of(texts)), AURORA), home=home)


def trained(bench: TorchWorkbench, spec: TaskSpec, round_number: int = 1, **rest: Any) -> bytes:
    return bench.train(spec, manifest_of(spec), nothing, round_number, lambda step, steps: None, **rest).payload


def test_what_is_withdrawn_was_never_there(tmp_path: Path) -> None:
    """Two homes: one trains on everything, withdraws a text and trains again; the other never had the text."""
    texts, home = write_texts(tmp_path / "texts"), tmp_path / "home"
    home.mkdir()
    spec, bench = sliced_spec(), bench_of(texts, home)
    before = trained(bench, spec)
    first, second = SliceBook(book_of(home)).rounds()[1]
    kept = {path.name: path.read_bytes() for path in (book_of(home) / "stages").iterdir()}
    assert len(kept) == 2 and not set(first.samples) & set(second.samples)
    gone = second.samples[0]
    Withdrawn.empty().with_samples([gone]).write(home)
    again = trained(bench, spec, 2, ordinal=1)
    pages = SliceBook(book_of(home)).rounds()
    assert list(pages) == [2] and pages[2][0] == first and gone not in pages[2][1].samples
    stages = {path.name: path.read_bytes() for path in (book_of(home) / "stages").iterdir()}
    assert len(stages) == 2 and len(stages.keys() & kept.keys()) == 1

    named = {sample_id(path.read_text()): path for path in texts.iterdir()}
    named[gone].unlink()
    other = tmp_path / "other"
    other.mkdir()
    assert trained(bench_of(texts, other), spec) == again != before


def test_a_book_is_of_what_a_training_begins_with(tmp_path: Path) -> None:
    texts, home = write_texts(tmp_path / "texts"), tmp_path / "home"
    spec, bench = sliced_spec(), bench_of(texts, home)
    delta = trained(bench, spec)
    assert trained(bench, spec, 2, ordinal=1) == delta
    assert SliceBook(book_of(home)).rounds()[1] == SliceBook(book_of(home)).rounds()[2]
    manifest = manifest_of(spec, (UpdateId("one"), AURORA))
    bench.train(spec, manifest, Objects(one=delta), 3, lambda step, steps: None, ordinal=2)
    pages = SliceBook(book_of(home)).rounds()
    assert not {page.key for page in pages[3]} & {page.key for page in pages[1]}
    assert [page.samples for page in pages[3]] == [page.samples for page in pages[1]]


def test_tasks_without_slices_leave_withdrawn_samples_out_too(tmp_path: Path) -> None:
    texts, home = write_texts(tmp_path / "texts"), tmp_path / "home"
    home.mkdir()
    spec = sliced_spec()
    document = {**spec.document, "training": {k: v for k, v in spec.document["training"].items() if k != "slices"}}
    plain, bench = TaskSpec.from_document(document), bench_of(texts, home)
    before = trained(bench, plain)
    gone = [sample_id(path.read_text()) for path in texts.iterdir()][:5]
    Withdrawn.empty().with_samples(gone).write(home)
    assert trained(bench, plain) != before
    statement = json.loads(bench.statement())["provenance"]
    assert "20 documents" in statement
    assert not book_of(home).exists()


def test_the_list_is_private_and_salted(tmp_path: Path) -> None:
    samples = [sample_id("one"), sample_id("two")]
    made = Withdrawn.empty().with_samples(samples[:1])
    made.write(tmp_path)
    read = Withdrawn.read(tmp_path)
    assert read == made and samples[0] in read and samples[1] not in read
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert samples[0] not in (tmp_path / FILE).read_text()
    assert made.commitment(samples[0]) != Withdrawn.empty().commitment(samples[0])
    assert made.salt(samples[0]) != made.salt(samples[1])
    assert made.with_samples(samples).with_samples(samples) == made.with_samples(samples[::-1])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "loranchor/withdrawn", "version": 1, "key": "00"}'])
def test_a_damaged_list_stops_training(text: str, tmp_path: Path) -> None:
    texts, home = write_texts(tmp_path / "texts"), tmp_path / "home"
    home.mkdir()
    (home / FILE).write_text(text)
    with pytest.raises(DataError, match=r"withdrawn\.json cannot be read"):
        trained(bench_of(texts, home), sliced_spec())


def test_more_slices_than_layers_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="3 slices need as many adapted layers, the model has 2"):
        trained(bench_of(write_texts(tmp_path / "texts"), tmp_path), sliced_spec(slices=3))
