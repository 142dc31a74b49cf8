"""Which URIs a namespace may read and write: those beneath its tenant's prefixes."""

from collections.abc import Sequence
from typing import Literal
from urllib.parse import unquote, urlsplit

from lexmill.errors import ErrorClass, LexmillError


def check_uri(uri: str, prefixes: Sequence[str] | None, *, verb: Literal["read", "write"]) -> None:
    """Raises LexmillError for a URI that is beneath none of them; None is not limited."""
    if prefixes is None or any(_is_beneath(uri, prefix) for prefix in prefixes):
        return
    known = f"only beneath {', '.join(sorted(prefixes))}" if prefixes else "nothing"
    raise LexmillError(
        "uri_not_allowed",
        f"this namespace may {verb} {known}; whoever runs Lexmill sets it for the tenant",
        ErrorClass.DOCUMENT,
    )


def is_prefix(uri: str) -> bool:
    """Whether it can be one: a folder or a bucket, spelt out."""
    parts = urlsplit(uri)
    spelt = _segments(uri)
    if spelt is None or parts.query or parts.fragment:
        return False
    return bool(parts.netloc) if parts.scheme == "s3" else parts.scheme == "file" and bool(spelt)


def _is_beneath(uri: str, prefix: str) -> bool:
    """By whole segments: s3://acme-in is no prefix of s3://acme-in-2, nor /a/b of /a/bc."""
    one, other = urlsplit(uri), urlsplit(prefix)
    if (one.scheme, one.netloc) != (other.scheme, other.netloc):
        return False
    wanted, there = _segments(prefix), _segments(uri)
    return wanted is not None and there is not None and there[: len(wanted)] == wanted


def _segments(uri: str) -> list[str] | None:
    """None where the path goes up, as it reads once the percents are decoded."""
    segments = [each for each in unquote(urlsplit(uri).path).split("/") if each]
    return None if {".", ".."} & set(segments) else segments
