"""What of an event is a document: a place to fetch it from, or the event's own data."""

import re
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

from lexmill.events.attributes import is_string, is_uri_reference
from lexmill.events.cloudevents import CloudEvent, DataKind


class Reference(msgspec.Struct, frozen=True):
    uri: str


class Inline(msgspec.Struct, frozen=True):
    content: bytes
    media_type: str | None
    """Type and subtype; without a charset, as text is always UTF-8 here."""
    name: str | None
    """A hint at most: the end of the event's subject."""


Selected: TypeAlias = tuple[Reference, ...] | tuple[Inline]


class SelectionError(Exception):
    """The event does not have what the pointer asks for; the sentence quotes nothing of it."""

    retryable: Final = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


# RFC 6901, section 3; the whole event is no document, so a pointer has at least one token.
_POINTER = re.compile(r"(?:/(?:[^/~]|~[01])*)+")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")

_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_texts = msgspec.json.Decoder(str | list[str]).decode
_any_json = msgspec.json.Decoder(msgspec.Raw).decode
_encode = msgspec.json.Encoder().encode


def is_pointer(pointer: str) -> bool:
    return _POINTER.fullmatch(pointer) is not None


def select_document(event: CloudEvent, pointer: str | None) -> Selected:
    """The documents of an event.

    With a JSON Pointer into the event's JSON form: what its string, or each string of its list,
    refers to. Without one: the event's own data; or, where a middleware took that out, what the
    extension ``dataref`` refers to; or nothing.
    """
    if pointer is not None:
        return tuple(Reference(uri) for uri in _pointed(event, pointer))
    if event.data_kind is not DataKind.ABSENT:
        return (_own_data(event),)
    reference = event.extensions.get("dataref")
    if reference is None:
        return ()
    if not isinstance(reference, str) or not reference or not is_uri_reference(reference):
        raise SelectionError("invalid_dataref", "dataref is not a URI-reference (RFC 3986)")
    return (Reference(reference),)


def _own_data(event: CloudEvent) -> Inline:
    name = (event.subject or "").rstrip("/").rpartition("/")[2] or None
    media = event.media_type
    essence = None if media is None else media.essence
    if event.data_kind is DataKind.JSON and event.data.startswith(b'"'):
        # A JSON string is a text in JSON's clothes: the document is the text.
        return Inline(msgspec.json.decode(event.data, type=str).encode(), "text/plain", name)
    return Inline(event.data, essence, name)


def _pointed(event: CloudEvent, pointer: str) -> list[str]:
    tokens = _tokens(pointer)
    if not tokens:
        raise SelectionError("invalid_pointer", "the document pointer is no JSON Pointer")
    value = _member(event, tokens[0])
    for token in tokens[1:]:
        value = _step(value, token)
    try:
        found = _texts(value)
    except msgspec.DecodeError:
        raise SelectionError(
            "not_a_reference", "the document pointer leads to no string and no list of strings"
        ) from None
    uris = [found] if isinstance(found, str) else found
    if not all(uri and is_string(uri) for uri in uris):
        raise SelectionError(
            "not_a_reference", "the document pointer leads to a string that is empty or unprintable"
        )
    return uris


@lru_cache(1024)
def _tokens(pointer: str) -> tuple[str, ...]:
    """None of them where it is no pointer."""
    if not is_pointer(pointer):
        return ()
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/"))


def _not_found() -> SelectionError:
    return SelectionError("not_found", "the document pointer leads to nothing in the event")


def _member(event: CloudEvent, name: str) -> bytes | msgspec.Raw:
    if name != "data":
        attribute = event.attributes().get(name)
        if attribute is None:
            raise _not_found()
        return _encode(attribute)
    match event.data_kind:
        case DataKind.JSON:
            return event.data
        case DataKind.TEXT:
            return _encode(event.data.decode())
        case DataKind.BINARY if event.media_type is not None and event.media_type.is_json:
            try:  # sent as data_base64, which the receiver may interpret (JSON format 3.1.2)
                return _any_json(event.data.decode())
            except (ValueError, RecursionError):
                raise _not_found() from None
        case DataKind.ABSENT if "dataref" in event.extensions:
            raise SelectionError(
                "data_elsewhere",
                "the document pointer leads into data that the event only refers to",
            )
    raise _not_found()


def _step(value: bytes | msgspec.Raw, token: str) -> msgspec.Raw:
    try:
        members = _object(value)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, RecursionError):
        raise _not_found() from None
    else:
        if token not in members:
            raise _not_found()
        return members[token]
    try:
        elements = _array(value)
    except msgspec.ValidationError:
        raise _not_found() from None
    if not _INDEX.fullmatch(token) or int(token) >= len(elements):
        raise _not_found()
    return elements[int(token)]
