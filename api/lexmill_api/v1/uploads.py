"""Documents that people send to a listening job."""

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from lexmill.errors import ErrorClass, LexmillError
from lexmill.uploads.content import cleaned_name
from lexmill.uploads.presigned import take_over
from lexmill.uploads.schemas import BegunUpload, PresignedUpload, UploadedDocument
from lexmill.uploads.service import (
    begin_upload,
    find_upload,
    offer_upload,
    read_uploaded,
    takes_documents,
)
from lexmill_api.access import Anybody, Runtime, Submitter
from lexmill_api.multipart import file_pieces
from lexmill_api.namespaces import Database
from lexmill_api.receiving import commit, receive_body, receive_files
from lexmill_api.v1.answers import Answers, answers, json_answer, problems
from lexmill_api.v1.jobs import JobName
from lexmill_api.v1.once import bare_key

router = APIRouter(
    prefix="/namespaces/{namespace}",
    tags=["uploads"],
)
addresses = APIRouter(
    prefix="/uploads",
    tags=["uploads"],
)

_NO_JOB: Final = "no such job is in this namespace"
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {
                            "type": "array",
                            "items": {
                                "type": "string",
                                "contentMediaType": "application/octet-stream",
                            },
                            "minItems": 1,
                        }
                    },
                    "required": ["file"],
                    "additionalProperties": False,
                },
                "example": {"file": ["This Agreement is made on 1 May 2024 …"]},
            }
        },
    }
}
_BYTES: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "examples": ["This Agreement is made on 1 May 2024 …"]}
            }
        },
    }
}


class WantedUpload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        min_length=1, max_length=1_000, pattern=r"^[^\x00]*$", examples=["NDA with B Ltd.pdf"]
    )
    sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="of the file; what comes and has another is refused",
    )


class UploadedDocuments(msgspec.Struct, frozen=True, kw_only=True):
    documents: tuple[UploadedDocument, ...]


_ID: Final = uuid.UUID("01935a7c-5a00-7000-8000-3f2c5b9e1d04")
_UPLOADED: Final = UploadedDocuments(
    documents=(
        UploadedDocument(
            id=_ID,
            name="nda.pdf",
            uri="upload:nda.pdf",
            bytes=48_213,
            sha256="5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
            state="queued",
            url=f"/v1/namespaces/legal/documents/{_ID}",
        ),
    )
)
_PRESIGNED: Final = PresignedUpload(
    id=_ID,
    url="/v1/uploads/5Yk0b2V4YW1wbGU",
    method="PUT",
    headers={},
    expires_at=datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
    complete=None,
)


def _taken(*codes: str) -> Answers:
    """Of what brings files."""
    return {
        **answers(
            UploadedDocuments,
            _UPLOADED,
            status=201,
            description="they are taken",
            headers={"Location": "of the document, where it is one"},
        ),
        **answers(UploadedDocuments, _UPLOADED, description="all of them were there already"),
        **problems(
            "not_found", "job_takes_no_documents", "too_large", "unsupported_content", *codes
        ),
    }


@router.post(
    "/jobs/{name}/documents",
    status_code=201,
    responses=_taken("too_many_files", "invalid_multipart"),
    openapi_extra=_FORM,
)
async def post_documents(
    *,
    request: Request,
    runtime: Runtime,
    database: Database,
    caller: Submitter,
    name: JobName,
    idempotency_key: Annotated[
        str | None, Header(description="the same files under the same key are taken once")
    ] = None,
) -> Response:
    """Send files to a listening job, as a form has them: all of them are taken, or none."""
    key = _digest_of_key(caller.name, idempotency_key)
    if not await database.run(
        lambda session: takes_documents(session, namespace=database.name, job=name)
    ):
        raise HTTPException(404, _NO_JOB)

    async def begin(file: str, number: int) -> BegunUpload:
        begun = await database.run(
            lambda session: begin_upload(
                session,
                namespace=database.name,
                job=name,
                name=cleaned_name(file),
                by=caller.name,
                seconds=runtime.process.settings.uploads.expires_seconds,
                event_id=None if key is None else f"{key}#{number}",
            )
        )
        if begun is None:
            raise HTTPException(404, _NO_JOB)
        return begun

    pieces = file_pieces(request.headers.get("content-type", ""), request.stream())
    stored = await receive_files(runtime, pieces, begin)
    return _answer(await commit(runtime, stored))


@router.post(
    "/jobs/{name}/uploads",
    status_code=201,
    responses=answers(PresignedUpload, _PRESIGNED, status=201, description="the address")
    | problems("not_found", "job_takes_no_documents"),
)
async def post_upload(
    runtime: Runtime, database: Database, caller: Submitter, name: JobName, wanted: WantedUpload
) -> Response:
    """An address that takes one file for a while, for whoever has no token."""
    settings = runtime.process.settings.uploads
    into_bucket = settings.into_bucket and runtime.objects.can_sign
    offered = await database.run(
        lambda session: offer_upload(
            session,
            namespace=database.name,
            job=name,
            name=cleaned_name(wanted.name),
            by=caller.name,
            seconds=settings.expires_seconds,
            into_bucket=into_bucket,
            sha256=wanted.sha256,
        )
    )
    if offered is None:
        raise HTTPException(404, _NO_JOB)
    upload = offered.upload
    url = f"/v1/uploads/{offered.secret}"
    if into_bucket:
        url = runtime.objects.sign_put(upload.incoming_key, seconds=settings.expires_seconds)
    presigned = PresignedUpload(
        id=upload.id,
        url=url,
        method="PUT",
        headers={},
        expires_at=upload.expires_at,
        complete=f"/v1/namespaces/{database.name}/uploads/{upload.id}/complete"
        if into_bucket
        else None,
    )
    return json_answer(presigned, 201)


@addresses.put(
    "/{secret}",
    status_code=201,
    responses=_taken("upload_used", "checksum_mismatch"),
    openapi_extra=_BYTES,
)
async def put_upload(request: Request, runtime: Runtime, _: Anybody, secret: str) -> Response:
    """The file of a presigned upload, as it is; the address is who may."""
    async with runtime.session() as session:
        upload = await session.run_sync(lambda sync: find_upload(sync, secret=secret))
    if upload is None:
        raise HTTPException(404, "this address takes no file, or its time has run out")
    if upload.document_id is not None:
        raise LexmillError(
            "upload_used", "the file of this address has come already", ErrorClass.DOCUMENT
        )
    stored = await receive_body(runtime, upload, request.stream())
    return _answer(await commit(runtime, [stored]))


@router.post(
    "/uploads/{upload}/complete",
    status_code=201,
    responses=_taken("nothing_uploaded", "checksum_mismatch"),
)
async def post_complete(
    runtime: Runtime, database: Database, _: Submitter, upload: uuid.UUID
) -> Response:
    """The file lies in the bucket: it becomes a document now."""
    begun = await database.run(lambda session: find_upload(session, upload=upload))
    if begun is None:
        raise HTTPException(404, "no such upload is in this namespace, or its time has run out")
    if begun.document_id is not None:
        known = await database.run(lambda session: read_uploaded(session, upload=upload))
        return _answer([known])
    limit = runtime.process.settings.uploads.file_bytes
    stored = await asyncio.to_thread(take_over, runtime.objects, begun, limit=limit)
    answer = _answer(await commit(runtime, [stored]))
    with suppress(LexmillError):  # the document is taken; the sweeper has another look later
        await asyncio.to_thread(runtime.objects.delete_all, [begun.incoming_key])
    return answer


def _digest_of_key(caller: str, key: str | None) -> str | None:
    """Of caller and key, so that callers cannot meet at one key."""
    bare = bare_key(key)
    return None if bare is None else hashlib.sha256(f"{caller} {bare}".encode()).hexdigest()


def _answer(documents: Sequence[UploadedDocument]) -> Response:
    """201 with what was taken; 200 where all of it was there before."""
    if not documents:
        raise LexmillError(
            "invalid_multipart", "the form has no file: send at least one", ErrorClass.DOCUMENT
        )
    fresh = any(document.state != "duplicate" for document in documents)
    headers = {"Location": documents[0].url} if len(documents) == 1 else None
    body = msgspec.json.encode(UploadedDocuments(documents=tuple(documents)))
    return Response(body, 201 if fresh else 200, headers, "application/json")
