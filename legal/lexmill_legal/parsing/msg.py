"""Outlook messages (.msg): the headers a reader sees, the body, what is attached as documents."""

import base64
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.parser import HeaderParser
from email.utils import format_datetime
from io import BytesIO
from urllib.parse import quote

from olefile import OleFileIO
from oxmsg.storage import Storage

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.attached import attachment
from lexmill_legal.parsing.decoding import Decoded, clean, decode, decode_as
from lexmill_legal.parsing.eml import MessageReader, header_text, message_document, shown_headers
from lexmill_legal.parsing.media import EML, MSG, OLE_ERRORS, refuse_endless_ole
from lexmill_legal.parsing.msg_rtf import decompressed
from lexmill_legal.parsing.rtf import parse_rtf
from lexmill_legal.results import ParsedDocument
from lexmill_legal.results import Warning as Notice

_CORRUPT = "The message is damaged or was cut off; ask for it again."
_TOO_MANY = "The message has too many parts."
_UNREADABLE_PART = Notice(
    "part_unreadable", "Something attached to the message could not be read; it was left out."
)
_DEEPEST = 8
_MAX_STORAGES = 4000
_MAX_BYTES = 256 * 1024**2
_STRING, _STRING8, _BINARY = 0x001F, 0x001E, 0x0102
# properties by their MAPI ids
_SUBJECT, _SUBMITTED, _DELIVERED = 0x0037, 0x0039, 0x0E06
_HEADERS, _BODY, _RTF, _HTML = 0x007D, 0x1000, 0x1009, 0x1013
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_TO, _CC, _BCC = 0x0E04, 0x0E03, 0x0E02
_CODE_PAGE, _INTERNET_CODE_PAGE = 0x3FFD, 0x3FDE
_DATA, _SHORT_NAME, _LONG_NAME, _LABEL = 0x3701, 0x3704, 0x3707, 0x3001
_MIME, _CONTENT_ID = 0x370E, 0x3712
_EMBEDDED = "__substg1.0_3701000D"
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def parse_msg(data: bytes) -> ParsedDocument:
    try:
        with OleFileIO(BytesIO(data)) as container:
            if len(container.listdir(streams=False, storages=True)) > _MAX_STORAGES:
                raise DocumentError("too_large", _TOO_MANY)
            sizes = (container.get_size(entry) for entry in container.listdir())
            if sum(sizes) > min(_MAX_BYTES, 2 * len(data)):
                raise DocumentError("too_large", "The message unpacks to more than it can hold.")
            refuse_endless_ole(container, len(data))
            root = Storage.from_ole(container)
        message = _Message(root, header_bytes=32)
        reader = message.reader()
        return message_document(MSG, message.headers(), reader)
    except OLE_ERRORS as error:
        raise DocumentError("corrupt", _CORRUPT) from error


class _Properties:
    """The values of a message or an attachment; what is damaged counts as not there."""

    def __init__(self, storage: Storage, *, header_bytes: int) -> None:
        self.storage = storage
        self._streams = {stream.name: stream.bytes_ for stream in storage.streams}
        table = self._streams.get("__properties_version1.0", b"")[header_bytes:]
        self._fixed = {
            tag >> 16: value
            for tag, _, value in struct.iter_unpack("<IIQ", table[: len(table) // 16 * 16])
        }

    def integer(self, identifier: int) -> int | None:
        value = self._fixed.get(identifier)
        return None if value is None else value & 0xFFFF_FFFF

    def time(self, identifier: int) -> str:
        value = self._fixed.get(identifier)
        if not value:
            return ""
        try:
            return format_datetime(_EPOCH + timedelta(seconds=value // 10_000_000))
        except OverflowError:
            return ""

    def binary(self, identifier: int) -> bytes | None:
        return self._streams.get(f"__substg1.0_{identifier:04X}{_BINARY:04X}")

    def string(self, identifier: int, *, body: bool = False) -> str:
        wide = self._streams.get(f"__substg1.0_{identifier:04X}{_STRING:04X}")
        if wide is not None:
            return clean(wide.decode("utf-16-le", "replace"))
        narrow = self._streams.get(f"__substg1.0_{identifier:04X}{_STRING8:04X}")
        found = self.decoded(narrow, body=body) if narrow else None
        return clean(found.text) if found else ""

    def decoded(self, data: bytes, *, body: bool) -> Decoded | None:
        pages = (_INTERNET_CODE_PAGE, _CODE_PAGE) if body else (_CODE_PAGE, _INTERNET_CODE_PAGE)
        for page in pages:
            number = self.integer(page)
            charset = _CHARSETS.get(number or 0) or f"cp{number}"
            if number and (found := decode_as(data, charset)):
                return found
        return decode(data)


_CHARSETS = {
    65001: "utf-8",
    1200: "utf-16-le",
    20127: "ascii",
    20866: "koi8-r",
    28591: "latin-1",
} | {28590 + part: f"iso8859-{part}" for part in range(2, 16)}


class _Message(_Properties):
    def headers(self) -> list[tuple[str, str]]:
        """What came over the network, else what Outlook keeps of it."""
        transported = self.string(_HEADERS)
        found = dict(shown_headers(HeaderParser().parsestr(transported))) if transported else {}
        name, address = (
            self.string(_SENDER),
            self.string(_SENDER_SMTP) or self.string(_SENDER_ADDRESS),
        )
        address = address if "@" in address and address != name else ""
        own = {
            "From": " ".join(filter(None, (name, f"<{address}>" if address else ""))),
            "To": self.string(_TO),
            "Cc": self.string(_CC),
            "Bcc": self.string(_BCC),
            "Date": self.time(_SUBMITTED) or self.time(_DELIVERED),
            "Subject": self.string(_SUBJECT),
        }
        shown = ((key, found.get(key) or header_text(value)) for key, value in own.items())
        return [(key, value) for key, value in shown if value]

    def reader(self, depth: int = 0) -> MessageReader:
        reader = MessageReader()
        html = self._html()
        if html:
            reader.pages.append(html)
        if (plain := self.string(_BODY, body=True)).strip("\0 \r\n\t"):
            reader.parts.append(("plain", plain))
        elif html:
            reader.parts.append(("html", html))
        elif text := self._rich_text():
            reader.parts.append(("plain", text))
        for storage in self.storage.iter_attachment_storages():
            self._attach(reader, _Properties(storage, header_bytes=8), depth)
        return reader

    def _html(self) -> str:
        data = self.binary(_HTML)
        if data is None:
            return self.string(_HTML, body=True)
        found = self.decoded(data, body=True)
        return found.text if found else ""

    def _rich_text(self) -> str:
        data = decompressed(self.binary(_RTF) or b"")
        try:
            return parse_rtf(data).text if data.startswith(b"{\\rtf") else ""
        except DocumentError:
            return ""

    def _attach(self, reader: MessageReader, item: _Properties, depth: int) -> None:
        name = item.string(_LONG_NAME) or item.string(_SHORT_NAME) or item.string(_LABEL)
        name = name.strip("\0")
        inner = next((each for each in item.storage.storages if each.name == _EMBEDDED), None)
        if inner is not None and any(s.name == "__properties_version1.0" for s in inner.streams):
            if depth >= _DEEPEST:
                reader.warnings.append(_UNREADABLE_PART)
                return
            message = _Message(inner, header_bytes=24)
            stem = name.removesuffix(".msg") or "message"
            reader.attachments.append(attachment(f"{stem}.eml", message.as_mail(depth + 1), EML))
            return
        data = item.binary(_DATA)
        if not data:
            if inner is not None:
                reader.warnings.append(_UNREADABLE_PART)
            return
        media_type = item.string(_MIME).strip("\0").lower() or None
        if media_type and media_type.startswith("image/"):
            content_id = item.string(_CONTENT_ID).strip("\0<> ")
            reader.pictures.append((name or "image", data, media_type, content_id))
            return
        reader.attachments.append(attachment(name or "attachment", data, media_type))

    def as_mail(self, depth: int) -> bytes:
        """A message in a message, as bytes that are read like any mail."""
        reader = self.reader(depth)
        lines = [f"{name}: {_encoded(value)}" for name, value in self.headers()]
        boundary = f"lexmill-{depth}"
        lines += ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{boundary}"', ""]
        for subtype, text in reader.parts:
            kind = f"text/{subtype}; charset=utf-8"
            lines += [f"--{boundary}", *_part(kind, text.encode("utf-8", "replace"))]
        files = [(file.name, file.media_type, file.data) for file in reader.attachments]
        files += [(name, kind, data) for name, data, kind, _ in reader.pictures]
        for name, kind, data in files:
            named = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
            safe = kind if _is_token(kind) and not kind.startswith("message/") else ""
            lines += [f"--{boundary}", f"Content-Disposition: {named}"]
            lines += _part(safe or "application/octet-stream", data)
        return "\r\n".join([*lines, f"--{boundary}--", ""]).encode()


def _part(kind: str, data: bytes) -> Iterator[str]:
    yield f"Content-Type: {kind}"
    yield "Content-Transfer-Encoding: base64"
    yield ""
    yield base64.encodebytes(data).decode().replace("\n", "\r\n").rstrip("\r\n")


def _encoded(value: str) -> str:
    """A header's value for the network; in pieces, as a word has at most 75 characters."""
    if value.isascii():
        return value
    pieces = (value[at : at + 12] for at in range(0, len(value), 12))
    words = (base64.b64encode(piece.encode()).decode() for piece in pieces)
    return "\r\n ".join(f"=?utf-8?B?{word}?=" for word in words)


def _is_token(kind: str) -> bool:
    return kind.isascii() and all(char.isalnum() or char in "/.+-" for char in kind)
