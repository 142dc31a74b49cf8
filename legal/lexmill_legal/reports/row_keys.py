"""The hidden cell that says which item of which document a row of the workbook is about.

It goes with its row through sorting and filtering, and holds all that a decision about the item
has to know of this report. Its check covers the cells that a person reads beside it, so that a row
whose cells were sorted apart is noticed.
"""

import hashlib
import json
import re
from typing import Final

import msgspec

from lexmill_legal.results import Normalized

_PREFIX: Final = "lexmill1"
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_COMPARED: Final = 200
LONGEST_VALUE: Final = 2_000


class RowKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``revision`` is that of the decision this report knew of; 0: nobody had decided."""

    sha256: str = msgspec.field(name="d")
    field: str = msgspec.field(name="f")
    item: str = msgspec.field(name="i", default="")
    value: str | None = msgspec.field(name="v", default=None)
    normalized: Normalized = msgspec.field(name="n", default=None)
    seen: tuple[str, ...] = msgspec.field(name="s", default=())
    start: int | None = msgspec.field(name="b", default=None)
    end: int | None = msgspec.field(name="e", default=None)
    attributes: dict[str, str] = msgspec.field(name="a", default_factory=dict)
    revision: int = msgspec.field(name="r", default=0)


_decoder = msgspec.json.Decoder(RowKey)


def key_text(key: RowKey, shown: tuple[str, str, str]) -> str:
    """``shown`` are the cells beside it: document, field, value."""
    content = json.dumps(msgspec.to_builtins(key), sort_keys=True, separators=(",", ":"))
    # ASCII, and without what looks like an escape of the file format
    content = content.replace("_x", r"\u005fx")
    return f"{_PREFIX}:{_check(content, shown)}:{content}"


def read_key(text: str, shown: tuple[str, str, str]) -> RowKey:
    """What ``key_text`` wrote; ValueError says what happened to the row."""
    prefix, _, rest = text.strip().partition(":")
    check, _, content = rest.partition(":")
    if prefix != _PREFIX or not content:
        raise ValueError(
            "the hidden cell Key of this row is no key of this version of Lexmill: write the"
            " decision into a new report"
        )
    if check != _check(content, shown):
        raise ValueError(
            "the cells of this row do not belong together; were a few columns sorted without the"
            " others, or was a cell of the report itself changed? Undo that, or use a new report"
        )
    try:
        return _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise ValueError("the hidden cell Key of this row is damaged: use a new report") from error


def _check(content: str, shown: tuple[str, str, str]) -> str:
    parts = "\0".join((content, *map(_letters, shown)))
    return hashlib.sha256(parts.encode(errors="replace")).hexdigest()[:16]


def _letters(text: str) -> str:
    """What no office program changes: they drop spaces, and some read `_x0041_` as "A", twice."""
    while (unescaped := _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)) != text:
        text = unescaped
    return "".join(filter(str.isalnum, text.casefold()))[:_COMPARED]
