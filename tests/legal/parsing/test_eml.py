from email.message import EmailMessage

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.results import ParsedDocument
from tests.legal.parsing.making import GREY


def read(data: bytes | EmailMessage, name: str = "mail.eml") -> ParsedDocument:
    return parse(bytes(data), name=name)


def mail(body: str = "Please sign.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.com>"
    message["To"] = "Bob <bob@example.com>"
    message["Date"] = "Mon, 04 Mar 2024 10:00:00 +0100"
    message["Subject"] = "Lease"
    message.set_content(body)
    return message


HEADERS = (
    "From: Ann <ann@example.com>\nTo: Bob <bob@example.com>\n"
    "Date: Mon, 04 Mar 2024 10:00:00 +0100\nSubject: Lease\n\n"
)


def test_headers_come_first_then_the_body() -> None:
    parsed = read(mail())

    assert parsed.media_type == "message/rfc822"
    assert parsed.text == HEADERS + "Please sign.\n"


def test_a_mail_is_known_without_its_name() -> None:
    assert read(mail(), name="").media_type == "message/rfc822"


def test_a_typed_memo_is_no_mail() -> None:
    memo = b"To: Bob\nFrom: Ann\nDate: 4 March 2024\nSubject: Lease\n\nPlease sign.\n"

    assert parse(memo, name="memo.txt").media_type == "text/plain"
    assert parse(memo, name="memo.txt").text == memo.decode()


def test_the_plain_text_is_preferred_to_the_page() -> None:
    message = mail()
    message.add_alternative("<p>Please <b>sign</b>, as a page.</p>", subtype="html")

    assert read(message).text == HEADERS + "Please sign.\n"


def test_the_page_is_read_where_there_is_no_plain_text() -> None:
    message = mail(" \n")
    message.add_alternative("<p>Please <b>sign</b>.</p><p>Ann</p>", subtype="html")

    assert read(message).text == HEADERS + "Please sign.\n\nAnn\n"


def test_changes_marked_in_a_page_point_into_the_whole_text() -> None:
    message = mail("")
    message.set_content("<p>pay <ins>EUR 5</ins></p>", subtype="html")
    parsed = read(message)

    (change,) = parsed.revisions
    assert parsed.text[change.start : change.end] == "EUR 5"


def test_attachments_are_documents_of_their_own_with_safe_names() -> None:
    message = mail()
    message.add_attachment(
        b"%PDF-1.7", maintype="application", subtype="pdf", filename="../../etc/Lease.pdf"
    )
    message.add_attachment("Annex 1\n", filename="C:\\files\\annex.txt")
    parsed = read(message)

    assert parsed.text == HEADERS + "Please sign.\n"
    assert [(item.name, item.media_type, item.data) for item in parsed.attachments] == [
        ("Lease.pdf", "application/pdf", b"%PDF-1.7"),
        ("annex.txt", "text/plain", b"Annex 1\n"),
    ]


def test_a_forwarded_mail_is_an_attachment() -> None:
    message = mail()
    message.add_attachment(mail("The first mail.\n"))
    parsed = read(message)

    (forwarded,) = parsed.attachments
    assert forwarded.media_type == "message/rfc822"
    assert read(forwarded.data, name=forwarded.name).text == HEADERS + "The first mail.\n"


@pytest.mark.parametrize(("size", "warnings"), [(len(GREY), []), (30_000, ["inline_image"])])
def test_a_picture_shown_in_the_page_is_no_document(size: int, warnings: list[str]) -> None:
    message = mail("")
    message.set_content('<p>Regards<img src="cid:logo@x"></p>', subtype="html")
    message.add_related(GREY.ljust(size), maintype="image", subtype="png", cid="<logo@x>")
    parsed = read(message)

    assert parsed.attachments == ()
    assert [warning.code for warning in parsed.warnings] == warnings


def test_a_picture_that_is_not_shown_is_an_attachment() -> None:
    message = mail()
    message.add_attachment(GREY, maintype="image", subtype="png", disposition="inline")

    assert [item.media_type for item in read(message).attachments] == ["image/png"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"=?utf-8?B?0JTQvtCz0L7QstC+0YA=?=", "Договор"),
        (b"=?windows-1251?Q?=C4=EE=E3=EE=E2=EE=F0_=B9_5?=", "Договор № 5"),
        (b"=?utf-8?B?0JTQvtCz?=\r\n =?koi8-r?B?z9fP0g==?= x", "Договор x"),
        (b"=?utf-8?B?0JTQ?= =?utf-8?B?vtCz?=", "Дог"),
        (b"=?nonsense?Q?K=C3=A4ufer?=", "Käufer"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
        ("Käufer".encode(), "Käufer"),
        ("Договор поставки".encode("cp1251"), "Договор поставки"),
        (b"folded\r\n\tsubject", "folded subject"),
    ],
)
def test_subjects_are_read_however_they_were_encoded(raw: bytes, expected: str) -> None:
    data = b"From: a@example.com\r\nSubject: " + raw + b"\r\n\r\nText.\r\n"

    assert read(data).text == f"From: a@example.com\nSubject: {expected}\n\nText.\n"


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("koi8-r", "Договор поставки".encode("koi8-r")),
        ("us-ascii", "Договор поставки".encode()),
        ("no-such-charset", "Договор поставки".encode("cp1251")),
        ("utf-8", "Договор поставки".encode("cp1251")),
    ],
)
def test_bodies_are_read_even_where_the_charset_is_wrong(charset: str, body: bytes) -> None:
    data = (
        f"From: a@example.com\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n"
        "Content-Transfer-Encoding: 8bit\n\n"
    ).encode() + body

    assert read(data).text.endswith("\n\nДоговор поставки\n")


def test_a_message_saved_as_utf_16_is_read() -> None:
    data = mail("Bitte unterschreiben, Käufer.\n").as_string().encode("utf-16")

    assert "unterschreiben" in read(data).text


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/encrypted; boundary=x",
        "application/pkcs7-mime; smime-type=enveloped-data",
    ],
)
def test_an_encrypted_message_is_refused(content_type: str) -> None:
    data = f"From: a@example.com\nContent-Type: {content_type}\n\n--x\n\nabc\n--x--\n".encode()

    with pytest.raises(DocumentError) as caught:
        read(data)
    assert caught.value.code == "encrypted"


def test_a_signature_is_no_document() -> None:
    data = (
        b"From: a@example.com\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/signed; boundary=x; protocol=application/pgp-signature\n\n"
        b"--x\nContent-Type: text/plain\n\nSigned text.\n"
        b"--x\nContent-Type: application/pgp-signature; name=signature.asc\n\nabc\n--x--\n"
    )
    parsed = read(data)

    assert parsed.text == "From: a@example.com\n\nSigned text.\n"
    assert parsed.attachments == ()


def test_a_mailbox_is_refused_by_name() -> None:
    one = b"From ann@example.com Mon Mar  4 10:00:00 2024\n" + bytes(mail()) + b"\n"

    with pytest.raises(DocumentError, match="mailbox"):
        read(one + one)
    assert read(one).text == HEADERS + "Please sign.\n"


def test_parts_nested_without_end_are_refused() -> None:
    data = b"From: a@example.com\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (index, index)
        for index in range(3000)
    )

    with pytest.raises(DocumentError):
        read(data)


def test_a_signed_message_is_read_and_its_signature_is_not_trusted() -> None:
    message = (
        b"From: a@example.com\nMIME-Version: 1.0\nSubject: Lease\n"
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\n\n'
        b"--b\nContent-Type: text/plain\n\nPlease sign.\n"
        b'--b\nContent-Type: application/pkcs7-signature; name="smime.p7s"\n'
        b"Content-Transfer-Encoding: base64\n\nMIIB\n--b--\n"
    )
    parsed = parse(message, name="a.eml")
    assert parsed.text.endswith("\n\nPlease sign.\n")
    assert parsed.attachments == ()
    assert [warning.code for warning in parsed.warnings] == ["signature_not_verified"]
