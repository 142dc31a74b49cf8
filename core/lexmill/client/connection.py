"""How the client asks: one request, a page after the other, again only where that is safe."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

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
_JSON: Final = "application/json"
_LONGEST_PAUSE_SECONDS: Final = 10.0


def address(*parts: object) -> str:
    """Beneath /v1; whatever a part holds, it stays one part."""
    return "/".join(("/v1", *(quote(str(part), safe="") for part in parts)))


class Connection:
    """Every call raises LexmillError: with the API's own code and sentence where it gave one.

    Threads may share one. ``tries``: so often in all is asked what may be asked twice, when the
    API is away or says to come again.
    """

    def __init__(self, url: str, *, token: str | Callable[[], str], tries: int = 1) -> None:
        self._token = token
        self._tries = tries
        self._http = httpx.Client(
            base_url=url, timeout=_TIMEOUT, limits=_CONNECTIONS, trust_env=False
        )

    def close(self) -> None:
        self._http.close()

    def is_ready(self) -> bool:
        try:
            return self._http.get("/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def read(self, path: str, record: type[T], query: Mapping[str, object] | None = None) -> T:
        return decoded(self._repeated("GET", with_query(path, query)).content, record)

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

    def pages(
        self, path: str, record: type[T], query: Mapping[str, object] | None = None
    ) -> Iterator[T]:
        """All items of a list, a page at a time; filters that are None are left out."""
        asked = {"limit": MAX_LIMIT, **(query or {})}
        while True:
            page = self.read(path, Page[record], asked)  # type: ignore[valid-type]
            yield from page.items
            if page.next is None:
                return
            asked["cursor"] = page.next

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
    ) -> bytes:
        """With a key the API does it once, however often it is sent; without, it is sent once."""
        headers = {"Content-Type": _JSON}
        if if_match is not None:
            headers["If-Match"] = if_match
        content = None if body is None else msgspec.json.encode(body)
        if key is None:
            return self.request(method, path, content=content, headers=headers).content
        headers["Idempotency-Key"] = key
        return self._repeated(method, path, content=content, headers=headers).content

    def once(
        self, method: str, path: str, body: object = None, *, if_match: str | None = None
    ) -> bytes:
        """For routes that take an Idempotency-Key: done once, though it may be sent again."""
        return self.send(method, path, body, key=str(uuid.uuid4()), if_match=if_match)

    @contextmanager
    def bytes_of(self, path: str) -> Iterator[Iterator[bytes]]:
        """What may be too large to hold, in pieces."""
        try:
            with self._http.stream("GET", path, headers=self._headers()) as answer:
                if not answer.is_success:
                    answer.read()
                    raise refusal(answer)
                yield answer.iter_bytes(1 << 16)
        except httpx.HTTPError as error:
            raise _away() from error

    def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            answer = self._http.request(
                method, path, content=content, headers={**self._headers(), **(headers or {})}
            )
        except httpx.HTTPError as error:
            raise _away() from error
        if answer.is_success:
            return answer
        raise refusal(answer)

    def _repeated(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        pause = 0.2
        for left in reversed(range(self._tries)):
            try:
                return self.request(method, path, content=content, headers=headers)
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
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


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
        sentence = f"Lexmill's API answered {answer.status_code}"
        return RefusedError("refused", sentence, error_class, seconds)
    if problem.problems:
        return RefusedDecisionsError(problem.problems)
    return RefusedError(problem.code, problem.detail, error_class, seconds)


def _away() -> RefusedError:
    sentence = "Lexmill's API does not answer"
    return RefusedError("api_away", sentence, ErrorClass.PASSING, None)
