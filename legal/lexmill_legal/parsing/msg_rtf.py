"""The compression of Outlook's rich text bodies (MS-OXRTFCP)."""

import struct
from collections.abc import Iterator

_SEEN_BEFORE = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_MAX_BYTES = 64 * 1024**2


def decompressed(data: bytes) -> bytes:
    """The rich text, as much of it as there is; nothing where the bytes are something else."""
    if len(data) < 16:
        return b""
    size, raw_size, kind, _ = struct.unpack_from("<IIII", data)
    if kind == _PLAIN:
        return data[16 : 16 + raw_size]
    if kind != _COMPRESSED:
        return b""
    out = bytearray(_SEEN_BEFORE)
    limit = len(_SEEN_BEFORE) + min(raw_size, _MAX_BYTES)
    for token in _tokens(data[16 : size + 4]):
        if isinstance(token, int):
            out.append(token)
        else:
            place, length = token
            write = len(out) % _WINDOW
            if place == write or len(out) > limit:
                break
            back = (write - place) % _WINDOW
            if back > len(out):  # what was never written is blank
                out += bytes(length)
                continue
            for _ in range(length):  # what is written may be read at once
                out.append(out[-back])
    return bytes(out[len(_SEEN_BEFORE) : limit])


def _tokens(data: bytes) -> Iterator[int | tuple[int, int]]:
    """Bytes as they are, or a place in the window of 4,096 bytes and a length."""
    at = 0
    while at < len(data):
        control = data[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                yield from data[at : at + 1]
                at += 1
            elif at + 1 < len(data):
                token = data[at] << 8 | data[at + 1]
                at += 2
                yield token >> 4, (token & 15) + 2
