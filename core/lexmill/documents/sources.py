"""A document's own bytes, from wherever they are, as far as this process may read there."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lexmill.documents.contents import DocumentPlace, own_key
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.service import read_event_data
from lexmill.jobs.models import Job
from lexmill.storage.faults import own_error
from lexmill.storage.sources import check_place, source_pieces

_IN_MEMORY: Final = 4 << 20


def object_key(place: DocumentPlace) -> str | None:
    """Where it is in Lexmill's own store; None for what lies elsewhere."""
    scheme, _, rest = place.source.partition(":")
    return own_key(place.namespace, rest) if scheme == "object" else None


def small_source(session: Session, place: DocumentPlace) -> bytes | None:
    """What came in an event or a ConfigMap; None for other sources."""
    scheme, _, rest = place.source.partition(":")
    if scheme == "event":
        return read_event_data(session, event_id=uuid.UUID(rest))
    if scheme == "configmap":
        name, _, key = rest.partition("/")
        text: str | None = session.scalar(
            select(Job.config_maps[name][key].astext).where(Job.uid == place.job_uid)
        )
        if text is None:
            raise _gone()
        return text.encode()
    return None


def fetch_source(place: DocumentPlace, *, roots: Sequence[Path], limit: int) -> IO[bytes]:
    """The bytes of a file or a foreign bucket's object, once they are known to be those read.

    A tenant's worker writes this URI, so it is followed only where the tenant's own prefixes, or
    for installations without tenants the process's folders and credentials, let it. Raises
    LexmillError.
    """
    if place.has_tenant and place.reads is None and not place.source.startswith("file:"):
        raise LexmillError(
            "source_elsewhere",
            "the document lies outside of Lexmill's store, and no prefix of this namespace says"
            " that Lexmill may fetch it for you (docs/tenancy.md); fetch it from its uri",
            ErrorClass.DOCUMENT,
        )
    check_place(place.source, place.reads, verb="read")
    file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    try:
        _fill(file, place, roots=roots, limit=limit)
    except BaseException:
        with suppress(OSError):  # what did not fit on the disk does not fit now either
            file.close()
        raise
    return file


def _fill(file: IO[bytes], place: DocumentPlace, *, roots: Sequence[Path], limit: int) -> None:
    digest = hashlib.sha256()
    try:
        for piece in source_pieces(place.source, roots=roots, limit=limit):
            digest.update(piece)
            file.write(piece)
        file.seek(0)
    except OSError as error:
        raise own_error("write to", error) from error
    if place.sha256 is not None and digest.hexdigest() != place.sha256:
        raise LexmillError(
            "source_changed",
            "what lies at the document's uri now is not what Lexmill has read; run the job again",
            ErrorClass.DOCUMENT,
        )


def file_pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        read: Callable[[], bytes] = lambda: file.read(1 << 20)  # noqa: E731 - for `iter`
        yield from iter(read, b"")


def _gone() -> LexmillError:
    return LexmillError(
        "source_missing", "the document is no longer where it was listed", ErrorClass.DOCUMENT
    )
