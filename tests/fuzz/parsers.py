"""Every parser: documents to begin with, how they are damaged, and what the worker asks for."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from random import Random

import msgspec

from lexmill.storage.bundles import decode_bundle
from lexmill_legal.parsing import PageImage
from lexmill_legal.results import ParsedDocument
from lexmill_workers.stages import (
    PageRequest,
    Readings,
    ReadPage,
    Reply,
    Request,
)
from tests.fuzz import mutating as how
from tests.legal.parsing.making import Pdf, deleted, docx, inserted, paragraph, run, table
from tests.legal.parsing.ole import attached, attachments, compound_file, embedded, storage
from tests.legal.parsing.test_archive import aes, archive, encrypted
from tests.legal.parsing.test_odt import LEVELS, change, item, listed, odt, p
from tests.legal.parsing.test_odt_locks import body as body_of
from tests.legal.parsing.test_odt_locks import locked
from tests.legal.parsing.test_pictures import picture
from tests.legal.parsing.test_properties import CODES, RICH, hold_promises
from tests.legal.parsing.test_protected import agile, standard
from tests.legal.parsing.test_shown import LOGO, open_document, page, rich, shown, word
from tests.legal.parsing.test_shown import PAGE as LARGE
from tests.legal.parsing.test_signed import signed
from tests.legal.test_ocr import tsv

SAMPLES = Path(__file__).parents[2] / "samples" / "contracts"
PASSWORDS = ("wrong", "hunter2")
Asked = Request | PageRequest


def _request(data: bytes, name: str, **more: object) -> Request:
    given = Request(
        uri=name,
        parent=None,
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        playbook=None,
        stages=("parse",),
        known={},
        passwords=PASSWORDS,
        recognise=True,
    )
    return msgspec.structs.replace(given, **more)


@dataclass(frozen=True)
class Parser:
    name: str
    seeds: Sequence[bytes]
    mutations: tuple[how.Mutation, ...]
    ask: Callable[[bytes], Asked]

    def case(self, chance: Random) -> bytes:
        """A damaged document; the same for the same chance."""
        data = chance.choice(self.seeds)
        if chance.random() < 0.1:
            other = chance.choice(self.seeds)
            data = data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            own = self.mutations and chance.random() < 0.75
            mutation = chance.choice(self.mutations) if own else how.as_bytes
            data = mutation(chance, data)
        return data[:2_000_000]


def judge(asked: Asked, answer: bytes) -> None:
    """Raises AssertionError for an answer that nobody should get, whatever was asked."""
    if isinstance(asked, PageRequest):
        image = msgspec.msgpack.decode(answer, type=PageImage | None)
        assert image is None or (image.data and image.width > 0 and image.height > 0)
        return
    reply = msgspec.msgpack.decode(answer, type=Reply)
    if reply.error is not None:
        code, message = reply.error
        assert code in CODES, code
        assert message.endswith("."), message
        return
    assert reply.bundle or reply.scans
    if reply.bundle and "parse" in (outputs := decode_bundle(reply.bundle).outputs):
        hold_promises(msgspec.msgpack.decode(outputs["parse"], type=ParsedDocument))


def _samples(*suffixes: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(SAMPLES.iterdir()) if path.suffix in suffixes]


def _pdfs() -> list[bytes]:
    columns = Pdf()
    columns.lines(*["This sentence fills the left column of it."] * 9)
    columns.lines(*["Это предложение заполняет правую."] * 9, x=330)
    turned = Pdf().lines("This Agreement", "is made on 12 March 2024.", "It is amen-", "ded.")
    turned.canvas.setPageRotation(90)
    turned.page().picture(0, 0, 612, 792).page()
    turned.canvas.acroForm.textfield(name="party", x=72, y=700, value="Alpha LLC")
    turned.canvas.bookmarkPage("a")
    turned.canvas.addOutlineEntry("a", "a")
    turned.page()
    plain = (columns.page(), turned)
    for pdf in plain:
        pdf.canvas.setPageCompression(0)
    return [*(pdf.save() for pdf in plain), Pdf(password="hunter2").lines("Lease").page().save()]


def _messages() -> list[bytes]:
    message = EmailMessage()
    message["From"], message["Subject"] = "Ann <ann@example.com>", "Lease — Договор"
    message.set_content("Please sign.\n")
    message.add_alternative("<p>Please <b>sign</b>.<img src='cid:a'></p>", subtype="html")
    message.add_attachment(b"x" * 99, maintype="application", subtype="pdf", filename="ä.pdf")
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "Ben <ben@example.com>", "Fwd"
    outer.set_content("See below.\n", cte="base64")
    outer.add_attachment(message)
    return [bytes(message), bytes(outer), *_samples(".eml")]


def _word() -> list[bytes]:
    body = (
        paragraph(run("a") + deleted("b") + inserted("c"))
        + paragraph("d", '<w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr>')
        + table([["x", "y"], [table([["z"]]), "w"]])
    )
    return [docx(body), word(paragraph("Annex") + shown("r1"), r1=LARGE), *_samples(".docx")]


def _open_document() -> list[bytes]:
    body = change("deletion", p("x")) + listed(item(p("a") + listed(item(p("c")))))
    changed = odt(body + p('b<text:change text:change-id="c"/><text:line-break/>'), LEVELS)
    return [
        changed,
        open_document(LOGO),
        locked({"content.xml": body_of(p("a"))}, "hunter2", rounds=9),
    ]


def _outlook() -> list[bytes]:
    inner = storage({0x37: "Inner", 0x1000: "Text"})
    files = attachments(attached("a", b"b" * 5000, "text/plain"), embedded("m", inner))
    plain = storage({0x37: "Lease", 0x1000: "Sign"}, more=files)
    rich = storage({0x37: "Lease"}, binaries={0x1009: b"\0" * 16 + RICH, 0x1013: b"<p>Sign</p>"})
    return [compound_file(plain), compound_file(rich)]


def _archives() -> list[bytes]:
    members = {"a.txt": b"Lease", "b/c.html": b"<p>d</p>", "d.zip": archive({"e": b"f"})}
    return [
        archive(members),
        aes(members, "hunter2"),
        encrypted(b"Lease", "a.txt", b"hunter2"),
    ]


_CONTRACT = docx(paragraph("This Lease is made on 1 May 2024."))
_ANTIWORD = (
    "1. Lease\n\n|Party |Share |\n|Alpha |50 % |\n|      |and more |\n\n[pic]\n"
    "Договор поставки\nстрока\n".encode()
)
_TSV = tsv(("The", "1.1.1@100,100"), ("fee", "1.1.1@140,100"), ("аб-", "1.1.2@100,130"))
_SCAN = Pdf().picture(0, 0, 612, 792).page().save()
_PICTURES = [picture("PNG", dpi=(200, 200)), picture("JPEG", dpi=(200, 200)), picture("TIFF")]


def _document(name: str) -> Callable[[bytes], Asked]:
    return lambda data: _request(data, name)


PARSERS = {
    parser.name: parser
    for parser in (
        Parser("pdf", [*_pdfs(), *_samples(".pdf")], (how.as_pdf,), _document("a.pdf")),
        Parser(
            "page",
            [*_pdfs(), *_PICTURES, rich(LOGO), page(LOGO), open_document(LOGO)],
            (how.as_pdf, how.overwritten),
            lambda data: PageRequest(data=data, page=1, passwords=PASSWORDS),
        ),
        Parser(
            "docx",
            _word(),
            (how.as_zip(how.as_xml), how.as_zip(how.as_xml), how.as_zip(how.as_xml_nested)),
            _document("a.docx"),
        ),
        Parser(
            "odt",
            _open_document(),
            (how.as_zip(how.as_xml), how.as_zip(how.as_xml), how.as_zip(how.as_xml_nested)),
            _document("a.odt"),
        ),
        Parser("rtf", [RICH, rich(LOGO)], (how.as_rtf,), _document("a.rtf")),
        Parser(
            "html",
            [
                b"<html><body><table><tr><td>a<td>b</table><ol><li>c<ins>d</ins></ol></body></html>",
                page(LOGO),
                *_samples(".html"),
            ],
            (how.as_xml, how.as_xml, how.as_xml_nested),
            _document("a.html"),
        ),
        Parser("eml", _messages(), (how.as_message,), _document("a.eml")),
        Parser("msg", _outlook(), (how.as_ole,), _document("a.msg")),
        Parser("zip", _archives(), (how.as_zip(how.as_bytes), how.overwritten), _document("a.zip")),
        Parser(
            "protected",
            [agile(_CONTRACT, "hunter2", rounds=10), standard(_CONTRACT, "hunter2")],
            (how.as_ole, how.as_xml),
            _document("a.docx"),
        ),
        Parser(
            "signed",
            [signed(b"Lease"), signed(signed(b"Lease")), signed(_CONTRACT)],
            (how.as_der,),
            _document("a.p7m"),
        ),
        Parser("picture", _PICTURES, (how.overwritten,), _document("a.png")),
        Parser(
            "text",
            [
                "Договор поставки № 5\r\n".encode("cp1251"),
                "Lease\r\n".encode("utf-16"),
                *_samples(".txt", ".md"),
            ],
            (how.as_lines,),
            _document("a.txt"),
        ),
        Parser(
            "doc",
            [_ANTIWORD],
            (how.as_lines,),
            lambda data: _request(b"", "a.doc", converted=data),
        ),
        Parser(
            "recognised",
            [_TSV],
            (how.as_fields,),
            lambda data: _request(
                _SCAN,
                "a.pdf",
                stages=("parse", "ocr"),
                readings=Readings(
                    engine="t", pages=(ReadPage(number=1, width=1000, height=1600, tsv=data),)
                ),
            ),
        ),
    )
}
