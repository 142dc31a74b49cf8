import hashlib
import uuid
from contextlib import ExitStack

from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.objects import Objects, Writable
from lexmill.uploads.content import HEAD_BYTES, check_beginning, check_checksum
from lexmill.uploads.schemas import BegunUpload, Stored


class Receiving:
    """One file on its way into the store: counted, hashed, judged by its beginning.

    Each try has a key of its own, so that what was committed is never written over. Whatever
    raises, `abandon` leaves nothing behind.
    """

    def __init__(self, objects: Objects, upload: BegunUpload, *, limit: int) -> None:
        self.upload = upload
        self._objects = objects
        self._key = f"{upload.folder}{uuid.uuid4()}"
        self._limit = limit
        self._size = 0
        self._digest = hashlib.sha256()
        self._head: list[bytes] = []
        self._writer: Writable | None = None
        self._writing = ExitStack()

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise too_large(self._limit)
        self._digest.update(data)
        if self._writer is not None:
            self._writer.write(data)
            return
        self._head.append(data)
        if self._size >= HEAD_BYTES:
            self._open()

    def finish(self) -> Stored:
        if self._writer is None:
            self._open()
        sha256 = self._digest.hexdigest()
        check_checksum(sha256, self.upload.sha256)
        self._writing.close()
        return Stored(upload=self.upload, object_key=self._key, bytes=self._size, sha256=sha256)

    def abandon(self, error: BaseException) -> None:
        self._writing.__exit__(type(error), error, error.__traceback__)
        self._objects.delete_all([self._key])

    def _open(self) -> None:
        head = b"".join(self._head)
        check_beginning(head[:HEAD_BYTES])
        self._writer = self._writing.enter_context(self._objects.writing(self._key))
        self._writer.write(head)
        self._head.clear()


def too_large(limit: int) -> LexmillError:
    return LexmillError(
        "too_large",
        f"the file is larger than {limit >> 20} MiB, the most that this installation takes"
        " (LEXMILL_UPLOADS__FILE_BYTES)",
        ErrorClass.DOCUMENT,
    )
