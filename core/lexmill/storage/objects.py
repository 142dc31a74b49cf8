"""The object store: stage outputs, attachments, results. Keys begin with the namespace."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from lexmill.errors import ErrorClass, LexmillError


class Objects:
    """Whole objects under keys, in a folder or a bucket; a write is seen whole or not at all."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._store = open_store(uri)

    def put(self, key: str, data: bytes) -> None:
        try:
            obstore.put(self._store, key, data)
        except (BaseError, OSError) as error:
            raise _passing("write to", error) from error

    def get(self, key: str) -> bytes:
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError) as error:
            raise LexmillError(
                "object_missing", "an object of Lexmill's own store is gone; run the job again"
            ) from error
        except (BaseError, OSError) as error:
            raise _passing("read from", error) from error

    def delete(self, key: str) -> None:
        """Gone afterwards, whether it was there or not."""
        try:
            obstore.delete(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise _passing("delete in", error) from error


def open_store(uri: str) -> ObjectStore:
    """A store over a ``file:///folder`` (made when absent) or ``s3://bucket/prefix``."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return LocalStore(Path(unquote(parts.path)), mkdir=True)
    if parts.scheme == "s3":
        return from_url(uri)
    raise LexmillError(
        "bad_uri", "a store's URI begins with file:/// or s3://", ErrorClass.DOCUMENT
    )


def _passing(verb: str, error: Exception) -> LexmillError:
    if getattr(error, "errno", None) == 28 or "No space left" in str(error):
        return LexmillError(
            "no_space",
            "there is no space left to write to; free some and try again",
            ErrorClass.PASSING,
        )
    return LexmillError(
        "store_away", f"Lexmill could not {verb} its object store", ErrorClass.PASSING
    )
