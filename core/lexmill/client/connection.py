"""How the client asks: one request, a page after the other, again only where that is safe."""

import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec

from lexmill.errors import ErrorClass, LexmillError
from lexmill.listing.schemas import MAX_LIMIT, Page
from lexmill.reviews.schemas import Problem, RefusedDecisionsError

T = TypeVar("T")

_TIMEOUT: Final = httpx.Timeout(10, read=40)
# A connection that the server closes while idle would fail the next request on it; uvicorn keeps
# them for 5 s.
_CONNECTIONS: Final = httpx.Limits(max_connections=100, keepalive_expiry=4)
_LONGEST_PAUSE_SECONDS: Final = 10.0


def address(*parts: object) -> str:
    """Beneath /v1; whatever a part holds, it stays one part."""
    return "/".join(("/v1", *(quote(str(part), safe="") for part in parts)))


class Connection:
    """Every call raises LexmillError: with the API's own code and sentence where it gave one.

    Threads may share one. ``tries``: so often in all is asked what may be asked twice, when the
    API is away or says to come again. ``ca_file`` has more authorities to trust.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Callable[[], str],
        tries: int = 1,
        ca_file: Path | None = None,
    ) -> None:
        self._token = token
        self._tries = tries
        self._host = urlsplit(url).netloc.rpartition("@")[2]
        self._http = httpx.Client(
            base_url=url,
            timeout=_TIMEOUT,
            limits=_CONNECTIONS,
            trust_env=False,
            verify=True if ca_file is None else _trusting(ca_file),
        )

    def close(self) -> None:
        self._http.close()

    def absolute(self, url: str) -> str:
        """For others: the API's own answers are relative to its address."""
        return f"{str(self._http.base_url).rstrip('/')}{url}" if url.startswith("/") else url

    def is_ready(self) -> bool:
        try:
            return self._http.get("/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def read(self, path: str, record: type[T], query: Mapping[str, object] | None = None) -> T:
        return decoded(self.get(with_query(path, query)).content, record)

    def find(
        self, path: str, record: type[T], query: Mapping[str, object] | None = None
    ) -> T | None:
        """None where there is no such thing."""
        try:
            return self.read(path, record, query)
        except LexmillError as error:
            if error.code == "not_found":
                return None
            raise

    def get(self, path: str) -> httpx.Response:
        return self._repeated(lambda: self.request("GET", path))

    def send(
        self, method: str, path: str, body: object = None, *, if_match: str | None = None
    ) -> bytes:
        """Sent once. ``if_match`` is the version that was read."""
        return self.request(
            method, path, content=_encoded(body), headers=_headers_of_json(if_match)
        ).content

    def once(self, path: str, body: object = None, *, if_match: str | None = None) -> bytes:
        """For POSTs that take an Idempotency-Key: done once, though it may be sent again."""
        content = _encoded(body)
        headers = {**_headers_of_json(if_match), "Idempotency-Key": str(uuid.uuid4())}
        return self._repeated(
            lambda: self.request("POST", path, content=content, headers=headers)
        ).content

    def send_form(self, path: str, *, file: BinaryIO, name: str, key: str) -> bytes:
        """One file as a form has it; under its key it may be sent again."""
        return self._repeated(
            lambda: self._ask(
                "POST",
                path,
                headers={**self._headers(), "Idempotency-Key": key},
                files={"file": (name, file)},
            )
        ).content

    def put_file(self, url: str, file: BinaryIO) -> bytes:
        """To an address that is its own secret, here or elsewhere: it gets no token."""
        return self._ask("PUT", url, content=file).content

    @contextmanager
    def bytes_of(self, path: str) -> Iterator[Iterator[bytes]]:
        """What may be too large to hold, in pieces."""
        with self._stream(path, {}) as answer:
            yield answer.iter_bytes(1 << 16)

    @contextmanager
    def events_of(self, path: str, last_id: str | None) -> Iterator[Iterator[bytes]]:
        """A stream of server-sent events, as it comes."""
        headers = {"Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        with self._stream(path, headers) as answer:
            yield answer.iter_bytes()

    def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        return self._ask(
            method, path, content=content, headers={**self._headers(), **(headers or {})}
        )

    def _ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | BinaryIO | None = None,
        headers: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, BinaryIO]] | None = None,
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, content=content, headers=headers, files=files)
        except httpx.HTTPError as error:
            raise self._away(error) from error
        if answer.is_success:
            return answer
        raise refusal(answer)

    @contextmanager
    def _stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        try:
            with self._http.stream("GET", path, headers={**self._headers(), **headers}) as answer:
                if not answer.is_success:
                    answer.read()
                    raise refusal(answer)
                yield answer
        except httpx.HTTPError as error:
            raise self._away(error) from error

    def _repeated(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        pause = 0.2
        for left in reversed(range(self._tries)):
            try:
                return ask()
            except RefusedError as error:
                if not left or not error.retryable:
                    raise
                pause = min(error.retry_after_seconds or pause, _LONGEST_PAUSE_SECONDS)
            time.sleep(pause)
            pause *= 2
        raise AssertionError

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._read_token()}"}

    def _read_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        try:
            return self._token().strip()
        except OSError as error:
            raise LexmillError(
                "token_away", "the token for Lexmill's API cannot be read", ErrorClass.PASSING
            ) from error

    def _away(self, error: httpx.HTTPError) -> "RefusedError":
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            sentence = f"the certificate of {self._host} is of no authority that is trusted here"
            return RefusedError("untrusted", sentence, ErrorClass.DOCUMENT, None)
        sentence = f"Lexmill's API at {self._host} does not answer"
        return RefusedError("api_away", sentence, ErrorClass.PASSING, None)


@dataclass(frozen=True)
class Rows(Generic[T]):
    """A list: iterated, all of its items, read page by page; ``page`` is one page of it."""

    connection: Connection
    path: str
    record: type[T]
    query: Mapping[str, object]

    def page(self, *, limit: int = MAX_LIMIT, cursor: str | None = None) -> Page[T]:
        """``next`` of a page is the cursor of the one behind it."""
        query = {**self.query, "limit": limit, "cursor": cursor}
        return self.connection.read(self.path, Page[self.record], query)  # type: ignore[name-defined]

    def __iter__(self) -> Iterator[T]:
        return self.first(None)

    def first(self, most: int | None) -> Iterator[T]:
        """So many of them, None for all."""
        cursor: str | None = None
        while most is None or most > 0:
            page = self.page(limit=min(MAX_LIMIT, most or MAX_LIMIT), cursor=cursor)
            yield from page.items
            if page.next is None:
                return
            cursor = page.next
            if most is not None:
                most -= len(page.items)


class RefusedError(LexmillError):
    """``retry_after_seconds``: when the API says to come again."""

    def __init__(
        self, code: str, message: str, error_class: ErrorClass, retry_after_seconds: float | None
    ) -> None:
        super().__init__(code, message, error_class)
        self.retry_after_seconds = retry_after_seconds


class _Problem(msgspec.Struct):
    detail: str
    code: str = "refused"
    problems: tuple[Problem, ...] = ()


def with_query(path: str, query: Mapping[str, object] | None) -> str:
    """What is None is left out; a list is given item by item."""
    given = {name: value for name, value in (query or {}).items() if value is not None}
    words = {name: str(value).lower() for name, value in given.items() if isinstance(value, bool)}
    return f"{path}?{urlencode({**given, **words}, doseq=True)}" if given else path


def decoded(content: bytes, record: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=record)
    except msgspec.DecodeError as error:
        raise LexmillError(
            "unknown_answer",
            "the answer is none that this version of lexmill knows; is the address that of Lexmill,"
            " and has it the same version?",
            ErrorClass.DOCUMENT,
        ) from error


def refusal(answer: httpx.Response) -> LexmillError:
    passing = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error
    error_class = ErrorClass.PASSING if passing else ErrorClass.DOCUMENT
    after = answer.headers.get("Retry-After", "")
    seconds = float(after) if after.isascii() and after.isdigit() else None
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        sentence = f"{answer.url.host} answered {answer.status_code}, not as Lexmill does"
        return RefusedError("refused", sentence, error_class, seconds)
    if problem.problems:
        return RefusedDecisionsError(problem.problems)
    return RefusedError(problem.code, problem.detail, error_class, seconds)


def _encoded(body: object) -> bytes | None:
    return None if body is None else msgspec.json.encode(body)


def _headers_of_json(if_match: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if if_match is not None:
        headers["If-Match"] = f'"{if_match}"'
    return headers


def _trusting(ca_file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise LexmillError(
            "bad_ca_file",
            f"{ca_file} holds no certificates of authorities in PEM that can be read",
            ErrorClass.DOCUMENT,
        ) from error
    return context
