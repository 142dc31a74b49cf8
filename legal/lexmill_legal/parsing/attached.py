"""Documents that come out of others: safe names, media types by content."""

import re
import unicodedata

from lexmill_legal.parsing.decoding import clean
from lexmill_legal.parsing.media import DOCX, EML, HTML, MARKDOWN, PDF, PLAIN
from lexmill_legal.results import Attachment

_PATH = re.compile(r".*[/\\]", re.DOTALL)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_LONGEST = 120
_GENERIC = "application/octet-stream"
_OFFICE = "application/vnd.openxmlformats-officedocument"
# Our own: the standard library's table differs from version to version and machine to machine.
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}", re.ASCII)
_TYPES = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": DOCX,
    "eml": EML,
    "gif": "image/gif",
    "htm": HTML,
    "html": HTML,
    "ics": "text/calendar",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "md": MARKDOWN,
    "msg": "application/vnd.ms-outlook",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": PDF,
    "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "rtf": "application/rtf",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": PLAIN,
    "xls": "application/vnd.ms-excel",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}


def attachment(name: str, data: bytes, media_type: str | None = None) -> Attachment:
    """``media_type`` is what the container says; the name's extension helps where it says nothing.

    Whoever parses the attachment decides by its content again.
    """
    name = safe_name(name)
    if media_type is None or media_type == _GENERIC or not _MEDIA_TYPE.fullmatch(media_type):
        suffix = "pdf" if data.startswith(b"%PDF-") else name.lower().rpartition(".")[2]
        media_type = _TYPES.get(suffix)
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
