"""What a document has: text, result, the file itself, its family."""

import asyncio
import uuid
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from lexmill.documents.contents import (
    DocumentPlace,
    find_place,
    read_family,
    read_line,
    read_text,
)
from lexmill.documents.schemas import Family, Relative
from lexmill.documents.sources import fetch_source, file_pieces, object_key, small_source
from lexmill.errors import ErrorClass, LexmillError
from lexmill_api.access import Getter, Runtime
from lexmill_api.downloads import BYTES, file_answer, object_answer
from lexmill_api.namespaces import Database, NamespaceDatabase
from lexmill_api.runtime import ApiRuntime
from lexmill_api.v1.answers import (
    answers,
    content_answers,
    file_answers,
    json_answer,
    problems,
)

router = APIRouter(
    prefix="/namespaces/{namespace}/documents/{document}",
    tags=["documents"],
)

_LARGEST_DRAWN = 64 << 20
_UNKNOWN = "no such document is in this namespace"
_OF_RESULTS: Final = ("not_found", "not_ended", "purged", "object_missing", "foreign_object")
_OF_SOURCES: Final = (
    "not_found",
    "purged",
    "event_expired",
    "object_missing",
    "foreign_object",
    "source_changed",
    "source_elsewhere",
    "source_missing",
    "source_away",
    "source_refused",
    "outside_roots",
    "uri_not_allowed",
    "not_a_file",
    "unreadable",
    "too_large",
    "no_space",
)
_RESULT: Final = {
    "schema": 1,
    "uri": "nda.txt",
    "status": "succeeded",
    "languages": ["en"],
    "facts": [],
    "clauses": [],
    "findings": [],
}
_FAMILY: Final = Family(
    members=(
        Relative(
            id=uuid.UUID("01935a7c-5a00-7000-8000-7b1d22c4a9e1"),
            parent_id=None,
            uri="2026/offer.eml",
            name="offer.eml",
            state="succeeded",
            depth=-1,
        ),
        Relative(
            id=uuid.UUID("01935a7c-5a00-7000-8000-3f2c5b9e1d04"),
            parent_id=uuid.UUID("01935a7c-5a00-7000-8000-7b1d22c4a9e1"),
            uri="2026/offer.eml#1",
            name="nda.pdf",
            state="succeeded",
            depth=0,
        ),
    ),
    is_whole=True,
)


async def _place(database: Database, _: Getter, document: uuid.UUID) -> DocumentPlace:
    place = await database.run(
        lambda session: find_place(session, namespace=database.name, document=document)
    )
    if place is None:
        raise HTTPException(404, _UNKNOWN)
    return place


Place = Annotated[DocumentPlace, Depends(_place)]


@router.get(
    "/text",
    response_class=Response,
    responses=content_answers(
        "text/plain", "This Agreement is made on 1 May 2024 …", description="the text layer"
    )
    | problems("no_text", "result_unreadable", *_OF_RESULTS),
)
async def get_text(runtime: Runtime, place: Place) -> Response:
    """The text layer, to whose characters all offsets of its facts refer."""
    text = await asyncio.to_thread(read_text, place, runtime.objects)
    return Response(text.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8")


@router.get(
    "/result",
    response_class=Response,
    responses={
        200: {
            "description": "its line of results.jsonl",
            "content": {"application/json": {"schema": {"type": "object"}, "example": _RESULT}},
        },
        **problems("result_too_large", "result_unreadable", *_OF_RESULTS),
    },
)
async def get_result(runtime: Runtime, place: Place) -> Response:
    """Its line of results.jsonl: facts, clauses, findings with their places."""
    line = await asyncio.to_thread(read_line, place, runtime.objects)
    return Response(line, media_type="application/json")


@router.get("/source", response_class=Response, responses=file_answers(BYTES, codes=_OF_SOURCES))
async def get_source(
    request: Request, runtime: Runtime, database: Database, place: Place
) -> Response:
    """The file as it was read, to be saved; Range is taken where it lies in Lexmill's store."""
    key = object_key(place)
    if key is not None:
        return await object_answer(request, runtime.objects, key, place.name)
    small = await database.run(lambda session: small_source(session, place))
    if small is not None:
        return file_answer(iter([small]), place.name)
    settings = runtime.process.settings
    file = await asyncio.to_thread(
        fetch_source,
        place,
        roots=settings.storage.file_roots,
        limit=settings.uploads.file_bytes,
    )
    return file_answer(file_pieces(file), place.name)


@router.get(
    "/pages/{number}.png",
    response_class=Response,
    responses=content_answers("image/png", None, description="the picture")
    | problems("no_page_image", "drawing_away", *_OF_SOURCES),
)
async def get_page(
    runtime: Runtime,
    database: Database,
    place: Place,
    number: Annotated[int, Path(ge=1, lt=1 << 31)],
) -> Response:
    """The picture of a page, drawn in the sandbox; of PDF only."""
    data = await _bytes(runtime, database, place)
    return Response(await runtime.drawing.draw(data, number), media_type="image/png")


async def _bytes(runtime: ApiRuntime, database: NamespaceDatabase, place: DocumentPlace) -> bytes:
    key = object_key(place)
    if key is not None:
        found = await asyncio.to_thread(runtime.objects.get_within, key, _LARGEST_DRAWN)
        if found is None:
            raise LexmillError(
                "no_page_image",
                "The document is too large to be drawn; see its source.",
                ErrorClass.DOCUMENT,
            )
        return found
    small = await database.run(lambda session: small_source(session, place))
    if small is not None:
        return small
    file = await asyncio.to_thread(
        fetch_source,
        place,
        roots=runtime.process.settings.storage.file_roots,
        limit=_LARGEST_DRAWN,
    )
    with file:
        return await asyncio.to_thread(file.read)


@router.get(
    "/family",
    responses=answers(Family, _FAMILY, description="its relatives") | problems("not_found"),
)
async def get_family(database: Database, _: Getter, document: uuid.UUID) -> Response:
    """What it came out of, and all that came out of the same mail or archive."""
    family = await database.run(
        lambda session: read_family(session, namespace=database.name, document=document)
    )
    if family is None:
        raise HTTPException(404, _UNKNOWN)
    return json_answer(family)
