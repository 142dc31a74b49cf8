import base64
from dataclasses import replace

import pytest

from lexmill_legal.redaction import Terms, find_redactions
from lexmill_legal.redaction.pseudonyms import (
    TOKEN,
    Pseudonyms,
    RedactionKeyError,
    Sealed,
    derive,
    key_digest,
    open_table,
    read_table,
    revealed,
    table_line,
)
from lexmill_legal.results import Classification, ParsedDocument

KEY = derive(b"a key of the tests, which is long enough")
OTHER = derive(b"b key of the tests, which is long enough")


def tokens(text: str, key: bytes | None = KEY, terms: Terms | None = None) -> list[str]:
    found = find_redactions(
        ParsedDocument("text/plain", text),
        Classification(("en", "ru")),
        (),
        terms or Terms(),
        None if key is None else Pseudonyms(key),
    )
    return [each.token for each in found]


def test_the_same_person_has_the_same_token_in_any_document_and_order() -> None:
    one = tokens("Name: Ottoline Ravensburg\nName: Quenby Zander\n")
    other = tokens("Attention: QUENBY ZANDER\nMs. Zander agrees with\nName: Ottoline M. Ravensburg")
    assert one[0] == other[2]
    assert one[1] == other[0] == other[1]
    assert one[0] != one[1]
    assert all(TOKEN.fullmatch(token) for token in one)


def test_russian_cases_have_one_token_across_documents() -> None:
    (one,) = tokens("в лице директора Крутиковой Агнии Прохоровны")
    (other,) = tokens("Подпись: Крутикова Агния Прохоровна")
    assert one == other


def test_another_key_makes_other_tokens_and_no_key_makes_none_that_link() -> None:
    text = "Name: Ottoline Ravensburg\nName: Quenby Zander\n"
    assert set(tokens(text)).isdisjoint(tokens(text, OTHER))
    assert tokens(text, None) == ["[PERSON]", "[PERSON]"]


def test_black_boxes_tell_neither_person_nor_length() -> None:
    text = "Name: Ottoline Ravensburg\nName: Q. Zander\n"
    assert set(tokens(text, terms=Terms(style="black"))) == {"█████"}


def test_a_table_leads_back_only_with_its_key() -> None:
    pseudonyms = Pseudonyms(KEY)
    token = pseudonyms.token("person", "ottoline ravensburg")
    sealed = [pseudonyms.seal(token, value) for value in ("Ottoline Ravensburg", "O. Ravensburg")]
    lines = b"".join(map(table_line, sealed))
    assert b"Raven" not in lines
    assert read_table(lines) == tuple(sealed)
    values = open_table(read_table(lines), pseudonyms)
    assert values == {token: ("Ottoline Ravensburg", "O. Ravensburg")}
    assert revealed(f"{token} and [PERSON-AAAAAAAA]", values) == (
        "Ottoline Ravensburg and [PERSON-AAAAAAAA]"
    )
    with pytest.raises(RedactionKeyError, match="another key"):
        open_table(sealed, Pseudonyms(OTHER))


def test_the_table_has_the_same_bytes_each_time_and_hides_lengths() -> None:
    short, long = (Pseudonyms(KEY).seal("[PERSON-AAAAAAAA]", name) for name in ("Xi", "X" * 40))
    assert len(short.sealed) == len(long.sealed)
    assert short == Pseudonyms(KEY).seal("[PERSON-AAAAAAAA]", "Xi")


def test_a_row_that_was_moved_or_changed_does_not_open() -> None:
    entry = Pseudonyms(KEY).seal("[PERSON-AAAAAAAA]", "Xi")
    raw = bytearray(base64.b64decode(entry.sealed))
    raw[0] ^= 1
    for broken in (
        replace(entry, token="[PERSON-BBBBBBBB]"),
        replace(entry, sealed=base64.b64encode(bytes(raw)).decode()),
        Sealed("[PERSON-AAAAAAAA]", "no base64"),
        Sealed("[PERSON-AAAAAAAA]", ""),
    ):
        with pytest.raises(RedactionKeyError):
            Pseudonyms(KEY).open(broken)


@pytest.mark.parametrize("data", [b"nothing\n", b"{}\n", b"[1]\n", b"\xff\n"])
def test_what_is_no_table_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ValueError, match="line 1 is no line"):
        read_table(data)


def test_a_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(RedactionKeyError, match="lexmill redaction key"):
        derive(b"short   \n")


def test_of_a_key_only_a_part_is_stored_that_makes_nothing() -> None:
    assert key_digest(KEY) != key_digest(OTHER)
    assert bytes.fromhex(key_digest(KEY)) not in KEY[:96]
