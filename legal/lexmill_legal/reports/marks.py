"""A text as HTML with marks in it; marks may lie in each other and may overlap."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_MAX_DEPTH = 12
"""So many marks are drawn over one character; more become anchors without a colour."""

_UNSAFE = re.compile("[&<>\"'\x00\r]")
_SAFE = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#x27;",
    "\x00": "\ufffd",  # HTML has no way to write it
    "\r": "&#13;",  # a bare one would be read as a line feed
}


@dataclass(frozen=True, slots=True)
class Mark:
    """``[start, end)`` of the text; ``anchor`` is what a link leads to, ``title`` the hint."""

    start: int
    end: int
    anchor: str
    style: str
    title: str = ""

    def is_in(self, text: str) -> bool:
        """Whether the place can be shown; without text there is nothing to lead to."""
        return bool(text) and 0 <= self.start <= self.end <= len(text)


def escaped(text: str) -> str:
    """Any text as HTML that shows exactly this text, in an element or an attribute."""
    return _UNSAFE.sub(lambda found: _SAFE[found[0]], text)


def marked(text: str, marks: Sequence[Mark]) -> str:
    """The text's HTML. Marks that cross each other are closed and opened again."""
    inside = [mark for mark in marks if mark.is_in(text)]
    inside.sort(key=lambda mark: (mark.start, -mark.end))
    points = sorted({mark.start for mark in inside} | {mark.end for mark in inside})
    parts: list[str] = []
    open_marks: list[Mark] = []
    done = upcoming = 0
    for point in points:
        parts.append(escaped(text[done:point]))
        done = point
        ending = next((n for n, mark in enumerate(open_marks) if mark.end == point), None)
        if ending is not None:
            again = [mark for mark in open_marks[ending:] if mark.end != point]
            parts.append("</mark>" * (len(open_marks) - ending))
            parts.extend(_opening(mark) for mark in again)
            open_marks[ending:] = again
        while upcoming < len(inside) and inside[upcoming].start == point:
            mark = inside[upcoming]
            upcoming += 1
            if mark.end == point or len(open_marks) == _MAX_DEPTH:
                parts.append(f'<i id="{mark.anchor}"></i>')
            else:
                parts.append(_opening(mark, first=True))
                open_marks.append(mark)
    parts.append(escaped(text[done:]))
    return "".join(parts)


def _opening(mark: Mark, *, first: bool = False) -> str:
    anchor = f' id="{mark.anchor}"' if first else ""
    title = f' title="{escaped(mark.title)}"' if mark.title else ""
    return f'<mark{anchor} class="{escape(mark.style)}"{title}>'
