"""Documents that come out of others: safe names, media types by content."""

import mimetypes
import re
import unicodedata

from lexmill_legal.parsing.decoding import clean
from lexmill_legal.results import Attachment

_PATH = re.compile(r".*[/\\]", re.DOTALL)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_LONGEST = 120
# Windows' and mailers' registries differ from machine to machine: ours is the same everywhere
_TYPES = mimetypes.MimeTypes(filenames=())
_GENERIC = "application/octet-stream"


def attachment(name: str, data: bytes, media_type: str | None = None) -> Attachment:
    """``media_type`` is what the container says; the name's extension helps where it says nothing.

    Whoever parses the attachment decides by its content again.
    """
    name = safe_name(name)
    if media_type in {None, _GENERIC}:
        media_type = "application/pdf" if data.startswith(b"%PDF-") else _TYPES.guess_type(name)[0]
    return Attachment(name, media_type or _GENERIC, data)


def safe_name(name: str) -> str:
    """The name without path, control and direction characters, usable on every file system."""
    name = unicodedata.normalize("NFC", clean(name))
    name = _UNSAFE.sub("", _PATH.sub("", name)).strip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    if len(name) > _LONGEST:
        stem, dot, suffix = name.rpartition(".")
        suffix = dot + suffix if stem and len(suffix) < 10 else ""
        name = name[: _LONGEST - len(suffix)].rstrip(" .") + suffix
    return name or "attachment"
