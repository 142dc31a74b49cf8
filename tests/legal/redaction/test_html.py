from tests.legal.redaction.burning_of import burned, text_of


def page(body: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def test_the_page_keeps_its_form() -> None:
    copy = burned(
        page(
            "<h1>Contract</h1><p>By <b>Ann</b> <i>Miller</i> &amp; Sons.</p>"
            "<ol start=3><li>One<li>Two</ol><table><tr><td colspan=2>Ann Miller</td></tr></table>"
        ),
        "Ann Miller",
    )
    assert copy.data.decode() == (
        '<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n'
        "<h1>Contract</h1><p>By<b> [PERSON-1]</b><i></i> &amp; Sons.</p>"
        '<ol start="3"><li>One</li><li>Two</li></ol>'
        '<table><tbody><tr><td colspan="2">[PERSON-1]</td></tr></tbody></table>\n</body></html>\n'
    )
    assert (copy.media_type, copy.suffix, copy.warnings) == ("text/html", ".html", ())


def test_what_no_reader_sees_is_gone() -> None:
    copy = burned(
        page(
            "<!-- Ann Miller --><p title='Ann Miller' id=ann-miller data-x='Ann Miller'>Ann Miller"
            " <a href='mailto:ann.miller@a.example'>writes</a>.</p><p hidden>Ann Miller</p>"
            "<p style='display:none'>Ann Miller</p><img alt='Ann Miller' src='ann-miller.png'>"
            "<script>name = 'Ann Miller'</script><del>Ann Miller</del><svg><text>Ann Miller</text>"
            "</svg><x-ann-miller>.</x-ann-miller><input type=hidden value='Ann Miller'>",
            "<title>Ann Miller</title><meta name=author content='Ann Miller'>"
            "<style>.ann-miller { color: red }</style>",
        ),
        "Ann Miller",
    )
    assert b"iller" not in copy.data
    assert text_of(copy) == "[PERSON-1] writes.\n\n.\n"


def test_a_value_in_references_and_entities() -> None:
    copy = burned(page("<p>Ann M&#105;ller, J&ouml;rg; http://a.example/?q=J%C3%B6rg</p>"), "Jörg")
    assert text_of(copy) == "Ann Miller, [PERSON-1]; http://a.example/?q=[PERSON-1]\n"


def test_text_that_looks_like_a_tag_stays_text() -> None:
    copy = burned(page("<p>&lt;script&gt;x&lt;/script&gt; Ann Miller</p>"), "Ann Miller")
    assert text_of(copy) == "<script>x</script> [PERSON-1]\n"


def test_preserved_lines() -> None:
    copy = burned(page("<pre>Name:   Ann Miller\nCity:   Bonn</pre>"), "Ann Miller")
    assert text_of(copy) == "Name:   [PERSON-1]\nCity:   Bonn\n"


def test_an_old_encoding() -> None:
    data = "<html><meta charset=windows-1251><p>Подписал Иванов И.И.</p></html>".encode("cp1251")
    copy = burned(data, "Иванов И.И.")
    assert text_of(copy) == "Подписал [PERSON-1]\n"
