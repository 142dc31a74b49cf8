"""ETag, If-None-Match and If-Match (RFC 9110).

An entity tag has two parts: the version of what callers can change, and a digest of the whole
answer. If-None-Match compares both. If-Match compares the version alone, since a change that was
decided on the version stays right while documents are worked off.
"""

import hashlib
import re
from typing import Annotated, Final

import msgspec
from fastapi import Depends, Header, Response

from lexmill.errors import ErrorClass, LexmillError

_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_TAGS: Final = re.compile(rf"{_TAG.pattern}(?:[ \t]*,[ \t]*{_TAG.pattern})*")
_LONGEST: Final = 4_096

IfNoneMatch = Annotated[str | None, Header(description="ETags of answers that the caller has")]


def entity_tag(version: str, body: bytes) -> str:
    return f'"{version}.{hashlib.sha256(body).hexdigest()[:16]}"'


def tagged_answer(value: object, *, version: str, if_none_match: str | None = None) -> Response:
    """The answer with its ETag; 304 where the caller has it already."""
    body = msgspec.json.encode(value)
    tag = entity_tag(version, body)
    known = (if_none_match or "").strip()
    if known == "*" or tag in _TAG.findall(known.replace("W/", "")):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, 200, {"ETag": tag}, "application/json")


def _versions(
    if_match: Annotated[
        str | None, Header(description="the ETag of what was read: 412 where it has changed")
    ] = None,
) -> frozenset[str] | None:
    """Those that the caller is content with; None for any. Weak tags match nothing."""
    if if_match is None or if_match.strip() == "*":
        return None
    if len(if_match) > _LONGEST or not _TAGS.fullmatch(if_match.strip()):
        raise LexmillError(
            "invalid_if_match",
            'If-Match holds entity tags as they came in ETag, or "*"',
            ErrorClass.DOCUMENT,
        )
    tags = _TAG.findall(if_match)
    return frozenset(tag.strip('"').partition(".")[0] for tag in tags if tag.startswith('"'))


def _required_versions(
    if_match: Annotated[str | None, Header(description="the ETag of what was read, or *")] = None,
) -> frozenset[str] | None:
    if if_match is None:
        raise LexmillError(
            "precondition_required",
            "this change needs If-Match: read it first and send its ETag",
            ErrorClass.DOCUMENT,
        )
    return _versions(if_match)


IfMatch = Annotated[frozenset[str] | None, Depends(_versions)]
"""Versions for `lexmill.versions.check_version`."""
RequiredIfMatch = Annotated[frozenset[str] | None, Depends(_required_versions)]
