"""Seconds of training with and without the lock, in alternating turns of one run; and of sealing and opening.

Seconds are of the processor, one thread: what else the machine does shifts a turn, but not what is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from itertools import islice
from statistics import median
from typing import Any

import torch
from torch.nn import functional

from benchmarks.harness import Configuration
from orchestrator.cache import cache_folder
from orchestrator.envelope import Commitments, Context, generate_prekey, open_payload, seal
from orchestrator.lock_key import LockKey
from orchestrator.models import images, load_base, resolve
from orchestrator.privacy.keylock.lora import AdapterLock
from orchestrator.privacy.keylock.upload import draw_lock, key_vector
from orchestrator.settings import compose
from orchestrator.training import AdapterSettings
from orchestrator.training.adapter import attached
from orchestrator.types import ZERO_DIGEST, Address, OrganisationId, protected

Step = Callable[[], None]
KEY = LockKey(1, bytes(range(32)))
STRENGTH = 500_000
WARMING = 1
MIB = 1 << 20


def work(cell: Configuration) -> dict[str, Any]:
    """Seconds a step of each turn, with and without the lock, and the median of the turns' ratios."""
    torch.set_num_threads(1)
    plain, locked = _adapter(cell) if cell["net"] == "smollm2" else _network(cell)
    for run in (plain, locked):
        _timed(run, WARMING)
    found: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(cell["turns"]):
        for which in (False, True) if turn % 2 == 0 else (True, False):
            found[which].append(_timed(locked if which else plain, cell["steps"]))
    ratios = [one / other for one, other in zip(found[True], found[False], strict=True)]
    return {"plain": found[False], "locked": found[True], "ratio": median(ratios), "ratios": ratios}


def sealing(cell: Configuration) -> dict[str, Any]:
    """MB (10⁶ bytes) a second of one core's time, of each turn."""
    data = b"\x5a" * (cell["mib"] * MIB)
    private, public = generate_prekey()
    del private
    context = Context(1337, Address("0x" + "ab" * 20), 1, OrganisationId("aurora"))
    ready = protected(data, policy="none", samples=1, epsilon=0, parent_manifest=ZERO_DIGEST)
    found: dict[str, list[float]] = {"seal": [], "open": []}
    for _ in range(cell["turns"]):
        begin = time.process_time()
        sealed, secret = seal(ready, context, {OrganisationId("aurora"): public})
        found["seal"].append(len(data) / 1e6 / (time.process_time() - begin))
        told = Commitments.of(sealed)
        begin = time.process_time()
        open_payload(sealed.header, sealed.payload, secret.content_key, context=context, commitments=told)
        found["open"].append(len(data) / 1e6 / (time.process_time() - begin))
    return {**found, "median": {name: median(values) for name, values in found.items()}}


def _timed(run: Callable[[int], AbstractContextManager[Iterator[Step]]], steps: int) -> float:
    """Seconds a step; what a turn sets up is not counted."""
    with run(steps) as made:
        begin = time.process_time()
        for step in made:
            step()
        return (time.process_time() - begin) / steps


Run = Callable[[int], AbstractContextManager[Iterator[Step]]]


def _network(cell: Configuration) -> tuple[Run, Run]:
    pixels = torch.rand(cell["batch"], 1, 28, 28, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(cell["batch"]) % 10

    def made(locked: bool) -> Run:
        net = images.build(cell["net"], 10, 1, locked, side=28)
        draw_lock(net, KEY)
        vector = key_vector(KEY)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)

        def step() -> None:
            loss = functional.cross_entropy(net(pixels, net.locks(vector)), labels)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()

        return lambda steps: nullcontext(iter([step] * steps))

    return made(False), made(True)


def _adapter(cell: Configuration) -> tuple[Run, Run]:
    """LoRA on SmolLM2 as the packaged experiment has it, whose model both share."""
    settings = compose(["experiment=sotu_smollm2"])
    task = settings.group("experiment")["task"]
    base = load_base(resolve(str(settings.group("model")["name"]), cache=cache_folder()), cache=cache_folder())
    adapter = AdapterSettings.from_task(task)
    tokens = torch.randint(100, 40_000, (cell["batch"], int(task["training"]["length"])))
    batch = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": tokens}

    def made(locked: bool) -> Run:
        @contextmanager
        def turn(steps: int) -> Iterator[Iterator[Step]]:
            with ExitStack() as stack:
                ready = stack.enter_context(attached(base.model, adapter))
                if locked:
                    names = dict(base.model.named_parameters())
                    stack.enter_context(
                        AdapterLock.of(KEY, STRENGTH, ready.layers, _plain(names)).on_inputs(ready.model)
                    )
                ready.model.train()
                trained = [parameter for pair in ready.layers.values() for parameter in pair]
                optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)

                def step() -> None:
                    torch.autograd.backward(ready.model(**batch).loss)
                    torch.nn.utils.clip_grad_norm_(trained, 1.0)
                    optimizer.step()
                    optimizer.zero_grad(set_to_none=True)

                yield islice(iter(lambda: step, None), steps)

        return turn

    return made(False), made(True)


def _plain(names: dict[str, torch.nn.Parameter]) -> dict[str, torch.Tensor]:
    return {name: parameter.detach() for name, parameter in names.items()}
