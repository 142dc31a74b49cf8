"""One reading of a document that all finders share: what is costly is found once."""

import bisect
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.identifiers_english import Number, find_numbers
from lexmill_legal.lowering import lowered
from lexmill_legal.results import Clause, ClauseCandidate, Normalized, Section
from lexmill_legal.values.dates import DateMention, find_dates
from lexmill_legal.values.durations import DurationMention, find_durations
from lexmill_legal.values.money import (
    MoneyMention,
    PercentMention,
    find_money,
    find_percents,
)

__all__ = ["Reading", "lowered"]

# What stands between two pages is no sentence: "Page 3 of 36", "- 8 -", a filing system's stamp.
# One set of first characters for all three: so the search skips what is none of them.
_SENTENCE_END: Final = re.compile(
    r"[.!?;\n](?:(?<!\n)[\"”’»)]{0,2}\s+(?=[\"“«(\[]{0,2}[A-ZА-ЯЁ0-9(])"
    r"|(?<=\n)(?:[ \t\r]*\n\s*"
    r"(?:(?:Page \d{1,3}(?: of \d{1,3})?|[-–]{0,2} ?\d{1,3} ?[-–]{0,2}|Source: [^\n]{1,90})"
    r"[ \t\r]*\n\s*){0,4}|[ \t]*(?=\d{1,2}\.)))"
)
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:inc|ltd|co|corp|no|nos|mr|mrs|ms|dr|st|vs|l\.p|u\.s|u\.k|llc|s\.a|e\.g|i\.e|art|sec"
    r"|г|гг|ст|п|пп|ул|д|стр|руб|коп|тыс|млн|им|т\.е|т\.д|т\.п|обл|р|с|тел|корп|оф)"
    r"|\b[a-zа-яё])\Z",
    re.IGNORECASE,
)


class Reading:
    """A document's text with the mentions and sentences that finders look at."""

    def __init__(
        self,
        text: str,
        languages: tuple[str, ...],
        outline: tuple[Section, ...] = (),
        clauses: tuple[Clause, ...] = (),
    ) -> None:
        self.text = text
        self.languages = languages
        self.outline = outline
        self._clauses = {clause.kind: clause for clause in clauses}

    def clause_sentences(self, kind: str) -> tuple[ClauseCandidate, ...]:
        """What the clause model takes for the sentences of a kind, best first."""
        clause = self._clauses.get(kind)
        return () if clause is None else clause.candidates

    def clause_chance(self, kind: str, start: int, end: int) -> float:
        """How likely a place lies in a clause of a kind."""
        return max(
            (
                sentence.score
                for sentence in self.clause_sentences(kind)
                if sentence.start < end and start < sentence.end
            ),
            default=0.0,
        )

    def has_clause(self, kind: str) -> float:
        """How likely the document has a clause of a kind."""
        clause = self._clauses.get(kind)
        return 0.0 if clause is None else clause.score

    @cached_property
    def lower(self) -> str:
        return lowered(self.text)

    @cached_property
    def english(self) -> bool:
        return "en" in self.languages

    @cached_property
    def russian(self) -> bool:
        return "ru" in self.languages

    @cached_property
    def dates(self) -> tuple[DateMention, ...]:
        return find_dates(self.lower)

    @cached_property
    def times_dated(self) -> Counter[str]:
        """How often each day is written."""
        return Counter(mention.iso for mention in self.dates if mention.iso is not None)

    @cached_property
    def _date_starts(self) -> list[int]:
        return [mention.start for mention in self.dates]

    @cached_property
    def _duration_starts(self) -> list[int]:
        return [mention.start for mention in self.durations]

    @cached_property
    def durations(self) -> tuple[DurationMention, ...]:
        return find_durations(self.lower)

    @cached_property
    def money(self) -> tuple[MoneyMention, ...]:
        return find_money(self.text, comma_groups=self.english and not self.russian)

    @cached_property
    def percents(self) -> tuple[PercentMention, ...]:
        return find_percents(self.lower)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        return tuple(find_numbers(self.text, self.lower))

    def dates_between(self, start: int, end: int) -> list[DateMention]:
        first = bisect.bisect_left(self._date_starts, start)
        last = bisect.bisect_left(self._date_starts, end)
        return [mention for mention in self.dates[first:last] if mention.end <= end]

    def durations_between(self, start: int, end: int) -> list[DurationMention]:
        first = bisect.bisect_left(self._duration_starts, start)
        last = bisect.bisect_left(self._duration_starts, end)
        return [mention for mention in self.durations[first:last] if mention.end <= end]

    @cached_property
    def _breaks(self) -> list[int]:
        """Where sentences begin; a blank line inside a sentence (a page break) is none."""
        text = self.text
        breaks = [0]
        for match in _SENTENCE_END.finditer(text):
            start, end = match.span()
            if text[start] == "\n":
                before = text[max(0, start - 40) : start].rstrip()
                if (
                    before
                    and before[-1] in ",)0123456789abcdefghijklmnopqrstuvwxyz"
                    and text[end : end + 1].islower()
                ):
                    continue
            elif text[start] == "." and (
                _ABBREVIATION.search(text, max(0, start - 6), start) or self._in_date(start)
            ):
                continue
            breaks.append(end)
        breaks.append(len(text))
        return breaks

    def _in_date(self, position: int) -> bool:
        """Is it inside one, as in "March 18. 2021"?"""
        index = bisect.bisect_right(self._date_starts, position)
        return index > 0 and position < self.dates[index - 1].end - 1

    def sentence(self, position: int, *, reach: int = 1200) -> tuple[int, int]:
        """The sentence around a position, at most ``reach`` to either side, trimmed at its end."""
        index = bisect.bisect_right(self._breaks, position)
        start = self._breaks[index - 1]
        end = self._breaks[index] if index < len(self._breaks) else len(self.text)
        start, end = max(start, position - reach), min(end, position + reach)
        return start, start + len(self.text[start:end].rstrip())

    def sentences(self, positions: Iterable[int], *, reach: int) -> Iterator[tuple[int, int]]:
        """The sentences around ascending positions, each once."""
        last = -1
        for position in positions:
            if position < last:
                continue
            start, end = self.sentence(position, reach=reach)
            last = max(end, position + 1)
            yield start, end

    def candidate(
        self,
        rule: str,
        span: tuple[int, int],
        normalized: Normalized,
        score: float = 1.0,
        attributes: Mapping[str, str] | None = None,
    ) -> Candidate:
        """A candidate whose value is what stands there; ``rule`` is ``field.rule``."""
        return Candidate(
            field=rule.partition(".")[0],
            rule=rule,
            value=one_line(self.text[span[0] : span[1]]),
            normalized=normalized,
            start=span[0],
            end=span[1],
            score=score,
            attributes=attributes or {},
        )
