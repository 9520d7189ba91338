"""DAGER on adapters of tiny random models: what comes back, what cannot, and what a lock changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from orchestrator.attacks.inversion import dager
from orchestrator.attacks.inversion.dager import Dager
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.text_victim import Noise
from orchestrator.errors import ConfigurationError, DataError
from tests.unit.attacks_inversion_text.text_world import BATCH, INSIDE, LENGTH, TEXT, tiny_bert, victim

COMMON = (7, 31, 200, 66, 1, 2, 3)
READ = TEXT[0, :-1].tolist()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def found(made: Reconstruction) -> list[int]:
    return [int(token) for token in made.inputs[0]]


@pytest.mark.parametrize("source", ["A", "B"])
def test_a_text_comes_back_word_for_word_but_for_its_last_token(source: str) -> None:
    with victim() as member:
        made = Dager(LENGTH, source=source).run(member, member.observe(BATCH))  # type: ignore[arg-type]
    assert found(made)[: len(READ)] == READ
    assert set(found(made)) == INSIDE
    assert made.figures["accepted"] == len(INSIDE)


def test_two_texts_of_one_batch_come_back_apart() -> None:
    rows = torch.cat([TEXT, TEXT.flip(1)])
    with victim(model=None) as member:
        made = Dager(LENGTH).run(member, member.observe({"input_ids": rows, "labels": rows}))
    text = found(made)
    both = [rows[0, :-1].tolist(), rows[1, :-1].tolist()]
    assert set(text) == set(TEXT[0].tolist())
    assert any(text[: len(one)] == one for one in both)


def test_while_b_is_zero_a_gives_nothing_away_and_b_everything() -> None:
    with victim(b=0.0) as member:
        seen = member.observe(BATCH)
        nothing = Dager(LENGTH).run(member, seen)
        assert found(nothing) == [] and nothing.figures["rank"] == 0
        assert found(Dager(LENGTH, source="B").run(member, seen))[: len(READ)] == READ


def test_of_too_small_a_rank_no_token_stands_out_in_one_round_and_all_do_in_several() -> None:
    with victim(rank=2) as member:
        attack, rounds = Dager(LENGTH), []
        for number in range(4):
            rounds.append(member.observe(BATCH))
            torch.manual_seed(number)
            for _, b in member.layers.values():
                torch.nn.init.normal_(b, std=0.05)
        alone = attack.run(member, rounds[0])
        assert alone.figures["accepted"] == 0 and len(found(alone)) == LENGTH
        assert set(found(attack.together(member, rounds))) == INSIDE


def test_updates_by_sgd_keep_the_span_and_put_everything_back() -> None:
    with victim() as member:
        before = [factor.detach().clone() for pair in member.layers.values() for factor in pair]
        seen = member.update([BATCH] * 3, 1e-2)
        assert all(map(torch.equal, before, (factor for pair in member.layers.values() for factor in pair)))
        assert seen.local is not None and seen.local.steps == 3
        assert set(found(Dager(LENGTH).run(member, seen))) == INSIDE


def test_an_update_by_adamw_has_no_span_and_still_the_nearest_tokens_are_the_texts() -> None:
    with victim(rank=16) as member:
        made = Dager(LENGTH).run(member, member.update([BATCH] * 3, 1e-3, "adamw"))
    assert made.figures["accepted"] == 0
    assert len(set(found(made)) & INSIDE) >= 3  # of 7; ten of 258 by chance hold 0.3


def test_clipping_alone_hides_nothing_and_noise_does() -> None:
    with victim() as member:
        clipped = member.observe(BATCH, Noise(0.0, clip=1e-3))
        assert set(found(Dager(LENGTH).run(member, clipped))) == INSIDE
        norm = torch.stack([tensor.norm() for tensor in clipped.tensors.values()]).norm()
        assert float(norm) == pytest.approx(1e-3, rel=1e-4)
        noise = Noise(1.0)
        hidden = Dager(LENGTH, noise=noise.deviation(1)).run(member, member.observe(BATCH, noise))
    assert hidden.figures["accepted"] == 0


def test_the_key_lock_stops_whoever_takes_the_mean_of_all_locks_and_not_whoever_has_the_key() -> None:
    with victim(strength=500_000) as member:
        seen = member.observe(BATCH)
        naive = Dager(LENGTH, Knowledge.NEITHER).run(member, seen)
        known = Dager(LENGTH, Knowledge.KEY_KNOWN).run(member, seen)
    assert naive.figures["accepted"] == 0
    assert found(known)[: len(READ)] == READ


def test_three_tokens_that_are_guessed_open_the_lock() -> None:
    with victim(strength=500_000) as member:
        attack = Dager(LENGTH, Knowledge.FREE, common=COMMON)
        made = attack.run(member, member.observe(BATCH))
        assert set(found(made)) == INSIDE and made.figures["doubt"] < 1e-9
        assert member.lock is not None
        scale, _ = member.lock.pairs["model.layers.0.self_attn.q_proj"]
        told = attack.learned(member, [member.observe(BATCH)])
        assert told is not None
        torch.testing.assert_close(told.pair[0] * scale.mean(), scale.double(), rtol=1e-3, atol=1e-3)


def test_a_lock_that_other_rounds_gave_away_opens_one_whose_tokens_nobody_guesses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rare = torch.tensor([[20, 21, 222, 23, 240, 25, 26, 127, 28, 9]])
    with victim(strength=1_000_000) as member:
        attack = Dager(LENGTH, Knowledge.FREE, common=COMMON)
        seen = member.observe({"input_ids": rare, "labels": rare})
        monkeypatch.setattr(dager, "LIKELY", 2)  # of so small a vocabulary, twelve would hold some of the text's
        assert attack.run(member, seen).figures["accepted"] == 0
        monkeypatch.undo()
        told = attack.learned(member, [member.observe(BATCH)])
        assert told is not None
        made = replace(attack, estimate=told).run(member, seen)
        assert len(set(found(made)) & set(rare[0, :-1].tolist())) == made.figures["accepted"] > 6


@pytest.mark.parametrize("source", ["A", "B"])
def test_of_a_model_with_positions_the_first_layer_gives_the_whole_text(source: str) -> None:
    tokens = torch.tensor([[5, 44, 99, 3, 44, 120]])
    with victim(model=tiny_bert()) as member:
        seen = member.observe({"input_ids": tokens, "labels": torch.tensor([1])})
        made = Dager(LENGTH, source=source).run(member, seen)  # type: ignore[arg-type]
    assert found(made) == tokens[0].tolist()


def test_what_cannot_be_attacked_is_told() -> None:
    with pytest.raises(ConfigurationError, match="gradients of B"):
        Dager(LENGTH, Knowledge.FREE, "B")
    with victim() as member:
        with pytest.raises(ConfigurationError, match="without a lock"):
            member.view(Knowledge.FREE)
        with pytest.raises(DataError, match=r"has no model\.layers\.0"):
            Dager(LENGTH).run(member, Observation({}))
    with victim(model=tiny_bert(), strength=1) as member, pytest.raises(ConfigurationError, match="no positions"):
        Dager(LENGTH, Knowledge.FREE).run(member, Observation({}))
