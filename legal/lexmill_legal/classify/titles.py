"""The name a document gives itself, by votes of several readings of its first page.

Title lines, "this … Agreement" and runs of capitals vote; equal and nested names add up.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_REACH: Final = 9000
_LINES: Final = 70

_HEAD: Final = (
    "agreement|contract|lease|deed|addendum|amendment|indenture|guarantee|guaranty|undertaking"
    "|memorandum of understanding|letter of intent|term sheet|statement of work|order form"
    "|power of attorney|promissory note|terms and conditions|terms of service|terms of use"
    "|policy|protocol|charter party|appendix"
)
_ENDS_IN_HEAD: Final = re.compile(rf"\b(?:{_HEAD})\b", re.IGNORECASE)
_LINE: Final = re.compile(r"[^\n]+")
_GAP: Final = re.compile(r"\S\s{3,}\S")
_PIECE: Final = re.compile(r"(?:[^\n\s]|[^\S\n]{1,2}(?=\S))+")
_FIRST_LINES: Final = 16
# A title in small letters: it stands alone on its line and is nothing but a title.
_SMALL_TITLE: Final = re.compile(
    r"(?!(?:this|the|under|of|in|by|an?|to|and|or|for|such|any|said)\s)(?:[\w&/’'-]+,?\s){1,7}"
    r"(?:agreement|contract|lease|addendum|deed)",
    re.IGNORECASE,
)
_EXHIBIT: Final = re.compile(
    r"^\W*(?:(?:exhibit|ex|annex|schedule|attachment|appendix)\W{0,3}(?:no\W{0,2})?"
    r"(?:\d[\w.()/-]*|[a-z](?![\w]))(?:\s?\([\w.]{1,5}\))*\W{0,3})+",
    re.IGNORECASE,
)
_FILING_NUMBER: Final = re.compile(
    r"^\W*\d{1,2}\s+(?=[A-Z]{4})|^\W*\d{1,3}\.\d{1,2}(?:\.\d{1,2})?\s+(?=[A-Z])|^\d{1,2}\)\s+"
)
_NOISE: Final = re.compile(
    r"^(?:\W*(?:execution (?:copy|version)|final (?:version|form)|confidential(?! agreement|ity)"
    r"(?: treatment requested)?|draft|strictly private(?: and confidential)?|page"
    r"(?: of)? \d+(?: of(?: \d+)?)?"
    r"|dated:?(?: as of)? [^\n]{4,24}(?:19|20)\d\d|private and confidential|conformed copy"
    r"|privileged|version \d+)\b)+\W*",
    re.IGNORECASE,
)
_CUT: Final = re.compile(
    r"\s*[,;:(]?\s*\b(?:(?:by and )?between|(?:by and )?among|dated|made "
    r"(?:and entered|as of|this|on)"
    r"|entered into|effective (?:as of|date)|this agreement|this \w+ agreement|whereas)\b",
    re.IGNORECASE,
)
_THIS: Final = re.compile(
    r"\b(?:[Tt]his|THIS|[Tt]he following|[Tt]he within)\s+"
    r"(?P<name>(?:(?:[A-Z][\w&/’'.®™-]*|and|of|for|to|the|on|&|in|with|No\.|\#?\d{1,3}"
    r"|[-–])[,]?\s+)"
    r"{0,14}(?:Agreement|AGREEMENT|Contract|CONTRACT|Lease|LEASE|Addendum|ADDENDUM|Amendment"
    r"|AMENDMENT|Deed|DEED|Guaranty|GUARANTY|Guarantee|GUARANTEE|Indenture|INDENTURE|Undertaking"
    r"|Memorandum of Understanding|Letter of Intent|Statement of Work)"
    r"(?:\s+(?:[Nn]o\.?|NO\.?|\#)\s?\d{1,3})?"
    r"(?:\s+(?:[Tt]o|TO|[Oo]f|OF)\s+(?:[Tt]he\s+|THE\s+)?(?:[A-Z][\w&/’'-]*,?\s+|and\s+){0,8}"
    r"(?:Agreement|AGREEMENT|Lease|LEASE|Contract|CONTRACT))?)"
)
_CAPITALS: Final = re.compile(
    r"(?<![A-Za-z])(?P<name>(?:[A-Z0-9][A-Z0-9&/’'.,®™()-]*\s{1,80}){0,14}"
    r"(?:AGREEMENT|CONTRACT|LEASE|ADDENDUM|DEED|GUARANTY|INDENTURE|AMENDMENT)(?![A-Za-z])"
    r"(?:\s{1,3}(?:NO\.?|#)\s?\d{1,3})?)"
)
_COMPANY_END: Final = re.compile(
    r"\b(?:inc|incorporated|corp|corporation|llc|ltd|limited|company|plc|gmbh|l\.?p)\b\.?",
    re.IGNORECASE,
)
_NOT_A_TITLE: Final = re.compile(
    r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?\s|[A-H]\.\s|THIS |IN WITNESS|PLEASE |Agreement,|Amendment,)"
    r"|\bentire (?:agreement|contract)\b|\bof (?:the|this) agreement$|\bcounterparts\b"
    r"|\bamendments?;"
    r"|\bdate of agreement\b|\bredacted\b|\bhave been\b|\bconfidential treatment\b"
    r"|\bsecurities exchange act\b"
    r"|\b(?:agreement|contract|addendum) number\b|\bif publicly\b|\btable of contents\b"
    r"|\bconstitutes?\b|\b(?:is|are|shall|will|has|hereby)\b|^(?:termination|term"
    r"|scope|purpose) of\b",
    re.IGNORECASE,
)
_AFTER_HEAD: Final = re.compile(
    rf"\b(?:{_HEAD})\b(?:\s(?:no\.?|number|\#|n°)\s?[\w-]{{1,12}})?"
    r"(?=\s+(?!(?:on|for|of|to|regarding|concerning|relating|with|in|and|or|between"
    r"|addendum|amendment"
    r"|(?:agreement|contract)(?!\s{0,9}:|\s{1,9}(?:number|no|id|identification|ref|date)\b|\s{0,9}\#)"
    r"|no|number|n°)\b|\#|n°)[^(\s])",
    re.IGNORECASE,
)
_BARE: Final = re.compile(
    r"(?:agreement|contract|amendment|addendum|deed|lease|policy|appendix)", re.IGNORECASE
)
_CYRILLIC: Final = re.compile(r"[А-я]")
_RUSSIAN: Final = re.compile(
    r"(?:^|(?<=\n)|(?<=[.№\d] )|(?<=  ))[ \t«\"]*"
    r"(?P<name>(?:[А-ЯЁ](?:[а-яё]+(?:ый|ий|ой|ое|ая)|[А-ЯЁ]+(?:ЫЙ|ИЙ|ОЙ|ОЕ|АЯ))[ \t]+){0,2}"
    r"(?:ДОГОВОР|КОНТРАКТ|СОГЛАШЕНИЕ|ДОВЕРЕННОСТЬ|ОФЕРТА|ПОЛИТИКА|АКТ|ПРОТОКОЛ|ДОГОВОР-ОФЕРТА"
    r"|Договор|Контракт|Соглашение|[Дд]оговор|[Сс]оглашение|Доверенность|Оферта|Политика|Протокол)"
    r"(?![А-Яа-яёЁ])[^\n]{0,160}(?:\n[ \t]*(?![ \t]*(?:г\.|город|№|[«\"]?\d))[А-ЯЁ\s«»\"-]{4,80}"
    r"(?=\n))?)"
)
# A line in small letters under a title in capitals is its subject where the heading ends after it.
_RUSSIAN_SUBJECT: Final = re.compile(
    r"[ \t]{0,80}\n[ \t]{0,80}(?P<subject>(?!(?:г|гор|с|пос|дер)\.|город\s|заключ|между\s)"
    r"[а-яё][^\n]{2,80})(?=\n[ \t]{0,80}(?:\n|г\.|город\s|№|[«\"]?\d|от\s)|\Z)"
)
_RUSSIAN_GOES_ON: Final = re.compile(
    r"[ \t]{0,80}\n[ \t]{0,80}(?!г\.|город\s|заключ|между\s|от\s)[а-яё]"
)
_RUSSIAN_CUT: Final = re.compile(
    r"\s+(?:г\.\s|город\s|от\s+[«\"\d_]|между\s|[«\"]?\d{1,2}[»\"]?\s+[а-я]+\s+\d{4}|\s{3,}|\t)"
    r"|(?<=[^\d№])\.\s|,\s+именуем|\s{3,}"
)


@dataclass(frozen=True, slots=True)
class Title:
    """A name with its place; ``strong`` where at least two readings or a clear title line agree."""

    name: str
    start: int
    end: int
    score: float
    strong: bool


@dataclass(frozen=True, slots=True)
class _Vote:
    start: int
    end: int
    weight: float
    source: str


@functools.lru_cache(maxsize=1)
def find_titles(text: str) -> tuple[Title, ...]:
    """At most three names, best first; kept for the next stage, which asks about the same text."""
    titles = _tally(text, [*_title_lines(text), *_self_references(text), *_capital_runs(text)])
    russian = list(_russian(text))
    if russian and (not titles or russian[0].start < titles[0].start):
        return (*russian, *titles)[:3]
    return (*titles, *russian)[:3]


def _title_lines(text: str) -> Iterator[_Vote]:
    number = 0
    above: list[tuple[int, int]] = []
    for line in _lines(text):
        written = line.group().strip()
        if not written:
            continue
        number += 1
        if number > _LINES:
            return
        start = line.start() + len(line.group()) - len(line.group().lstrip())
        end = start + len(written)
        if number <= _FIRST_LINES and _SMALL_TITLE.fullmatch(written):
            yield from _vote(text, start, end, 2 * (1 - number / 40), "small")
        like = len(written) <= 150 and _looks_like_title(written)
        if like and _ENDS_IN_HEAD.search(written):
            first = _with_lines_above(text, start, above, capitals=written.isupper())
            yield from _vote(text, first, end, 3 * (1 - number / 100), "line")
            above.clear()
        elif like and len(written) <= 60 and not any(mark in written for mark in ".:;"):
            above = [*above[-1:], (start, end)]
        else:
            above.clear()


def _with_lines_above(
    text: str, start: int, above: list[tuple[int, int]], *, capitals: bool
) -> int:
    """Where a title of several lines begins; a company above it is none of them."""
    first = start
    for above_start, above_end in reversed(above):
        joined = text[above_start:above_end]
        if first - above_end > 4 or joined.isupper() != capitals:
            break
        if _ENDS_IN_HEAD.search(joined):
            break
        first = above_start
    return start if _COMPANY_END.search(text[first:start]) else first


def _lines(text: str) -> Iterator[re.Match[str]]:
    """Lines; where a file has lost its line breaks, wide gaps stand for them."""
    for line in _LINE.finditer(text, 0, _REACH):
        if len(line.group()) > 150 and _GAP.search(line.group()):
            yield from _PIECE.finditer(text, *line.span())
        else:
            yield line


def _looks_like_title(line: str) -> bool:
    letters = [letter for letter in line if letter.isalpha()]
    if not letters:
        return False
    if sum(letter.isupper() for letter in letters) > 0.8 * len(letters):
        return True
    words = [word for word in line.split() if word[0].isalpha()]
    small = {"and", "of", "for", "to", "the", "on", "in", "with", "a", "an", "or", "by", "between"}
    return bool(words) and all(word[0].isupper() or word.lower() in small for word in words)


def _self_references(text: str) -> Iterator[_Vote]:
    for match in _THIS.finditer(text, 0, _REACH):
        weight = 2.5 if match.start() < 2500 else 0.7
        yield from _vote(text, match.start("name"), match.end("name"), weight, "this")


def _capital_runs(text: str) -> Iterator[_Vote]:
    for match in _CAPITALS.finditer(text, 0, _REACH):
        weight = 1.5 * (1 - match.start() / (2 * _REACH))
        yield from _vote(text, match.start("name"), match.end("name"), weight, "capitals")


def _vote(text: str, start: int, end: int, weight: float, source: str) -> Iterator[_Vote]:
    start, end = _trimmed(text, start, end)
    name = text[start:end]
    if len(name) < 5 or not _ENDS_IN_HEAD.search(name) or _NOT_A_TITLE.search(name):
        return
    if _BARE.fullmatch(name):
        if source == "this":
            return
        weight *= 0.15
    if _COMPANY_END.search(name):
        weight *= 0.4
    yield _Vote(start, end, weight, source)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without exhibit numbers and stamps before and without "between …", "dated …" after."""
    moved = True
    while moved:
        moved = False
        for junk in (_EXHIBIT, _NOISE, _FILING_NUMBER):
            match = junk.match(text[start:end])
            if match is not None and match.end():
                start += match.end()
                moved = True
    cut = _CUT.search(text[start:end])
    if cut is not None and cut.start():
        end = start + cut.start()
    companies = [match.end() for match in _COMPANY_END.finditer(text, start, end)]
    if companies and _ENDS_IN_HEAD.search(text, companies[-1], end):
        start = companies[-1]
    head = _AFTER_HEAD.search(text, start, end)
    if head is not None:
        end = head.end()
    name = text[start:end]
    start += len(name) - len(name.lstrip(" \t\n\r.,;:–—-*_\"“”'()[]"))
    end -= len(name) - len(name.rstrip(" \t\n\r.,;:–—-*_\"“”'(["))
    return start, max(start, end)


def _tally(text: str, votes: list[_Vote]) -> tuple[Title, ...]:
    groups: dict[str, list[_Vote]] = {}
    for vote in votes:
        groups.setdefault(_key(text[vote.start : vote.end]), []).append(vote)
    weights = {
        # The same reading again says little more: only the best of each source counts in full.
        key: sum(
            max(vote.weight for vote in group if vote.source == source)
            for source in {vote.source for vote in group}
        )
        for key, group in groups.items()
    }
    scores = {
        key: weight
        + 0.3
        * sum(
            other_weight
            for other, other_weight in weights.items()
            if other != key and (f" {other} " in f" {key} ")
        )
        for key, weight in weights.items()
    }
    titles = []
    for key, group in groups.items():
        first = min(group, key=lambda vote: (vote.source == "this", vote.start))
        bare = _BARE.fullmatch(text[first.start : first.end]) is not None
        strong = len({vote.source for vote in group}) > 1 and not bare
        titles.append(
            Title(
                re.sub(r"\s+", " ", text[first.start : first.end]),
                first.start,
                first.end,
                scores[key],
                strong,
            )
        )
    titles.sort(key=lambda title: (-title.score, title.start))
    return tuple(titles[:3])


def _key(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.lower()))


def _russian(text: str) -> Iterator[Title]:
    if _CYRILLIC.search(text, 0, 4000) is None:
        return
    for count, match in enumerate(_RUSSIAN.finditer(text, 0, 4000)):
        if count == 3:
            return
        start, end = match.start("name"), match.end("name")
        capitals = match["name"].isupper()
        subject = _RUSSIAN_SUBJECT.match(text, end) if capitals else None
        whole = subject is not None or _RUSSIAN_GOES_ON.match(text, end) is None
        if subject is not None:
            end = subject.end("subject")
        cut = _RUSSIAN_CUT.search(text[start:end])
        if cut is not None and cut.start() > 3:
            end = start + cut.start()
            whole = True
        name = text[start:end].rstrip(" \t\n.,;:–—-_")
        end = start + len(name)
        first_line = text[:start].count("\n") < 25
        capital = name[:6].isupper()
        name = re.sub(r"\s+", " ", name)
        strong = first_line and whole and name[0].isupper()
        yield Title(name, start, end, 3.0 if capital else 2.0, strong)
