"""Files of requests into the object store, and from there as events into their job."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from lexmill.errors import ErrorClass, LexmillError
from lexmill.uploads.receiving import Receiving
from lexmill.uploads.schemas import BegunUpload, Stored, UploadedDocument
from lexmill.uploads.service import commit_uploads, drop_uploads
from lexmill_api.multipart import FileBegin, FileData, FileEnd, Piece
from lexmill_api.runtime import ApiRuntime


async def receive_body(
    runtime: ApiRuntime, upload: BegunUpload, body: AsyncIterator[bytes]
) -> Stored:
    """One file that is the whole body of a request."""
    receiving = _receiving(runtime, upload)
    try:
        async for chunk in body:
            await asyncio.to_thread(receiving.write, chunk)
        return await asyncio.to_thread(receiving.finish)
    except BaseException as error:
        await asyncio.shield(asyncio.to_thread(receiving.abandon, error))
        raise


async def receive_files(
    runtime: ApiRuntime,
    pieces: AsyncIterator[Piece],
    begin: Callable[[str, int], Awaitable[BegunUpload]],
) -> list[Stored]:
    """All files of a form, or, where one of them raises, none; ``begin`` takes name and number."""
    stored: list[Stored] = []
    receiving: Receiving | None = None
    try:
        async for piece in pieces:
            match piece:
                case FileBegin(name):
                    _check_count(runtime, len(stored) + 1)
                    receiving = _receiving(runtime, await begin(name, len(stored) + 1))
                case FileData(data) if receiving is not None:
                    await asyncio.to_thread(receiving.write, data)
                case FileEnd() if receiving is not None:
                    stored.append(await asyncio.to_thread(receiving.finish))
                    receiving = None
    except BaseException as error:
        if receiving is not None:
            await asyncio.shield(asyncio.to_thread(receiving.abandon, error))
        uploads = [each.upload for each in stored]
        if receiving is not None:
            uploads.append(receiving.upload)
        await asyncio.shield(_forget(runtime, stored, uploads))
        raise
    return stored


async def commit(runtime: ApiRuntime, stored: Sequence[Stored]) -> list[UploadedDocument]:
    """Returns after the commit; what it refuses, or came before, is not kept."""
    try:
        async with runtime.session() as session, session.begin():
            documents, wake_ups = await session.run_sync(
                lambda sync: commit_uploads(sync, stored=stored)
            )
    except LexmillError:
        await _forget(runtime, stored, [each.upload for each in stored])
        raise
    await runtime.batcher.ring(wake_ups)
    again = [
        each
        for each, document in zip(stored, documents, strict=True)
        if document.state == "duplicate"
    ]
    if again:
        await _forget(runtime, again, [each.upload for each in again])
    return documents


def _receiving(runtime: ApiRuntime, upload: BegunUpload) -> Receiving:
    return Receiving(runtime.objects, upload, limit=runtime.process.settings.uploads.file_bytes)


async def _forget(
    runtime: ApiRuntime, stored: Sequence[Stored], uploads: Sequence[BegunUpload]
) -> None:
    await asyncio.to_thread(runtime.objects.delete_all, [each.object_key for each in stored])
    async with runtime.session() as session, session.begin():
        await session.run_sync(
            lambda sync: drop_uploads(sync, uploads=[upload.id for upload in uploads])
        )


def _check_count(runtime: ApiRuntime, count: int) -> None:
    most = runtime.process.settings.uploads.files
    if count > most:
        raise LexmillError(
            "too_many_files",
            f"a request may bring {most} files; send the rest in another one",
            ErrorClass.DOCUMENT,
        )
