"""Cross references: Section 5.2(a), Article IV, Exhibit A, п. 3.2, and the section each means."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from lexmill_legal.parsing.places import place
from lexmill_legal.results import ParsedDocument, Reference, ReferenceStatus, Section
from lexmill_legal.segment.numbering import roman, word

Path = tuple[str, ...]

# What a word before a number speaks of; "section" is any numbered part.
_WORDS: Final = {
    "section": "section", "sections": "section", "subsection": "section",
    "subsections": "section", "clause": "section", "clauses": "section", "paragraph": "section",
    "paragraphs": "section", "§": "section", "article": "article", "articles": "article",
    "exhibit": "exhibit", "exhibits": "exhibit", "schedule": "schedule", "schedules": "schedule",
    "annex": "annex", "annexes": "annex", "appendix": "appendix", "appendices": "appendix",
    "attachment": "attachment", "attachments": "attachment",
}  # fmt: skip
_PARTS: Final = frozenset({"exhibit", "schedule", "annex", "appendix", "attachment", "приложение"})
# By first letters: the search goes through the whole text.
_ENGLISH: Final = re.compile(
    r"(?:S(?:ection|ECTION|ubsection|chedule|CHEDULE)|s(?:ection|ubsection|chedule)"
    r"|A(?:rticle|RTICLE|nnex|NNEX|ppendix|PPENDIX|ppendices|ttachment|TTACHMENT)"
    r"|a(?:rticle|nnex|ppendix|ttachment)|C(?:lause|LAUSE)|clause|P(?:aragraph|ARAGRAPH)|paragraph"
    r"|E(?:xhibit|XHIBIT)|exhibit|§)(?:s|S|es|ES)?(?![^\W_])"
)
_RUSSIAN: Final = re.compile(
    r"(?:[Пп]одпункт|[Пп]ункт|[Пп]ап\.|пп\.|п\.|[Сс]тать|ст\.|[Рр]аздел|[Гг]лав|[Пп]риложени)"
    r"[а-яё]{0,4}"
)
_NUMBER: Final = (
    r"(?:\d{1,3}(?:\.\d{1,3}){0,5}(?![\d%]|\.\d)|(?=[IVXLC])[IVXLC]{1,7}(?![\w])|[A-Z](?:-\d{1,2})?"
    r"(?![\w])|(?:ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN|One|Two|Three|Four|Five|Six|Seven"
    r"|Eight|Nine|Ten)(?![\w]))(?:[ ]?\((?:[a-zA-Z]{1,2}|[ivxIVX]{1,5}|\d{1,2})\)(?![\w])){0,4}"
)
_FIRST: Final = re.compile(rf"[ \t\n]{{1,3}}(?:(?:No\.?|Nos\.?|№)[ \t]?)?(?P<number>{_NUMBER})")
_NEXT: Final = re.compile(
    r"(?:,[ \t\n]{0,2}(?:(?:and|or|and/or)[ \t\n]{1,2})?|[ \t\n]{1,2}(?:and|or|and/or"
    rf"|through|to|&)[ \t\n]{{1,2}}|[ ]?[-–][ ]?)(?P<number>{_NUMBER})"
    r"(?![ \t]?(?:%|percent|days?|months?|years?|hours?|business|calendar|per\b))"
)
_SUB: Final = re.compile(r"[ \t\n]{0,2}(?P<number>(?:\([a-zA-Z0-9]{1,4}\)){1,4})(?![\w])")
_RUSSIAN_NUMBER: Final = (
    r"(?:\d{1,3}(?:\.\d{1,3}){0,5}(?![\d%])|[IVXLC]{1,7}(?!\w)|[А-Я](?!\w)|[«\"]?[а-я][»\"]?(?=\)))"
)
_RUSSIAN_FIRST: Final = re.compile(
    rf"[ \t\n]{{0,3}}(?:№[ \t]{{0,2}})?(?P<number>{_RUSSIAN_NUMBER})"
)
_RUSSIAN_NEXT: Final = re.compile(
    r"(?:,[ \t\n]{0,2}|[ \t\n]{1,2}(?:и|или)[ \t\n]{1,2}|[ ]?[-–][ ]?)"
    r"(?P<number>\d{1,3}(?:\.\d{1,3}){1,5})(?![\d%])"
)

# Where the words after a number speak of another document.
_OURS: Final = re.compile(
    r"[\s,]{0,3}(?:\([^()]{0,40}\)\s?)?(?:hereof|hereto|herein|hereunder|above|below|of this"
    r"|to this|in this|attached|настоящ|[а-яё]*\s?настоящ)",
    re.IGNORECASE,
)
_OTHERS: Final = re.compile(
    r"(?:,?[ \t\n]{1,2}(?:and |or )?(?:Sections?|Articles?|Clauses?)[ \t\n][\d.]{1,8}"
    r"[()a-z]{0,12}){0,4}"
    r"[\s,]{0,3}(?:\([^()]{0,60}\)\s{0,2})?(?:of|under|to|in|from|set forth in)\s+"
    r"(?:(?:the|that|such|said|its|their|any|an?|each|certain|applicable|U\.S\.|United States)\s+"
    r"){0,3}(?!this\b|Agreement\b(?!\s+(?:of|and\s+Plan))|Contract\b|Lease\b)"
    r"(?:[A-Z0-9][\w.&’'/-]*[ \t\n]+(?:(?:of|and|for|the|to|in)[ \t\n]+){0,2}){0,7}"
    r"(?:Act|Code|Law|Laws|Rules?|Regulations?|Agreement|Contract|Plan|Indenture|Constitution|Treaty"
    r"|Directive|Statutes?|Order|Convention|Ordinance|Lease|Note|Guidelines?|Policy|Bylaws|By-Laws"
    r"|Certificate|Charter|Terms|Form|Amendment|Deed)\b"
    r"|[\s,]{0,3}(?:of the [A-Z]{2,6}\b(?! [A-Z])|U\.S\.C|C\.F\.R|there(?:of|to|under|in)\b)"
    r"|[ \t]{1,2}et seq|[-‑][\dx]"
)
_OTHERS_BEFORE: Final = (
    "U.S.C", "U.S.C.", "USC", "C.F.R", "C.F.R.", "CFR", " Code", " Act", " Statutes", " Statute",
    " Rule", " Law", " Regulations", "Treas. Reg.",
)  # fmt: skip
_RUSSIAN_OTHERS: Final = re.compile(
    r"(?!\s*(?:настоящ\w+\s+)?(?:[Дд]оговор|[Сс]оглашен))[^;\n]{0,40}?(?:ГК|НК|АПК|ГПК|ТК|УК|КоАП|ЖК|ЗК|БК|СК|УПК|[Кк]одекс|[Фф]едеральн|[Зз]акон"
    r"|[Пп]остановлени|[Уу]каз|[Уу]став|[Пп]оложени|[Пп]равил|ФЗ\b)"
)
# What may follow the number of a section or of an exhibit that begins here.
_HEADS: Final = re.compile(
    r"[.):]{0,2}(?:\s{1,6}|\s?[-–—]\s?)[\"“«(\[]?[A-ZА-ЯЁ]|[.):]{0,2}[ \t]*\n"
)
_HEADED: Final = re.compile(
    r"(?:\n[ \t]*(?:[Ee]xhibit|[Ss]chedule|[Aa]nnex|[Aa]ppendix|[Aa]ttachment|[Пп]риложение)"
    r"|EXHIBIT|SCHEDULE|ANNEX|APPENDIX|ATTACHMENT|ПРИЛОЖЕНИЕ)[ \t]+(?:No\.?[ \t]?|№[ \t]?)?\Z"
)
_SIGN: Final = re.compile(rf"[ ]?(?P<number>{_NUMBER})")
_MANY: Final = frozenset(word for word in _WORDS if word.endswith("s") or word == "appendices")
_MOST_LISTED: Final = 20
_MOST_TRIED: Final = 200
_MOST: Final = 5_000


@dataclass(slots=True)
class _Scope:
    """The numbered parts of the main text, or of one exhibit: by path, and articles apart."""

    sections: dict[Path, Section] = field(default_factory=dict)
    articles: dict[Path, Section] = field(default_factory=dict)


@dataclass(slots=True)
class _Place:
    section: Section
    path: Path
    scope: _Scope


class _Index:
    """Which section of an outline a number means."""

    def __init__(self, outline: Sequence[Section]) -> None:
        self.main = _Scope()
        self.parts: dict[tuple[str, str], tuple[Section, _Scope]] = {}
        self._places: list[_Place] = []
        for section in outline:
            scope = self.main
            if section.kind == "exhibit" and section.number:
                kind, number = _part(section.number)
                scope = self.parts.setdefault((kind, number), (section, _Scope()))[1]
            self._add(section, scope)
        self._starts = [found.section.start for found in self._places]
        self.heads = frozenset(self._starts)

    def _add(self, root: Section, scope: _Scope) -> None:
        waiting: list[tuple[Section, Path]] = [(root, ())]
        while waiting:
            section, above = waiting.pop()
            path = above
            if section.number and section.kind != "exhibit":
                path, is_article = _path(section.number, above)
                book = scope.articles if is_article else scope.sections
                if path != (section.number.strip("()"),) or "(" not in section.number:
                    book.setdefault(path, section)
                if len(path) > 1 and section.number.isdigit():
                    scope.sections.setdefault((section.number,), section)
            self._places.append(_Place(section, path, scope))
            waiting.extend((child, path) for child in reversed(section.children))

    def around(self, position: int) -> Iterator[_Place]:
        """The sections that hold a position, innermost first."""
        at = bisect_right(self._starts, position) - 1
        for index in range(at, max(-1, at - 400), -1):
            found = self._places[index]
            if found.section.start <= position < found.section.end:
                yield found

    def scope_at(self, position: int) -> _Scope:
        return next((found.scope for found in self.around(position)), self.main)


def _part(number: str) -> tuple[str, str]:
    kind, _, written = number.partition(" ")
    return kind.lower(), written.removeprefix("No").strip(" .№").upper()


def _own(number: str) -> Path:
    """As "Section 3.2" → 3, 2; "(b)" → b; "ARTICLE IV" → 4."""
    written = number.rpartition(" ")[2].strip("().:")
    if written[:1].isdigit():
        return tuple(written.strip(".").split("."))
    return (written.lower(),)


def _path(number: str, above: Path) -> tuple[Path, bool]:
    kind = number.partition(" ")[0].lower() if " " in number else ""
    if kind in {"article", "статья", "раздел", "глава", "chapter", "part", "часть"}:
        return (_counted(number.rpartition(" ")[2]),), True
    own = _own(number)
    if kind or len(own) > 1:
        return (_counted(own[0]), *own[1:]), False
    return (*above, *own), False


def _counted(written: str) -> str:
    if written[:1].isdigit():
        return written
    value = word(written) or roman(written)
    return str(value) if value else written.lower()


def find_references(
    parsed: ParsedDocument, outline: Sequence[Section], *, russian: bool = True
) -> tuple[Reference, ...]:
    """In text order; numbers of other documents and of laws are left out."""
    if not outline:
        return ()
    resolver = _Resolver(parsed.text, outline)
    found = [*islice(resolver.resolve(_english(parsed.text)), _MOST)]
    if russian:
        found += islice(resolver.resolve(_russian(parsed.text)), _MOST)
    found.sort(key=lambda reference: reference.start)
    return tuple(
        Reference(
            start=one.start,
            end=one.end,
            quote=parsed.text[one.start : one.end],
            page=place(parsed, one.start, one.start)[0],
            status=one.status,
            target=one.target,
        )
        for one in found[:_MOST]
    )


@dataclass(frozen=True, slots=True)
class _Mention:
    """A number as it is written; ``start`` is that of the word before it, where it has its own."""

    kind: str
    number: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    status: ReferenceStatus
    target: int | None


def _english(text: str) -> Iterator[list[_Mention]]:
    for match in _ENGLISH.finditer(text):
        start = match.start()
        if start and text[start - 1].isalnum():
            continue
        lower = match.group().lower()
        kind = _WORDS.get(lower)
        if kind is None:
            continue
        number = (_SIGN if lower == "§" else _FIRST).match(text, match.end())
        if number is None and kind == "section":
            number = _SUB.match(text, match.end())
        if number is None:
            continue
        numbers = [number]
        many = lower in _MANY
        while many and len(numbers) < _MOST_LISTED:
            following = _NEXT.match(text, numbers[-1].end())
            if following is None:
                break
            numbers.append(following)
        if not _is_elsewhere(text, start, numbers[-1].end()):
            yield _mentions(kind, start, numbers)


def _russian(text: str) -> Iterator[list[_Mention]]:
    for match in _RUSSIAN.finditer(text):
        start = match.start()
        if start and text[start - 1].isalnum():
            continue
        number = _RUSSIAN_FIRST.match(text, match.end())
        if number is None:
            continue
        numbers = [number]
        while len(numbers) < _MOST_LISTED:
            following = _RUSSIAN_NEXT.match(text, numbers[-1].end())
            if following is None:
                break
            numbers.append(following)
        end = numbers[-1].end()
        if _OURS.match(text, end) is None and _RUSSIAN_OTHERS.match(text, end):
            continue
        stem = match.group().lower()
        kind = "article" if stem.startswith(("ст", "раздел", "глав")) else "section"
        yield _mentions("приложение" if stem.startswith("прилож") else kind, start, numbers)


def _mentions(kind: str, start: int, numbers: Sequence[re.Match[str]]) -> list[_Mention]:
    return [
        _Mention(kind, one["number"], one.start("number") if position else start, one.end("number"))
        for position, one in enumerate(numbers)
    ]


def _is_elsewhere(text: str, start: int, end: int) -> bool:
    if _OURS.match(text, end):
        return False
    before = text[max(0, start - 16) : start].rstrip(" ,§\n\t")
    return before.endswith(_OTHERS_BEFORE) or _OTHERS.match(text, end) is not None


class _Resolver:
    def __init__(self, text: str, outline: Sequence[Section]) -> None:
        self._text = text
        self._index = _Index(outline)
        self._seen: dict[Path, bool] = {}

    def resolve(self, mentions: Iterable[list[_Mention]]) -> Iterator[_Found]:
        for group in mentions:
            if group[0].start in self._index.heads:
                continue
            heading = self._is_heading(group[0].start, group[-1].end)
            for mention in group:
                status, target = self._resolved(mention)
                if target is not None or not heading:
                    yield _Found(mention.start, mention.end, status, target)

    def _is_heading(self, start: int, end: int) -> bool:
        """A line of a table of contents, or a heading that is no part of the outline."""
        line = self._text.rfind("\n", max(0, start - 40), start) + 1
        return not self._text[line:start].strip() and _HEADS.match(self._text, end) is not None

    def _resolved(self, mention: _Mention) -> tuple[ReferenceStatus, int | None]:
        head, *subs = [part.lower() for part in re.findall(r"[^()\s«»\"]+", mention.number)]
        if mention.kind in _PARTS:
            return self._part(mention, plain=not subs and "." not in head)
        if mention.number.startswith("(") or "а" <= head[0] <= "я":
            return self._relative((head, *subs), mention.start)
        first, *rest = head.split(".")
        path = (_counted(first), *rest, *subs)
        books = list(self._books(mention))
        for book in books:
            if path in book:
                return "resolved", book[path].start
        # An item of a list inside a sentence is no section: its sentence is near enough.
        for length in range(len(path) - 1, len(path) - len(subs) - 1, -1):
            for book in books:
                if path[:length] in book:
                    return "nearest", book[path[:length]].start
        return self._missing(mention, path), None

    def _books(self, mention: _Mention) -> Iterator[dict[Path, Section]]:
        own, main = self._index.scope_at(mention.start), self._index.main
        for scope in (own, main) if own is not main else (main,):
            books = (scope.sections, scope.articles)
            yield from reversed(books) if mention.kind == "article" else books

    def _relative(self, path: Path, position: int) -> tuple[ReferenceStatus, int | None]:
        """As in "clause (b)": of the section it stands in, or of one around that."""
        for found in self._index.around(position):
            for length in range(len(found.path), -1, -1):
                target = found.scope.sections.get((*found.path[:length], *path))
                if target is not None:
                    return "resolved", target.start
        return "unclear", None

    def _part(self, mention: _Mention, *, plain: bool) -> tuple[ReferenceStatus, int | None]:
        number = mention.number.upper()
        found = self._index.parts.get((mention.kind, number))
        if found is not None and plain:
            return "resolved", found[0].start
        text = self._text
        certain = (
            plain
            and any(kind == mention.kind for kind, _ in self._index.parts)
            and not text[max(0, mention.start - 8) : mention.start].lower().endswith("this ")
            and _HEADS.match(text, mention.end) is None
            and not self._stands_somewhere((mention.kind, number))
        )
        return ("dangling" if certain else "unclear"), None

    def _missing(self, mention: _Mention, path: Path) -> ReferenceStatus:
        """Dangling only where the document numbers its parts so and none has this number."""
        ours = _OURS.match(self._text, mention.end) is not None
        if len(path) == 1 and not ours:
            return "unclear"  # an amendment speaks of the sections of another document
        main = self._index.main
        book = main.articles if mention.kind == "article" else main.sections
        beside = [own[-1] for own in book if len(own) == len(path) and own[:-1] == path[:-1]]
        numbers = [int(own) for own in beside if own.isdigit()]
        if len(numbers) < 2 or not path[-1].isdigit():
            return "unclear"
        far = int(path[-1]) > 3 * max(numbers) + 10
        own = self._text[max(0, mention.start - 8) : mention.start].lower().endswith("this ")
        if (far and not ours) or own or self._stands_somewhere(path):
            return "unclear"
        return "dangling"

    def _stands_somewhere(self, path: Path) -> bool:
        """Whether the number also stands where a heading or a text could follow it.

        The outline does not have it then, but the document may.
        """
        known = self._seen.get(path)
        if known is None:
            ends = islice(_ends_of(self._text, path), _MOST_TRIED)
            known = any(_HEADS.match(self._text, end) for end in ends)
            self._seen[path] = known
        return known


def _ends_of(text: str, path: Path) -> Iterator[int]:
    """Where the number of a part ends, wherever it is written."""
    written = path[1] if path[0] in _PARTS else ".".join(part for part in path if part.isdigit())
    at = text.find(written)
    while at >= 0:
        end = at + len(written)
        before, after = text[at - 1 : at], text[end : end + 1]
        whole = not (before.isalnum() or before in {*"$€£.,-/"} or after.isalnum())
        if whole and (path[0] not in _PARTS or _HEADED.search(text, max(0, at - 16), at)):
            yield end
        at = text.find(written, end)
