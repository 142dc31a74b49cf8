"""Documents that no Word wrote: parts of the samples torn out, doubled and put elsewhere.

Whatever comes, there is a redline that can be undone, or none.
"""

import copy
import random
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.xml import Element
from lexmill_legal.redline import redline_docx
from tests.legal.redline.test_redline import BOOK, finding, read
from tests.legal.redline.word import (
    assert_well_made,
    main_of,
    rejected,
    structure,
    with_parts,
)

SAMPLES = sorted((Path(__file__).parents[3] / "samples" / "contracts").glob("*.docx"))
DOCUMENTS = 30


def damaged(data: bytes, chance: random.Random) -> bytes:
    root = main_of(data)
    elements = [each for each in root.iter() if each.getparent() is not None]
    for _ in range(chance.randint(1, 12)):
        _damage(chance.choice(elements), chance.choice(elements), chance)
    return with_parts(data, {"word/document.xml": etree.tostring(root)})


def _damage(one: Element, other: Element, chance: random.Random) -> None:
    above = one.getparent()
    if above is None or other.getparent() is None or one in [other, *other.iterancestors()]:
        return
    what = chance.choice(("remove", "double", "put in", "text", "tail"))
    if what == "remove":
        above.remove(one)
    elif what == "double":
        other.addnext(copy.deepcopy(one))
    elif what == "put in":
        other.append(copy.deepcopy(one))
    elif what == "text":
        one.text = chance.choice(("\n  ", "x", "Texas. ", None))
    else:
        one.tail = chance.choice(("\n  ", "x"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_there_is_a_redline_that_can_be_undone_or_none(path: Path) -> None:
    chance = random.Random(path.name)
    made = 0
    for _ in range(DOCUMENTS):
        data = damaged(path.read_bytes(), chance)
        try:
            text = read(data).text
        except DocumentError:
            continue
        findings = [finding("court")]
        for rule in ("law", "renewal", "russian"):
            start = chance.randrange(len(text))
            end = min(len(text), start + chance.randint(1, 80))
            place = replace(finding(rule), start=start, end=end, quote=text[start:end])
            findings.append(place)
        redline = redline_docx(data, BOOK, findings)
        if redline is not None:
            made += 1
            assert_well_made(redline)
            assert structure(rejected(redline)) == structure(data)
            assert read(rejected(redline)).text == text
    assert made > DOCUMENTS / 2
