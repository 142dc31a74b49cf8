"""The first page of a job's reports: every document, those that could not be read first."""

from collections import Counter
from collections.abc import Iterable, Sequence

from lexmill_legal.relations import Relation
from lexmill_legal.reports.marks import escaped
from lexmill_legal.reports.names import (
    document_file,
    percentage,
    redline_file,
    shortened,
    title_of,
    value_shown,
)
from lexmill_legal.reports.obligations import FILE as CALENDAR
from lexmill_legal.reports.redactions import redacted_link
from lexmill_legal.reports.style import head
from lexmill_legal.results import DocumentResult, ErrorRecord, file_name


class Index:
    """Takes one result after the other and keeps a line of each."""

    def __init__(self) -> None:
        self._unread: list[str] = []
        self._partly: list[str] = []
        self._rows: list[str] = []
        self._states: Counter[str] = Counter()
        self._verdicts: Counter[str] = Counter()
        self._warned = 0
        self._unredacted: list[str] = []
        self._redacted = 0

    def add(self, result: DocumentResult, *, has_redline: bool = False) -> None:
        self._states[result.status] += 1
        self._verdicts.update(finding.result for finding in result.findings)
        warned = any(warning.code != "not_redacted" for warning in result.warnings)
        self._warned += warned
        if result.redacted is not None:
            self._redacted += result.redacted.file is not None
            if result.redacted.error is not None:
                self._unredacted.append(_unredacted_row(result, result.redacted.error))
        if result.status != "succeeded":
            self._unread.append(_unread_row(result))
        elif warned:
            self._partly.append(_row(result, has_redline=has_redline))
        else:
            self._rows.append(_row(result, has_redline=has_redline))

    def page(self, relations: Sequence[Relation] = (), *, has_calendar: bool = False) -> str:
        return "".join(
            (
                head("Lexmill results"),
                '<header><h1>Documents</h1><div class="tiles">',
                *self._tiles(),
                "</div>",
                f'<p class="meta"><a href="{CALENDAR}">Calendar of what is due</a></p>'
                if has_calendar
                else "",
                '</header>\n<div class="wide">',
                *_table("Not readable", ("Document", "State", "Reason"), self._unread),
                *_table("Not redacted", ("Document", "Reason"), self._unredacted),
                *_table("Read, but look at the warnings", _COLUMNS, self._partly),
                *_table("Read", _COLUMNS, self._rows),
                *_relations(relations),
                "</div></body></html>\n",
            )
        )

    def _tiles(self) -> Iterable[str]:
        yield _tile(self._states.total(), "documents")
        yield _tile(self._states["succeeded"], "read")
        yield _tile(self._states["failed"], "failed", "bad")
        if self._states["dead"]:
            yield _tile(self._states["dead"], "not finished", "bad")
        if self._warned:
            yield _tile(self._warned, "with warnings", "warn")
        if self._redacted or self._unredacted:
            yield _tile(self._redacted, "redacted copies")
            yield _tile(len(self._unredacted), "not redacted", "bad")
        if self._verdicts:
            yield _tile(self._verdicts["fail"], "rules failed", "bad")
            yield _tile(self._verdicts["unknown"], "to be looked at", "warn")
            yield _tile(self._verdicts["pass"], "rules passed")


_COLUMNS = ("Document", "Type", "Parties", "Governing law", "Facts", "Findings")


def index_page(results: Iterable[DocumentResult]) -> str:
    index = Index()
    for result in results:
        index.add(result)
    return index.page()


def _table(title: str, columns: tuple[str, ...], rows: list[str]) -> Iterable[str]:
    if not rows:
        return
    yield f"<h2>{title}</h2><table><thead><tr>"
    yield from (f"<th>{column}</th>" for column in columns)
    yield "</tr></thead><tbody>\n"
    yield from rows
    yield "</tbody></table>\n"


def _tile(count: int, words: str, style: str = "") -> str:
    return f'<div class="tile {style if count else ""}"><b>{count:,}</b>{words}</div>'


_MOST_RELATIONS = 500
_TOGETHER = {
    "duplicate": "The same",
    "near_duplicate": "Nearly the same",
    "attachment": "Attached",
    "amendment": "Amended",
}
_EVIDENCE = {
    "sha256": "same file",
    "text": "same text",
    "parent": "came out of it",
    "parties": "same parties",
    "name": "names it",
    "date": "names its date",
}


def _relations(relations: Sequence[Relation]) -> Iterable[str]:
    rows = [_relation(relation) for relation in relations[:_MOST_RELATIONS]]
    yield from _table("Belong together", ("How", "Documents", "Why"), rows)
    if len(relations) > len(rows):
        yield f'<p class="small">{len(relations) - len(rows):,} more are in relations.jsonl.</p>'


def _relation(relation: Relation) -> str:
    names = [f'<a href="{document_file(uri)}">{escaped(uri)}</a>' for uri in relation.uris[:20]]
    if len(relation.uris) > len(names):
        names.append(f"and {len(relation.uris) - len(names)} more")
    if relation.kind == "amendment":
        first, *others = names
        shown = f"{first}<br>by {', '.join(others)}"
    elif relation.kind == "attachment":
        first, *others = names
        shown = f"{first}<br>has {', '.join(others)}"
    else:
        shown = "<br>".join(names)
    why = ", ".join(_EVIDENCE.get(each, each) for each in relation.evidence)
    if relation.likeness is not None:
        why = f"{percentage(relation.likeness)} of the text is the same"
    kind = _TOGETHER.get(relation.kind, relation.kind)
    return f'<tr><td class="whole">{kind}</td><td>{shown}</td><td>{escaped(why)}</td></tr>\n'


def _unread_row(result: DocumentResult) -> str:
    error = result.error
    reason = escaped(error.message) if error else "No reason was recorded."
    code = f'<span class="small">{escaped(error.code)}</span>' if error else ""
    tag = f'<i class="tag {result.status}">{result.status}</i>'
    return f"{_name(result)}<td>{tag}</td><td>{reason}{code}</td></tr>\n"


def _unredacted_row(result: DocumentResult, error: ErrorRecord) -> str:
    code = f'<span class="small">{escaped(error.code)}</span>'
    return f"{_name(result)}<td>{escaped(error.message)}{code}</td></tr>\n"


def _row(result: DocumentResult, *, has_redline: bool) -> str:
    kinds = _values(result, "document_type", 1)
    languages = f'<span class="small">{escaped(", ".join(result.languages))}</span>'
    firm = sum(fact.firm for fact in result.facts)
    candidates = len(result.facts) - firm
    facts = f'{firm} firm<span class="small">{candidates} to confirm</span>'
    counts = Counter(finding.result for finding in result.findings)
    verdicts = " ".join(
        f'<i class="tag {verdict}">{counts[verdict]} {verdict}</i>'
        for verdict in ("fail", "unknown", "pass")
        if counts[verdict]
    )
    if has_redline:
        verdicts += f'<span class="small"><a href="{redline_file(result.uri)}">Redline</a></span>'
    return (
        f'{_name(result)}<td class="whole">{kinds}{languages}</td>'
        f"<td>{_values(result, 'party', 3)}</td><td>{_values(result, 'governing_law', 1)}</td>"
        f'<td class="whole">{facts}</td><td>{verdicts}</td></tr>\n'
    )


def _name(result: DocumentResult) -> str:
    link = f'<a href="{document_file(result.uri)}">{escaped(title_of(result))}</a>'
    count = len(result.warnings)
    warned = f' <i class="tag warn">{count} warning{"s" if count > 1 else ""}</i>' if count else ""
    where = result.uri if result.uri != title_of(result) else ""
    place = f'<span class="small">{escaped(where)}</span>' if where else ""
    child = ' class="child"' if result.parent else ""
    out_of = f'<span class="small">out of {escaped(file_name(result.parent or ""))}</span>'
    copy = redacted_link(result, "")
    beneath = f"{place}{out_of if result.parent else ''}{copy}"
    return f"<tr{child}><td>{link}{warned}{beneath}</td>"


def _values(result: DocumentResult, field: str, most: int) -> str:
    facts = [fact for fact in result.facts if fact.field == field]
    shown = [
        f"{'' if fact.firm else '? '}{shortened(value_shown(fact), 60)}" for fact in facts[:most]
    ]
    if len(facts) > most > 1:
        shown.append(f"and {len(facts) - most} more")
    return "<br>".join(escaped(text) for text in shown)
