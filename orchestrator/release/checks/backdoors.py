"""Did one organisation plant a trigger? The model beside itself without each organisation's contributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.attacks.backdoor.disagreement import THRESHOLD, Detection, Probes, detect
from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.attacks.backdoor.patch_search import PatchSearch
from orchestrator.attacks.backdoor.phrase_search import PhraseSearch
from orchestrator.attacks.backdoor.triggers import Phrase
from orchestrator.attacks.evasion.words import Words
from orchestrator.errors import DataError
from orchestrator.release.check import Finding, Subject, not_run
from orchestrator.release.opened import Opened, image_classes, some, text_classes
from orchestrator.release.parts import Terms

SEARCHED, JUDGED = {"classifier": 24, "image_classifier": 64}, {"classifier": 120, "image_classifier": 400}


class Backdoors:
    """The largest share of probes that something small sends to one class, only with one organisation's contributions.

    Settings: ``searched`` and ``judged``, probes of ``others``; ``threshold`` from whose lower bound on somebody is
    named; ``rounds``, ``tried`` and ``length`` of a phrase, ``steps`` and ``pixels`` of a patch.
    """

    name = "backdoors"
    needs = frozenset({"opened", "folds", "others", "terms"})
    kinds = frozenset({"classifier", "image_classifier"})

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> Finding:
        """The finding; organisations whose contributions bring a trigger are named, with what it is."""
        opened, seed = subject.part("opened", Opened), subject.part("terms", Terms).bootstrap.seed
        try:
            found = self._detect(subject, opened, settings, seed)
        except DataError as error:
            return not_run(self.name, error.message)
        largest, figures = found.largest, {}
        for score in found.scores:
            figures[f"{score.organisation}: moved"] = score.share.value
            figures[f"{score.organisation}: disagreement on plain probes"] = score.plain.value
        figures["moved"] = largest.share.value
        named = tuple(
            f"{score.organisation}: class {score.target}{_shown(score.trigger, opened)}"
            for score in found.scores
            if score.organisation in found.culprits
        )
        sure = (
            f"95 % Wilson interval over {largest.share.count} probes that the search did not see; one kind of trigger"
            " was looked for, and two organisations with the same one cover each other"
        )
        interval = largest.share.low, largest.share.high
        return Finding(self.name, "pass", figures, "moved", interval, sure=sure, named=named)

    def _detect(self, subject: Subject, opened: Opened, settings: Mapping[str, Any], seed: int) -> Detection[Any]:
        folds, threshold = subject.part("folds", Kept), float(settings.get("threshold", THRESHOLD))
        searched = int(settings.get("searched", SEARCHED[subject.kind]))
        judged = int(settings.get("judged", JUDGED[subject.kind]))
        if subject.kind == "classifier":
            texts = opened.texts("others")
            _enough(len(texts), searched)
            probes = Probes(some(texts, 0, searched), some(texts, searched, searched + judged), opened.classes)
            allowed = Words.of(opened.tokenizer, len(opened.model.get_input_embeddings().weight)).whole
            sizes = {name: int(settings[name]) for name in ("length", "rounds", "tried") if name in settings}
            phrase = PhraseSearch(allowed, **sizes)
            return detect(folds, phrase, text_classes, probes, seed=seed, threshold=threshold)
        pixels = opened.images("others").pixels
        _enough(len(pixels), searched)
        pictures = Probes(pixels[:searched], pixels[searched : searched + judged], opened.classes)
        sizes = {name: int(settings[name]) for name in ("pixels", "steps") if name in settings}
        return detect(folds, PatchSearch(**sizes), image_classes, pictures, seed=seed, threshold=threshold)


def _enough(count: int, searched: int) -> None:
    if count < 2 * searched:
        raise DataError(f"release.others has {count} samples, {2 * searched} are needed to search and to judge")


def _shown(trigger: Any, opened: Opened) -> str:
    """The words of a phrase; a patch is no word."""
    return f", {opened.tokenizer.decode(list(trigger.tokens))!r}" if isinstance(trigger, Phrase) else ""
