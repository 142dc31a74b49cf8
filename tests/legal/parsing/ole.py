"""Compound files (OLE) and Outlook messages, made in the test that reads them."""

import struct
from collections.abc import Mapping
from itertools import pairwise
from typing import TypeAlias

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096

Folder: TypeAlias = Mapping[str, "bytes | Folder"]


class _Writer:
    def __init__(self) -> None:
        self.sectors: list[bytes] = []
        self.fat: list[int] = []
        self.mini = bytearray()
        self.minifat: list[int] = []
        self.entries: list[list[object]] = []

    def chain(self, data: bytes) -> int:
        """Put data into sectors of its own."""
        if not data:
            return _END
        start = len(self.sectors)
        for at in range(0, len(data), _SECTOR):
            self.sectors.append(data[at : at + _SECTOR].ljust(_SECTOR, b"\0"))
            self.fat.append(len(self.sectors))
        self.fat[-1] = _END
        return start

    def stream(self, data: bytes) -> int:
        if len(data) >= _CUTOFF:
            return self.chain(data)
        if not data:
            return _END
        start = len(self.minifat)
        for at in range(0, len(data), _MINI):
            self.mini += data[at : at + _MINI].ljust(_MINI, b"\0")
            self.minifat.append(len(self.minifat) + 1)
        self.minifat[-1] = _END
        return start

    def add(self, name: str, kind: int, child: int = _FREE, start: int = 0, size: int = 0) -> int:
        self.entries.append([name, kind, _FREE, child, start, size])
        return len(self.entries) - 1

    def folder(self, content: Folder) -> int:
        """Its first entry; the others hang on it to the right."""
        numbers = []
        for name in sorted(content, key=lambda name: (len(name), name.upper())):
            item = content[name]
            if isinstance(item, bytes):
                numbers.append(self.add(name, 2, start=self.stream(item), size=len(item)))
            else:
                number = self.add(name, 1)
                self.entries[number][3] = self.folder(item)
                numbers.append(number)
        for number, following in pairwise(numbers):
            self.entries[number][2] = following
        return numbers[0] if numbers else _FREE


def compound_file(content: Folder) -> bytes:
    writer = _Writer()
    root = writer.add("Root Entry", 5)
    writer.entries[root][3] = writer.folder(content)
    writer.entries[root][4:] = [writer.chain(bytes(writer.mini)), len(writer.mini)]
    minifat = struct.pack(f"<{len(writer.minifat)}I", *writer.minifat)
    minifat_count = -(-len(minifat) // _SECTOR)
    minifat_at = writer.chain(minifat.ljust(minifat_count * _SECTOR, b"\xff"))
    directory = b"".join(
        struct.pack(
            "<64sHBBIII16sIQQIQ",
            str(name).encode("utf-16-le"),
            2 * len(str(name)) + 2,
            kind,
            1,
            _FREE,
            right,
            child,
            bytes(16),
            0,
            0,
            0,
            start,
            size,
        )
        for name, kind, right, child, start, size in writer.entries
    )
    directory_at = writer.chain(directory)
    fat_count = 1
    while fat_count * 128 < len(writer.fat) + fat_count:
        fat_count += 1
    fat_at = len(writer.fat)
    fat = writer.fat + [_FAT] * fat_count
    packed = struct.pack(f"<{len(fat)}I", *fat).ljust(fat_count * _SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6x9I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        bytes(16),
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        fat_count,
        directory_at,
        0,
        _CUTOFF,
        minifat_at,
        minifat_count,
        _END,
        0,
    )
    places = list(range(fat_at, fat_at + fat_count)) + [_FREE] * (109 - fat_count)
    return header + struct.pack("<109I", *places) + b"".join(writer.sectors) + packed


def storage(
    strings: Mapping[int, str] | None = None,
    *,
    binaries: Mapping[int, bytes] | None = None,
    narrow: Mapping[int, bytes] | None = None,
    numbers: Mapping[int, int] | None = None,
    header_bytes: int = 32,
    more: Folder | None = None,
) -> dict[str, "bytes | Folder"]:
    """The properties of a message or an attachment, by their MAPI ids."""
    table = bytearray(header_bytes)
    found: dict[str, bytes | Folder] = dict(more or {})
    values = [
        *((key, 0x001F, value.encode("utf-16-le")) for key, value in (strings or {}).items()),
        *((key, 0x001E, value) for key, value in (narrow or {}).items()),
        *((key, 0x0102, value) for key, value in (binaries or {}).items()),
    ]
    for key, kind, data in values:
        found[f"__substg1.0_{key:04X}{kind:04X}"] = data
        table += struct.pack("<HHIQ", kind, key, 6, len(data))
    for key, number in (numbers or {}).items():
        kind = 0x0040 if number > 0xFFFF_FFFF else 0x0003
        table += struct.pack("<HHIQ", kind, key, 6, number)
    found["__properties_version1.0"] = bytes(table)
    return found


def attached(name: str, data: bytes, mime: str = "", content_id: str = "") -> Folder:
    strings = {0x3707: name, 0x370E: mime, 0x3712: content_id}
    return storage(
        {key: value for key, value in strings.items() if value},
        binaries={0x3701: data},
        numbers={0x3705: 1},
        header_bytes=8,
    )


def embedded(name: str, message: Folder) -> Folder:
    return storage(
        {0x3001: name},
        numbers={0x3705: 5},
        header_bytes=8,
        more={"__substg1.0_3701000D": message},
    )


def attachments(*folders: Folder) -> Folder:
    return {f"__attach_version1.0_#{number:08X}": each for number, each in enumerate(folders)}
