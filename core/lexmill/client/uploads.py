import uuid
from typing import BinaryIO

import msgspec

from lexmill.client.connection import Connection, address, decoded
from lexmill.uploads.schemas import PresignedUpload, UploadedDocument


class _Taken(msgspec.Struct):
    documents: tuple[UploadedDocument, ...]


class Uploads:
    """Files for a listening job."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(
        self, namespace: str, job: str, *, file: BinaryIO, name: str, key: str
    ) -> UploadedDocument:
        """The same file under the same key is taken once."""
        path = address("namespaces", namespace, "jobs", job, "documents")
        answer = self._connection.send_form(path, file=file, name=name, key=key)
        return decoded(answer, _Taken).documents[0]

    def presign(self, namespace: str, job: str, *, name: str) -> PresignedUpload:
        """An address that takes one file for a while, from whoever has it; it is absolute."""
        path = address("namespaces", namespace, "jobs", job, "uploads")
        answer = self._connection.send("POST", path, {"name": name})
        presigned = decoded(answer, PresignedUpload)
        return msgspec.structs.replace(presigned, url=self._connection.absolute(presigned.url))

    def put(self, presigned: PresignedUpload, file: BinaryIO) -> UploadedDocument:
        """Send the file to its address, and complete it where that is needed."""
        answer = self._connection.put_file(presigned.url, file)
        if presigned.complete is not None:
            answer = self._connection.send("POST", presigned.complete)
        return decoded(answer, _Taken).documents[0]

    def complete(self, namespace: str, upload: uuid.UUID) -> UploadedDocument:
        """What was put into the bucket becomes a document; again is no error."""
        path = address("namespaces", namespace, "uploads", upload, "complete")
        return decoded(self._connection.send("POST", path), _Taken).documents[0]
