"""The API's helper: pages drawn in the sandbox, a request a frame on stdin, an answer on stdout.

A process of its own, because the API never imports what reads documents (ADR 22). It knows no
database and no store, has no environment, and ends with its input.
"""

import struct
import sys
import zlib
from typing import Final

import msgspec

from lexmill.drawing import LENGTH, DrawnPage, PageToDraw
from lexmill.settings import SandboxSettings
from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import PageImage, page_image
from lexmill_workers.limits import limits_of
from lexmill_workers.sandbox import Sandbox, SandboxError, SandboxUnavailableError

PRELOAD: Final = ("lexmill_legal.parsing.*", "cryptography.hazmat.backends.openssl.backend")


def draw(payload: bytes) -> bytes:
    """The sandbox's entry."""
    wanted = msgspec.msgpack.decode(payload, type=PageToDraw)
    try:
        image = page_image(wanted.data, page=wanted.page)
    except DocumentError as error:
        return msgspec.msgpack.encode(DrawnPage(refusal=error.message))
    if image.suffix != "pgm":
        said = "The document is a picture itself: its source is what there is to see."
        return msgspec.msgpack.encode(DrawnPage(refusal=said))
    return msgspec.msgpack.encode(DrawnPage(png=_png(image)))


def main() -> int:
    settings = SandboxSettings.model_validate_json(sys.argv[1])
    sandbox = Sandbox(
        "lexmill_workers.drawing:draw",
        preload=PRELOAD,
        limits=limits_of(settings),
        allow_without_seccomp=settings.allow_without_seccomp,
    )
    try:
        sandbox.start()
    except SandboxUnavailableError as error:
        sys.stderr.write(f"lexmill-drawing: {error}\n")
        return 3
    with sandbox:
        while payload := _read():
            _write(_call(sandbox, payload))
    return 0


def _call(sandbox: Sandbox, payload: bytes) -> bytes:
    try:
        return sandbox.call(payload)
    except SandboxError as error:
        return msgspec.msgpack.encode(DrawnPage(refusal=error.message))


def _read() -> bytes:
    """Nothing at the end."""
    head = sys.stdin.buffer.read(LENGTH.size)
    return sys.stdin.buffer.read(*LENGTH.unpack(head)) if len(head) == LENGTH.size else b""


def _write(answer: bytes) -> None:
    sys.stdout.buffer.write(LENGTH.pack(len(answer)) + answer)
    sys.stdout.buffer.flush()


def _png(image: PageImage) -> bytes:
    """Grey pixels as PNG (ISO 15948): the three chunks that have to be there."""
    pixels = image.data[-image.width * image.height :]
    rows = (b"\0" + pixels[at : at + image.width] for at in range(0, len(pixels), image.width))
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


if __name__ == "__main__":
    sys.exit(main())
