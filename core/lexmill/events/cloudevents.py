"""CloudEvents 1.0.2 over HTTP, strictly: binary, structured JSON and JSON batch.

Only the envelope is decoded; JSON data stays the bytes that were sent.
"""

import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from typing import Final, Self, TypeAlias, TypeVar, cast

import msgspec

from lexmill.events.attributes import (
    CODECS,
    JSON,
    MediaType,
    header_text,
    is_absolute_uri,
    is_name,
    is_string,
    is_uri_reference,
    media_type,
    timestamp,
)
from lexmill.events.errors import BatchError, ErrorCode, EventError

Attribute: TypeAlias = str | int | bool
Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

T = TypeVar("T")

CONTROL_PREFIX: Final = "io.lexmill.job."
# Far more than data needs, and less than any consumer's own limit (PostgreSQL, Python's stack).
JSON_DEPTH: Final = 128


class DataKind(StrEnum):
    ABSENT = "absent"
    JSON = "json"
    TEXT = "text"
    BINARY = "binary"


class Mode(StrEnum):
    BINARY = "binary"
    STRUCTURED = "structured"
    BATCH = "batch"


class Limits(msgspec.Struct, frozen=True):
    event_bytes: int = 1 << 20
    control_event_bytes: int = 8 << 20
    batch_events: int = 1_000
    batch_bytes: int = 16 << 20


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime | None = None
    """In UTC, cut to microseconds; ``time_text`` is what was sent."""
    time_text: str | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    extensions: dict[str, Attribute] = {}
    data_kind: DataKind = DataKind.ABSENT
    data: bytes = b""
    """JSON: one valid JSON text (``null`` is explicit null); text: UTF-8; binary: as it is."""

    @property
    def is_control(self) -> bool:
        return self.type.startswith(CONTROL_PREFIX)

    @property
    def media_type(self) -> MediaType | None:
        """Of the data; JSON without a declared type is ``application/json``."""
        if self.datacontenttype is not None:
            return media_type(self.datacontenttype)
        return JSON if self.data_kind is DataKind.JSON else None

    def attributes(self) -> dict[str, Attribute]:
        """All attributes that are set, extensions included: with kind and data, the whole event."""
        core = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time_text,
            "datacontenttype": self.datacontenttype,
            "dataschema": self.dataschema,
        }
        return {name: value for name, value in core.items() if value is not None} | self.extensions

    def attribute(self, name: str) -> str | None:
        """One attribute in its canonical string form; None where it is not set."""
        if name in _CORE:
            return cast("str | None", getattr(self, _CORE[name]))
        if name == "specversion":
            return "1.0"
        value = self.extensions.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return None if value is None else str(value)

    @classmethod
    def restore(cls, attributes: Mapping[str, Attribute], data_kind: DataKind, data: bytes) -> Self:
        """The event whose ``attributes()`` were stored."""
        fields = {name: attributes.get(name) for name in _CORE}
        time_text = cast("str | None", fields.pop("time"))
        extensions = {
            name: value
            for name, value in attributes.items()
            if name not in _CORE and name != "specversion"
        }
        return cls(
            **cast("dict[str, str]", fields),
            time=None if time_text is None else timestamp(time_text),
            time_text=time_text,
            extensions=extensions,
            data_kind=data_kind,
            data=data,
        )


# Attribute to field: of the time, the text that was sent is its string form.
_CORE: Final = {
    "id": "id",
    "source": "source",
    "type": "type",
    "subject": "subject",
    "time": "time_text",
    "datacontenttype": "datacontenttype",
    "dataschema": "dataschema",
}


class Received(msgspec.Struct, frozen=True):
    mode: Mode
    events: tuple[CloudEvent, ...]


def parse_request(
    content_type: str | None, headers: Headers, body: bytes, limits: Limits
) -> Received:
    """Parse a request with its ASGI raw headers; raises EventError or BatchError."""
    mode = _mode(content_type)
    if mode is Mode.BATCH:
        return Received(mode, _batch(body, limits))
    if mode is Mode.STRUCTURED:
        return Received(mode, (_structured(_json_text(body, _most_bytes(limits)), limits),))
    return Received(mode, (_binary(content_type, headers, body, limits),))


def largest_body(content_type: str | None, headers: Headers, limits: Limits) -> int:
    """How many bytes of the body are worth reading before the request is refused as too large."""
    mode = _mode(content_type)
    if mode is Mode.BATCH:
        return limits.batch_bytes
    if mode is Mode.STRUCTURED:
        return _most_bytes(limits)
    types = [header_text(value) or "" for name, value in headers if name.lower() == b"ce-type"]
    return _allowed_bytes(types[0] if types else "", limits)


def _mode(content_type: str | None) -> Mode:
    """HTTP binding 3: by the prefix of the Content-Type alone."""
    if content_type is None:
        return Mode.BINARY
    if content_type == "application/cloudevents+json":
        return Mode.STRUCTURED
    prefix = content_type.strip(" \t").lower()
    if not prefix.startswith("application/cloudevents"):
        return Mode.BINARY
    batch = prefix.startswith("application/cloudevents-batch")
    mode = Mode.BATCH if batch else Mode.STRUCTURED
    media = media_type(_attribute_form(content_type))
    if media is None or media.essence != f"application/cloudevents{'-batch' * batch}+json":
        raise EventError(
            ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            "of the CloudEvents formats only JSON is read: application/cloudevents+json and "
            "application/cloudevents-batch+json",
            status=415,
        )
    if media.charset is not None and CODECS.get(media.charset) != "utf-8":
        raise EventError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "an event in JSON is UTF-8", status=415)
    return mode


def _attribute_form(content_type: str) -> str:
    """A Content-Type may hold tabs and end with a semicolon (RFC 9110), an attribute may not."""
    return content_type.replace("\t", " ").strip(" ").rstrip("; ")


def _allowed_bytes(event_type: str, limits: Limits) -> int:
    is_control = event_type.startswith(CONTROL_PREFIX)
    return limits.control_event_bytes if is_control else limits.event_bytes


def _most_bytes(limits: Limits) -> int:
    return max(limits.event_bytes, limits.control_event_bytes)


def _too_large(limit: int) -> EventError:
    return EventError(
        ErrorCode.EVENT_TOO_LARGE, f"the event has more than {limit} bytes", status=413
    )


def _invalid(name: str, problem: str) -> EventError:
    """Of an attribute; a long name is left out, as the sentence must stay short."""
    subject = name if len(name) <= 40 else "an attribute"
    return EventError(ErrorCode.INVALID_ATTRIBUTE, f"{subject} {problem}")


# --- the event, whatever it was encoded in


def _event(attributes: dict[str, Attribute], kind: DataKind, data: bytes) -> CloudEvent:
    """Check the core attributes and take them out of ``attributes``: extensions remain."""
    version = _required(attributes, "specversion")
    if version != "1.0":
        raise EventError(ErrorCode.UNSUPPORTED_VERSION, "specversion is not 1.0")
    identifier = _required(attributes, "id")
    source = _required(attributes, "source")
    if not is_uri_reference(source):
        raise _invalid("source", "is not a URI-reference (RFC 3986)")
    event_type = _required(attributes, "type")
    time_text = _optional(attributes, "time")
    time = None
    if time_text is not None:
        time = timestamp(time_text)
        if time is None:
            raise _invalid("time", "is not a timestamp of RFC 3339 in the years 1 to 9999")
    dataschema = _optional(attributes, "dataschema")
    if dataschema is not None and not is_absolute_uri(dataschema):
        raise _invalid("dataschema", "is not an absolute URI (RFC 3986, without a fragment)")
    return CloudEvent(
        id=identifier,
        source=source,
        type=event_type,
        subject=_optional(attributes, "subject"),
        time=time,
        time_text=time_text,
        datacontenttype=_optional(attributes, "datacontenttype"),
        dataschema=dataschema,
        extensions=attributes,
        data_kind=kind,
        data=data,
    )


def _required(attributes: dict[str, Attribute], name: str) -> str:
    value = _optional(attributes, name)
    if value is None:
        raise EventError(ErrorCode.MISSING_ATTRIBUTE, f"{name} is missing")
    return value


def _optional(attributes: dict[str, Attribute], name: str) -> str | None:
    value = attributes.pop(name, None)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _invalid(name, "is not a string")
    if not value:
        raise _invalid(name, "is empty")
    return value


def _checked_media_type(value: Attribute | None) -> MediaType | None:
    """Of the datacontenttype, which decides how the data is read."""
    if value is None:
        return None
    media = media_type(value) if isinstance(value, str) else None
    if media is None:
        raise _invalid("datacontenttype", "is not a media type (RFC 2046)")
    return media


_BAD_CHARACTERS = "has a control character, a noncharacter or half a surrogate pair"


# --- JSON: structured mode and batches

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_scalar = msgspec.json.Decoder(str | int | bool | None).decode
_text = msgspec.json.Decoder(str | None).decode
_any_json = msgspec.json.Decoder(msgspec.Raw).decode

_INT32 = range(-(2**31), 2**31)
_BOM = b"\xef\xbb\xbf"
_WHITESPACE = b" \t\n\r"
_DATA = frozenset({"data", "data_base64"})


def _json_text(body: bytes, limit: int) -> bytes:
    """The body without a byte order mark; UTF-8 is checked once, as the decoder skips data."""
    if len(body) > limit:
        raise _too_large(limit)
    try:
        body.decode()
    except UnicodeDecodeError:
        raise EventError(ErrorCode.NOT_UTF8, "the body is not UTF-8") from None
    return body.removeprefix(_BOM)


def _read(decode: Callable[[bytes], T], text: bytes, code: ErrorCode, otherwise: str) -> T:
    try:
        return decode(text)
    except msgspec.DecodeError:
        raise EventError(code, otherwise) from None
    except RecursionError:
        raise _too_deep() from None


@lru_cache
def _entries_decoder(most: int) -> Callable[[bytes], msgspec.Struct]:
    """Decode an array into a struct of as many slots as are allowed, and one more.

    A list would take forty times the memory of a body that is all commas; what has no slot is
    skipped.
    """
    slots = [(f"entry{index}", msgspec.Raw, msgspec.Raw()) for index in range(most + 1)]
    return msgspec.json.Decoder(msgspec.defstruct("Entries", slots, array_like=True)).decode


def _batch(body: bytes, limits: Limits) -> tuple[CloudEvent, ...]:
    if len(body) > limits.batch_bytes:
        raise EventError(
            ErrorCode.BATCH_TOO_LARGE,
            f"the batch has more than {limits.batch_bytes} bytes",
            status=413,
        )
    text = _json_text(body, limits.batch_bytes)
    decode = _entries_decoder(limits.batch_events)
    slots = _read(decode, text, ErrorCode.NOT_JSON, "the batch is not a JSON array")
    entries: list[bytes] = [bytes(slot) for slot in msgspec.structs.astuple(slots) if len(slot)]
    if len(entries) > limits.batch_events:
        raise EventError(
            ErrorCode.BATCH_TOO_LARGE,
            f"the batch has more than {limits.batch_events} events",
            status=413,
        )
    events: list[CloudEvent] = []
    errors: list[EventError] = []
    for index, entry in enumerate(entries):
        try:
            events.append(_structured(entry, limits))
        except EventError as error:
            errors.append(error.at(index))
    if errors:
        raise BatchError(errors, total=len(entries))
    return tuple(events)


def _structured(text: bytes, limits: Limits) -> CloudEvent:
    """Parse one event in the JSON format; ``text`` is known to be UTF-8."""
    members = _read(_members, text, ErrorCode.NOT_JSON, "the event is not a JSON object")
    attributes: dict[str, Attribute] = {}
    for name, raw in members.items():
        if name not in _DATA:
            value = _json_attribute(name, raw)
            if value is not None:
                attributes[name] = value
    if not _is_unambiguous(text, members):
        raise EventError(
            ErrorCode.DUPLICATE_ATTRIBUTE,
            "an attribute or the data occurs twice, or its name is written with escapes",
        )
    limit = _allowed_bytes(str(attributes.get("type")), limits)
    if len(text) > limit:
        raise _too_large(limit)
    media = _checked_media_type(attributes.get("datacontenttype"))
    return _event(attributes, *_json_data(members, media))


def _json_attribute(name: str, raw: msgspec.Raw) -> Attribute | None:
    """JSON format 2.2; an attribute that is null is not set."""
    if name not in _CORE and not is_name(name):
        raise EventError(
            ErrorCode.INVALID_NAME, "an attribute's name has other characters than a-z and 0-9"
        )
    try:
        value: Attribute | None = _scalar(raw)
    except msgspec.ValidationError:
        raise _invalid(name, "is no string, boolean or 32-bit integer") from None
    if isinstance(value, str):
        if not is_string(value):
            raise _invalid(name, _BAD_CHARACTERS)
    elif value is not None and value not in _INT32:
        raise _invalid(name, "is outside of the range of a 32-bit integer")
    return value


def _is_unambiguous(text: bytes, members: Mapping[str, msgspec.Raw]) -> bool:
    """Whether the object is made of exactly these members, as the decoder keeps the last of twins.

    A member is two quotes, a colon, a comma, its name and its value; whitespace apart, anything
    more is a twin (or an escape in a name). Names are known to be ASCII.
    """
    frame = 4 * len(members) + 1 + sum(map(len, members))
    if not members or len(text) == frame + sum(map(len, members.values())):
        return True
    values = b"".join(cast("Iterable[bytes]", members.values()))  # Raw is a buffer
    return len(text.translate(None, _WHITESPACE)) == frame + len(
        values.translate(None, _WHITESPACE)
    )


def _json_data(
    members: Mapping[str, msgspec.Raw], media: MediaType | None
) -> tuple[DataKind, bytes]:
    """JSON format 3.1.2."""
    raw = members.get("data")
    if "data_base64" in members:
        binary = _base64(members["data_base64"])
        if binary is not None:
            if raw is not None:
                raise EventError(ErrorCode.INVALID_DATA, "data and data_base64 are both present")
            return DataKind.BINARY, binary
    if raw is None:
        return DataKind.ABSENT, b""
    if media is None or media.is_json:
        data = bytes(raw)
        _check_json(data)
        return DataKind.JSON, data
    try:
        text = _text(raw)
    except msgspec.ValidationError:
        raise EventError(
            ErrorCode.INVALID_DATA, "data is no string, which its datacontenttype asks for"
        ) from None
    if text is None:  # null has no meaning in a format that is not JSON
        return DataKind.ABSENT, b""
    if "\0" in text:
        raise _nul()
    return DataKind.TEXT, text.encode()


def _base64(raw: msgspec.Raw) -> bytes | None:
    try:
        text = _text(raw)
        if text is None:  # the official JSON Schema lets it be null
            return None
        data = binascii.a2b_base64(text)
        # The encoding is unique, so this refuses foreign characters, padding and loose bits.
        if binascii.b2a_base64(data, newline=False) == text.encode():
            return data
    except ValueError:  # of msgspec, binascii and text that is not ASCII
        pass
    raise EventError(ErrorCode.INVALID_DATA, "data_base64 is not Base64 (RFC 4648, section 4)")


_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_JSON_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*"')
# An opening bracket counts 1, a closing one -1.
_BRACKETS = bytes.maketrans(b"[{]}", b"\1\1\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))


def _check_json(data: bytes) -> None:
    """Refuse what is valid JSON and yet cannot be stored or read by every consumer."""
    if b"\\u0000" in data and _NUL_ESCAPE.search(data):
        raise _nul()
    if data.count(b"[") + data.count(b"{") > JSON_DEPTH:
        brackets = _JSON_STRING.sub(b"", data).translate(_BRACKETS, _NO_BRACKETS)
        if max(accumulate(memoryview(brackets).cast("b")), default=0) > JSON_DEPTH:
            raise _too_deep()


def _nul() -> EventError:
    return EventError(ErrorCode.INVALID_DATA, "data has the character U+0000")


def _too_deep() -> EventError:
    return EventError(ErrorCode.TOO_DEEP, f"JSON is nested more than {JSON_DEPTH} levels deep")


# --- binary mode


def _binary(content_type: str | None, headers: Headers, body: bytes, limits: Limits) -> CloudEvent:
    attributes = _header_attributes(headers)
    if not attributes:
        raise EventError(
            ErrorCode.MISSING_ATTRIBUTE,
            "no CloudEvent: Content-Type is not application/cloudevents+json and there are no "
            "ce- headers",
        )
    limit = _allowed_bytes(str(attributes.get("type")), limits)
    if len(body) > limit:
        raise _too_large(limit)
    media = None
    declared = _attribute_form(content_type or "")
    if declared:
        attributes["datacontenttype"] = declared
        media = _checked_media_type(declared)
    return _event(attributes, *_body_data(body, media))


def _header_attributes(headers: Headers) -> dict[str, Attribute]:
    """HTTP binding 3.1.3."""
    attributes: dict[str, Attribute] = {}
    for raw_name, raw_value in headers:
        if raw_name[:3].lower() != b"ce-":
            continue
        name = raw_name[3:].lower().decode("latin-1")
        if not is_name(name):
            raise EventError(
                ErrorCode.INVALID_NAME, "a ce- header's name has other characters than a-z and 0-9"
            )
        if name in {"data", "datacontenttype"}:
            raise EventError(ErrorCode.INVALID_HEADER, f"ce-{name} must not be sent as a header")
        if name in attributes:
            raise EventError(ErrorCode.DUPLICATE_ATTRIBUTE, "a ce- header is sent twice")
        value = header_text(raw_value)
        if value is None:
            raise _invalid(name, "is not a quoted or percent-encoded UTF-8 header value")
        if not is_string(value):
            raise _invalid(name, _BAD_CHARACTERS)
        attributes[name] = value
    return attributes


def _body_data(body: bytes, media: MediaType | None) -> tuple[DataKind, bytes]:
    if not body:
        return DataKind.ABSENT, b""
    if media is None:
        # Nothing declares the format: JSON is the implied one, anything else stays bytes.
        try:
            return DataKind.JSON, _json_body(body, "utf-8")
        except EventError:
            return DataKind.BINARY, body
    codec = CODECS.get(media.charset or "utf-8")
    if media.is_json:
        return DataKind.JSON, _json_body(body, codec or "utf-8")
    if media.is_text and codec is not None:
        text = _decoded(body, codec)
        # Text with another charset than it says loses nothing by staying bytes.
        if text is not None and "\0" not in text:
            return DataKind.TEXT, text.encode()
    return DataKind.BINARY, body


def _json_body(body: bytes, codec: str) -> bytes:
    """JSON in UTF-8, whatever charset it came in."""
    text = _decoded(body, codec)
    if text is None:
        raise EventError(ErrorCode.NOT_UTF8, "data is not in its charset, which is UTF-8 for JSON")
    data = bytes(
        _read(
            _any_json,
            text.removeprefix("\ufeff").encode(),
            ErrorCode.INVALID_DATA,
            "data is not JSON, which its Content-Type says",
        )
    )
    _check_json(data)
    return data


def _decoded(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None
