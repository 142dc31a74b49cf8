import pytest

from lexmill_legal.parsing import parse

RUSSIAN = (
    "ДОГОВОР ПОСТАВКИ № 5\nг. Москва, 12 марта 2024 г.\n"
    "Поставщик обязуется передать товар, а Покупатель — принять и оплатить его."
)
GERMAN = "Der Käufer trägt die Kosten für Verpackung und Überführung gemäß § 448 BGB.\n"


def test_line_ends_become_lf_and_nothing_else_changes() -> None:
    parsed = parse(b"a \r\n\tb\rc\n\n  d", name="a.txt")

    assert parsed.text == "a \n\tb\nc\n\n  d"
    assert parsed.media_type == "text/plain"
    assert parsed.warnings == ()


def test_markdown_is_kept_as_it_is() -> None:
    parsed = parse(b"# Lease\n\n* a\n", name="Lease.MD")

    assert (parsed.media_type, parsed.text) == ("text/markdown", "# Lease\n\n* a\n")


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8-r",
     "cp866", "iso8859-5"],
)  # fmt: skip
def test_russian_is_read_in_every_usual_encoding(encoding: str) -> None:
    text = (
        RUSSIAN if encoding not in {"koi8-r", "cp866", "iso8859-5"} else RUSSIAN.replace("—", "-")
    )
    text = text if encoding != "koi8-r" else text.replace("№", "N")
    parsed = parse(text.encode(encoding), name="договор.txt")

    assert parsed.text == text
    assert parsed.warnings == ()


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1", "utf-16-le", "utf-16-be"])
def test_western_text_is_read_in_every_usual_encoding(encoding: str) -> None:
    parsed = parse(GERMAN.encode(encoding), name="vertrag.txt")

    assert parsed.text == GERMAN
    assert parsed.warnings == ()


def test_polish_is_not_read_as_western() -> None:
    text = "Sprzedający zobowiązuje się wydać rzecz, a kupujący zapłacić cenę; źródło: kodeks."

    assert parse(text.encode("cp1250"), name="").text == text


def test_typographic_quotes_of_windows_are_no_riddle() -> None:
    text = "the “Agreement” – Licensor’s fee of €5"
    parsed = parse(text.encode("cp1252"), name="")

    assert parsed.text == text


def test_a_few_foreign_bytes_do_not_spoil_a_utf_8_text() -> None:
    data = (GERMAN * 20).encode() + b"caf\xe9" + (GERMAN * 20).encode()
    parsed = parse(data, name="")

    assert parsed.text.count("Käufer") == 40
    assert [warning.code for warning in parsed.warnings] == ["encoding_uncertain"]


def test_a_text_cut_within_a_character_keeps_all_before_it() -> None:
    parsed = parse("Käufer und Verkäufe ä".encode()[:-1], name="")

    assert parsed.text.startswith("Käufer und Verkäufe ")


def test_a_guess_is_said_to_be_one() -> None:
    japanese = "本契約は、甲乙間の取引に関する基本的な事項を定める。".encode("shift_jis")

    assert [warning.code for warning in parse(japanese, name="").warnings] == ["encoding_uncertain"]


def test_nul_never_reaches_the_text() -> None:
    assert (
        "\0" not in parse(b"Some text with a \0 in it. " + b"And more without. " * 9, name="").text
    )
