"""Bytes as files: never shown by a browser, in pieces, and in part where a part is asked for."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from lexmill.storage.objects import Objects
from lexmill.uploads.content import cleaned_name
from lexmill_api.problems import problem_response

BYTES: Final = "application/octet-stream"
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")


def attachment(name: str) -> dict[str, str]:
    """RFC 6266: the name as it is for those that know it encoded, and one that harms nobody."""
    cleaned = cleaned_name(name)
    plain = _PLAIN.sub("_", cleaned).strip("_")
    if not plain or plain.startswith("."):  # nothing but its suffix is left, which would hide it
        plain = f"document{plain}"
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''"
        + quote(cleaned, safe="")
    }


def file_answer(pieces: Iterator[bytes], name: str) -> Response:
    return StreamingResponse(pieces, 200, attachment(name), BYTES)


async def object_answer(
    request: Request, objects: Objects, key: str, name: str, kind: str = BYTES
) -> Response:
    """Range is one range (RFC 9110); several, and what is none, get the whole."""
    size = await run_in_threadpool(objects.size, key)
    headers = {**attachment(name), "Accept-Ranges": "bytes"}
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or not (asked[1] or asked[2]):
        headers["Content-Length"] = str(size)
        return StreamingResponse(objects.pieces(key), 200, headers, kind)
    if asked[1]:
        start = int(asked[1])
        end = min(int(asked[2]) + 1, size) if asked[2] else size
    else:
        start, end = max(0, size - int(asked[2])), size
    if start >= end:
        return problem_response(
            416,
            "range_not_satisfiable",
            f"the file has {size} bytes, and none in this range",
            {"Content-Range": f"bytes */{size}"},
        )
    headers |= {
        "Content-Length": str(end - start),
        "Content-Range": f"bytes {start}-{end - 1}/{size}",
    }
    return StreamingResponse(objects.pieces(key, start=start, end=end), 206, headers, kind)
