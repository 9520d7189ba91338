"""The task object and the other written documents: read back as written, and refused by the name of the member."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CONSORTIUM_ID, task, task_document, word_of

from orchestrator.errors import FormatError
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.canonical import canonical_bytes, digest
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.ledger.entities import Mode
from orchestrator.ledger.request import RevocationRequest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, UpdateId

KRUM = {"name": "multi-krum", "settings": {"hostile": 1, "keep": 0}}
CLIP = {"name": "norm-clip", "settings": {"factor": 1_000_000}}


def test_a_task_comes_back() -> None:
    spec = task()
    assert TaskSpec.from_bytes(spec.to_bytes()) == spec
    assert spec.digest == digest(task_document())
    assert spec.adapter.ranks == (4, 8)
    assert spec.per_round == 10**18
    assert spec.evaluation.shared is None
    assert task(
        evaluation={"metric": "accuracy", "shared": word_of("set"), "scores": "shapley"}
    ).evaluation.shared == word_of("set")


def test_settings_cover_what_decides_weights_and_scales_only() -> None:
    assert task(name="other").settings == task().settings
    assert task(weights="samples").settings != task().settings
    assert task(strategy={"name": "flexlora", "settings": {"rank": 8}}).settings != task().settings
    assert task(lineage="isolated").settings != task().settings
    assert task(adapter={**task_document()["adapter"], "alpha": 8}).settings != task().settings


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("name", "", "task.name is not text, or empty"),
        ("name", None, "task lacks name"),
        ("extra", 1, "task has the unknown member extra"),
        ("base.digest", "0x", "task.base.digest is '0x'"),
        ("base.kind", "encoder", "task.base.kind is 'encoder'; one of causal_lm, classifier"),
        ("base", 3, "task.base is not an object"),
        ("adapter.modules", [], "task.adapter.modules has fewer than 1"),
        ("adapter.modules", ["q", "q"], "task.adapter.modules has fewer than 1 items, or one twice"),
        ("adapter.ranks", [0], "task.adapter.ranks is not a list of different integers from 1"),
        ("adapter.ranks", [True], "task.adapter.ranks"),
        ("adapter.rslora", 1, "task.adapter.rslora is 1; true or false"),
        ("adapter.dora", True, "task.adapter has the unknown member dora"),
        ("training.steps", 0, "task.training.steps is 0; an integer from 1"),
        ("training.learning_rate_nano", 0.1, "float has no canonical form"),
        ("privacy.epsilon_cap", -1, "task.privacy.epsilon_cap"),
        ("strategy", "stack", "task.strategy is not an object"),
        (
            "strategy.name",
            "average",
            "task.strategy.name is 'average'; one of fedex, fedit, ffa, flexlora",
        ),
        ("strategy.name", "flexlora", "task.strategy.settings lacks rank"),
        ("strategy.settings", {"rank": 4}, "task.strategy.settings has the unknown member rank"),
        (
            "strategy",
            {"name": "flexlora", "settings": {"rank": 0}},
            "task.strategy.settings.rank is 0; an integer from 1",
        ),
        (
            "strategy",
            {"name": "fedit", "settings": {}},
            "task.adapter.ranks has 2 ranks, strategy fedit works with one",
        ),
        ("verdict.filters", {}, "task.verdict.filters is not a list"),
        ("verdict.filters", [{"name": "x"}], r"task.verdict.filters\[0\].name is 'x'; one of copies, median-distance"),
        ("verdict.filters", [KRUM], "task.minimum_updates is 1, multi-krum against 1 hostile updates needs 5"),
        ("verdict.filters", [CLIP, CLIP], "task.verdict.filters names a filter twice"),
        ("evaluation.scores", "votes", "task.evaluation.scores"),
        ("lineage", "free", "task.lineage"),
        ("weights", "votes", "task.weights"),
        ("verdict.policy", "trust", "task.verdict.policy"),
        ("awards.per_round", 5, "task.awards.per_round is 5; a decimal string"),
        ("awards.per_round", "05", "without leading zeros"),
        ("awards.per_round", str(2**256), "below 2"),
        ("awards.per_round", "٣", "a decimal string"),
        ("deadlines.submit", 2**32, "task.deadlines.submit"),
        ("minimum_updates", 0, "task.minimum_updates"),
        ("evaluation.metric", "bleu", "task.evaluation.metric"),
        ("evaluation.shared", "x", "task.evaluation.shared"),
        ("version", 2, "version 2 is unknown"),
        ("format", "loranchor/agreement", "expected the format loranchor/task"),
    ],
)
def test_bad_tasks_are_refused_by_name(path: str, value: Any, message: str) -> None:
    document = copy.deepcopy(task_document())
    *outer, name = path.split(".")
    inner = document
    for part in outer:
        inner = inner[part]
    if value is None:
        del inner[name]
    else:
        inner[name] = value
    with pytest.raises(FormatError, match=message):
        TaskSpec.from_document(document)


def test_agreement() -> None:
    agreement = Agreement.of(CONSORTIUM_ID, "Title", [BOREALIS, AURORA], "Purpose", ["One.", "Two."])
    assert agreement.parties == (AURORA, BOREALIS)
    assert Agreement.from_bytes(agreement.to_bytes()) == agreement
    assert agreement.digest == digest(agreement.document())
    with pytest.raises(FormatError, match=r"agreement\.parties is not in ascending order"):
        Agreement.from_document({**agreement.document(), "parties": [BOREALIS, AURORA]})
    with pytest.raises(FormatError, match=r"agreement\.parties is not a list of organisations"):
        Agreement.from_document({**agreement.document(), "parties": ["A"]})
    with pytest.raises(FormatError, match=r"agreement\.terms has fewer than 1"):
        Agreement.of(CONSORTIUM_ID, "Title", [AURORA], "Purpose", [])


def test_data_statement() -> None:
    statement = DataStatement(AURORA, "own archive", "consent", "low")
    assert "samples_commitment" not in statement.document()
    assert DataStatement.from_bytes(statement.to_bytes()) == statement
    bound = DataStatement(AURORA, "own archive", "consent", "low", Digest(word_of("samples")))
    assert DataStatement.from_bytes(bound.to_bytes()) == bound
    assert bound.digest != statement.digest
    with pytest.raises(FormatError, match=r"data_statement\.sensitivity is not text, or empty"):
        DataStatement.from_document({**statement.document(), "sensitivity": ""})
    with pytest.raises(FormatError, match=r"data_statement\.organisation is 'X'"):
        DataStatement.from_document({**statement.document(), "organisation": "X"})


def test_request() -> None:
    updates = tuple(UpdateId(item) for item in sorted([word_of(1), word_of(2)]))
    request = RevocationRequest(AURORA, updates, "withdrawn", Mode.DROP, False, "at our customer's wish")
    assert RevocationRequest.from_bytes(request.to_bytes()) == request
    backwards = RevocationRequest(AURORA, updates[::-1], "withdrawn", Mode.DROP, False, "at our customer's wish")
    assert backwards.digest == request.digest
    with pytest.raises(FormatError, match=r"request\.reason is 'ü'"):
        RevocationRequest.from_document({**request.document(), "reason": "ü"})
    with pytest.raises(FormatError, match=r"request\.updates is not a list of 0x and 64"):
        RevocationRequest.from_document({**request.document(), "updates": ["0x"]})
    with pytest.raises(FormatError, match="one of drop, heal, replay"):
        RevocationRequest.from_document({**request.document(), "mode": "forget"})
    with pytest.raises(FormatError, match=r"request\.urgent"):
        RevocationRequest.from_bytes(canonical_bytes({**request.document(), "urgent": 0}))


def _ffa(rule: str, trim: int) -> dict[str, Any]:
    return {"name": "ffa", "settings": {"fraction_bits": 20, "rule": rule, "trim": trim}}


ONE_RANK = {**task_document()["adapter"], "ranks": [8]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lineage": "isolated", "strategy": _ffa("mean", 0)}, "task.lineage is isolated"),
        ({"strategy": _ffa("mean", 1)}, "has trim 1 with rule mean"),
        ({"strategy": _ffa("trimmed-mean", 0)}, "has trim 0 with rule trimmed-mean"),
        ({"strategy": _ffa("trimmed-mean", 2), "minimum_updates": 4}, "trimming 2 at both ends needs 5"),
    ],
)
def test_members_that_do_not_go_together(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        task(adapter=ONE_RANK, **changes)
    assert task(adapter=ONE_RANK, strategy=_ffa("trimmed-mean", 2), minimum_updates=5).strategy.name == "ffa"
