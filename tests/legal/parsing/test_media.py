import io
import struct
import subprocess
import sys
import zipfile

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.parsing.attached import attachment, safe_name
from tests.legal.parsing.making import GREY, Pdf, docx, paragraph

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def refused(data: bytes, name: str = "file") -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(data, name=name)
    return caught.value


def archive(*names: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as container:
        if mimetype:
            container.writestr("mimetype", mimetype)
        for name in names:
            container.writestr(name, "x")
    return buffer.getvalue()


def ole(stream: str) -> bytes:
    return OLE + stream.encode("utf-16-le").ljust(64, b"\0")


def test_content_decides_whatever_the_name_says() -> None:
    pdf, word = Pdf().lines("A.").page().save(), docx(paragraph("B."))

    assert parse(pdf, name="contract.docx").media_type == "application/pdf"
    assert parse(word, name="contract.pdf").text == "B.\n"
    assert parse(b"C.", name="contract.pdf").media_type == "text/plain"


def test_a_pdf_may_have_rubbish_before_it() -> None:
    assert parse(b"\r\nHTTP/1.1 200 OK\r\n\r\n" + Pdf().lines("A.").page().save(), name="").pages


def test_a_text_about_pdf_is_text() -> None:
    assert parse(b"A file begins with %PDF-1.7 here.", name="").media_type == "text/plain"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (ole("Workbook"), ".xls"),
        (OLE, "old Microsoft Office"),
        (archive("xl/workbook.xml", "[Content_Types].xml"), ".xlsx"),
        (archive("ppt/presentation.xml"), ".pptx"),
        (archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), ".ods"),
        (archive("[Content_Types].xml", "Documents/1/Pages/1.fpage"), "Office"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(20), "7-Zip"),
        (b"<?xml version='1.0'?><invoice/>", "XML"),
    ],
)
def test_known_formats_that_are_not_read_yet_are_named(data: bytes, words: str) -> None:
    error = refused(data)

    assert error.code == "unsupported_format"
    assert words in error.message
    assert error.message.endswith(".")


@pytest.mark.parametrize(
    "data",
    [
        GREY,
        b"GIF89a" + bytes(20),
        b"RIFF" + struct.pack("<I", 20) + b"WEBPVP8 ",
    ],
)
def test_pictures_need_ocr(data: bytes) -> None:
    assert refused(data).code == "needs_ocr"


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\0\0\0\0", b"\xef\xbb\xbf \n"])
def test_nothing_is_empty(data: bytes) -> None:
    assert refused(data).code == "empty"


def test_a_word_97_document_needs_another_program() -> None:
    error = refused(ole("WordDocument"))

    assert (error.code, ".doc" in error.message) == ("needs_converter", True)


def test_a_message_may_hold_what_is_encrypted() -> None:
    assert refused(ole("__properties_version1.0") + ole("EncryptedPackage")).code == "corrupt"


def test_what_is_left_of_a_protected_office_file_is_damaged() -> None:
    assert refused(ole("EncryptedPackage")).code == "corrupt"


def test_binary_garbage_is_unknown() -> None:
    assert refused(bytes(range(256)) * 8).code == "unknown_format"


def test_text_with_angle_brackets_is_text() -> None:
    assert parse(b"<Company Name> agrees.", name="a.txt").media_type == "text/plain"
    assert parse(b"<A Company> agrees.", name="a.txt").media_type == "text/plain"
    assert parse(b"<p align=center></p>\n\n# Lease", name="a.md").media_type == "text/markdown"


def test_a_pgp_message_is_encrypted() -> None:
    assert refused(b"-----BEGIN PGP MESSAGE-----\n\nabc\n").code == "encrypted"


def test_messages_never_quote_the_file() -> None:
    for data in (b"{\\rtf1{\\info Willow Mill}}", b"<?xml version='1.0'?><secret>Willow</secret>"):
        assert "illow" not in str(refused(data, name="Willow Mill.rtf"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\lease.pdf", "lease.pdf"),
        ("..", "attachment"),
        ("", "attachment"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("rent\u202efdp.exe", "rentfdp.exe"),
        ("con.txt", "_con.txt"),
        ("Договор №5.docx", "Договор №5.docx"),
        ("x" * 300 + ".docx", "x" * 115 + ".docx"),
    ],
)
def test_names_of_attachments_are_safe(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_an_attachment_without_a_type_is_typed_by_content_or_name() -> None:
    assert attachment("x", b"%PDF-1.7").media_type == "application/pdf"
    assert attachment("x.html", b"<p>").media_type == "text/html"
    assert attachment("x", b"?").media_type == "application/octet-stream"


def test_a_text_loads_no_library_of_another_format() -> None:
    code = (
        "import sys; from lexmill_legal.parsing import parse; parse(b'Lease.', name='a.txt');"
        "print({'pypdfium2', 'lxml', 'selectolax', 'email'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
