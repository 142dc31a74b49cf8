from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.clauses.units import MOST_UNITS, units_of, without_signatures
from lexmill_legal.segment.outline import outline_of
from tests.legal.clauses.contracts import SERVICES

PIECES = [*"aBc 1.;:()\n\t", "\n\n", "Section ", "ARTICLE ", "Inc. ", "İ", "ё", "word " * 200]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=200).map("".join)


def written(text: str) -> list[str]:
    return [text[unit.start : unit.end] for unit in units_of(text, outline_of(text))]


def test_a_sentence_is_a_unit() -> None:
    text = "The fee of Alder Inc. is due on time. It bears no interest.\n\nNothing else is owed."
    assert written(text) == [
        "The fee of Alder Inc. is due on time.",
        "It bears no interest.",
        "Nothing else is owed.",
    ]


def test_a_numbered_line_begins_a_unit_without_a_full_stop_before_it() -> None:
    text = "The supplier shall\n(a) deliver the goods\n(b) insure them\n"
    assert written(text) == ["The supplier shall", "(a) deliver the goods", "(b) insure them"]


def test_a_long_list_is_cut_at_its_semicolons() -> None:
    item = "the customer shall keep the delivered equipment in good order and repair at all times"
    text = "; ".join([item] * 20) + "."
    found = written(text)
    assert len(found) > 3
    assert all(350 <= len(unit) <= 900 for unit in found[:-1])


def test_what_has_no_stop_is_cut_between_words() -> None:
    found = written("word " * 3_000)
    assert "".join(found).replace(" ", "") == "word" * 3_000
    assert all(len(unit) <= 3_000 and unit.startswith("word") for unit in found)


def test_a_very_long_text_is_split_as_a_short_one() -> None:
    paragraph = "The buyer pays Alder Inc. at once. The seller delivers soon.\n\n"
    found = written(paragraph * 10_000)
    assert set(found) == {"The buyer pays Alder Inc. at once.", "The seller delivers soon."}
    assert len(found) == MOST_UNITS


def test_units_know_the_heading_they_stand_under() -> None:
    units = units_of(SERVICES, outline_of(SERVICES))
    (law,) = (unit for unit in units if "conflict of laws" in SERVICES[unit.start : unit.end])
    assert law.heading == "Governing Law"


def test_a_heading_without_a_number_counts_until_the_next() -> None:
    text = "PRICES\n\nThe price is fixed for a year.\n\nDELIVERY\n\nDelivery is free of charge.\n"
    units = [unit for unit in units_of(text, outline_of(text)) if not unit.is_heading]
    assert [unit.heading for unit in units] == ["PRICES", "DELIVERY"]


@given(TEXTS)
def test_units_lie_in_order_inside_the_text_without_blanks_around(text: str) -> None:
    last = 0
    for unit in units_of(text, outline_of(text)):
        assert last <= unit.start < unit.end <= len(text)
        assert text[unit.start : unit.end] == text[unit.start : unit.end].strip()
        last = unit.end


def test_a_signature_block_without_a_heading_belongs_to_what_precedes() -> None:
    text = (
        "1. Services. Alder works.\n2. Counterparts. There are two of them.\n(a) one;\n(b) two.\n"
        "ALDER INC.\nBy: /s/ Ann Archer\nName: Ann Archer\nEXHIBIT A\nPrices.\n"
    )
    outline = outline_of(text)
    assert [section.kind for section in outline] == [
        "section", "section", "signature_block", "exhibit",
    ]  # fmt: skip
    seen = without_signatures(outline, len(text))
    assert [section.kind for section in seen] == ["section", "section", "exhibit"]
    assert seen[0] == outline[0]
    assert seen[1].end == seen[1].children[-1].end == outline[3].start
    (signed,) = [unit for unit in units_of(text, seen) if "Archer" in text[unit.start : unit.end]]
    assert signed.heading == "Counterparts"
    assert without_signatures(outline[:3], len(text))[1].end == len(text)
