import hashlib
import json
import os
import subprocess
import sys

from lexmill_legal.relations import Relation, Relations, relation_line
from lexmill_legal.relations.signatures import signature
from lexmill_legal.results import DocumentResult, ErrorRecord, Fact

LEASE = " ".join(f"word{number % 97} clause{number}" for number in range(300))


def fact(field: str, value: str) -> Fact:
    return Fact(
        f"{field}-{value}", field, value, None, None, None, None, None, (), "rule", "1", 0.9, True
    )


def result(uri: str, text: str, *facts: Fact, source: str = "", parent: str = "") -> DocumentResult:
    return DocumentResult(
        uri=uri,
        status="succeeded",
        parent=parent or None,
        sha256=hashlib.sha256((source or uri).encode()).hexdigest(),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        facts=facts,
    )


def related(*documents: tuple[DocumentResult, str]) -> list[Relation]:
    relations = Relations()
    for document, text in documents:
        relations.add(document, text)
    return list(relations.found())


def test_the_same_file_and_the_same_text_are_duplicates() -> None:
    found = related(
        (result("b.txt", "x", source="1"), "x"),
        (result("a.txt", "x", source="1"), "x"),
        (result("c.txt", "y"), "y"),
        (result("d.pdf", "y"), "y"),
    )
    assert found == [
        Relation("duplicate", ("a.txt", "b.txt"), ("sha256",)),
        Relation("duplicate", ("c.txt", "d.pdf"), ("text",)),
    ]


def test_texts_that_differ_little_are_near_duplicates() -> None:
    changed = LEASE.replace("clause150", "article150").upper()
    (found,) = related(
        (result("a", LEASE), LEASE), (result("b", changed), changed), (result("c", "z"), "z")
    )
    assert (found.kind, found.uris) == ("near_duplicate", ("a", "b"))
    assert found.likeness is not None
    assert 0.9 < found.likeness <= 1


def test_texts_that_share_half_or_are_short_are_not() -> None:
    half = " ".join(LEASE.split()[:300]) + " " + " ".join(f"other{n}" for n in range(300))
    short = "Dear Sir, please find attached the lease."
    assert (
        related(
            (result("a", LEASE), LEASE),
            (result("b", half), half),
            (result("c", short), short),
            (result("d", short + " Ann"), short + " Ann"),
        )
        == []
    )


def test_a_mail_and_what_is_attached_are_a_family() -> None:
    assert related(
        (result("m.eml", "a"), "a"),
        (result("m.eml#1", "b", parent="m.eml"), "b"),
        (result("m.eml#2", "c", parent="m.eml"), "c"),
    ) == [Relation("attachment", ("m.eml", "m.eml#1", "m.eml#2"), ("parent",))]


PARTIES = (fact("party", "Alpha LLC"), fact("party", "Beta GmbH"))
TEXT = (
    "This Amendment changes the Supply Agreement dated 5 May 2020 between ALPHA LLC and Beta GmbH."
)


def base(uri: str, name: str, date: str) -> tuple[DocumentResult, str]:
    facts = (*PARTIES, fact("document_name", name), fact("agreement_date", date))
    return result(uri, uri, *facts), uri


def amendment(*parties: Fact) -> tuple[DocumentResult, str]:
    return result("x", TEXT, *(parties or PARTIES), fact("document_type", "amendment")), TEXT


def test_an_amendment_belongs_to_the_contract_that_it_names() -> None:
    first, second = base("a", "Supply Agreement", "5 May 2020"), base("b", "Lease", "1 June 2021")
    assert related(first, second, amendment()) == [
        Relation("amendment", ("a", "x"), ("parties", "name", "date"))
    ]


def test_an_amendment_that_fits_two_contracts_or_none_belongs_to_neither() -> None:
    twins = base("a", "Supply Agreement", "1 May 1999"), base("b", "Supply Agreement", "")
    assert related(*twins, amendment()) == []
    assert related(base("b", "Lease", "1 June 2021"), amendment()) == []
    assert related(base("a", "Supply Agreement", ""), amendment(fact("party", "A"))) == []


def test_a_line_is_json() -> None:
    line = relation_line(Relation("near_duplicate", ("a", "ж"), ("text",), 0.93))
    assert json.loads(line) == {
        "kind": "near_duplicate", "uris": ["a", "ж"], "evidence": ["text"], "likeness": 0.93,
    }  # fmt: skip


def test_signatures_are_the_same_in_every_process() -> None:
    script = "import sys; from lexmill_legal.relations.signatures import signature; "
    script += "print(signature(sys.argv[1]))"
    asked = [sys.executable, "-c", script, LEASE]
    said = subprocess.run(
        asked, capture_output=True, check=True, text=True, env=os.environ | {"PYTHONHASHSEED": "7"}
    ).stdout
    assert said.strip() == str(signature(LEASE))


def test_a_detached_signature_belongs_to_the_file_it_is_named_after() -> None:
    def signature_alone(uri: str) -> tuple[DocumentResult, str]:
        error = ErrorRecord("detached_signature", "This is a signature alone.")
        return DocumentResult(uri=uri, status="failed", error=error), ""

    found = related(
        (result("a/lease.pdf", "Lease"), "Lease"),
        signature_alone("a/lease.pdf.p7s"),
        signature_alone("a/other.pdf.sig"),
        signature_alone("b/lease.pdf.sig"),
    )
    assert found == [Relation("signature", ("a/lease.pdf", "a/lease.pdf.p7s"), ("name",))]
