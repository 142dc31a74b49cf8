"""What a visit of a document keeps in one object: see ADR 3."""

import msgspec

from lexmill.errors import ErrorClass, LexmillError


class Bundle(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The outputs that the visit made, the result line, the text layer, the redline."""

    outputs: dict[str, bytes]
    result: bytes
    text: str
    redline: bytes = b""


class _Read(msgspec.Struct, frozen=True, array_like=True):
    outputs: msgspec.Raw
    result: bytes
    text: str


_BUNDLE = msgspec.msgpack.Decoder(Bundle)
_READ = msgspec.msgpack.Decoder(_Read)


def decode_bundle(data: bytes) -> Bundle:
    return _BUNDLE.decode(data)


def decode_text(data: bytes) -> str:
    """The text layer alone; outputs, which are most of it, are passed over."""
    return _read(data).text


def decode_result(data: bytes) -> bytes:
    """The line of the document in `results.jsonl`, without its end."""
    return _read(data).result


def _read(data: bytes) -> _Read:
    """A tenant's worker wrote it. Raises LexmillError where it is none."""
    try:
        return _READ.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexmillError(
            "result_unreadable",
            "what is kept of this document cannot be read; replay it, or run its job again",
            ErrorClass.DOCUMENT,
        ) from error
