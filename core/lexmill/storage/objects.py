"""The object store: stage outputs, attachments, results. Keys begin with the namespace."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store, from_url

from lexmill.errors import ErrorClass, LexmillError

_PIECE = 1 << 20
_PART = 8 << 20


class Writable(Protocol):
    def write(self, buffer: bytes, /) -> int: ...


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
            raise _missing() from error
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

    def size(self, key: str) -> int:
        try:
            return int(obstore.head(self._store, key)["size"])
        except (NotFoundError, FileNotFoundError) as error:
            raise _missing() from error
        except (BaseError, OSError) as error:
            raise _passing("read from", error) from error

    def pieces(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """From ``start`` to before ``end``, about a mebibyte at a time."""
        try:
            if end is not None and end <= start:
                return
            found = (
                obstore.get(self._store, key)
                if end is None and start == 0
                else obstore.get(
                    self._store,
                    key,
                    options={"range": {"offset": start} if end is None else (start, end)},
                )
            )
            for piece in found.stream(min_chunk_size=_PIECE):
                yield bytes(piece)
        except (NotFoundError, FileNotFoundError) as error:
            raise _missing() from error
        except (BaseError, OSError) as error:
            raise _passing("read from", error) from error

    @contextmanager
    def writing(self, key: str) -> Iterator[Writable]:
        """An object in pieces; where the block raises there is none."""
        try:
            with obstore.open_writer(self._store, key, buffer_size=_PART) as writer:
                yield writer
        except (BaseError, OSError) as error:
            raise _passing("write to", error) from error

    def copy(self, key: str, to: str) -> None:
        try:
            obstore.copy(self._store, key, to)
        except (NotFoundError, FileNotFoundError) as error:
            raise _missing() from error
        except (BaseError, OSError) as error:
            raise _passing("write to", error) from error

    def delete_all(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.delete(key)

    def sizes(self, prefix: str) -> dict[str, int]:
        """The objects in a folder and beneath it, with their sizes in bytes."""
        try:
            return {
                meta["path"]: int(meta["size"])
                for page in obstore.list(self._store, prefix=prefix)
                for meta in page
            }
        except (BaseError, OSError) as error:
            raise _passing("read from", error) from error

    def sign_put(self, key: str, *, seconds: int) -> str | None:
        """A URL by which anybody may put this one object for a while; None for a folder."""
        if not isinstance(self._store, S3Store):
            return None
        try:
            return obstore.sign(self._store, "PUT", key, timedelta(seconds=seconds))
        except (BaseError, OSError) as error:
            raise _passing("sign for", error) from error


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


def _missing() -> LexmillError:
    return LexmillError(
        "object_missing", "an object of Lexmill's own store is gone; run the job again"
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
