"""Results for the reports: any that Hypothesis can think of, and small ones made by hand."""

from typing import get_args

from hypothesis import strategies as st

from lexmill_legal.results import (
    FIELDS,
    Box,
    Clause,
    ClauseCandidate,
    Decision,
    Definition,
    Disagreement,
    DocumentResult,
    ErrorRecord,
    Fact,
    Finding,
    Method,
    Money,
    Normalized,
    Reference,
    ReferenceStatus,
    Revision,
    RevisionKind,
    Section,
    SectionKind,
    Severity,
    Signature,
    Verb,
    Verdict,
    Warning,  # noqa: A004 - the design's word
)

HOSTILE = (
    "</div><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' x='",
    "</style><img src=x onerror=alert(1)>",
    "</title><base href=//evil.example>",
    "<!-- --><![CDATA[ ]]>",
    "javascript:alert(1)",
    "&lt;b&gt; &#60; &amp;amp;",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r\n=1",
    "=cmd|' /C calc'!A0",
    "_x003D_1+1",
    "#N/A",
    "\x00\x01\x1b\x7f\x85\u2028\ufffe\uffff",
    "a\rb\r\nc\nd",
    "\u202eRTL\u202c",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 😀",
    "../../etc/passwd",
)
TEXTS = st.text(max_size=20) | st.sampled_from(HOSTILE)
COUNTS = st.integers(0, 2**53)
NUMBERS = st.floats(0, 1000, allow_nan=False)
NORMALIZED = (
    st.none()
    | st.booleans()
    | TEXTS
    | st.sampled_from(["P30D", "P1Y", "2024-03-12", "US-DE"])
    | st.builds(Money, st.sampled_from(["1250000.00", "x"]), st.none() | TEXTS)
)


def fact(
    key: str = "f1",
    field: str = "party",
    value: str = "A Ltd",
    *,
    normalized: Normalized = None,
    place: tuple[int, int] | None = None,
    firm: bool = True,
    attributes: dict[str, str] | None = None,
) -> Fact:
    return Fact(
        id=key,
        field=field,
        value=value,
        normalized=normalized,
        quote=value,
        start=place[0] if place else None,
        end=place[1] if place else None,
        page=None,
        boxes=(),
        method="rule",
        version="1",
        confidence=0.95,
        firm=firm,
        attributes=attributes or {},
    )


def results(places: st.SearchStrategy[int] = COUNTS) -> st.SearchStrategy[DocumentResult]:
    """Any result; its offsets are ``places``."""
    maybe_places = st.none() | places
    sections = st.recursive(
        st.builds(Section, st.none() | TEXTS, st.none() | TEXTS, places, places),
        lambda inner: st.builds(
            Section,
            st.none() | TEXTS,
            st.none() | TEXTS,
            places,
            places,
            st.lists(inner, max_size=3).map(tuple),
            st.sampled_from(get_args(SectionKind)),
        ),
        max_leaves=4,
    )
    definitions = st.builds(Definition, TEXTS, places, places, TEXTS, st.none() | COUNTS)
    references = st.builds(
        Reference,
        places,
        places,
        TEXTS,
        st.none() | COUNTS,
        st.sampled_from(get_args(ReferenceStatus)),
        maybe_places,
    )
    maybe = st.none() | TEXTS
    signatures = st.builds(
        Signature, maybe, maybe, maybe, maybe, maybe, places, places, st.none() | COUNTS
    )
    facts = st.builds(
        Fact,
        id=st.text(max_size=5),
        field=st.sampled_from(FIELDS) | TEXTS,
        value=TEXTS,
        normalized=NORMALIZED,
        quote=st.none() | TEXTS,
        start=maybe_places,
        end=maybe_places,
        page=st.none() | COUNTS,
        boxes=st.lists(st.builds(Box, COUNTS, NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=2).map(
            tuple
        ),
        method=st.sampled_from(get_args(Method)),
        version=TEXTS,
        confidence=st.floats(0, 1),
        firm=st.booleans(),
        attributes=st.dictionaries(TEXTS, TEXTS, max_size=3),
        inputs=st.lists(TEXTS, max_size=2).map(tuple),
    )
    findings = st.builds(
        Finding,
        rule=TEXTS,
        playbook_sha256=TEXTS,
        result=st.sampled_from(get_args(Verdict)),
        severity=st.sampled_from(get_args(Severity)),
        message=TEXTS,
        fact_ids=st.lists(st.text(max_size=5), max_size=2).map(tuple),
        start=maybe_places,
        end=maybe_places,
        quote=st.none() | TEXTS,
        field=st.none() | st.sampled_from(FIELDS) | TEXTS,
    )
    candidates = st.builds(
        ClauseCandidate, places, places, TEXTS, st.none() | COUNTS, st.floats(0, 1)
    )
    clauses = st.builds(
        Clause,
        TEXTS,
        st.booleans(),
        st.booleans(),
        st.floats(0, 1),
        st.lists(candidates, max_size=2).map(tuple),
    )
    revisions = st.builds(
        Revision,
        st.sampled_from(get_args(RevisionKind)),
        st.none() | TEXTS,
        places,
        places,
        TEXTS,
    )
    decisions = st.builds(
        Decision,
        field=st.sampled_from(FIELDS) | TEXTS,
        item=TEXTS,
        decision=st.sampled_from(get_args(Verb)),
        reviewer=TEXTS,
        decided_at=TEXTS,
        value=st.none() | TEXTS,
        normalized=NORMALIZED,
        attributes=st.dictionaries(TEXTS, TEXTS, max_size=2),
        comment=st.none() | TEXTS,
        engine_value=st.none() | TEXTS,
        disagrees=st.none() | st.sampled_from(get_args(Disagreement)),
    )
    return st.builds(
        DocumentResult,
        uri=TEXTS,
        status=st.sampled_from(["succeeded", "failed", "dead"]),
        parent=st.none() | TEXTS,
        sha256=st.none() | TEXTS,
        media_type=st.none() | TEXTS,
        languages=st.lists(TEXTS, max_size=2).map(tuple),
        error=st.none() | st.builds(ErrorRecord, TEXTS, TEXTS),
        warnings=st.lists(st.builds(Warning, TEXTS, TEXTS, st.none() | COUNTS), max_size=2).map(
            tuple
        ),
        text_sha256=st.none() | TEXTS,
        facts=st.lists(facts, max_size=5).map(tuple),
        not_found=st.lists(st.sampled_from(FIELDS) | TEXTS, max_size=2).map(tuple),
        outline=st.lists(sections, max_size=2).map(tuple),
        definitions=st.lists(definitions, max_size=2).map(tuple),
        references=st.lists(references, max_size=2).map(tuple),
        signatures=st.lists(signatures, max_size=2).map(tuple),
        clauses=st.lists(clauses, max_size=2).map(tuple),
        findings=st.lists(findings, max_size=4).map(tuple),
        revisions=st.lists(revisions, max_size=3).map(tuple),
        decisions=st.lists(decisions, max_size=2).map(tuple),
        versions=st.dictionaries(TEXTS, TEXTS, max_size=3),
    )
