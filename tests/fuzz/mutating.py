"""Documents damaged on purpose: first as bytes, then as what they are made of.

A mutation takes the source of chance and the document; the same chance gives the same case.
"""

import base64
import io
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from random import Random

from lexmill_legal.parsing.media import ZIP_ERRORS

Mutation = Callable[[Random, bytes], bytes]

NUMBERS = (
    *(0, 1, -1, 2, 7, 127, 128, 255, 256, 65_535, 65_536, 10**6, 10**7, 2**31 - 1, 2**31),
    *(2**32 - 1, 2**32, 2**63 - 1, 2**63, 10**20, 10**400, -(2**15), -(2**31), -(2**63)),
)
_MOST = 1_000_000
_STRANGE = (
    *(b"\0", b"\xff", b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u202e".encode()),
    *("\u0130\ufb01\u1e9e".encode(), "\ufffe\uffff".encode(), b"%n%s", b"&#xD800;", b"&#0;"),
    *(b"\r", b"\x1a", b"\x02", b"A" * 5000, "ё".encode() * 999, b"\n" * 3000),
)


def flipped(chance: Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        if out:
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def cut(chance: Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] if chance.random() < 0.7 else data[at:]


def spliced(chance: Random, data: bytes) -> bytes:
    """A piece of it is taken out, doubled or put elsewhere."""
    a, b, c = sorted(chance.randrange(len(data) + 1) for _ in range(3))
    return chance.choice(
        (data[:a] + data[b:], data[:b] + data[a:], data[:a] + data[b:c] + data[a:b] + data[c:])
    )


def overwritten(chance: Random, data: bytes) -> bytes:
    """A number of a binary format becomes one that nobody expects."""
    form = chance.choice(("<B", "<H", ">H", "<I", ">I", "<Q"))
    size = struct.calcsize(form)
    if len(data) < size:
        return data
    at = chance.randrange(len(data) - size + 1)
    number = chance.choice(NUMBERS) % (1 << 8 * size)
    return data[:at] + struct.pack(form, number) + data[at + size :]


def inserted(chance: Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_STRANGE) + data[at:]


BYTES: tuple[Mutation, ...] = (flipped, cut, spliced, overwritten, inserted)


def as_bytes(chance: Random, data: bytes) -> bytes:
    return chance.choice(BYTES)(chance, data)


def _edited(tokens: re.Pattern[bytes]) -> Mutation:
    """Tokens are taken out, doubled, exchanged, repeated very often, or get another number."""

    def edit(chance: Random, data: bytes) -> bytes:
        found: list[bytes] = tokens.findall(data)
        if not found:
            return as_bytes(chance, data)
        for _ in range(chance.choice((1, 1, 2, 5))):
            at, other = chance.randrange(len(found)), chance.randrange(len(found))
            match chance.randrange(7):
                case 0:
                    found[at] = b""
                case 1:
                    found[at] = found[at][:_MOST] * 2
                case 2:
                    found[at], found[other] = found[other], found[at]
                case 3:
                    found[at] = found[other]
                case 4:
                    found[at] *= min(
                        chance.choice((30, 300, 3000)), 1 + _MOST // (1 + len(found[at]))
                    )
                case 5:
                    found[at] = _renumbered(chance, found[at])
                case _:
                    found[at] += chance.choice(_STRANGE)
        return b"".join(found)

    return edit


def _renumbered(chance: Random, token: bytes) -> bytes:
    numbers = list(re.finditer(rb"-?\d+", token))
    if not numbers:
        return token + str(chance.choice(NUMBERS)).encode()
    chosen = chance.choice(numbers)
    number = str(chance.choice(NUMBERS)).encode()
    return token[: chosen.start()] + number + token[chosen.end() :]


as_xml = _edited(re.compile(rb"<[^>]*>?|[^<]+"))
as_pdf = _edited(
    re.compile(
        rb"\d+ \d+ R|/[^\s/<>\[\]()]*|-?\d+(?:\.\d+)?|\([^)]*\)|<[0-9A-Fa-f]+>|<<|>>|\w+|\s+|."
        rb"|[^\w\s]",
        re.DOTALL,
    )
)
as_rtf = _edited(re.compile(rb"\\'[0-9a-f]{2}|\\[a-z]+-?\d* ?|\\.|[{}]|[^\\{}]+", re.DOTALL))
as_lines = _edited(re.compile(rb"[^\n]*\n|[^\n]+"))
as_fields = _edited(re.compile(rb"[\t\n]|[^\t\n]+"))


def as_xml_nested(chance: Random, data: bytes) -> bytes:
    """An element within itself, as deep as no document goes."""
    tags: list[bytes] = re.findall(rb"<[A-Za-z][^>/]*>", data)
    if not tags:
        return as_xml(chance, data)
    tag = chance.choice(tags)
    at = data.index(tag)
    depth = chance.choice((10, 300, 3000, 30_000))
    closing = b"</" + re.split(rb"[\s>]", tag[1:])[0] + b">" if chance.random() < 0.5 else b""
    return data[:at] + tag * depth + b"x" + closing * depth + data[at:]


def as_message(chance: Random, data: bytes) -> bytes:
    """Its lines; or the content of a part of it, in its own encoding."""
    packed = list(re.finditer(rb"(?:[A-Za-z0-9+/]{20,}\r?\n)+[A-Za-z0-9+/=]*", data))
    if not packed or chance.random() < 0.6:
        return as_lines(chance, data)
    chosen = chance.choice(packed)
    letters = chosen[0].translate(None, b"\r\n=")
    content = base64.b64decode(letters[: len(letters) // 4 * 4])
    return (
        data[: chosen.start()]
        + base64.encodebytes(as_bytes(chance, content))
        + data[chosen.end() :]
    )


def as_zip(within: Mutation) -> Mutation:
    """One of its members, packed again; or the archive's own records."""

    def mutate(chance: Random, data: bytes) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        except ZIP_ERRORS:
            return as_bytes(chance, data)
        if not members or chance.random() < 0.2:
            return as_bytes(chance, data)
        at = chance.randrange(len(members))
        name, content = members[at]
        match chance.randrange(12):
            case 0:
                del members[at]
            case 1:
                members[at] = chance.choice(members)[0], content
            case 2:
                members.append((name, within(chance, content)))
            case 3:
                members[at] = name + chance.choice(("/", "\\..", "\u202e", ".zip", "\n")), content
            case _:
                members[at] = name, within(chance, content)
        return _packed(chance, members)

    return mutate


def _packed(chance: Random, members: Sequence[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    kind = chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = kind
            # two members of one name: a warning of the library's, a case for us
            archive.filelist = [each for each in archive.filelist if each.filename != name]
            archive.NameToInfo.pop(name, None)
            archive.writestr(info, content)
    return buffer.getvalue()


_SECTOR = 512


def as_ole(chance: Random, data: bytes) -> bytes:
    """A compound file's header, tables, folder entries and sectors."""
    out = bytearray(data)
    sectors = len(out) // _SECTOR
    if sectors < 3:
        return as_bytes(chance, data)
    match chance.randrange(4):
        case 0:  # the header's own numbers
            at = chance.choice((24, 26, 30, 32, 44, 48, 56, 60, 64, 68, 72, 76, 80))
        case 1:  # an entry of a table of sectors
            at = _SECTOR * chance.randrange(1, sectors) + 4 * chance.randrange(_SECTOR // 4)
        case 2:  # a folder's entry: kind, neighbours, start, size
            at = _SECTOR * chance.randrange(1, sectors) + 128 * chance.randrange(4)
            at += chance.choice((64, 66, 68, 72, 76, 116, 120))
        case _:
            a, b = (_SECTOR * chance.randrange(sectors) for _ in range(2))
            out[a : a + _SECTOR], out[b : b + _SECTOR] = out[b : b + _SECTOR], out[a : a + _SECTOR]
            return bytes(out)
    number = chance.choice((*NUMBERS, chance.randrange(sectors), 0xFFFFFFFE, 0xFFFFFFFD))
    struct.pack_into("<I", out, min(at, len(out) - 4), number % (1 << 32))
    return bytes(out)


def as_der(chance: Random, data: bytes) -> bytes:
    """The tag or the length of one of its values."""
    places: list[int] = []
    at = 0
    while at + 2 < len(data) and len(places) < 200:
        places.append(at)
        length = data[at + 1]
        within = data[at] & 0x20 or chance.random() < 0.3
        header = 2 + (length & 0x7F if length & 0x80 else 0)
        at += header if within else header + (length if length < 0x80 else 0)
    if not places:
        return as_bytes(chance, data)
    at = chance.choice(places) + chance.randrange(2)
    number = chance.choice((0, 0x80, 0x81, 0x84, 0xFF, 0x30, 0xA0, 0x24, chance.randrange(256)))
    return data[:at] + bytes([number]) + data[at + 1 :]
