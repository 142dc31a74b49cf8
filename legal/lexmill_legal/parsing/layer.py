"""A text layer in the making, with the ranges that are to point into it."""

from dataclasses import dataclass

from lexmill_legal.results import Revision, RevisionKind

# What draws nothing, and spaces that only forbid a line break: a reader sees neither.
_INVISIBLE = {0xAD: None, 0x200B: None, 0xFEFF: None, 0x2060: None, 0xA0: " ", 0x202F: " "}


WIDE_ROW = 200
"""A table row with more characters holds paragraphs: a blank line sets it apart."""


def visible(text: str) -> str:
    return text if text.isascii() else text.translate(_INVISIBLE)


@dataclass(slots=True)
class Mark:
    """A range whose place is known once the text after the separator before it is."""

    kind: RevisionKind
    author: str | None
    text: str = ""
    start: int = -1
    end: int = -1
    open: bool = True


class Layer:
    """Text is appended; a separator is only written when more text follows it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._waiting: list[Mark] = []
        self._marks: list[Mark] = []
        self.size = 0
        self.separator = ""

    def write(self, text: str) -> None:
        if not text:
            return
        if self.separator:
            if self.size:
                self._parts.append(self.separator)
                self.size += len(self.separator)
            self.separator = ""
        if self._waiting:
            for mark in self._waiting:
                self._place(mark)
            self._waiting.clear()
        self._parts.append(text)
        self.size += len(text)

    def begin(self, kind: RevisionKind, author: str | None, text: str = "") -> Mark:
        mark = Mark(kind, author, text)
        self._marks.append(mark)
        if self.separator:
            self._waiting.append(mark)
        else:
            self._place(mark)
        return mark

    def end(self, mark: Mark) -> None:
        mark.open = False
        if mark.start >= 0:
            mark.end = self.size

    def point(self, kind: RevisionKind, author: str | None, text: str) -> None:
        """A mark without length; joins the one before it if nothing stands between."""
        last = self._marks[-1] if self._marks else None
        if last and (last.kind, last.author, last.open) == (kind, author, False):
            here = -1 if self.separator else self.size
            if last.start == here == last.end:
                last.text += text
                return
        self.end(self.begin(kind, author, text))

    def finish(self) -> tuple[str, tuple[Revision, ...]]:
        for mark in self._waiting:
            self._place(mark)
        for mark in self._marks:
            if mark.open:
                mark.end = self.size
        text = "".join(self._parts)
        if text and not text.endswith("\n"):
            text += "\n"
        revisions = [
            Revision(
                mark.kind,
                mark.author,
                mark.start,
                mark.end,
                text[mark.start : mark.end] if mark.kind == "insertion" else mark.text,
            )
            for mark in _joined(self._marks, text)
            if mark.kind != "insertion" or mark.start < mark.end
        ]
        revisions.sort(key=lambda revision: (revision.start, revision.end))
        return text, tuple(revisions)

    def _place(self, mark: Mark) -> None:
        mark.start = mark.end = self.size


def _joined(marks: list[Mark], text: str) -> list[Mark]:
    """Word cuts one insertion into many runs and paragraphs; a reader sees one."""
    joined: list[Mark] = []
    last: Mark | None = None
    for mark in marks:
        if mark.kind != "insertion":
            joined.append(mark)
            continue
        if last and last.author == mark.author and not text[last.end : mark.start].strip():
            last.end = max(last.end, mark.end)
            continue
        last = mark
        joined.append(mark)
    return joined
