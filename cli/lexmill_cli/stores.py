"""The buckets of jobs that run here: what is wrong with one is said, not waited for in silence."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

import obstore

from lexmill.errors import LexmillError
from lexmill.jobs.schemas import DocumentCounts, JobProgress
from lexmill.storage.buckets import endpoint, open_store
from lexmill.storage.faults import STORE_ERRORS, Fault, code_of, fault_of, unreachable
from lexmill_cli.declaring import LocalJob
from lexmill_cli.display import Display
from lexmill_cli.errors import CommandError, Exit

_PATIENCE_SECONDS: Final = 5.0


@dataclass(frozen=True)
class _Place:
    """Where a job reads documents, or writes its reports."""

    uri: str
    is_source: bool

    @property
    def bucket(self) -> str:
        return urlsplit(self.uri).netloc

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.uri).path).lstrip("/")


@dataclass(frozen=True)
class _Trouble:
    """``exit`` ends a command that has not begun; None where the trouble may pass by itself.

    ``waits`` is what one that runs waits for; None where its documents end and say why.
    """

    exit: Exit | None
    sentence: str
    waits: str | None


class Stores:
    """All buckets of some jobs; who asks waits three seconds for an answer at most."""

    def __init__(
        self,
        jobs: Sequence[LocalJob],
        display: Display,
        *,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        """``patience_seconds``: so long nothing has to change before a store is asked why."""
        self._places = [place for job in jobs for place in _places(job)]
        self._display = display
        self._patience_seconds = patience_seconds
        self._away: set[str] = set()
        self._seen: list[tuple[bool, DocumentCounts]] = []
        self._looked_at = time.monotonic()

    def check(self) -> None:
        """Before a run. Raises CommandError for what a person has to mend, and can at once."""
        for place in self._places:
            trouble = None if place.bucket in self._away else _ask(place)
            if trouble is None:
                continue
            if trouble.exit is not None:
                raise CommandError(trouble.exit, trouble.sentence)
            self._tell_away(place.bucket, trouble)

    def watch(self, progress: Sequence[JobProgress]) -> None:
        """While it runs: where nothing changes, say which store is waited for, and when no more."""
        seen = [(each.listing_done, each.documents) for each in progress]
        changed, self._seen = seen != self._seen, seen
        if changed and not self._away:
            self._looked_at = time.monotonic()
        elif time.monotonic() - self._looked_at >= self._patience_seconds:
            self._look()
            self._looked_at = time.monotonic()

    def _look(self) -> None:
        for bucket, place in {each.bucket: each for each in reversed(self._places)}.items():
            trouble = _ask(place)
            if trouble is not None and trouble.waits is not None:
                self._tell_away(bucket, trouble)
            elif bucket in self._away:
                self._away.remove(bucket)
                self._display.say(f"The {_named(bucket)} answers again.")

    def _tell_away(self, bucket: str, trouble: _Trouble) -> None:
        if bucket not in self._away:
            self._away.add(bucket)
            self._display.say(
                f"Waiting for the {_named(bucket)}: {trouble.waits}. The run goes on once it "
                "answers."
            )


def _places(job: LocalJob) -> list[_Place]:
    spec = job.declared.spec
    sources = [_Place(source.uri, True) for source in spec.documents or () if source.uri]
    outputs = [_Place(spec.output.uri, False)] if spec.output is not None else []
    return [place for place in (*sources, *outputs) if place.uri.startswith("s3://")]


def _ask(place: _Place) -> _Trouble | None:
    """As a worker will ask; None where it gets an answer."""
    try:
        _read(place)
    except LexmillError as error:
        return _Trouble(Exit.MISUSE, f"{place.uri}: {error.message}.", None)
    except ValueError as error:
        return _Trouble(Exit.MISUSE, f"{place.uri}: no object can have this name ({error}).", None)
    except STORE_ERRORS as error:
        return _trouble(place, error)
    return None


def _read(place: _Place) -> None:
    """Of a source that is one object nothing more may be allowed than to read it."""
    store = open_store(f"s3://{place.bucket}", at_once=True)
    if place.is_source and place.key and not place.key.endswith("/"):
        try:
            obstore.head(store, place.key)
        except STORE_ERRORS as error:
            if fault_of(error) is Fault.AWAY:
                raise
        else:
            return
    next(iter(obstore.list(store, prefix=place.key or None, chunk_size=1)), None)


def _trouble(place: _Place, error: Exception) -> _Trouble | None:
    fault = fault_of(error)
    if fault is Fault.AWAY:
        return _outage(place, error)
    if fault is Fault.DENIED and not place.is_source:
        return None  # who may write may not be allowed to list
    code = code_of(error)
    if code == "NoSuchBucket":
        said = f"there is no bucket {place.bucket} at {_address()}: check its name"
    elif fault is Fault.DENIED:
        said = f"access is denied at {_address()}: let the credentials list and read it"
    else:
        named = "" if code is None else f" ({code})"
        said = f"the object store at {_address()} refuses{named}: check AWS_REGION, credentials"
    said = f"{place.uri}: {said}, or AWS_ENDPOINT_URL (docs/storage.md)."
    return _Trouble(Exit.MISUSE, said, None)


def _outage(place: _Place, error: Exception) -> _Trouble:
    where = _address()
    match unreachable(error):
        case "name":
            waits = f"the name {urlsplit(where).hostname or where} cannot be resolved"
            said = f"{place.uri}: {waits}: check AWS_ENDPOINT_URL and AWS_REGION."
            return _Trouble(Exit.UNAVAILABLE, said, waits)
        case "port":
            said = f"{place.uri}: nothing listens at {where}: start the object store, or check "
            return _Trouble(Exit.UNAVAILABLE, f"{said}AWS_ENDPOINT_URL.", "nothing listens there")
        case None:
            return _Trouble(None, "", "it does not answer, or is too busy to")


def _named(bucket: str) -> str:
    return f"object store at {_address()} (bucket {bucket})"


def _address() -> str:
    """Without what could be a secret in it."""
    parts = urlsplit(endpoint())
    if not parts.hostname:
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return f"s3.{region or 'us-east-1'}.amazonaws.com"
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"
