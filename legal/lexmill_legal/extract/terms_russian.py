"""Term, expiry, renewal and notices in Russian contracts."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.calendars import plus

_ABOUT: Final = re.compile(r"\b(?:договор\w*|контракт\w*|соглашени\w*|доверенност\w*)\b")
_LASTS: Final = re.compile(
    r"\bсрок(?:ом|а)?\s+(?:действия|аренды|найма|лизинга|займа)\b|\bдейству(?:ет|ют"
    r"|ющ\w+)\b|\bзаключ[её]н\w*\s+(?:на|сроком)\b"
    r"|\bвыдана\s+сроком\b|\bсрок\s+(?:настоящего\s+)?договора\b|\bсроком\s+(?:на|до)\b"
)
_UNTIL: Final = re.compile(
    r"\b(?:до|по|истекает|заканчивается|прекращается)(?:\s+включительно)?\s*[«\"]?\Z"
)
_FROM: Final = re.compile(r"\b(?:с|со|начиная с)\s*[«\"]?\Z")
_FOR: Final = re.compile(
    r"(?:\bна(?:\s+срок)?|\bв\s+течение|\bсроком(?:\s+на)?|\bсоставляет"
    r"|\bсрок\w*[^.;]{0,40}[-–—:]|\bна\s+период)\s*(?:в\s+)?\Z"
)
_OPEN: Final = re.compile(
    r"\bбессрочн\w+|\bна\s+неопредел[её]нный\s+срок|\bбез\s+ограничения\s+срока"
)
_RENEWS: Final = re.compile(
    r"\b(?:автоматически\s+)?(?:продл\w+|пролонгир\w+|пролонгац\w+|возобновля\w+"
    r"|перезаключ[её]нн\w+)\b"
)
_AUTOMATIC: Final = re.compile(
    r"\bавтоматически\b[^.;]{0,60}\b(?:продл|пролонг|возобновл)\w+|\b(?:продл"
    r"|пролонг)\w+[^.;]{0,40}\bавтоматически\b"
    r"|\bсчита\w+\s+(?:автоматически\s+)?(?:продл|пролонг|возобновл)\w+"
    r"|\bавтоматическ\w+\s+(?:продлен|пролонг)\w+"
)
_NEVER: Final = re.compile(
    r"\bавтоматическ\w+\s+(?:пролонгаци\w+|продлени\w+)[^.;]{0,30}\bне\s+(?:предусм"
    r"|допуск|производ|осущест)\w+"
    r"|\bне\s+(?:подлежит\s+)?автоматическ\w+\s+(?:продл|пролонг)\w+"
    r"|\bавтоматически\s+не\s+(?:продл|пролонг)\w+"
    r"|\bне\s+(?:продлева|пролонгиру|возобновля)\w+\s+автоматически\b"
)
_DENIED: Final = re.compile(r"\bне\s+(?:\w+\s+){0,2}\Z")
_CONDITIONED: Final = re.compile(r"\bесли\b|\bв\s+случае\b|\bпри\s+(?:наличии|условии)\b")
_SAME: Final = re.compile(
    r"\bна\s+(?:тот\s+же\s+срок|тех\s+же\s+условиях\s+на\s+тот\s+же\s+срок|аналогичный\s+срок)"
)
_EACH_YEAR: Final = re.compile(
    r"\bна\s+(?:каждый\s+)?(?:следующий|последующий)\s+(?:календарный\s+)?год\b"
)
_NOTICE: Final = re.compile(
    r"(?:\bза|не\s+(?:позднее|менее|менее,?\s+чем|позднее,?\s+чем)(?:\s+чем)?"
    r"(?:\s+за)?)\s*(?:чем\s+за\s+)?\Z"
)
_UNILATERAL: Final = re.compile(
    r"\b(?:расторг\w+|расторжени\w+|отказ\w*\s+от\s+(?:исполнения\s+)?"
    r"(?:настоящего\s+)?(?:договора|контракта|соглашения)|прекра(?:тить|щени\w+))"
)
_FREELY: Final = re.compile(
    r"\bодносторонн\w+|\bв\s+любое\s+время|\bпо\s+(?:своей\s+)?инициативе"
    r"|\bлюбая\s+из\s+сторон|\bкаждая\s+из\s+сторон"
)
_CAUSE: Final = re.compile(
    r"\b(?:нарушени\w+|неисполнени\w+|просрочк\w+|ненадлежащ\w+|существенн\w+)\b"
)
_SENTENCE_REACH: Final = 600


def find_russian_terms(reading: Reading, starts: list[Candidate]) -> Iterator[Candidate]:
    for start, end in _sentences(reading, _LASTS):
        if _ABOUT.search(reading.lower, max(0, start - 200), end):
            yield from _term(reading, start, end, starts)
    for start, end in _sentences(reading, _RENEWS):
        yield from _renewal(reading, start, end)
    for start, end in _sentences(reading, _UNILATERAL):
        yield from _termination(reading, start, end)


def _sentences(reading: Reading, anchor: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    positions = (match.start() for match in anchor.finditer(reading.lower))
    return reading.sentences(positions, reach=_SENTENCE_REACH)


def _term(reading: Reading, start: int, end: int, starts: list[Candidate]) -> Iterator[Candidate]:
    lower = reading.lower
    begins: str | None = None
    direct = False
    for date in reading.dates_between(start, end):
        before = lower[max(start, date.start - 40) : date.start]
        if date.iso and _FROM.search(before):
            begins = date.iso
        elif date.iso and _UNTIL.search(before):
            direct = True
            yield reading.candidate("expiration_date.ru_until", (date.start, date.end), date.iso, 4)
    for mention in reading.durations_between(start, end):
        before = lower[max(start, mention.start - 60) : mention.start]
        if mention.business or mention.days < 20 or not _FOR.search(before):
            continue
        if _RENEWS.search(lower, start, mention.start):
            continue
        term = reading.candidate("term.ru_duration", (mention.start, mention.end), mention.iso, 3)
        yield term
        if not direct:
            yield from _computed(term, begins, starts)
        return
    opened = _OPEN.search(lower, start, end)
    if opened is not None and not direct:
        yield Candidate(
            "expiration_date", "expiration_date.ru_open", "perpetual", None,
            opened.start(), opened.end(), 2, {"kind": "perpetual"},
        )  # fmt: skip


def _computed(term: Candidate, begins: str | None, starts: list[Candidate]) -> Iterator[Candidate]:
    if not isinstance(term.normalized, str):
        return
    if begins is not None:
        iso = plus(begins, term.normalized)
        inputs: tuple[Candidate, ...] = (term,)
        attributes = {"from": begins}
    else:
        best = max(starts, key=lambda candidate: candidate.score, default=None)
        if best is None or not isinstance(best.normalized, str):
            return
        iso = plus(best.normalized, term.normalized)
        inputs, attributes = (best, term), {}
    if iso is not None:
        yield Candidate(
            "expiration_date", "expiration_date.ru_computed", iso, iso, None, None, 2,
            attributes, "computed", inputs,
        )  # fmt: skip


def _renewal(reading: Reading, start: int, end: int) -> Iterator[Candidate]:
    lower = reading.lower
    if not _ABOUT.search(lower, start, end) and "срок" not in lower[start:end]:
        return
    never = _NEVER.search(lower, start, end)
    automatic = _AUTOMATIC.search(lower, start, end)
    if never is not None and not _CONDITIONED.search(lower, start, end):
        yield reading.candidate("auto_renewal.ru_never", never.span(), False, 3)
    denied = automatic is not None and _DENIED.search(lower, start, automatic.start())
    if never is not None or denied:
        return
    if automatic is not None:
        yield reading.candidate("auto_renewal.ru_automatic", automatic.span(), True, 3)
    yearly = _EACH_YEAR.search(lower, start, end)
    same = _SAME.search(lower, start, end)
    verb = _RENEWS.search(lower, start, end)
    if yearly is not None:
        yield reading.candidate("renewal_term.ru_yearly", yearly.span(), "P1Y", 3)
    elif same is not None:
        yield reading.candidate("renewal_term.ru_same", same.span(), None, 2)
    for mention in reading.durations_between(start, end):
        before = lower[max(start, mention.start - 40) : mention.start]
        if _NOTICE.search(before):
            yield reading.candidate("renewal_notice_period.ru_notice", (mention.start, mention.end),
                mention.iso, 3 if automatic else 2,
            )  # fmt: skip
        elif (
            verb is not None
            and mention.start > verb.start()
            and re.search(r"\bна\s+(?:срок\s+)?(?:каждые\s+|следующие\s+|очередн\w+\s+)?\Z", before)
        ):
            yield reading.candidate(
                "renewal_term.ru_duration", (mention.start, mention.end), mention.iso, 3
            )


def _termination(reading: Reading, start: int, end: int) -> Iterator[Candidate]:
    lower = reading.lower
    if not _FREELY.search(lower, start, end) or _RENEWS.search(lower, start, end):
        return
    for mention in reading.durations_between(start, end):
        before = lower[max(start, mention.start - 40) : mention.start]
        if not _NOTICE.search(before) or _CAUSE.search(lower, start, mention.start):
            continue
        yield reading.candidate("termination_notice_period.ru_notice", (mention.start, mention.end),
            mention.iso, 3,
        )  # fmt: skip
        return
