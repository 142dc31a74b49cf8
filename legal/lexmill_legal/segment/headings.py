"""The heading that follows a clause number, if there is one."""

import re
from typing import Final

_LONGEST: Final = 120
_CAPITALS: Final = re.compile(
    r"[\"“«]?[A-ZА-ЯЁ][A-ZА-ЯЁ0-9&/,;'’()\"“”«»№.–—-]*"
    r"(?:[ \t]{1,2}(?:[A-ZА-ЯЁ0-9&(\"“«№–—-][A-ZА-ЯЁ0-9&/,;'’()\"“”«»№.–—-]*"
    r"|\b(?:and|of|the)\b)){0,14}"
)
_WORD: Final = r"[\"“(]?[A-Z0-9](?:[\w&/'’-]|\.(?=\w))*[)\"”]?"
_TITLE: Final = re.compile(
    r"[\"“«]?[A-Z](?:[\w&/'’-]|\.(?=\w))*[\"”»]?"
    r"(?:,?[ \t]{1,2}(?:(?:and|or|of|for|to|the|in|on|by|with"
    r"|from|an|a|upon|at|against|not|no|as|its|other|between|&|/|–|-)(?!\w)"
    rf"|{_WORD})){{0,13}}[\"”»]?"
    r"(?=[ \t]{0,2}(?:[.:](?!\w)|[-–—][ \t]|[ \t]{2,}|\n|\Z))"
)
_RUNS_ON: Final = re.compile(
    r"(?:Subject|Pursuant|According|Notwithstanding|In the|If|Upon|During)\b"
)
_SMALL: Final = frozenset(
    {"and", "or", "of", "for", "to", "the", "in", "on", "by", "with", "a", "an", "и", "в", "на"}
)


def heading_after(text: str, start: int, end: int, *, below: bool = False) -> str | None:
    """The heading that begins at ``start``, inside ``end``; white space as single spaces.

    ``below`` allows blank lines before it: "ARTICLE I" stands alone above its heading.
    """
    at = start
    while at < end and text[at] in " \t\r\n.:–—-":
        if text[at] == "\n" and not below and "\n" in text[start:at].strip(" \t\r.:"):
            break
        if at - start > 160:
            return None
        at += 1
    line_end = text.find("\n", at, min(end, at + _LONGEST + 80))
    if line_end < 0:
        line_end = min(end, at + _LONGEST + 80)
    line = text[at:line_end].rstrip()
    if line[:1] in _QUOTES:
        return _defined(line)
    alone = not text[line_end : line_end + 40].lstrip()[:1].islower()
    return _whole_line(line, alone=alone) or _inline(line)


_QUOTES: Final = frozenset('"“«')
_DEFINED: Final = re.compile(r"[\"“«]\s?([A-ZА-ЯЁ][^\"“”«»]{1,60}?)\s?[\"”»]")


def _defined(line: str) -> str | None:
    """A definition is headed by its term."""
    match = _DEFINED.match(line)
    return _clean(match.group(1)) if match else None


def _whole_line(line: str, *, alone: bool) -> str | None:
    if not alone or not 2 < len(line) <= 90 or line[-1] in ";,":
        return None
    bare = line.rstrip(".:")
    if not bare or not (bare[0].isalpha() or bare[0] in '"“«('):
        return None
    if bare.upper() == bare or _is_title_case(bare):
        return _clean(bare)
    # A Russian heading has one capital; it is short and has no full stop inside.
    if "А" <= bare[0] <= "Я" and len(bare) <= 70 and line[-1] not in ".:" and bare.count(" ") < 9:
        return _clean(bare)
    return None


def _is_title_case(line: str) -> bool:
    words = [word.strip("\"“”«»'’().,&/") for word in line.split()]
    words = [word for word in words if word and word[0].isalpha()]
    return bool(words) and all(
        word[0].isupper() or (word in _SMALL and index) for index, word in enumerate(words)
    )


def _inline(line: str) -> str | None:
    capitals = _CAPITALS.match(line)
    if capitals is not None:
        run = capitals.group()
        after = line[capitals.end() : capitals.end() + 2]
        if after[:1].isalnum():  # the last word only began with capitals
            run = run.rpartition(" ")[0]
            after = " x"
        stopped = _until_stop(run)
        words = re.findall(r"[^\W\d_]{2,}", stopped)
        # One capital word before ordinary text is an abbreviation: "XACCT may suspend".
        alone = len(words) == 1 and stopped == run and after[:1] == " " and after != "  "
        if words and not alone and len(stopped) <= _LONGEST and _has_word(stopped):
            return _clean(stopped)
    title = _TITLE.match(line)
    if title is not None and len(title.group()) <= 90 and not _RUNS_ON.match(title.group()):
        return _clean(title.group())
    return None


def _until_stop(run: str) -> str:
    stop = re.search(r"[.;:]\s", run + " ")
    return run[: stop.start()] if stop else run


def _has_word(run: str) -> bool:
    return any(len(word) > 3 and word.isupper() for word in re.findall(r"[^\W\d_]+", run))


def _clean(heading: str) -> str | None:
    cleaned = " ".join(heading.split()).strip(' .:;,–—-"“”«»')
    return cleaned or None
