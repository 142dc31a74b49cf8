"""What a file is, by its content; its name only decides between readings that both fit."""

import binascii
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Container
from typing import Any, Final, Literal

from lexmill_legal.errors import DocumentError

PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOC: Final = "application/msword"
ODT: Final = "application/vnd.oasis.opendocument.text"
RTF: Final = "application/rtf"
MSG: Final = "application/vnd.ms-outlook"
ZIP: Final = "application/zip"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
TIFF: Final = "image/tiff"
HTML = "text/html"
EML = "message/rfc822"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"

Binary = Literal["application/pdf", "application/rtf", "zip", "ole", "signed", "picture"]

_IMAGES = (
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
    (b"AT&TFORM", "DjVu"),
)
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
)
_SAVE_AS = "save it as .docx or PDF"
_UNPACK = "unpack it and add the documents in it"
# magic bytes -> what it is, and what to do
_UNSUPPORTED = (
    (b"%!PS", "a PostScript file", "convert it to PDF"),
    (b"\xffWPC", "a WordPerfect document", _SAVE_AS),
    (b"\x31\xbe\0\0", "a Microsoft Write document", _SAVE_AS),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (b"!BDN", "an Outlook data file (.pst)", "export its messages as .eml"),
    (b"\x78\x9f\x3e\x22", "an Outlook attachment container (winmail.dat)", _UNPACK),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# names of the streams that tell the formats in an OLE container apart
_OLE_FORMATS = (
    ("Workbook", "an Excel 97 workbook (.xls)", "save it as PDF"),
    ("PowerPoint Document", "a PowerPoint 97 presentation (.ppt)", "save it as PDF"),
)
# members of a zip container that tell its format
_ZIP_FORMATS = (
    ("xl/", "an Excel workbook (.xlsx)", "save it as PDF"),
    ("ppt/", "a PowerPoint presentation (.pptx)", "save it as PDF"),
    ("visio/", "a Visio drawing", "save it as PDF"),
    ("Index/Document.iwa", "an Apple Pages document", _SAVE_AS),
    ("META-INF/manifest.xml", "an OpenDocument file", _SAVE_AS),
    ("META-INF/container.xml", "an electronic book (.epub)", "save it as PDF"),
)
_MIMETYPES = (
    (
        b"application/vnd.oasis.opendocument.spreadsheet",
        "an OpenDocument spreadsheet (.ods)",
        "save it as PDF",
    ),
    (
        b"application/vnd.oasis.opendocument.presentation",
        "an OpenDocument presentation (.odp)",
        "save it as PDF",
    ),
    (b"application/epub", "an electronic book (.epub)", "save it as PDF"),
)

_BLANK = b"\xef\xbb\xbf \t\r\n\0"
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
# ContentInfo types: signed, enveloped, encrypted, authenticated-enveloped
_CMS = (
    *(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" + bytes([kind]) for kind in (2, 3, 6)),
    b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17",
)

_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*:[^\n]*(?:\n[ \t]+[^\n]*)*(?:\n|\Z)")
# Headers that only mail programs write; a typed memo has From, To, Date and Subject as well.
_MAILERS = frozenset(
    {
        "mime-version",
        "message-id",
        "received",
        "return-path",
        "content-type",
        "content-transfer-encoding",
        "delivered-to",
        "dkim-signature",
        "x-mailer",
    }
)
_MEMO = frozenset({"from", "to", "cc", "date", "subject", "sender", "reply-to"})
_SUBSTANCE = re.compile(r"[^\s\0\ufeff]")
_PROLOGUE = re.compile(r"\s*(?:<\?xml[^>]*>|<!--.*?-->|\s)*", re.DOTALL)
_HTML_START = re.compile(
    r"<(?:!doctype\s+html|html|head|body|meta|title|script|style|div|p|table|h[1-6]|span|center"
    r"|font|ul|ol|br|hr|a|b|i|img|section|article|main|header|footer|nav|tr|td|blockquote|pre)"
    r"[\s/>]",
    re.IGNORECASE,
)
_END_TAG = re.compile(r"</[a-z][a-z0-9]*\s*>", re.IGNORECASE)
_MARKDOWN = frozenset({"md", "markdown"})
_HTML_INSIDE = re.compile(r"<(?:!doctype\s+html|html|body)[\s>]", re.IGNORECASE)
_ROOT = re.compile(r"<(?:!DOCTYPE\s+)?([A-Za-z_][\w.:-]*)")
_MBOX = re.compile(r"^From \S+.*\d{4}.*\n[A-Za-z][A-Za-z0-9-]*:", re.MULTILINE)
_HEAD = 4096


def unsupported(what: str, remedy: str) -> DocumentError:
    return DocumentError(
        "unsupported_format", f"This is {what}, which Lexmill cannot read yet; {remedy}."
    )


def binary_format(data: bytes) -> Binary | None:
    """What the bytes are, None where they may be text; raises for what is known but not read."""
    if not data.strip(b" \t\r\n\f\v\0"):
        raise DocumentError("empty", "The file is empty.")
    if known := _known(data):
        return known
    for magic, what, remedy in _UNSUPPORTED:
        if data.startswith(magic):
            raise unsupported(what, remedy)
    if image := _image(data):
        raise DocumentError(
            "needs_ocr",
            f"This is a picture ({image}), whose text must first be recognised (OCR): save it as"
            " PNG or PDF.",
        )
    if data[257:262] == b"ustar":
        raise unsupported("a tar archive", _UNPACK)
    return None


def _known(data: bytes) -> Binary | None:
    if _is_pdf(data):
        return PDF
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if data.startswith(_OLE):
        return "ole"
    if data.lstrip(_BLANK).startswith(b"{\\rtf"):
        return RTF
    if picture_format(data):
        return "picture"
    return "signed" if is_signed(data) else None


def text_format(text: str, *, name: str) -> str:
    """The media type of decoded text; raises for XML that is no document for reading."""
    suffix = name.lower().rpartition(".")[2]
    if not _SUBSTANCE.search(text):
        raise DocumentError("empty", "The file has no text.")
    prologue = _PROLOGUE.match(text)
    head = text[prologue.end() if prologue else 0 :][:_HEAD]
    if head.startswith("<"):
        # the second: what authorities wrap around a filing's HTML ("<DOCUMENT><TYPE>EX-10…")
        if _is_html(head, suffix) or _HTML_INSIDE.search(head):
            return HTML
        # text with a placeholder such as "<Company>" is no XML
        root = _ROOT.match(head)
        declared = text.lstrip("\ufeff \t\r\n").startswith("<?xml")
        if declared or (root and f"</{root[1]}>" in text and suffix == "xml"):
            raise unsupported("an XML file", "save it as PDF, .docx or .html")
    if suffix in _MARKDOWN:
        return MARKDOWN
    if head.startswith("-----BEGIN PGP MESSAGE-----"):
        raise DocumentError("encrypted", "The text is encrypted (PGP); save a copy that is not.")
    if _is_mail(text, suffix):
        return EML
    return PLAIN


def zip_format(data: bytes) -> Literal["docx", "odt", "zip"]:
    """What the zip container holds; raises for what is known but not read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.replace("\\", "/").lstrip("/") for name in archive.namelist()]
            mimetype = _beginning(archive, "mimetype")
            types = _beginning(archive, "[Content_Types].xml")
    except ZIP_ERRORS as error:
        raise DocumentError(
            "corrupt", "The file is damaged or was cut off; ask for it again."
        ) from error
    if "word/document.xml" in names or b"wordprocessingml" in types:
        return "docx"
    if mimetype.startswith(ODT.encode()) and b"-web" not in mimetype[:48]:
        return "odt"
    for prefix, what, remedy in _MIMETYPES:
        if mimetype.startswith(prefix):
            raise unsupported(what, remedy)
    for member, what, remedy in _ZIP_FORMATS:
        if any(name.startswith(member) for name in names):
            raise unsupported(what, remedy)
    if types:
        raise unsupported("an Office file that is no Word document", "save it as PDF")
    return "zip"


def _beginning(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist() or archive.getinfo(name).flag_bits & 1:
        return b""
    with archive.open(name) as member:
        return member.read(65_536)


# What zipfile raises on hostile bytes: broken structure, bad offsets, unknown compression,
# encryption (RuntimeError) and whatever the decompressors say.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


def _is_pdf(data: bytes) -> bool:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(b"%PDF-"):
        return True
    # the standard lets up to 1024 bytes of anything stand before it
    return b"%PDF-" in data[:1024] and (b"startxref" in data or b"endobj" in data)


def picture_format(data: bytes) -> str | None:
    """The media type of a picture that can be shown to OCR as it is."""
    return next((kind for magic, kind in _PICTURES if data.startswith(magic)), None)


PGP_TEXT: Final = b"-----BEGIN PGP SIGNED MESSAGE-----"
_ARMOURS = (
    *(b"-----BEGIN PKCS", b"-----BEGIN CMS", b"-----BEGIN SIGNED MESSAGE"),
    *(PGP_TEXT, b"-----BEGIN PGP SIGNATURE-----"),
)


def is_signed(data: bytes) -> bool:
    """A CMS container (PKCS #7) as it is, in Base64 or in an armour; or a signature of PGP's."""
    head = data.lstrip(_BLANK)[:200]
    if head.startswith(_ARMOURS) or is_pgp_signature(data):
        return True
    if head.startswith(b"M") and _BASE64.fullmatch(head):
        try:
            head = binascii.a2b_base64(b"".join(head.split())[:40])
        except ValueError:
            return False
    return head.startswith(b"\x30") and any(oid in head[:20] for oid in _CMS)


def is_pgp_signature(data: bytes) -> bool:
    """A single packet of the kind "signature", exactly as long as it says."""
    if len(data) < 10 or data[0] not in {0x88, 0x89, 0xC2}:
        return False
    if data[0] == 0x89 or (data[0] == 0xC2 and 192 <= data[1] < 224):
        header = 3
        length = int.from_bytes(data[1:3], "big")
        length = length if data[0] == 0x89 else length - 0xC000 + 192
    else:
        header, length = 2, data[1]
    return len(data) == header + length and data[header] in {3, 4, 5, 6}


def _image(data: bytes) -> str | None:
    for magic, image in _IMAGES:
        if data.startswith(magic):
            return image
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and data[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"avif"}:
        return "HEIC"
    if data.startswith(b"BM") and data[6:10] == b"\0\0\0\0" and len(data) > 54:
        return "BMP"
    return None


def ole_format(data: bytes) -> Literal["msg", "doc", "protected"]:
    """What the OLE container holds; raises for what is known but not read."""
    streams = _ole_streams(data)
    if "__properties_version1.0" in streams:
        return "msg"
    if "EncryptedPackage" in streams:
        return "protected"
    if "WordDocument" in streams:
        return "doc"
    for stream, what, remedy in _OLE_FORMATS:
        if stream in streams:
            raise unsupported(what, remedy)
    raise unsupported("an old Microsoft Office file", _SAVE_AS)


def refuse_endless_ole(container: Any, size: int) -> None:
    """A table of sectors that runs in a circle is read as long as the sizes beside it say."""
    table = container.num_mini_fat_sectors * container.sector_size
    sizes = [container.get_size(entry) for entry in container.listdir()]
    if max(table, container.root.size, *sizes, 0) > size or sum(sizes) > 2 * size:
        raise ValueError("the container says that it holds more than it does")


def _ole_streams(data: bytes) -> Container[str]:
    """The names at the container's root; where it is too damaged to say, any name in the bytes."""
    from olefile import OleFileIO  # noqa: PLC0415 - few documents need it

    try:
        with OleFileIO(data) as container:
            return {entry[0] for entry in container.listdir() if len(entry) == 1}
    except OLE_ERRORS:
        return _NamesIn(data)


class _NamesIn(Container[str]):
    def __init__(self, data: bytes) -> None:
        self._data = data

    def __contains__(self, name: object) -> bool:
        return str(name).encode("utf-16-le") in self._data


# What olefile raises on hostile bytes, beside its own error, which is an OSError.
OLE_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    OverflowError,
    RecursionError,
)


def _is_mail(text: str, suffix: str) -> bool:
    text = text.lstrip("\ufeff\r\n")[:65_536].replace("\r\n", "\n")
    if text.startswith("From ") and "\n" in text:
        text = text.split("\n", 1)[1]
    names: set[str] = set()
    at = 0
    while header := _HEADER.match(text, at):
        names.add(header[1].lower())
        at = header.end()
    if suffix == "eml":
        return bool(names & (_MEMO | _MAILERS))
    return bool(names & _MAILERS) and len(names & (_MEMO | _MAILERS)) > 1


def _is_html(head: str, suffix: str) -> bool:
    if not _HTML_START.match(head):
        return False
    if _HTML_INSIDE.search(head) or suffix in {"html", "htm", "xhtml"}:
        return True
    # Markdown may begin with a tag, and a template with "<A Company>"
    return suffix not in _MARKDOWN and bool(_END_TAG.search(head))


def is_mailbox(text: str) -> bool:
    """Whether an mbox file holds more than one message."""
    return text.startswith("From ") and len(_MBOX.findall(text)) > 1
