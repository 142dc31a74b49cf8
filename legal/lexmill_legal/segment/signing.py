"""Signature blocks: where one begins, and who signs in it, as what, for whom, when and where."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final, Literal, NamedTuple

from lexmill_legal.parsing.places import place
from lexmill_legal.results import ParsedDocument, Section, Signature

_Kind = Literal["by", "name", "title", "date", "place"]
_KINDS: Final[dict[str, _Kind]] = {
    "by": "by", "per": "by", "signature": "by", "signed": "by", "sign": "by", "name": "name",
    "title": "title", "its": "title", "position": "title", "capacity": "title", "date": "date",
    "dated": "date", "place": "place",
}  # fmt: skip
_MARK: Final = re.compile(r":|/s/")
_WORD_BEFORE: Final = re.compile(r"(?<![^\W_])([A-Z][A-Za-z]{1,8})[ \t]?\Z")
_PRINTED: Final = re.compile(r"(?:Print(?:ed)?|PRINT(?:ED)?)[ \t]?\Z")
_WITNESS: Final = re.compile(r"IN WITNESS\s+WHEREOF")
# Labels of one block stand as near as this; one label alone ("Name:") makes no block.
_NEAR: Final = 1_200
_BEFORE: Final = 1_500
_LONGEST: Final = 8_000
_MOST: Final = 200
_MOST_LABELS: Final = 2_000
_RULE: Final = re.compile(r"[_\-–—=.*]{3,}")
_WIDE: Final = re.compile(r"[ \t]{3,}|\n")
_CHUNK: Final = re.compile(r"(?:[^\s]|[ \t](?=[^\s]))+")
_COMPANY: Final = re.compile(
    r"\b(?:inc|incorporated|corp|corporation|llc|l\.l\.c|ltd|limited|company|co|plc|gmbh|ag|s\.a"
    r"|sa|n\.v|b\.v|bv|l\.?p|llp|partners(?:hip)?|bank|trust|university|association|fund)\b\.?",
    re.IGNORECASE,
)
_NO_PARTY: Final = re.compile(
    r"in witness|whereof|the parties|agreed|accepted|acknowledged|executed|signature|signed|page\b"
    r"|\[|attest|witness|authori[sz]ed|as of the|effective date|\d+\Z|\bper\Z|\bseal\b",
    re.IGNORECASE,
)
# Two names on one line: the first ends with its form of company.
_JOINED: Final = re.compile(
    r"(?<=\b(?:Inc|INC|Ltd|LTD)\.)\s(?=[A-Z])|(?<=\b(?:LLC|PLC|Ltd))\s(?=[A-Z])"
    r"|(?<=\b(?:CORP|Corp)\.)\s(?=[A-Z])|(?<=\bCORPORATION|\bCorporation)\s(?=[A-Z])"
    r"|(?<=\"\))\s(?=[A-Z])"
)
_SENTENCE: Final = re.compile(r"(?<=[a-z]{3}\.)\s+(?=[A-Z])")
_ALIAS: Final = re.compile(r"\s*\([^()]{0,60}\)\Z")
_DIGIT: Final = re.compile(r"\d")
_NAME_ALONE: Final = re.compile(
    r"\s{0,80}(?:[_\-–—=]{3,}\s{0,80})?(?P<name>(?!(?:Title|Name|Its|Date|By)\b)"
    r"[A-Z][\w.'’-]*(?:[ \t][A-Z][\w.'’-]*){1,3})(?=[ \t]{2,}|[ \t]*\n|,|\Z)"
)
_RUSSIAN: Final = re.compile(
    r"(?:(?P<title>(?:[Гг]енеральный\s+|[Ии]сполнительный\s+|[Кк]оммерческий\s+)?[Дд]иректор"
    r"|[Ии]ндивидуальный\s+предприниматель|[Пп]резидент|[Пп]редседатель(?:\s+правления)?"
    r"|[Уу]правляющий|[Рр]уководитель|[Нн]ачальник|[Пп]о\s+доверенности)(?P<of>[^\n_/]{0,80}))?"
    r"[ \t]*\n?[ \t]*_{3,}[ \t]*/?[ \t]*\(?[ \t]*"
    r"(?P<name>[А-ЯЁ]\.[ \t]?(?:[А-ЯЁ]\.[ \t]?)?[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?"
    r"|[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?[ \t][А-ЯЁ]\.(?:[ \t]?[А-ЯЁ]\.)?)"
)
_RUSSIAN_PARTY: Final = re.compile(
    r"(?:ООО|ОАО|ЗАО|ПАО|АО|ИП|ФГУП|МУП|АНО|НКО)[ \t]+(?:[«\"“][^»\"”\n]{1,80}[»\"”]"
    r"|[А-ЯЁ][а-яё]+(?:[ \t][А-ЯЁ][а-яё.]+){1,2})"
)


class _Label(NamedTuple):
    kind: _Kind
    start: int
    end: int


def _labels(text: str, start: int, end: int) -> Iterator[_Label]:
    """As in "By:", "Name:", "/s/" and "By: /s/", which is one label."""
    last: _Label | None = None
    for mark in _MARK.finditer(text, start, end):
        if mark.group() == "/s/":
            joined = (
                last is not None and last.kind == "by" and not text[last.end : mark.start()].strip()
            )
            label = _Label("by", last.start if joined and last else mark.start(), mark.end())
            if not joined and last is not None:
                yield last
            last = label
            continue
        word = _WORD_BEFORE.search(text, max(start, mark.start() - 11), mark.start())
        kind = _KINDS.get(word.group(1).lower()) if word else None
        if word is not None and kind is not None:
            if last is not None:
                yield last
            last = _Label(kind, word.start(), mark.end())
    if last is not None:
        yield last


def blocks(text: str) -> Iterator[int]:
    """Where signature blocks begin: at their words of witness, or at the party that signs first."""
    last = -_NEAR
    labels = list(islice(_labels(text, 0, len(text)), _MOST_LABELS))
    for index, label in enumerate(labels):
        if label.kind != "by":
            continue
        known = label.start - last < _NEAR
        beside = {
            other.kind
            for other in labels[max(0, index - 1) : index + 6]
            if other is not label and abs(other.start - label.start) < _NEAR
        }
        if known or (beside & {"by", "name", "title"} and _is_signed(text, label)):
            last = label.start
        if not known and last == label.start:
            yield _start_of(text, label.start)


def _is_signed(text: str, label: _Label) -> bool:
    """As in "By: ____" on its own, or after words of witness; not in "By: courier."."""
    alone = not text[max(0, label.start - 2) : label.start].strip(" \t\n")
    signed = text.startswith("/s/", label.end - 3)
    witness = _WITNESS.search(text, max(0, label.start - _BEFORE), label.start)
    return alone or signed or witness is not None


def _start_of(text: str, label: int) -> int:
    witnesses = list(_WITNESS.finditer(text, max(0, label - _BEFORE), label))
    if witnesses:
        return witnesses[-1].start()
    start = text.rfind("\n", 0, label) + 1
    above = _line_above(text, start)
    if above is not None and _is_party(text[slice(*above)]):
        start = above[0]
    while text[start] in " \t":
        start += 1
    return max(start, label - 400)


def _line_above(text: str, start: int) -> tuple[int, int] | None:
    end = start
    while end > 0 and text[end - 1].isspace() and start - end < 80:
        end -= 1
    begin = text.rfind("\n", max(0, end - 200), end) + 1
    return (begin, end) if 0 < end - begin < 200 else None


def _is_party(written: str) -> bool:
    written = written.strip()
    return (
        2 < len(written) <= 90
        and written[0].isupper()
        and not _NO_PARTY.search(written)
        and (written.upper() == written or _COMPANY.search(written) is not None)
    )


def end_of(text: str, start: int, end: int) -> int:
    """Where the block ends: with the line of its last label, where it has any."""
    labels = list(_labels(text, start, min(end, start + _LONGEST)))
    if not labels:
        return end
    last = labels[-1].end
    line = text.find("\n", last, min(end, last + 200))
    stop = line if line >= 0 else min(end, last + 200)
    return start + len(text[start:stop].rstrip())


def find_signatures(parsed: ParsedDocument, outline: Sequence[Section]) -> tuple[Signature, ...]:
    """Who signs in the signature blocks of the outline, in text order."""
    found: list[Signature] = []
    waiting = list(reversed(outline))
    while waiting:
        section = waiting.pop()
        if section.kind == "signature_block":
            end = min(section.end, section.start + _LONGEST)
            found += _english(parsed, section.start, end) or _russian(parsed, section.start, end)
        else:
            waiting.extend(reversed(section.children))
    return tuple(found[:_MOST])


@dataclass(slots=True)
class _Signer:
    start: int
    end: int
    party: str | None = None
    name: str | None = None
    title: str | None = None
    date: str | None = None
    place: str | None = None

    def take(self, kind: _Kind, value: str | None) -> None:
        """What a label says; a name in letters is better than the same one in a signature."""
        match kind:
            case "name":
                self.name = value or self.name
            case "title":
                self.title = self.title or value
            case "date":
                self.date = self.date or (value if value and _DIGIT.search(value) else None)
            case "place":
                self.place = self.place or value


def _english(parsed: ParsedDocument, start: int, end: int) -> list[Signature]:
    text = parsed.text
    labels = list(_labels(text, start, end))
    signers: list[_Signer] = []
    row: list[_Signer] = []
    parties: list[str] = []
    column = 0
    before: _Kind | None = None
    at = start
    for label, following in pairwise([*labels, None]):
        assert label is not None
        stop = following.start if following else end
        # "By: … By: … Name: … Name: …": those who sign side by side.
        column = column + 1 if label.kind == before else 0
        value = _value(text, label.end, stop)
        if label.kind == "by":
            if column == 0:
                row, parties = [], _parties(text, at, label.start)
            row.append(_Signer(label.start, label.end, name=value))
            signers.append(row[-1])
            _take_parties(row, parties)
            if value is None:
                alone = _NAME_ALONE.match(text, label.end, stop)
                row[-1].name = alone["name"] if alone else None
        elif row:
            row[min(column, len(row) - 1)].take(label.kind, value)
        if row:
            signer = row[min(column, len(row) - 1)]
            signer.end = max(signer.end, label.end + _length(text, label.end, stop, value))
            at = signer.end
        before = label.kind
    return [_signature(parsed, signer) for signer in signers if signer.name or signer.party]


def _value(text: str, start: int, stop: int) -> str | None:
    """What stands behind a label, until the line ends, a wide gap, or a rule to write on."""
    while start < stop and text[start] in " \t":
        start += 1
    wide = _WIDE.search(text, start, stop)
    piece = text[start : wide.start() if wide else stop]
    piece = _PRINTED.sub("", piece)
    rule = _RULE.search(piece)
    if rule is not None:
        piece = piece[: rule.start()]
    if piece.rstrip().endswith(":"):
        return None  # another label
    cleaned = " ".join(piece.replace("/s/", " ").split()).strip(" ,;:_|")
    return cleaned if 1 < len(cleaned) <= 80 else None


def _length(text: str, start: int, stop: int, value: str | None) -> int:
    if not value:
        return 0
    last = value.rpartition(" ")[2]
    at = text.find(last, start, stop)
    return at + len(last) - start if at >= 0 else 0


def _parties(text: str, start: int, end: int) -> list[str]:
    """The names right above a row of signatures, as many as stand side by side."""
    chunks = [
        " ".join(chunk.group().split()).rstrip(":")
        for chunk in _CHUNK.finditer(text, max(start, end - 600), end)
        if not _RULE.fullmatch(chunk.group())
    ]
    found: list[str] = []
    for chunk in reversed(chunks):
        last = _SENTENCE.split(chunk)[-1]
        if _is_party(last):
            found.append(last)
        elif found:
            break
    return found[::-1]


def _take_parties(row: list[_Signer], parties: list[str]) -> None:
    """The last names belong to the row; of one signer, the one nearest above."""
    if len(parties) < len(row):
        parties = [
            part.strip() for party in parties for part in _JOINED.split(party) if _is_party(part)
        ]
        if len(parties) != len(row):
            parties = parties[:1] if len(row) == 1 else []
    for signer, party in zip(row, parties[-len(row) :], strict=False):
        signer.party = _ALIAS.sub("", party)


def _russian(parsed: ParsedDocument, start: int, end: int) -> list[Signature]:
    text = parsed.text
    found: list[Signature] = []
    parties = [match.group() for match in _RUSSIAN_PARTY.finditer(text, start, end)]
    for number, match in enumerate(_RUSSIAN.finditer(text, start, end)):
        own = _RUSSIAN_PARTY.search(match["of"] or "")
        signer = _Signer(match.start("name"), match.end("name"), name=match["name"])
        if match["title"]:
            signer.start = match.start("title")
            signer.title = " ".join(match["title"].split())
        signer.party = own.group() if own else parties[number] if number < len(parties) else None
        found.append(_signature(parsed, signer))
    return found


def _signature(parsed: ParsedDocument, signer: _Signer) -> Signature:
    return Signature(
        party=signer.party,
        name=signer.name,
        title=signer.title,
        date=signer.date,
        place=signer.place,
        start=signer.start,
        end=signer.end,
        page=place(parsed, signer.start, signer.start)[0],
    )
