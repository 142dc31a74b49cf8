import uuid
from datetime import datetime
from typing import Final

import msgspec

INCOMING: Final = "incoming"


class BegunUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may come now; all that comes of it lies in ``folder``."""

    id: uuid.UUID
    namespace: str
    job: str
    job_uid: uuid.UUID
    name: str
    folder: str
    event_id: str
    created_by: str
    expires_at: datetime
    document_id: uuid.UUID | None = None
    sha256: str | None = None
    """What its sender says it has; then, what it has."""

    @property
    def incoming_key(self) -> str:
        """Where a bucket takes it; its sender can write there as long as the address is good."""
        return f"{self.folder}{INCOMING}"


class OfferedUpload(msgspec.Struct, frozen=True, kw_only=True):
    """``secret`` is what an address of our own ends in; None where it is the bucket's."""

    upload: BegunUpload
    secret: str | None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What has come, as it lies in the object store."""

    upload: BegunUpload
    object_key: str
    bytes: int
    sha256: str


class UploadedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """``state`` is `duplicate` where the same file was sent before under the same key."""

    id: uuid.UUID
    name: str
    uri: str
    bytes: int
    sha256: str
    state: str
    url: str
    """Where the document is, beneath the address of the API."""


class PresignedUpload(msgspec.Struct, frozen=True, kw_only=True):
    """``url`` may be relative: to the address of this API. It takes one file, and needs no token.

    ``complete`` is where to POST once the file is there; None where the PUT itself does it.
    """

    id: uuid.UUID
    url: str
    method: str
    headers: dict[str, str]
    expires_at: datetime
    complete: str | None
