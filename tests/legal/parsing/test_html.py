import contextlib
import time

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.results import Revision


def text(body: str) -> str:
    parsed = parse(f"<!DOCTYPE html><html><body>{body}</body></html>".encode(), name="a.html")
    assert parsed.media_type == "text/html"
    return parsed.text


def test_paragraphs_are_set_apart_by_a_blank_line_and_divisions_by_a_line_end() -> None:
    assert text("<h1>Lease</h1><p>One\n two</p><div>a</div><div>b</div>") == (
        "Lease\n\nOne two\n\na\nb\n"
    )


def test_a_division_that_keeps_a_distance_is_a_paragraph() -> None:
    assert text('<div style="margin-top:6pt">a</div><div>b</div>') == "a\n\nb\n"


def test_words_are_neither_glued_nor_torn() -> None:
    assert text("<p>The <b>Sup</b>plier <i>shall</i>\n deliver<br>now</p>") == (
        "The Supplier shall deliver\nnow\n"
    )


def test_two_line_breaks_are_a_blank_line() -> None:
    assert text("a<br><br>b<br>&nbsp;<br>c") == "a\n\nb\n\nc\n"


def test_tables_stand_row_by_row() -> None:
    assert text(
        "<table><tr><th>Item</th><th>Price</th></tr>"
        "<tr><td><p>Mill</p></td><td></td><td>EUR 5</td></tr></table>after"
    ) == ("Item\tPrice\nMill\tEUR 5\n\nafter\n")


def test_a_table_in_a_cell_does_not_run_into_what_follows() -> None:
    inner = "<table><tr><td>a</td><td>b</td><td></td></tr></table>"

    assert text(f"<table><tr><td>{inner}c</td></tr></table>") == "a\tb\nc\n"


def test_lists_show_their_numbers_and_bullets() -> None:
    assert text(
        '<ol start="3"><li>three<ul><li>dot</li></ul></li><li value="7"><p>seven</p></li></ol>'
        '<ol type="a"><li>x</li></ol><ul style="list-style-type:none"><li>bare</li></ul>'
    ) == ("3. three\n• dot\n7. seven\n\na. x\n\nbare\n")


def test_what_a_browser_does_not_show_is_left_out() -> None:
    assert (
        text(
            "<head><title>t</title></head><script>s()</script><style>p{}</style><!-- c -->"
            "<template>t</template><p hidden>h</p><p style='display: none'>n</p>"
            "<noscript>n</noscript><p>shown</p>"
        )
        == "shown\n"
    )


def test_preformatted_text_keeps_its_lines() -> None:
    assert text("<p>a</p><pre>\n  1. TERM\n     Ten years\n</pre><p>b</p>") == (
        "a\n\n  1. TERM\n     Ten years\n\nb\n"
    )


def test_entries_of_a_form_are_shown() -> None:
    assert text('Yes <input type="checkbox" checked> Name: <input value="Ann">') == (
        "Yes ☒ Name: Ann\n"
    )


def test_marked_changes_are_tracked_changes() -> None:
    parsed = parse(b"<p>within <del>30</del><ins>60</ins> days</p>", name="a.html")

    assert parsed.text == "within 60 days\n"
    assert parsed.revisions == (
        Revision("deletion", None, 7, 7, "30"),
        Revision("insertion", None, 7, 9, "60"),
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('<meta charset="windows-1251"><p>Договор</p>'.encode("cp1251"), "Договор\n"),
        ("<html><body>Договор</body></html>".encode("utf-16"), "Договор\n"),
        (
            '<?xml version="1.0" encoding="iso-8859-1"?><html><body>Käufer</body></html>'.encode(
                "latin-1"
            ),
            "Käufer\n",
        ),
        ('<meta charset="iso-8859-1"><p>Käufer</p>'.encode(), "Käufer\n"),
        ('<meta charset="nonsense"><p>Käufer und Verkäufer</p>'.encode(), "Käufer und Verkäufer\n"),
        (
            "<p>договор поставки оборудования</p>".encode("cp1251"),
            "договор поставки оборудования\n",
        ),
    ],
)
def test_the_encoding_is_the_declared_or_the_found_one(data: bytes, expected: str) -> None:
    assert parse(data, name="page.html").text == expected


def test_html_is_known_without_its_name_and_inside_a_filing() -> None:
    filing = b"<DOCUMENT>\n<TYPE>EX-10.1\n<TEXT>\n<HTML><BODY><P>Lease</P></BODY></HTML>"

    assert parse(filing, name="filing.txt").text.endswith("Lease\n")
    assert parse(b"<p>Lease</p>", name="").media_type == "text/html"


def test_nesting_without_end_is_read() -> None:
    assert text("<div>" * 20_000 + "deep" + "</div>" * 20_000) == "deep\n"


def test_a_page_without_text_is_empty() -> None:
    with pytest.raises(DocumentError) as caught:
        text("<script>x()</script>")

    assert caught.value.code == "empty"


def test_what_is_nested_too_deep_is_refused_at_once() -> None:
    with pytest.raises(DocumentError) as caught:
        parse(b"<html><body>" + b"<div>" * 200_000 + b"deep", name="a.html")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    "element",
    [
        '<div title="</div>">',
        "<div title='</div>' b>",
        '<div ="><div ="></div>',
        "<div><!--</div>-->",
        "<div><!--><div></div>",
        "<div><script></div></script>",
        "<div><style></div></STYLE >",
        "<div><title></div></title>",
        "<div><svg><![CDATA[></div>]]></svg>",
        "<div><? </div>",
        "<div></ div>",
        "<div><select></div></select>",
    ],
)
def test_end_tags_that_are_none_do_not_hide_the_depth(element: str) -> None:
    """As fast as the text is long: the parser itself would take minutes."""
    started = time.process_time()
    with pytest.raises(DocumentError) as caught:
        parse(b"<html><body>" + element.encode() * 200_000 + b"deep", name="a.html")
    assert caught.value.code == "too_large"
    assert time.process_time() - started < 5


@pytest.mark.parametrize("tag", ["<a b=", "<a 'b'=\"", "<!--", "<script>", "<![CDATA[", "<a /"])
def test_tags_that_never_end_cost_little(tag: str) -> None:
    started = time.process_time()
    with contextlib.suppress(DocumentError):
        parse(b"<html><body>x" + tag.encode() * 100_000, name="a.html")
    assert time.process_time() - started < 5


def test_a_page_of_scripts_is_not_a_deep_one() -> None:
    script = "<script>if (a</b) { document.write('<div>'); document.write('</div>') }</script>"
    rows = f"<div title='a > b'><p>a</p></div>{script}<!-- <div> -->" * 7_000
    assert text(rows).count("a") == 7_000


def test_a_long_page_is_not_a_deep_one() -> None:
    rows = "<div><ul><li><b>a</b><br><p>b<p>c</ul></div>" * 5_000
    assert text(rows).count("a") == 5_000
