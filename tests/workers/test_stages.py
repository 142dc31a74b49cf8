"""The stages as they run in the sandbox, here called in the test's own process."""

import hashlib
from dataclasses import replace

import msgspec
import pytest

from lexmill.storage.bundles import decode_bundle
from lexmill_legal.clause_kinds import CLAUSE_KINDS
from lexmill_legal.parsing import parse
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import Decision
from lexmill_workers.stages import VERSIONS, Request, stage_keys, work_on
from tests.legal.parsing.making import paragraph
from tests.legal.redline.word import word

TEXT = (
    b"SERVICES AGREEMENT\n\nThis Services Agreement is made as of March 1, 2024 between Alpha "
    b'Works LLC (the "Provider") and Beta Stores Inc. (the "Client").\n\n1. Governing law\n'
    b"This Agreement is governed by the laws of the State of Delaware.\n"
)
PLAYBOOK = "name: p\nrules:\n  - {id: law, require: {fact: governing_law}, severity: high}\n"


def request(**changes: object) -> Request:
    given = Request(
        uri="a.txt",
        parent=None,
        name="a.txt",
        sha256=hashlib.sha256(TEXT).hexdigest(),
        data=TEXT,
        playbook=PLAYBOOK,
        stages=tuple(VERSIONS),
        known={},
    )
    return msgspec.structs.replace(given, **changes)


def test_all_stages_make_a_result_line() -> None:
    reply = work_on(request())
    bundle = decode_bundle(reply.bundle)
    result = read_result(bundle.result)
    assert set(bundle.outputs) == set(reply.seconds) == set(VERSIONS)
    assert bundle.text == TEXT.decode()
    assert result.text_sha256 == hashlib.sha256(TEXT).hexdigest()
    assert result.versions == dict(VERSIONS)
    assert [finding.rule for finding in result.findings] == ["law"]
    assert "governing_law" in {fact.field for fact in result.facts}
    assert tuple(clause.kind for clause in result.clauses) == CLAUSE_KINDS
    (law,) = (clause for clause in result.clauses if clause.kind == "governing_law")
    assert law.present
    assert "laws of the State of Delaware" in law.candidates[0].quote


@pytest.mark.parametrize("count", range(1, len(VERSIONS) + 1))
def test_known_outputs_give_the_same_result_as_new_ones(count: int) -> None:
    whole = decode_bundle(work_on(request()).bundle)
    stages = tuple(VERSIONS)
    known = {stage: whole.outputs[stage] for stage in stages[:count]}
    rest = work_on(request(stages=stages[count:], known=known))
    assert decode_bundle(rest.bundle).result == whole.result
    assert set(rest.seconds) == set(stages[count:])


def test_a_playbook_asks_for_clauses() -> None:
    rules = "name: p\nrules:\n" + "".join(
        f"  - {{id: {operator}-{kind}, {operator}: {{clause: {kind}}}, severity: high}}\n"
        for operator, kind in [
            ("require", "governing_law"),
            ("forbid", "governing_law"),
            ("forbid", "source_code_escrow"),
        ]
    )
    result = read_result(decode_bundle(work_on(request(playbook=rules)).bundle).result)
    verdicts = {finding.rule: finding.result for finding in result.findings}
    assert verdicts == {
        "require-governing_law": "pass",
        "forbid-governing_law": "fail",
        "forbid-source_code_escrow": "unknown",
    }


def test_a_bad_document_is_an_answer_not_an_exception() -> None:
    reply = work_on(request(data=b""))
    assert reply.error is not None
    assert reply.error[0] == "empty"


def test_a_word_document_gets_its_redline_where_one_is_asked_for() -> None:
    data = word(paragraph("This Agreement is governed by the laws of Texas."))
    rules = (
        "name: p\nrules:\n  - {id: law, allow: {fact: governing_law, values: [DE]},"
        " fallback: This Agreement is governed by the laws of Germany.}\n"
    )
    asked = request(data=data, name="a.docx", playbook=rules, redline=True)
    bundle = decode_bundle(work_on(asked).bundle)
    assert "laws of Germany" in parse(bundle.redline, name="a.docx").text
    known = {stage: bundle.outputs[stage] for stage in VERSIONS}
    again = decode_bundle(work_on(msgspec.structs.replace(asked, stages=(), known=known)).bundle)
    assert again.redline == bundle.redline
    for other in (
        request(data=data, name="a.docx", playbook=rules),
        request(data=data, name="a.docx", playbook=rules.replace("DE", "US-TX"), redline=True),
        request(playbook=rules, redline=True),
    ):
        assert decode_bundle(work_on(other).bundle).redline == b""


def test_a_redline_that_is_asked_for_repeats_only_the_check() -> None:
    before, after = keys(), keys(redline="yes")
    assert {stage for stage in VERSIONS if before[stage] != after[stage]} == {"check"}


DECISION = Decision(
    "governing_law",
    "",
    "corrected",
    "anna",
    "2026-11-22T10:00:00Z",
    value="US-NY",
    normalized="US-NY",
    seen=("us de",),
)


def test_what_people_decided_is_in_the_result_and_its_findings() -> None:
    rules = "rules:\n  - {id: ours, allow: {fact: governing_law, values: [US-NY]}}\n"
    result = read_result(
        decode_bundle(work_on(request(playbook=rules, decisions=(DECISION,))).bundle).result
    )
    (law,) = (fact for fact in result.facts if fact.field == "governing_law")
    assert (law.value, law.method, law.firm) == ("US-NY", "human", True)
    assert law.attributes["engine_value"] == "Delaware"
    assert [finding.result for finding in result.findings] == ["pass"]
    assert [one.disagrees for one in result.decisions] == ["known"]
    engine = read_result(decode_bundle(work_on(request(playbook=rules)).bundle).result)
    assert [finding.result for finding in engine.findings] == ["fail"]


def test_decisions_are_laid_on_outputs_that_do_not_know_them() -> None:
    """The outputs are cached for whoever has the same document."""
    stages = tuple(VERSIONS)
    engine = decode_bundle(work_on(request(stages=stages)).bundle)
    decided = decode_bundle(work_on(request(stages=stages, decisions=(DECISION,))).bundle)
    changed = [stage for stage in stages if engine.outputs[stage] != decided.outputs[stage]]
    assert changed == ["check"]
    known = {stage: engine.outputs[stage] for stage in stages if stage != "check"}
    again = work_on(request(stages=("check",), known=known, data=b"", decisions=(DECISION,)))
    assert decode_bundle(again.bundle).result == decided.result


def test_only_the_check_depends_on_what_people_decided() -> None:
    def keyed(*decisions: Decision) -> dict[str, bytes]:
        return stage_keys(
            sha256="1",
            name="a.txt",
            playbook_sha256="2",
            stages=tuple(VERSIONS),
            decisions=decisions,
        )

    assert keyed() == keys()
    later = replace(DECISION, revision=2)
    for before, after in ((keyed(), keyed(DECISION)), (keyed(DECISION), keyed(later))):
        assert {stage for stage in VERSIONS if before[stage] != after[stage]} == {"check"}
    assert keyed(DECISION) == keyed(DECISION)


def keys(**changes: str | None) -> dict[str, bytes]:
    given: dict[str, str | None] = {"sha256": "1", "name": "a.txt", "playbook_sha256": "2"}
    given |= changes
    return stage_keys(
        redline="redline" in given,
        sha256=str(given["sha256"]),
        name=str(given["name"]),
        playbook_sha256=given["playbook_sha256"],
        stages=tuple(VERSIONS),
    )


@pytest.mark.parametrize(
    ("changes", "repeated"),
    [
        ({}, set()),
        ({"sha256": "9"}, set(VERSIONS)),
        ({"playbook_sha256": "9"}, {"check"}),
        ({"name": "b.txt"}, set()),
        ({"name": "a.md"}, set(VERSIONS)),
    ],
)
def test_a_stage_is_repeated_when_what_it_reads_has_changed(
    changes: dict[str, str | None], repeated: set[str]
) -> None:
    before, after = keys(), keys(**changes)
    assert {stage for stage in VERSIONS if before[stage] != after[stage]} == repeated
