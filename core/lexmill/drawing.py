"""What API and its drawing helper say to each other: msgpack in frames that begin with a length."""

import struct
from typing import Final

import msgspec

LENGTH: Final = struct.Struct(">Q")


class PageToDraw(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    page: int
    data: bytes


class DrawnPage(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """``refusal`` says why there is no picture."""

    png: bytes = b""
    refusal: str | None = None
