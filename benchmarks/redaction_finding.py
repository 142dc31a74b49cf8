"""Redaction: how much of what is known to be there is found, without being told where.

The invented documents of `benchmarks.redaction`; and sentences of contracts with names that stand
in no list of the library, so that only what is beside a name can tell. A value is found where all
its letters and digits are covered; precision counts redactions that touch a known value.

    python benchmarks/redaction_finding.py [--documents 50]
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator

from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.parsing import parse
from lexmill_legal.redaction import Terms, find_redactions, redact
from lexmill_legal.redaction.given_names import ENGLISH, SURNAMES
from lexmill_legal.redaction.naming import folded
from lexmill_legal.results import Classification, ParsedDocument
from lexmill_legal.segment import segment

sys.path.append(f"{__file__.rpartition('/')[0]}/..")

from benchmarks.redaction import leaked, places
from benchmarks.redaction_documents import documents

_GOALS = {"person": 0.9, "identifier": 0.98, "account": 0.98, "email": 0.98, "phone": 0.98}
_NAMES = """Oluwaseun Adeyemi-Fashola|Thandiwe Mkhabela|Xóchitl Iñárritu|Ngozi Eze|Siobhán Ó Faoláin
Guðrún Ásgeirsdóttir|Zsófia Vörösmarty|Hyacinth Bucketwaite|Thi Hanh Ngo|Bjarne Ødegaard
Perpetua Ngcobo|Anselm Trevanion|Rosalba Quintavalle|Ignatius Pell|Wilhelmina Vandersloot
Cosima de la Huerta|Ptolemy Jagger|Kwabena Asante-Boateng|Marietje van Houweling|Mbali Dlamini
Fenella Crabtree|Tariq Bensouda|Eudora Plimpton|Rafferty O'Shaughnessy|Ottoline Fairweather
Aurelio Buonarroti|Imogen Thistlewood|Dashiell Ravenscroft|Calloway Pike"""
_SENTENCES = """This is between Alpha Works LLC and {}, an individual residing at 4 Elm Street.
The Executive reports to {}, Chief Financial Officer.
Attention: {}
Name: {}
By: /s/ {}
The Company hereby employs {} (the "Employee").
Project Manager: {}
I, {}, declare the following.
This was signed by {} on behalf of the Company.
with a copy to {}, Esq.
{} shall serve as the trustee of the trust.
It is payable to {} within ten days.
Contact {} <x@mail.example> for details.
The signature of {} was witnessed.
Present: {}
The Guarantor, {}, agrees.
The invoice was approved by {}.
{} is the sole owner of the patent.
The estate of {} is bound.
On Tuesday {} delivered the goods.""".splitlines()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=50, help="of each of the four formats")
    arguments = parser.parse_args()
    below = in_documents(arguments.documents)
    in_sentences()
    return int(below)


def in_documents(count: int) -> bool:
    found, known = Counter[str](), Counter[str]()
    touching = total = unredacted = leaks = 0
    seconds = 0.0
    for document in documents(count):
        parsed = parse(document.data, name=document.name)
        classification = classify(parsed)
        facts = extract(parsed, classification, segment(parsed)).facts
        started = time.process_time()
        redactions = find_redactions(parsed, classification, facts, Terms())
        seconds += time.process_time() - started
        copy = redact(document.data, parsed, classification, facts, Terms())
        unredacted += copy.error is not None
        values = (*document.values, *document.hidden)
        leaks += sum(1 for value in values for _ in leaked(copy.data, value))
        covered = _mask(parsed, ((each.start, each.end) for each in redactions))
        spans = [(value.kind, span) for value in document.values for span in places(parsed, value)]
        for kind, (start, end) in spans:
            known[kind] += 1
            found[kind] += all(
                covered[at] or not parsed.text[at].isalnum() for at in range(start, end)
            )
        truth = _mask(parsed, (span for _, span in spans))
        total += len(redactions)
        touching += sum(any(truth[each.start : each.end]) for each in redactions)
    for kind, count_known in sorted(known.items()):
        print(f"{kind:12} recall {found[kind] / count_known:.3f} of {count_known}")
    print(f"precision    {touching / total:.3f} of {total} redactions")
    print(f"finding      {4 * count / seconds:.0f} documents a CPU second")
    print(f"leaks        {leaks} known values in the copies' bytes, streams and text")
    print(f"no copy      {unredacted} of {4 * count} documents")
    return leaks > 0 or any(found[kind] / known[kind] < goal for kind, goal in _GOALS.items())


def in_sentences() -> None:
    hits = tries = 0
    for name in _names():
        for sentence in _SENTENCES:
            text = f"SERVICES AGREEMENT\n\nThe parties agree.\n\n{sentence.format(name)}\n\nEnd.\n"
            parsed = ParsedDocument("text/plain", text)
            redactions = find_redactions(parsed, Classification(("en",)), (), Terms())
            start = text.index(name)
            hits += any(
                each.kind == "person" and each.start <= start and start + len(name) <= each.end
                for each in redactions
            )
            tries += 1
    print(f"person       recall {hits / tries:.3f} of {tries} names of no list, each named once")


def _names() -> Iterator[str]:
    for name in _NAMES.replace("\n", "|").split("|"):
        words = [folded(word) for word in name.split()]
        assert words[0] not in ENGLISH
        assert words[-1] not in SURNAMES
        yield name


def _mask(parsed: ParsedDocument, spans: Iterator[tuple[int, int]]) -> bytearray:
    mask = bytearray(len(parsed.text))
    for start, end in spans:
        mask[start:end] = b"\1" * (end - start)
    return mask


if __name__ == "__main__":
    sys.exit(main())
