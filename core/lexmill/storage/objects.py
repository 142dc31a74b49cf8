"""The object store: stage outputs, attachments, results. Keys begin with the namespace."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

import obstore
from obstore.store import S3Store

from lexmill.storage.buckets import open_store
from lexmill.storage.faults import STORE_ERRORS, Fault, fault_of, own_error

_PIECE = 1 << 20
_PART = 8 << 20


class Writable(Protocol):
    def write(self, buffer: bytes, /) -> int: ...


class Objects:
    """Whole objects under keys, in a folder or a bucket; a write is seen whole or not at all.

    ``public_endpoint`` is where others reach the S3 server that we reach elsewhere.
    """

    def __init__(self, uri: str, *, public_endpoint: str | None = None) -> None:
        self.uri = uri
        self._store = open_store(uri)
        self._public = open_store(uri, endpoint=public_endpoint)

    def put(self, key: str, data: bytes) -> None:
        with _telling("write to"):
            obstore.put(self._store, key, data)

    def get(self, key: str) -> bytes:
        with _telling("read from"):
            return bytes(obstore.get(self._store, key).bytes())

    def get_within(self, key: str, limit: int) -> bytes | None:
        """None where it has more bytes than that, which are not read."""
        with _telling("read from"):
            found = obstore.get(self._store, key)
            return None if found.meta["size"] > limit else bytes(found.bytes())

    def delete(self, key: str) -> None:
        """Gone afterwards, whether it was there or not."""
        try:
            obstore.delete(self._store, key)
        except STORE_ERRORS as error:
            if fault_of(error) is not Fault.MISSING:
                raise own_error("delete in", error) from error

    def size(self, key: str) -> int:
        with _telling("read from"):
            return int(obstore.head(self._store, key)["size"])

    def pieces(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """From ``start`` to before ``end``, a mebibyte or more at a time, but for the last."""
        if end is not None and end <= start:
            return
        with _telling("read from"):
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

    @contextmanager
    def writing(self, key: str) -> Iterator[Writable]:
        """An object in pieces; where the block raises there is none."""
        with (
            _telling("write to"),
            obstore.open_writer(self._store, key, buffer_size=_PART) as writer,
        ):
            yield writer

    def copy(self, key: str, to: str) -> None:
        with _telling("write to"):
            obstore.copy(self._store, key, to)

    def delete_all(self, keys: Sequence[str]) -> None:
        if isinstance(self._store, S3Store) and keys:
            with _telling("delete in"):
                obstore.delete(self._store, list(keys))  # a thousand in one request
            return
        for key in keys:
            self.delete(key)

    def sizes(self, prefix: str) -> dict[str, int]:
        """The objects in a folder and beneath it, with their sizes in bytes."""
        with _telling("read from"):
            return {
                meta["path"]: int(meta["size"])
                for page in obstore.list(self._store, prefix=prefix)
                for meta in page
            }

    @property
    def can_sign(self) -> bool:
        """A bucket can; a folder has nobody to check a signature."""
        return isinstance(self._public, S3Store)

    def sign_put(self, key: str, *, seconds: int) -> str:
        """A URL by which anybody may put this one object for a while."""
        assert isinstance(self._public, S3Store)
        with _telling("sign for"):
            return obstore.sign(self._public, "PUT", key, timedelta(seconds=seconds))


@contextmanager
def _telling(verb: str) -> Iterator[None]:
    try:
        yield
    except STORE_ERRORS as error:
        raise own_error(verb, error) from error
