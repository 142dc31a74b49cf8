"""Folders and buckets, opened. S3's settings are those of AWS' own tools: see docs/storage.md."""

import os
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, ObjectStore, S3Store
from pydantic import HttpUrl, TypeAdapter, ValidationError

from lexmill.errors import ErrorClass, LexmillError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

# A blink of the store is waited for here; what takes longer is the task's to wait for, which
# others can see, and which a worker that has to stop can give back.
_RETRYING: "Final[RetryConfig]" = {
    "max_retries": 5,
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=3),
        "base": 2,
    },
    "retry_timeout": timedelta(seconds=30),
}
_CONNECT: Final = timedelta(seconds=5)
_SILENCE: Final = timedelta(seconds=60)
_REQUEST: Final = timedelta(minutes=15)
"""For an object of the largest size over a thin line; who says nothing is given up earlier."""

# Who only wants to know whether a store answers asks once.
_ASKING_ONCE: "Final[RetryConfig]" = {"max_retries": 0, "retry_timeout": timedelta(seconds=3)}
_ANSWER: Final = timedelta(seconds=3)

_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
CA_BUNDLE: Final = "AWS_CA_BUNDLE"
_ADDRESS: Final = TypeAdapter(HttpUrl)


def endpoint() -> str:
    """The S3 server that is not AWS; empty where it is."""
    return next(filter(None, map(os.environ.get, _ENDPOINTS)), "")


def open_store(uri: str, *, endpoint: str | None = None, at_once: bool = False) -> ObjectStore:
    """A store over a ``file:///folder`` (made when absent) or ``s3://bucket/prefix``.

    ``endpoint`` is another address of the same S3 server. ``at_once``: an answer within seconds,
    or an error. Raises LexmillError.
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return LocalStore(Path(unquote(parts.path)), mkdir=True)
    if parts.scheme == "s3" and parts.netloc:
        return _bucket(parts.netloc, unquote(parts.path).strip("/"), endpoint, at_once)
    raise LexmillError(
        "bad_uri",
        "a store's URI begins with file:/// or s3:// and a bucket's name",
        ErrorClass.DOCUMENT,
    )


@lru_cache(maxsize=256)
def _bucket(name: str, prefix: str, other: str | None, at_once: bool) -> S3Store:  # noqa: FBT001 - a key of the cache
    """Kept, with its connections and the credentials it was given for a while."""
    address = other or endpoint()
    if address:
        _check(address, _ENDPOINTS[1] if other is None else "LEXMILL_STORAGE__PUBLIC_ENDPOINT")
    client: ClientConfig = {
        "connect_timeout": _ANSWER if at_once else _CONNECT,
        "read_timeout": _ANSWER if at_once else _SILENCE,
        "timeout": _ANSWER if at_once else _REQUEST,
        # Who writes http:// means it.
        "allow_http": urlsplit(address).scheme == "http",
    }
    if file := os.environ.get(CA_BUNDLE):
        client["root_certificate"] = _certificates(Path(file))
    config: S3Config = {} if other is None else {"aws_endpoint_url_s3": other}
    return S3Store(
        name,
        prefix=prefix or None,
        config=config,
        client_options=client,
        retry_config=_ASKING_ONCE if at_once else _RETRYING,
    )


def _check(address: str, setting: str) -> None:
    """What obstore cannot parse would end the thread that asks it, by a panic of its own."""
    try:
        _ADDRESS.validate_python(address)
    except ValidationError:
        raise LexmillError(
            "bad_endpoint",
            f"{setting} is no address of a server: write http://host:9000 or https://host",
        ) from None


def _certificates(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise LexmillError(
            "bad_ca_bundle", f"{CA_BUNDLE} names a file that cannot be read: {error.strerror}"
        ) from error
