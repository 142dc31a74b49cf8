"""The page of one document: its text with facts and findings marked in place."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from lexmill_legal.parsing.media import DOCX
from lexmill_legal.reports.connections import connection_marks, connections
from lexmill_legal.reports.marks import Mark, escaped, marked
from lexmill_legal.reports.names import (
    METHODS,
    document_file,
    field_label,
    normalized_text,
    normalized_words,
    percentage,
    place_of_page,
    redline_file,
    shortened,
    title_of,
    value_shown,
)
from lexmill_legal.reports.precision import measured_precision
from lexmill_legal.reports.redactions import redacted_banner, redacted_link
from lexmill_legal.reports.style import head
from lexmill_legal.results import FIELDS, Clause, DocumentResult, Fact, Finding, Section, file_name

_SEVERITIES = ("critical", "high", "medium", "low", "info")
_RESULTS = ("fail", "unknown", "pass")
_ORDER = {field: number for number, field in enumerate(FIELDS)}
_MAX_SECTIONS = 2_000


def document_page(result: DocumentResult, text: str, *, redline: bool | None = None) -> str:
    """A self-contained page: no script, nothing fetched, everything from the document escaped.

    ``redline`` says whether there is one; None where none was asked for.
    """
    title = escaped(title_of(result))
    language = escaped(result.languages[0]) if result.languages else ""
    marks = _marks(result, text)
    anchors = frozenset(mark.anchor for mark in marks if mark.is_in(text))
    body = marked(text, marks) if text else _no_text(result)
    return "".join(
        (
            head(title),
            '<header><nav><a href="../index.html">← All documents</a></nav>',
            f"<h1>{title}</h1>",
            _meta(result),
            "</header>\n",
            _banner(result),
            f'<main><article><div id="text" lang="{language}" dir="auto">',
            body,
            "</div></article>\n<aside>",
            *_findings(result, anchors, redline=redline),
            *_facts(result, anchors),
            *_rest(result, anchors),
            "</aside></main>\n",
            _versions(result),
            "</body></html>\n",
        )
    )


# --- marks ---


def _marks(result: DocumentResult, text: str) -> list[Mark]:
    return [
        *_section_marks(result, text),
        *_finding_marks(result),
        *_fact_marks(result),
        *_clause_marks(result),
        *connection_marks(result),
    ] + [
        Mark(
            revision.start,
            revision.end,
            f"v{number}",
            "note" if revision.kind == "comment" else "ins",
            f"{revision.kind.capitalize()} by {revision.author or 'unknown'}",
        )
        for number, revision in enumerate(result.revisions)
    ]


def _section_marks(result: DocumentResult, text: str) -> Iterator[Mark]:
    for number, (_, section) in enumerate(_sections(result.outline)):
        end = section.start
        if section.heading:
            # The record names the heading but not its end: it ends with its line.
            line = text.find("\n", section.start, section.start + 200)
            end = line if line >= 0 else min(section.start + 200, section.end)
            end = end if section.heading[:20] in text[section.start : end] else section.start
        yield Mark(section.start, end, f"s{number}", "head")


def _finding_marks(result: DocumentResult) -> Iterator[Mark]:
    for number, finding in enumerate(result.findings):
        if finding.start is not None and finding.end is not None:
            title = f"{finding.rule}: {finding.result}"
            yield Mark(finding.start, finding.end, f"r{number}", finding.result, title)


def _fact_marks(result: DocumentResult) -> Iterator[Mark]:
    for number, fact in enumerate(result.facts):
        if fact.start is not None and fact.end is not None:
            said = shortened(normalized_words(fact.normalized) or fact.value, 80)
            sure = "" if fact.firm else " (candidate)"
            title = f"{field_label(fact.field)}: {said}{sure}"
            yield Mark(fact.start, fact.end, f"f{number}", _firmness(fact), title)


def _clause_marks(result: DocumentResult) -> Iterator[Mark]:
    """Only places to lead to: whole sentences in colour would hide the facts in them."""
    for kind, clause in enumerate(result.clauses):
        for number, candidate in enumerate(clause.candidates):
            yield Mark(candidate.start, candidate.start, f"c{kind}_{number}", "head")


# --- what stands above the text ---


def _meta(result: DocumentResult) -> str:
    kind = next((fact for fact in result.facts if fact.field == "document_type"), None)
    parts = [
        escaped(result.uri),
        f'<i class="tag {result.status}">{result.status}</i>',
        escaped(("" if kind.firm else "? ") + value_shown(kind)) if kind else "",
        escaped(", ".join(result.languages)),
        _parent(result),
        redacted_link(result, "../"),
    ]
    return f'<p class="meta">{"".join(f"<span>{part}</span>" for part in parts if part)}</p>'


def _parent(result: DocumentResult) -> str:
    if not result.parent:
        return ""
    page = document_file(result.parent).partition("/")[2]
    return f'out of <a href="{page}">{escaped(file_name(result.parent))}</a>'


def _banner(result: DocumentResult) -> str:
    parts = []
    if result.error:
        said = f"<b>{'Not readable' if result.status == 'failed' else 'Not finished'}.</b>"
        code = f'<span class="small">({escaped(result.error.code)})</span>'
        parts.append(
            f'<div class="banner bad">{said} {escaped(result.error.message)} {code}</div>\n'
        )
    parts.append(redacted_banner(result))
    warnings = [warning for warning in result.warnings if warning.code != "not_redacted"]
    if warnings:
        lines = "".join(
            f"<li>{escaped(warning.message or warning.code)}"
            f"{f' (page {warning.page})' if warning.page is not None else ''}</li>"
            for warning in warnings
        )
        parts.append(
            f'<div class="banner"><b>Not everything could be read.</b><ul>{lines}</ul></div>\n'
        )
    return f'<div class="wide">{"".join(parts)}</div>' if any(parts) else ""


def _no_text(result: DocumentResult) -> str:
    return f'<p class="empty">{"No text" if result.error else "The document is empty"}.</p>'


# --- what stands beside it ---


def _findings(
    result: DocumentResult, anchors: frozenset[str], *, redline: bool | None
) -> Iterator[str]:
    if not result.findings:
        return
    numbered = sorted(
        enumerate(result.findings),
        key=lambda item: (_RESULTS.index(item[1].result), _SEVERITIES.index(item[1].severity)),
    )
    places = {
        fact.id: f"f{number}" for number, fact in enumerate(result.facts) if f"f{number}" in anchors
    }
    yield "<h2>Findings</h2>"
    yield _redline(result, redline=redline)
    for verdict, group in groupby(numbered, key=lambda item: item[1].result):
        items = [_finding(f"r{number}", finding, places, anchors) for number, finding in group]
        if verdict == "pass":
            yield f"<details><summary>{len(items)} passed</summary>{''.join(items)}</details>"
        else:
            yield from items


def _redline(result: DocumentResult, *, redline: bool | None) -> str:
    """The way to the redline, or why there is none though something failed."""
    if redline:
        link = f'<a href="../{redline_file(result.uri)}">Redline</a>'
        return f'<p class="small">{link}: the playbook\'s wording as tracked changes (Word).</p>'
    if redline is None or not any(finding.result == "fail" for finding in result.findings):
        return ""
    why = (
        "what failed has no fallback wording, or the document cannot be edited"
        if result.media_type == DOCX
        else "only Word documents (.docx) can have tracked changes"
    )
    return f'<p class="small">No redline: {why}.</p>'


def _finding(own: str, finding: Finding, places: dict[str, str], anchors: frozenset[str]) -> str:
    of_fact = next((places[key] for key in finding.fact_ids if key in places), "")
    message = _leading(own if own in anchors else of_fact, escaped(finding.message), anchors)
    verdict = f'<i class="tag {finding.result}">{finding.result}</i>'
    severity = f" · {finding.severity}" if finding.result != "pass" else ""
    quote = escaped(shortened(finding.quote or "", 240))
    return (
        f'<div class="finding {finding.result} {finding.severity}">'
        f'<span class="rule">{escaped(finding.rule)}{severity}</span>{verdict} '
        f"<div>{message}</div>{f'<blockquote>{quote}</blockquote>' if quote else ''}</div>"
    )


def _facts(result: DocumentResult, anchors: frozenset[str]) -> Iterator[str]:
    if not result.facts:
        return
    numbered = sorted(
        enumerate(result.facts), key=lambda item: _ORDER.get(item[1].field, len(_ORDER))
    )
    yield "<h2>Facts</h2>"
    for field, group in groupby(numbered, key=lambda item: item[1].field):
        measured = escaped(measured_precision(field))
        yield f'<h3>{escaped(field_label(field))} <span class="how">{measured}</span></h3>'
        items = [_fact(f"f{number}", fact, anchors) for number, fact in group]
        yield from items[:12]
        if items[12:]:
            yield f"<details><summary>{len(items) - 12} more</summary>"
            yield from items[12:]
            yield "</details>"


def _fact(own: str, fact: Fact, anchors: frozenset[str]) -> str:
    value = _leading(own, escaped(shortened(value_shown(fact), 240)), anchors)
    normalized = normalized_words(fact.normalized)
    same = normalized.casefold() == fact.value.strip().casefold()
    raw = normalized_text(fact.normalized)
    attributes = (f"{name}: {value}" for name, value in sorted(fact.attributes.items()))
    details = [
        place_of_page(fact.page),
        f"{percentage(fact.confidence)} sure",
        METHODS[fact.method],
        *(shortened(attribute, 120) for attribute in attributes),
    ]
    small = "".join(f"<span>{escaped(detail)}</span>" for detail in details if detail)
    said = f' <span class="small" title="{escaped(raw)}">= {escaped(normalized)}</span>'
    kind = _firmness(fact)
    tag = "firm" if fact.firm else "candidate"
    return (
        f'<div class="fact {kind}"><span class="rule"><i class="tag {kind}">{tag}</i></span>'
        f'<span class="value">{value}</span>{said if normalized and not same else ""}'
        f'<div class="small">{small}</div></div>'
    )


def _clauses(result: DocumentResult, anchors: frozenset[str]) -> Iterator[str]:
    """What is there, what is to be looked at with its candidates, and what is not there."""
    groups: dict[str, list[tuple[int, Clause]]] = {"there": [], "open": [], "absent": []}
    for number, clause in enumerate(result.clauses):
        state = ("there" if clause.present else "absent") if clause.firm else "open"
        if state != "open" or clause.candidates:
            groups[state].append((number, clause))
    there, unsure, absent = groups.values()
    if not any(groups.values()):
        return
    yield (
        f"<details><summary>Clauses: {len(there)} found, {len(unsure)} to look at,"
        f" {len(absent)} not there</summary>"
    )
    for title, clauses in (("Found", there), ("To look at", unsure)):
        if clauses:
            yield f"<h3>{title}</h3><ul>"
            for number, clause in sorted(clauses, key=lambda item: -item[1].score):
                yield from _clause(number, clause, anchors)
            yield "</ul>"
    if absent:
        names = ", ".join(field_label(clause.kind).lower() for _, clause in absent)
        yield f'<h3>Not there</h3><p class="small">{escaped(names)}</p>'
    yield "</details>"


def _clause(kind: int, clause: Clause, anchors: frozenset[str]) -> Iterator[str]:
    sure = f"{percentage(clause.score)} sure that it is there"
    yield f"<li>{escaped(field_label(clause.kind))} <span class='small'>{sure}</span>"
    for number, candidate in enumerate(clause.candidates[: 1 if clause.firm else None]):
        quote = escaped(shortened(candidate.quote, 120))
        place = escaped(place_of_page(candidate.page))
        yield (
            f"<div class='small'>{_leading(f'c{kind}_{number}', quote, anchors)}"
            f"{f' <span>{place}</span>' if place else ''}</div>"
        )
    yield "</li>"


def _decided_away(result: DocumentResult) -> Iterator[str]:
    """What people rejected stays listed: the next reader sees that it was looked at."""
    away = [one for one in result.decisions if one.decision in {"rejected", "absent"}]
    if not away:
        return
    yield f"<details><summary>Decided by people not to be here ({len(away)})</summary><ul>"
    for one in away:
        value = f": {escaped(shortened(one.value, 120))}" if one.value else ""
        now = f"; the engine now: {shortened(one.engine_value, 80)}" if one.engine_value else ""
        who = escaped(f"{one.decision} by {one.reviewer}, {one.decided_at[:10]}{now}")
        yield f"<li>{escaped(field_label(one.field))}{value} <span class='small'>{who}</span></li>"
    yield "</ul></details>"


def _rest(result: DocumentResult, anchors: frozenset[str]) -> Iterator[str]:
    yield from _decided_away(result)
    if result.not_found:
        names = ", ".join(field_label(field).lower() for field in result.not_found)
        yield f'<h3>Looked for, not found</h3><p class="small">{escaped(names)}</p>'
    yield from _clauses(result, anchors)
    if result.outline:
        yield "<details open><summary>Contents</summary><ul>"
        for number, (_, section) in enumerate(_sections(result.outline)):
            name = " ".join(part for part in (section.number, section.heading) if part)
            if section.kind == "signature_block":
                name = section.heading or "Signatures"
            if section.heading or section.kind != "section":
                shown = escaped(shortened(name, 90))
                yield f"<li>{_leading(f's{number}', shown, anchors)}</li>"
        yield "</ul></details>"
    yield from connections(result, _sections(result.outline), anchors)
    if result.revisions:
        yield f"<details open><summary>Changes and comments ({len(result.revisions)})</summary><ul>"
        for number, revision in enumerate(result.revisions):
            said = escaped(shortened(revision.text, 160))
            who = f" by {escaped(revision.author)}" if revision.author else ""
            kind = _leading(f"v{number}", f"{revision.kind}{who}", anchors)
            yield f"<li>{kind}: {said}</li>"
        yield "</ul></details>"


def _versions(result: DocumentResult) -> str:
    parts = [f"{name} {version}" for name, version in sorted(result.versions.items())]
    if result.sha256:
        parts.append(f"sha256 {result.sha256}")
    return f"<footer>{escaped(' · '.join(parts))}</footer>" if parts else ""


def _sections(outline: Sequence[Section]) -> list[tuple[int, Section]]:
    """The tree as a list with depths, without recursion: a document decides how deep it is."""
    found: list[tuple[int, Section]] = []
    waiting = [(0, section) for section in reversed(outline)]
    while waiting and len(found) < _MAX_SECTIONS:
        depth, section = waiting.pop()
        found.append((depth, section))
        waiting.extend((depth + 1, child) for child in reversed(section.children))
    return found


def _leading(anchor: str, html: str, anchors: frozenset[str]) -> str:
    """A link to a place in the text, where the page has that place."""
    return f'<a href="#{anchor}">{html}</a>' if anchor in anchors else html


def _firmness(fact: Fact) -> str:
    return "firm" if fact.firm else "maybe"
