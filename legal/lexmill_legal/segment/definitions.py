"""Defined terms: "X" means …, (the "X"), Russian «X» – это …, (далее – X)."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from lexmill_legal.parsing.places import place
from lexmill_legal.results import Definition, ParsedDocument

_OPEN: Final = r"(?:[\"“”„«]|''|``|‘‘)"
_CLOSE: Final = r"(?:[\"”“»]|''|’’)"
_TERM: Final = r"[^\W_][^\"“”„«»\n]{0,78}?"
_QUOTED: Final = re.compile(rf"{_OPEN}[ \t]?({_TERM})[ \t]?[,.]?{_CLOSE}")

# --- "X" means … ---
_MEANS: Final = re.compile(
    r"(?:means?|shall (?:have|mean)|has|have|refers?|includes?|is defined|"
    r"означа[ею]т|понима[ею]тся|это)(?![^\W_])"
)
_HAS_MEANING: Final = re.compile(r"(?:has|have|shall have) the (?:same )?meanings?\b")
_WEAK: Final = frozenset({"has", "have", "shall have"})
_BEFORE_MEANS: Final = re.compile(
    rf"{_OPEN}[ \t]?(?P<term>{_TERM})[ \t]?,?{_CLOSE}"
    rf"(?P<more>(?:[ \t]*(?:,|and|or|и|или|\([^()\n]{{1,60}}\))[ \t]*{_OPEN}{_TERM}{_CLOSE})*)"
    r"(?:[ \t]*\([^()\n]{1,60}\))?"
    r"[\s,:–—-]{0,4}(?:(?:as used (?:herein|in this \w+)|for (?:the )?purposes of this \w+),?\s)?"
    r"(?:shall|will|—|–)?\s?\Z"
)
# In a list of definitions terms may stand without quotation marks: "1.3 Affiliate means …".
_BARE: Final = re.compile(
    r"(?:^|\n)[ \t]*(?:\(?[\w.]{1,8}[.)]?[ \t]{1,4})??(?P<term>[A-ZА-ЯЁ][\w’'/&-]*"
    r"(?:[ \t](?:(?:of|and|or|the|to|for|in|on)[ \t])?[A-ZА-ЯЁ][\w’'/&-]*){0,5})"
    r"[ \t]*[,:–—-]?[ \t]*(?:shall[ \t])?\Z"
)
_NO_TERM: Final = frozenset(
    {"this", "that", "it", "which", "he", "they", "neither", "nothing", "such", "there",
     "agreement", "company", "section", "what"}
)  # fmt: skip
_DASHED: Final = re.compile(
    r"(?:^|\n)[ \t]*(?:\d[\d.]{0,8}[ \t]+)?"
    r"(?P<term>«[^«»\n]{2,70}»|[А-ЯЁ][а-яё]+(?:[ \t][а-яё]+){0,4})[ \t]*"
    r"(?:\([^()\n]{1,60}\)[ \t]*)?[–—-][ \t](?=[а-яё])"
)

# --- (the "X") ---
_INSIDE: Final = r"[^()\n\"“”„«»'`‘]"
_PARENTHESIS: Final = re.compile(
    rf"\({_INSIDE}{{0,100}}(?:\n{_INSIDE}{{0,60}})?{_OPEN}[^()]{{1,240}}\)"
)
_LEADS: Final = re.compile(
    r"\A[\s,;:–—-]*(?:(?:the|an?|each|every|such|this|these|those|all|any|both|together|with"
    r"|collectively|individually|jointly|severally|hereinafter|hereafter|herein|referred|to|called"
    r"|known|defined|as|or|and|also|sometimes|its|being|is|are|may|be|will|shall|either|in|of"
    r"|singly|respectively|agreement|when|whether|for|parties|party|date|period|services?|products?"
    r"|далее|именуем\w+|в|дальнейшем|дальнейшему|тексту|по|вместе|совместно|каждая|каждый|а|и|или"
    r"|отдельности|сторона|стороны|также|настоящем\w*|договор\w*|соглашени\w*|–|—|-)[\s,;:–—-]*)*\Z",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(r"\bdefined (?:in|below|above)|\bmeaning\b|\bwithin the\b")
# --- далее – X, именуемое в дальнейшем «X» ---
_HENCEFORTH: Final = re.compile(
    r"(?:[Дд]алее(?:[ \t]+по[ \t]+тексту)?(?:[ \t]+также)?[ \t]*[-–—:,]?"
    r"|в[ \t\n]+дальнейшем)[ \t\n]*(?:(?:совместно|вместе)[ \t]+)?(?:именуем\w+[ \t\n]*)?"
    r"(?:по[ \t]+тексту[ \t]*)?(?:[-–—:][ \t]*)?"
    r"(?:[«\"“](?P<quoted>[^«»\"“”\n]{2,70})[»\"”]|(?P<bare>[А-ЯЁ][а-яё]+(?:[ \t][А-ЯЁа-яё]+){0,3})"
    r"(?=[ \t]*[),.;]))"
)
_AND_APART: Final = re.compile(
    r"[ \t\n,]*а[ \t\n]+(?:каждая[ \t\n]+)?(?:по[ \t\n]+)?отдельности[ \t\n]*[-–—]?[ \t\n]*"
    r"(?:именуем\w+[ \t\n]*)?[«\"“](?P<quoted>[^«»\"“”\n]{2,70})[»\"”]"
)

_ENDS: Final = re.compile(r"[.;](?=\s+(?:[A-ZА-ЯЁ\"“«(\d]|and\s)|\s*\Z)|\n[ \t]*\n")
_BEGINS: Final = re.compile(r"[.;:]\s+(?=[A-ZА-ЯЁ\"“«(])|\n[ \t]*\n\s*")
_LONGEST: Final = 400
_BEFORE: Final = 160
_MOST: Final = 1_000


def find_definitions(parsed: ParsedDocument, *, russian: bool = True) -> tuple[Definition, ...]:
    """In text order; a term that is defined twice is there twice."""
    text = parsed.text
    found: dict[tuple[int, str], tuple[int, int, str]] = {}
    readings = [_meanings(text), _parentheses(text)]
    if russian:
        readings += [_henceforth(text), _dashed(text)]
    for reading in readings:
        for start, end, term in islice((one for one in reading if one[2]), _MOST):
            found.setdefault((start, term), (start, end, term))
    return tuple(
        Definition(term, start, end, text[start:end], place(parsed, start, start)[0])
        for start, end, term in sorted(found.values())[:_MOST]
    )


def _meanings(text: str) -> Iterator[tuple[int, int, str]]:
    for verb in _MEANS.finditer(text):
        if text[verb.start() - 1 : verb.start()].strip():
            continue
        since = max(0, verb.start() - 220)
        before = text[since : verb.start()]
        if verb.group() in _WEAK and not _HAS_MEANING.match(text, verb.start()):
            continue
        quote = before.rstrip(" \t\n,:–—-shalwi)")[-2:]
        if quote[-1:] in {'"', "”", "»", "'", "’", "“"} or ")" in before[-4:]:
            match = None
            for opening in re.finditer(_OPEN, before):
                match = _BEFORE_MEANS.match(before, opening.start())
                if match is not None:
                    break
            if match is None:
                continue
            start, end = since + match.start(), _end_of(text, verb.end())
            terms = [match["term"], *_QUOTED.findall(match["more"])]
            yield from ((start, end, _clean(term)) for term in terms)
        elif verb.group() in {"means", "mean", "shall mean", "означает", "означают"}:
            line = max(before.rfind("\n", 0, len(before.rstrip())), 0)
            bare = _BARE.match(before, line)
            if bare is not None and bare["term"].split()[0].lower() not in _NO_TERM:
                start = since + bare.start("term")
                yield start, _end_of(text, verb.end()), _clean(bare["term"])


def _parentheses(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _PARENTHESIS.finditer(text):
        written = match.group()
        first = _QUOTED.search(written)
        if first is None or _ELSEWHERE.search(written):
            continue
        if not _LEADS.match(written[1 : first.start()]):
            continue
        start = _start_of(text, match.start())
        for quoted in _QUOTED.finditer(written):
            if not quoted.group(1)[0].islower():
                yield start, match.end(), _clean(quoted.group(1))


def _henceforth(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _HENCEFORTH.finditer(text):
        start = _start_of(text, match.start())
        end = match.end() + (text[match.end() : match.end() + 1] == ")")
        yield start, end, _clean(match["quoted"] or match["bare"])
        apart = _AND_APART.match(text, match.end())
        if apart is not None:
            yield start, apart.end(), _clean(apart["quoted"])


def _dashed(text: str) -> Iterator[tuple[int, int, str]]:
    """As in "Товар – продукция, которую …" in a list of terms."""
    for heading in _RUSSIAN_LIST.finditer(text):
        stop = min(len(text), heading.end() + 6_000)
        misses = 0
        at = heading.end()
        for match in _DASHED.finditer(text, heading.end(), stop):
            misses = misses + 1 if match.start() - at > 900 else 0
            if misses:
                break
            start = match.start("term")
            at = _end_of(text, match.end())
            yield start, at, _clean(match["term"])


_RUSSIAN_LIST: Final = re.compile(
    r"(?:ТЕРМИНЫ|Термины|ОПРЕДЕЛЕНИЯ|Определения|ПОНЯТИЯ|Понятия|следующие термины)"
    r"[^\n]{0,80}(?=\n)"
)


def _start_of(text: str, parenthesis: int) -> int:
    """What a term in brackets stands for is said before it: at most since the sentence began."""
    since = max(0, parenthesis - _BEFORE)
    begin = since
    for stop in _BEGINS.finditer(text, since, parenthesis):
        begin = stop.end()
    if begin == since and since:
        space = text.find(" ", since, parenthesis)
        begin = space + 1 if space >= 0 else since
    while begin < parenthesis and text[begin].isspace():
        begin += 1
    return begin


def _end_of(text: str, start: int) -> int:
    limit = min(len(text), start + _LONGEST)
    stop = _ENDS.search(text, start, limit)
    if stop is not None:
        return stop.start() + (text[stop.start()] in ".;")
    space = text.rfind(" ", start, limit) if limit < len(text) else limit
    end = space if space > start else limit
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def _clean(term: str) -> str:
    return " ".join(term.split()).strip(" ,.;:«»\"“”'’")
