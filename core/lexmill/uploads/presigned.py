"""A file that was put straight into a bucket: taken over from where its sender can still write."""

import hashlib
import uuid

from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.objects import Objects
from lexmill.uploads.content import HEAD_BYTES, check_beginning
from lexmill.uploads.receiving import too_large
from lexmill.uploads.schemas import BegunUpload, Stored


def incoming_key(upload: BegunUpload) -> str:
    return f"{upload.folder}incoming"


def take_over(objects: Objects, upload: BegunUpload, *, limit: int) -> Stored:
    """Copied first and judged then, so that what was judged is what is kept."""
    try:
        if objects.size(incoming_key(upload)) > limit:
            raise too_large(limit)
        key = f"{upload.folder}{uuid.uuid4()}"
        objects.copy(incoming_key(upload), key)
    except LexmillError as error:
        if error.code == "object_missing":
            raise LexmillError(
                "nothing_uploaded",
                "nothing was put at the upload's URL yet; put the file there and complete it then",
                ErrorClass.DOCUMENT,
            ) from error
        raise
    try:
        return _judged(objects, upload, key, limit)
    except LexmillError:
        objects.delete_all([key])
        raise


def _judged(objects: Objects, upload: BegunUpload, key: str, limit: int) -> Stored:
    digest, size = hashlib.sha256(), 0
    head = b"".join(objects.pieces(key, end=HEAD_BYTES)) if objects.size(key) else b""
    check_beginning(head)
    for piece in objects.pieces(key):
        digest.update(piece)
        size += len(piece)
        if size > limit:
            raise too_large(limit)
    return Stored(upload=upload, object_key=key, bytes=size, sha256=digest.hexdigest())
