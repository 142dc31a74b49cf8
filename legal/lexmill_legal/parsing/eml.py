"""Mails: the headers a reader sees, the body, and what is attached as documents of their own."""

import binascii
import quopri
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.policy import Compat32

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.attached import attachment
from lexmill_legal.parsing.decoding import Decoded, clean, decode, decode_as
from lexmill_legal.parsing.html import html_text
from lexmill_legal.parsing.media import EML, is_mailbox, unsupported
from lexmill_legal.parsing.plain import UNCERTAIN
from lexmill_legal.results import Attachment, ParsedDocument, Revision
from lexmill_legal.results import Warning as Notice

_SHOWN = ("From", "To", "Cc", "Bcc", "Date", "Subject")
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_ENVELOPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ENCODED_WORDS = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?)")
_FOLD = re.compile(r"\r?\n[ \t]*")
_BLANK_LINES = re.compile(r"\A\s*\n")
_MAX_PARTS = 1000
# Logos and smileys are smaller; a picture of this size may show a page.
_DECORATION_BYTES = 20_000
# What the standard library raises on malformed messages, beside its own errors.
_EMAIL_ERRORS = (
    MessageError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)
_SIGNED = Notice(
    "signature_not_verified",
    "The message is signed; whether the signature is valid was not checked.",
)
_PICTURE = Notice(
    "inline_image",
    "A picture in the body of the message was not read.",
)


class _RawHeaders(Compat32):
    """Headers as they came in: the standard library's reading of malformed ones raises."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 - its interface
        return value


def parse_eml(data: bytes, decoded: Decoded) -> ParsedDocument:
    if is_mailbox(clean(decoded.text)):
        raise unsupported("a mailbox of several messages (mbox)", "export them as .eml files")
    if decoded.encoding.startswith(("utf-16", "utf-32")):
        data = decoded.text.encode()  # saved by an editor: a message is bytes
    try:
        message: Message = message_from_bytes(
            data.lstrip(b"\xef\xbb\xbf\r\n"), policy=_RawHeaders()
        )
    except _EMAIL_ERRORS as error:
        raise DocumentError("corrupt", "The message is damaged; ask for it again.") from error
    reader = MessageReader()
    reader.read(message)
    return message_document(EML, shown_headers(message), reader)


def message_document(
    media_type: str, shown: Iterable[tuple[str, str]], reader: "MessageReader"
) -> ParsedDocument:
    """The headers that a reader sees, then the body; what is attached beside it."""
    headers = "".join(f"{name}: {value}\n" for name, value in shown)
    body, revisions = reader.body()
    text = headers + ("\n" if headers and body else "") + body
    if not text.strip() and not reader.attachments:
        raise DocumentError("empty", "The message has no text.")
    offset = len(text) - len(body)
    moved = tuple(
        Revision(item.kind, item.author, item.start + offset, item.end + offset, item.text)
        for item in revisions
    )
    return ParsedDocument(
        media_type,
        text,
        revisions=moved,
        warnings=tuple(dict.fromkeys(reader.warnings)),
        attachments=tuple(reader.attachments),
    )


def shown_headers(message: Message) -> Iterator[tuple[str, str]]:
    for name in _SHOWN:
        values = [header_text(value) for value in message.get_all(name, [])]
        value = ", ".join(filter(None, values))
        if value:
            yield name, value


def header_text(raw: str) -> str:
    """A header's value as a reader sees it, whatever was done to it on the way."""
    raw = _FOLD.sub(" ", raw)
    if not raw.isascii():
        # eight-bit characters came in as lone surrogates
        found = decode(raw.encode("utf-8", "surrogateescape"))
        raw = found.text if found else raw.encode("ascii", "replace").decode()
    raw = _BETWEEN_WORDS.sub(r"\1", raw)
    parts: list[str] = []
    at = 0
    waiting: tuple[str, bytes] | None = None  # a character may be cut between two words
    for word in _ENCODED_WORDS.finditer(raw):
        charset, content = word[1].partition("*")[0], _word_bytes(word[2], word[3])
        if waiting and word.start() == at and waiting[0] == charset:
            waiting = charset, waiting[1] + content
        else:
            parts += [_word_text(waiting), raw[at : word.start()]]
            waiting = charset, content
        at = word.end()
    parts += [_word_text(waiting), raw[at:]]
    return " ".join(clean("".join(parts)).split())


def _word_bytes(encoding: str, content: str) -> bytes:
    if encoding in "bB":
        return _base64(content)
    return quopri.decodestring(content.encode("ascii", "replace"), header=True)


def _base64(content: str) -> bytes:
    letters = re.sub(r"[^A-Za-z0-9+/]", "", content)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def _word_text(word: tuple[str, bytes] | None) -> str:
    if word is None:
        return ""
    charset, content = word
    found = decode_as(content, charset) or decode(content)
    return found.text if found else content.decode("ascii", "replace")


class MessageReader:
    """The parts of a message: its body, and what is attached to it."""

    def __init__(self) -> None:
        self.attachments: list[Attachment] = []
        self.parts: list[tuple[str, str]] = []  # subtype, text
        self.pages: list[str] = []  # every HTML body, also those that are not chosen
        self.pictures: list[tuple[str, bytes, str, str]] = []  # name, data, type, content id
        self.warnings: list[Notice] = []
        self.count = 0

    def body(self) -> tuple[str, tuple[Revision, ...]]:
        """All parts of the body in order; pictures that it does not show become attachments."""
        pages = "".join(self.pages)
        texts: list[str] = []
        revisions: list[Revision] = []
        at = 0
        for subtype, content in self.parts:
            text, changes = html_text(content) if subtype == "html" else (_plain(content), ())
            if not text.strip():
                continue
            if texts:
                gap = "\n" if texts[-1].endswith("\n") else "\n\n"
                texts.append(gap)
                at += len(gap)
            revisions += [
                Revision(item.kind, item.author, item.start + at, item.end + at, item.text)
                for item in changes
            ]
            texts.append(text)
            at += len(text)
        for name, data, media_type, content_id in self.pictures:
            if not content_id or f"cid:{content_id}" not in pages or not texts:
                self.attachments.append(attachment(name, data, media_type))
            elif len(data) >= _DECORATION_BYTES:
                self.warnings.append(_PICTURE)
        return "".join(texts), tuple(revisions)

    def read(self, part: Message) -> None:
        self.count += 1
        if self.count > _MAX_PARTS:
            raise DocumentError("too_large", "The message has too many parts.")
        media_type = part.get_content_type()
        if media_type == "multipart/encrypted" or (
            media_type in _ENVELOPES and _parameter(part, "smime-type") != "signed-data"
        ):
            raise DocumentError("encrypted", "The message is encrypted; save a copy that is not.")
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and not media_type.startswith("message/"):
            messages = [child for child in children if isinstance(child, Message)]
            self._read_multipart(media_type, messages)
        elif media_type in _SIGNATURES:
            self.warnings.append(_SIGNED)  # there is nothing in it to read
        elif self._is_body(part, media_type):
            self._add_body(part, media_type)
        else:
            self._attach(part, media_type)

    def _read_multipart(self, media_type: str, children: list[Message]) -> None:
        if media_type != "multipart/alternative":
            for child in children:
                self.read(child)
            return
        # the same text several times: the first plain one that says anything, else the last
        readings = [_alternative(child) for child in children]
        chosen = next((one for one in readings if one.says_in_plain_text), None)
        if chosen is None and readings:
            spoken = [one for one in readings if one.has_body]
            chosen = (spoken or readings)[-1]
        for one in readings:
            self.attachments += one.attachments
            self.pages += one.pages
            self.pictures += one.pictures
            self.warnings += one.warnings
            self.count += one.count
            if one is chosen:
                self.parts += one.parts

    @property
    def says_in_plain_text(self) -> bool:
        return any(kind != "html" and text.strip() for kind, text in self.parts)

    @property
    def has_body(self) -> bool:
        return any(text.strip() for _, text in self.parts)

    def _is_body(self, part: Message, media_type: str) -> bool:
        return (
            media_type in {"text/plain", "text/html"}
            and _disposition(part) != "attachment"
            and not _file_name(part)
        )

    def _add_body(self, part: Message, media_type: str) -> None:
        data = _content(part)
        decoded = _text(data, _parameter(part, "charset"))
        if decoded is None:
            self.attachments.append(attachment("body", data))
            return
        if not decoded.certain:
            self.warnings.append(UNCERTAIN)
        subtype = media_type.partition("/")[2]
        self.parts.append((subtype, decoded.text))
        if subtype == "html":
            self.pages.append(decoded.text)

    def _attach(self, part: Message, media_type: str) -> None:
        data = _content(part)
        if not data:
            return
        name = _file_name(part)
        if media_type.startswith("image/"):
            content_id = (part.get("Content-ID") or "").strip().strip("<>")
            self.pictures.append((name or "image", data, media_type, content_id))
            return
        if not name:
            name = "message.eml" if media_type == EML else "attachment"
        self.attachments.append(attachment(name, data, media_type))


def _plain(text: str) -> str:
    """Without the blank lines that some mail programs put before and after it."""
    return _BLANK_LINES.sub("", clean(text).rstrip() + "\n")


def _alternative(child: Message) -> MessageReader:
    reader = MessageReader()
    reader.read(child)
    return reader


def _content(part: Message) -> bytes:
    """The part's own bytes; those of a message in it as they stood there."""
    try:
        if part.is_multipart():
            inner = part.get_payload()
            return b"\n".join(item.as_bytes() for item in inner if isinstance(item, Message))
        content = part.get_payload(decode=True)
    except _EMAIL_ERRORS as error:
        raise DocumentError("corrupt", "The message is damaged; ask for it again.") from error
    return content if isinstance(content, bytes) else b""


def _text(data: bytes, charset: str) -> Decoded | None:
    """UTF-8 where it fits, whatever the mail program said; then what it said; then our guess."""
    guessed = decode(data)
    if guessed and guessed.certain and guessed.encoding == "utf-8" and not data.isascii():
        return guessed
    declared = decode_as(data, charset) if charset else None
    return declared or guessed


def _disposition(part: Message) -> str:
    return (part.get("Content-Disposition") or "").partition(";")[0].strip().lower()


def _parameter(part: Message, name: str, header: str = "content-type") -> str:
    try:
        value = part.get_param(name, "", header)
    except _EMAIL_ERRORS:
        return ""
    text = value[2] if isinstance(value, tuple) else value  # RFC 2231: charset, language, value
    return str(text).strip().strip("\"'").lower()


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename("")
    except _EMAIL_ERRORS:
        return ""
    return header_text(name)
