"""What changes something and may come twice: one transaction, one answer for each key."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec
from fastapi import Depends, Header, Request, Response
from sqlalchemy.orm import Session

from lexmill.errors import ErrorClass, LexmillError
from lexmill.idempotency.schemas import RequestKey, StoredAnswer
from lexmill.idempotency.service import claim_request, remember_answer
from lexmill_api.access import Identified, Runtime
from lexmill_api.namespaces import Database, NamespaceDatabase
from lexmill_api.runtime import ApiRuntime
from lexmill_api.v1.etags import entity_tag

# A string of RFC 8941 as the draft has it, or the bare word that most clients send.
_KEY: Final = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')


@dataclass(frozen=True)
class Done:
    """What a route's service did: what to answer, and whom to wake once it is committed.

    With a ``version`` the answer has an ETag.
    """

    value: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wake_ups: Mapping[str, int] = field(default_factory=dict)
    version: str | None = None

    def stored(self) -> StoredAnswer:
        body = msgspec.json.encode(self.value)
        headers = {"Content-Type": "application/json", **self.headers}
        if self.version is not None:
            headers["ETag"] = entity_tag(self.version, body)
        return StoredAnswer(status=self.status, headers=headers, body=body)


@dataclass(frozen=True)
class OnceOnly:
    """Without a key the service simply runs; with one, once within 24 hours."""

    database: NamespaceDatabase
    key: RequestKey | None
    _runtime: ApiRuntime

    @property
    def namespace(self) -> str:
        return self.database.name

    async def run(self, service: Callable[[Session], Done]) -> Response:
        """A service that raises leaves no answer behind: the same request is judged anew."""
        wake_ups: Mapping[str, int] = {}

        def once(session: Session) -> StoredAnswer:
            nonlocal wake_ups
            if self.key is not None:
                known = claim_request(session, namespace=self.database.name, key=self.key)
                if known is not None:
                    return known
            done = service(session)
            wake_ups, answer = done.wake_ups, done.stored()
            if self.key is not None:
                remember_answer(session, namespace=self.database.name, key=self.key, answer=answer)
            return answer

        answer = await self.database.run(once)
        await self._runtime.batcher.ring(wake_ups)
        return Response(answer.body, answer.status, answer.headers)


def bare_key(given: str | None) -> str | None:
    """What Idempotency-Key holds, without quotes; None where there is none."""
    if given is None:
        return None
    match = _KEY.fullmatch(given.strip())
    if match is None:
        raise LexmillError(
            "invalid_idempotency_key",
            "Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID",
            ErrorClass.DOCUMENT,
        )
    return match[1]


async def _once(
    request: Request,
    runtime: Runtime,
    database: Database,
    caller: Identified,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="the same request with the same key is done once within 24 hours, and"
            " has the first one's answer",
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        ),
    ] = None,
) -> OnceOnly:
    bare = bare_key(idempotency_key)
    if bare is None:
        return OnceOnly(database, None, runtime)
    asked = hashlib.sha256()
    if_match = request.headers.get("if-match", "")
    for part in (request.method, request.url.path, request.url.query, if_match):
        asked.update(part.encode() + b"\n")
    asked.update(await request.body())
    key = RequestKey(caller=caller.name, key=bare, request=asked.digest())
    return OnceOnly(database, key, runtime)


Once = Annotated[OnceOnly, Depends(_once)]
"""Not for forms: their body is read by then. `OnceOnly` takes another digest of the request."""
