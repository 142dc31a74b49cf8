"""What leads from place to place on a document's page: defined terms, references, signatures."""

from collections.abc import Iterator

from lexmill_legal.reports.marks import Mark, escaped
from lexmill_legal.reports.names import place_of_page, shortened
from lexmill_legal.results import DocumentResult, Reference, Section

_MOST = 300


def connection_marks(result: DocumentResult) -> Iterator[Mark]:
    """Only places to lead to; a reference's target is a section, which has a mark of its own."""
    for number, definition in enumerate(result.definitions[:_MOST]):
        yield Mark(definition.start, definition.start, f"d{number}", "head")
    for number, reference in enumerate(result.references[:_MOST]):
        yield Mark(reference.start, reference.start, f"x{number}", "head")
    for number, signature in enumerate(result.signatures[:_MOST]):
        yield Mark(signature.start, signature.start, f"g{number}", "head")


def connections(
    result: DocumentResult, sections: list[tuple[int, Section]], anchors: frozenset[str]
) -> Iterator[str]:
    yield from _definitions(result, anchors)
    yield from _references(result, sections, anchors)
    yield from _signatures(result, anchors)


def _definitions(result: DocumentResult, anchors: frozenset[str]) -> Iterator[str]:
    if not result.definitions:
        return
    yield f"<details><summary>Defined terms ({len(result.definitions)})</summary><ul>"
    shown = list(enumerate(result.definitions[:_MOST]))
    for number, definition in sorted(shown, key=lambda item: item[1].term.casefold()):
        term = _leading(f"d{number}", escaped(shortened(definition.term, 90)), anchors)
        quote = escaped(shortened(definition.quote, 240))
        yield f'<li>{term}<div class="small">{quote}</div></li>'
    yield f"</ul>{_rest_of(len(result.definitions))}</details>"


def _references(
    result: DocumentResult, sections: list[tuple[int, Section]], anchors: frozenset[str]
) -> Iterator[str]:
    """Those that lead nowhere first: they are what somebody must look at."""
    if not result.references:
        return
    places = {section.start: (f"s{n}", section) for n, (_, section) in enumerate(sections)}
    shown = list(enumerate(result.references[:_MOST]))
    lost = [(n, one) for n, one in shown if one.status == "dangling"]
    if lost:
        yield f"<details open><summary>References to nothing ({len(lost)})</summary><ul>"
        yield from (f"<li>{_reference(n, one, anchors)}</li>" for n, one in lost)
        yield "</ul></details>"
    yield f"<details><summary>Cross references ({len(result.references)})</summary><ul>"
    for number, reference in shown:
        place = places.get(reference.target) if reference.target is not None else None
        said = '<span class="small">not in the outline</span>'
        if place is not None:
            anchor, section = place
            name = " ".join(part for part in (section.number, section.heading) if part)
            near = "in " if reference.status == "nearest" else ""
            said = "→ " + near + _leading(anchor, escaped(shortened(name, 60)), anchors)
        yield f"<li>{_reference(number, reference, anchors)} {said}</li>"
    yield f"</ul>{_rest_of(len(result.references))}</details>"


def _reference(number: int, reference: Reference, anchors: frozenset[str]) -> str:
    page = escaped(place_of_page(reference.page))
    quote = _leading(f"x{number}", escaped(shortened(reference.quote, 60)), anchors)
    return f"{quote} <span class='small'>{page}</span>" if page else quote


def _signatures(result: DocumentResult, anchors: frozenset[str]) -> Iterator[str]:
    if not result.signatures:
        return
    yield f"<details><summary>Signatures ({len(result.signatures)})</summary><ul>"
    for number, signature in enumerate(result.signatures[:_MOST]):
        parts = (signature.name or "nobody named", signature.title, signature.date, signature.place)
        who = escaped(shortened(", ".join(part for part in parts if part), 160))
        whom = f" for {escaped(shortened(signature.party, 90))}" if signature.party else ""
        yield f"<li>{_leading(f'g{number}', who, anchors)}{whom}</li>"
    yield f"</ul>{_rest_of(len(result.signatures))}</details>"


def _rest_of(count: int) -> str:
    more = count - _MOST
    return f'<p class="small">{more} more are in results.jsonl.</p>' if more > 0 else ""


def _leading(anchor: str, html: str, anchors: frozenset[str]) -> str:
    return f'<a href="#{anchor}">{html}</a>' if anchor in anchors else html
