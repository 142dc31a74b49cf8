"""Which of a field's candidates is right: a small logistic model over what speaks for each.

Rules propose values with a score of their own; the clause model says which sentences are about a
field. Here both are weighed. The weights come from labelled contracts
(`lexmill model facts train`) and turn a candidate into the chance that it is right, measured on
contracts of other companies.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading
from lexmill_legal.results import Money

FILE: Final = "ranking.json"
RANKED: Final = ("document_name", "agreement_date", "effective_date", "expiration_date")
_KINDS: Final = ("document_name", "agreement_date", "effective_date", "expiration_date", "parties")
_CLIPPED: Final = 6.0
_LONG: Final = 30.0
_MANY_WORDS: Final = 9
_HEAD: Final = 9000

Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ranker:
    """Of one field; ``firm_from`` is the chance from which values proved right often enough."""

    weights: Mapping[str, float]
    firm_from: float

    def chance(self, features: Features) -> float:
        weights = self.weights
        logit = sum(weights.get(name, 0.0) * value for name, value in features.items())
        return 1 / (1 + math.exp(-min(max(logit, -_LONG), _LONG)))


@dataclass(slots=True)
class Group:
    """Candidates that say the same, the best written first."""

    members: list[Candidate]

    @property
    def best(self) -> Candidate:
        return self.members[0]


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Ranker]:
    """The rankers of this package, read once."""
    written = json.loads(shipped_bytes())
    return {
        field: Ranker(ranker["weights"], ranker["firm_from"])
        for field, ranker in written["fields"].items()
    }


def shipped_bytes() -> bytes:
    return files("lexmill_legal.extract").joinpath(FILE).read_bytes()


def encode(rankers: Mapping[str, Ranker], *, about: str) -> bytes:
    fields = {
        field: {"firm_from": ranker.firm_from, "weights": dict(sorted(ranker.weights.items()))}
        for field, ranker in sorted(rankers.items())
    }
    return (json.dumps({"about": about, "fields": fields}, indent=1) + "\n").encode()


def key_of(candidate: Candidate) -> str:
    """Equal for candidates that say the same."""
    match candidate.normalized:
        case None:
            return f"written {candidate.value.casefold()}"
        case Money(amount, currency):
            return f"money {amount} {currency}"
        case value:
            return f"value {value}"


def groups_of(found: Iterable[Candidate]) -> list[Group]:
    groups: dict[str, Group] = {}
    for candidate in sorted(found, key=lambda candidate: (-candidate.score, start_of(candidate))):
        key = key_of(candidate)
        if key in groups:
            groups[key].members.append(candidate)
        else:
            groups[key] = Group([candidate])
    return list(groups.values())


def start_of(candidate: Candidate) -> int:
    return -1 if candidate.start is None else candidate.start


def ranked(
    reading: Reading, found: Sequence[Candidate], rankers: Mapping[str, Ranker]
) -> list[Candidate]:
    """The candidates of one field with the chance that each is right, best first."""
    ranker = rankers.get(found[0].field) if found else None
    if ranker is None or not reading.english or reading.russian:
        return list(found)
    groups = groups_of(found)
    chances = [ranker.chance(features) for features in features_of(reading, groups)]
    order = sorted(range(len(groups)), key=lambda index: (-chances[index], index))
    return [
        replace(
            member,
            score=chances[index] - place * 1e-4,
            chance=chances[index],
            firm_from=ranker.firm_from,
        )
        for index in order
        for place, member in enumerate(groups[index].members)
    ]


def features_of(reading: Reading, groups: Sequence[Group]) -> Sequence[Features]:
    """What speaks for each group, and how it stands among its rivals."""
    scores = [group.best.score for group in groups]
    own = [_of_group(reading, group) for group in groups]
    best_chance = max((features["clause"] for features in own), default=0.0)
    for index, features in enumerate(own):
        rival = max((score for at, score in enumerate(scores) if at != index), default=-1.0)
        lead = min(max(scores[index] - rival, -_CLIPPED), _CLIPPED)
        features["lead"] = max(lead, 0.0) / 2
        features["behind"] = min(lead, 0.0) / 2
        features["first"] = float(index == 0)
        features["only"] = float(len(groups) == 1)
        features["rivals"] = math.log2(len(groups))
        features["clause_best"] = float(features["clause"] >= best_chance > 0)
    return own


def _of_group(reading: Reading, group: Group) -> dict[str, float]:
    best = group.best
    features = {"bias": 1.0, "score": min(max(best.score, -1.0), _CLIPPED) / 2}
    for member in group.members:
        features[f"rule {member.rule}"] = 1.0
        for source in member.inputs:
            features[f"from {source.rule}"] = 1.0
    features[f"best {best.rule}"] = 1.0
    places = [place for member in group.members for place in _places(member)]
    for kind in _KINDS:
        features[f"in {kind}"] = max(
            (reading.clause_chance(kind, start, end) for start, end in places), default=0.0
        )
    features["clause"] = features[f"in {best.field}"]
    features["has"] = reading.has_clause(best.field)
    first = min((start for start, _ in places), default=0)
    features["deep"] = math.log1p(first / 1000)
    features["late"] = first / max(len(reading.text), 1)
    features["written"] = math.log1p(_times_written(reading, best.normalized))
    chances = [source.chance for source in best.inputs if source.chance is not None]
    if chances:
        features["input chance"] = min(chances)
    if best.field == "document_name":
        features |= _of_name(reading, best)
    elif best.normalized is None and best.field != "expiration_date":
        features["no value"] = 1.0
    return features


def _of_name(reading: Reading, best: Candidate) -> dict[str, float]:
    name = best.value
    words = name.split()
    lower = name.lower()
    return {
        "words": math.log1p(len(words)),
        "long": float(len(words) > _MANY_WORDS),
        "short": float(len(words) < 3),
        "capitals": float(name.isupper()),
        "digits": float(any(letter.isdigit() for letter in name)),
        "ends": float(lower.endswith(("agreement", "contract", "lease", "addendum", "amendment"))),
        "again": math.log1p(min(reading.lower.count(lower, 0, _HEAD), 8)),
        "this": float(f"this {lower}" in reading.lower[:_HEAD]),
        "heads": float(lower.count("agreement") > 1),
    }


def _places(candidate: Candidate) -> list[tuple[int, int]]:
    if candidate.start is not None and candidate.end is not None:
        return [(candidate.start, candidate.end)]
    return [place for source in candidate.inputs for place in _places(source)]


def _times_written(reading: Reading, normalized: object) -> int:
    return reading.times_dated.get(normalized, 0) if isinstance(normalized, str) else 0
