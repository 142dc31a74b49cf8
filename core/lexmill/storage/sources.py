"""Where documents come from: files beneath configured folders, buckets, a page at a time."""

import fnmatch
import os
import posixpath
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import quote, unquote, urlsplit

import obstore
from obstore.store import ObjectStore

from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.buckets import open_store
from lexmill.storage.faults import STORE_ERRORS, Fault, fault_of, source_error
from lexmill.tenancy.prefixes import check_uri


@dataclass(frozen=True)
class SourceEntry:
    """One file: ``path`` is relative to the listed source, ``uri`` is where its bytes are.

    ``fingerprint`` is another when the content is, as far as a listing tells: a bucket's ETag, a
    file's size and time of change.
    """

    path: str
    uri: str
    fingerprint: str


def local_path(uri: str, *, roots: Sequence[Path]) -> Path:
    """The file or folder of a ``file:`` URI, links resolved; refused outside the roots."""
    path = Path(unquote(urlsplit(uri).path))
    real = path.resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        raise LexmillError(
            "outside_roots",
            "this file: URI is outside the folders that Lexmill may use "
            "(LEXMILL_STORAGE__FILE_ROOTS)",
            ErrorClass.DOCUMENT,
        )
    return real


def check_place(
    uri: str, prefixes: Sequence[str] | None, *, verb: Literal["read", "write"]
) -> None:
    """Raises LexmillError where a URI is not beneath one of a tenant's prefixes.

    As it is written, and where it leads: a link out of a tenant's folder is out of it.
    """
    check_uri(uri, prefixes, verb=verb)
    if prefixes is not None:
        check_uri(_resolved(uri), [_resolved(prefix) for prefix in prefixes], verb=verb)


def _resolved(uri: str) -> str:
    parts = urlsplit(uri)
    return file_uri(Path(unquote(parts.path)).resolve()) if parts.scheme == "file" else uri


def file_uri(path: Path) -> str:
    return "file://" + quote(str(path))


def list_entries(
    uri: str, *, include: Sequence[str], roots: Sequence[Path], after: str | None
) -> Iterator[SourceEntry]:
    """The files of a source in the order of their paths, beginning behind ``after``.

    A pattern without ``/`` is matched with the name, one with ``/`` with the whole path. Hidden
    files and folders (a leading dot) are passed over unless the source names them itself.
    """
    scheme = urlsplit(uri).scheme
    if scheme == "file":
        entries = _list_folder(local_path(uri, roots=roots))
    elif scheme == "s3":
        entries = _list_bucket(uri, after=after)
    else:
        raise LexmillError(
            "bad_uri", "a document source's URI begins with file:/// or s3://", ErrorClass.DOCUMENT
        )
    for entry in entries:
        if (after is None or entry.path > after) and _included(entry.path, include):
            yield entry


def read_bytes(uri: str, *, roots: Sequence[Path], limit: int) -> bytes:
    """The bytes of one source document; raises LexmillError of the fitting class."""
    scheme = urlsplit(uri).scheme
    if scheme == "file":
        with _opened(local_path(uri, roots=roots)) as file:
            data = file.read(limit + 1)
        _check_size(len(data), limit)
        return data
    if scheme == "s3":
        return _read_object(uri, limit)
    raise _not_a_source()


def source_pieces(uri: str, *, roots: Sequence[Path], limit: int) -> Iterator[bytes]:
    """As `read_bytes`, about a mebibyte at a time."""
    scheme = urlsplit(uri).scheme
    if scheme == "file":
        size = 0
        with _opened(local_path(uri, roots=roots)) as file:
            while piece := file.read(1 << 20):
                size += len(piece)
                _check_size(size, limit)
                yield piece
        return
    if scheme != "s3":
        raise _not_a_source()
    bucket, key = _split(uri)
    with _telling():
        result = obstore.get(open_store(f"s3://{bucket}"), key)
        _check_size(result.meta["size"], limit)
        for data in result.stream(min_chunk_size=1 << 20):
            yield bytes(data)


def _included(path: str, include: Sequence[str]) -> bool:
    return not include or any(
        fnmatch.fnmatchcase(path if "/" in pattern else posixpath.basename(path), pattern)
        for pattern in include
    )


def _list_folder(path: Path) -> Iterator[SourceEntry]:
    if path.is_file():
        yield from _entry(path.name, path)
        return
    if not path.is_dir():
        raise LexmillError(
            "source_missing", "a document source of this job does not exist", ErrorClass.DOCUMENT
        )
    found: list[tuple[str, Path]] = []
    try:
        _walk(path, "", found)
    except PermissionError as error:
        raise LexmillError(
            "unreadable",
            "a folder of this job's documents cannot be read; check its permissions",
            ErrorClass.DOCUMENT,
        ) from error
    for relative, file in sorted(found):
        yield from _entry(relative, file)


def _entry(path: str, file: Path) -> Iterator[SourceEntry]:
    """None for a file that has gone since."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return
    yield SourceEntry(
        path=path, uri=file_uri(file), fingerprint=f"{status.st_size}-{status.st_mtime_ns}"
    )


def _walk(folder: Path, prefix: str, found: list[tuple[str, Path]]) -> None:
    """Links to folders are not followed, so that a listing cannot go round in circles."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                _walk(Path(entry.path), f"{prefix}{entry.name}/", found)
            elif entry.is_file():
                found.append((f"{prefix}{entry.name}", Path(entry.path)))


def _list_bucket(uri: str, *, after: str | None) -> Iterator[SourceEntry]:
    bucket, key = _split(uri)
    prefix = key.rstrip("/")
    store = open_store(f"s3://{bucket}")
    with _telling():
        if prefix == key and (meta := _object_at(store, key)) is not None:
            yield _object_entry(bucket, posixpath.basename(key), meta)
            return
        start = prefix and f"{prefix}/"
        offset = None if after is None else f"{start}{after}"
        for page in obstore.list(store, prefix=prefix or None, offset=offset):
            for meta in page:
                path = meta["path"].removeprefix(start)
                if not _is_hidden(path) and not _is_folder(store, meta):
                    yield _object_entry(bucket, path, meta)


def _object_entry(bucket: str, path: str, meta: Mapping[str, Any]) -> SourceEntry:
    return SourceEntry(
        path=path,
        uri=f"s3://{bucket}/{quote(meta['path'])}",
        fingerprint=meta["e_tag"] or f"{meta['size']}-{meta['last_modified'].isoformat()}",
    )


def _object_at(store: ObjectStore, key: str) -> Mapping[str, Any] | None:
    """Who may only list what is beneath a folder is refused here, and that is no answer."""
    if not key:
        return None
    try:
        return obstore.head(store, key)
    except STORE_ERRORS as error:
        if fault_of(error) is Fault.AWAY:
            raise
        return None


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _is_folder(store: ObjectStore, meta: Mapping[str, Any]) -> bool:
    """Consoles make folders as empty objects, whose `/` at the end a listing does not show."""
    return meta["size"] == 0 and _object_at(store, meta["path"]) is None


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, unquote(parts.path).lstrip("/")


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        # A pipe or a device would keep the reader waiting for ever, or give without end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise LexmillError("not_a_file", "the document is no regular file", ErrorClass.DOCUMENT)
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise LexmillError(
            "source_missing", "the document is no longer where it was listed", ErrorClass.DOCUMENT
        ) from error
    except PermissionError as error:
        raise LexmillError(
            "unreadable",
            "Lexmill may not read this file; check its permissions",
            ErrorClass.DOCUMENT,
        ) from error
    except OSError as error:
        raise source_error(error) from error


def _read_object(uri: str, limit: int) -> bytes:
    bucket, key = _split(uri)
    with _telling():
        result = obstore.get(open_store(f"s3://{bucket}"), key)
        _check_size(result.meta["size"], limit)
        return bytes(result.bytes())


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except (*STORE_ERRORS, ValueError) as error:
        raise source_error(error) from error


def _not_a_source() -> LexmillError:
    return LexmillError(
        "bad_uri", "a document's URI begins with file:/// or s3://", ErrorClass.DOCUMENT
    )


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise LexmillError(
            "too_large",
            f"The document is larger than {limit >> 20} MiB, the most that Lexmill reads.",
            ErrorClass.DOCUMENT,
        )
