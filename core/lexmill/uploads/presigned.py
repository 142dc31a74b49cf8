"""A file that was put straight into a bucket: taken over from where its sender can still write."""

import hashlib
import uuid
from contextlib import suppress
from itertools import chain

from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.objects import Objects
from lexmill.uploads.content import HEAD_BYTES, check_beginning, check_checksum
from lexmill.uploads.receiving import too_large
from lexmill.uploads.schemas import BegunUpload, Stored


def take_over(objects: Objects, upload: BegunUpload, *, limit: int) -> Stored:
    """Copied first and judged then, so that what was judged is what is kept.

    What is refused is removed: the address takes another file until its time has run out.
    """
    key = f"{upload.folder}{uuid.uuid4()}"
    try:
        _copy(objects, upload, key, limit)
        return _judged(objects, upload, key, limit)
    except LexmillError as error:
        refused = [key]
        if error.error_class is ErrorClass.DOCUMENT and error.code != "nothing_uploaded":
            refused.append(upload.incoming_key)
        with suppress(LexmillError):  # the sweeper does it later, and the first one says more
            objects.delete_all(refused)
        raise


def _copy(objects: Objects, upload: BegunUpload, key: str, limit: int) -> None:
    try:
        if objects.size(upload.incoming_key) > limit:
            raise too_large(limit)
        objects.copy(upload.incoming_key, key)
    except LexmillError as error:
        if error.code != "object_missing":
            raise
        raise LexmillError(
            "nothing_uploaded",
            "nothing was put at the upload's URL yet; put the file there and complete it then",
            ErrorClass.DOCUMENT,
        ) from error


def _judged(objects: Objects, upload: BegunUpload, key: str, limit: int) -> Stored:
    digest, size = hashlib.sha256(), 0
    pieces = objects.pieces(key)
    first = next(pieces, b"")
    check_beginning(first[:HEAD_BYTES])
    for piece in chain((first,), pieces):
        digest.update(piece)
        size += len(piece)
        if size > limit:
            raise too_large(limit)
    sha256 = digest.hexdigest()
    check_checksum(sha256, upload.sha256)
    return Stored(upload=upload, object_key=key, bytes=size, sha256=sha256)
