"""Talking to an API process as senders, people and scalers do, and looking into its database."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import msgspec
import psycopg
from psycopg.rows import namedtuple_row

from tests.processes import TOKEN, OurProcess, Settings, running_api
from tests.servers import conninfo

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
DECLARED = "io.lexmill.job.declared.v1"
BEARER: Mapping[str, str] = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True)
class Api:
    process: OurProcess
    settings: Settings
    http: httpx.Client

    def post(
        self,
        body: object,
        *,
        path: str = "/events",
        kind: str = STRUCTURED,
        token: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        given = {"Content-Type": kind, **{name.replace("_", "-"): v for name, v in headers.items()}}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        return self.http.post(path, content=content, headers=given)

    def get(self, path: str, *, token: str | None = TOKEN, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        return self.http.get(path, headers=given)

    def order(
        self, path: str, body: object = None, *, token: str = TOKEN, **headers: str
    ) -> httpx.Response:
        """A POST to /v1 in JSON."""
        return self.post(
            b"" if body is None else body,
            path=f"/v1/namespaces/{path}",
            kind="application/json",
            token=token,
            **headers,
        )

    def declare(self, name: str, **spec: Any) -> str:
        """A job, listening to everything unless the spec says otherwise; gives its uid."""
        uid = str(uuid.uuid4())
        answer = self.post(declaration(uid, name, **spec), path=f"/ns/{name}/events", token=TOKEN)
        assert answer.status_code == 202, answer.text
        return uid

    def rows(self, query: str, *values: object) -> list[Any]:
        with psycopg.connect(
            conninfo(self.settings.database_url), autocommit=True, row_factory=namedtuple_row
        ) as connection:
            return connection.execute(query, values).fetchall()


Serving = Callable[..., AbstractContextManager[Api]]
"""What the fixture `serving` is: a new API process, with these settings beside the usual ones."""


@contextmanager
def connected(process: OurProcess, settings: Settings) -> Iterator[Api]:
    with httpx.Client(base_url=process.url, timeout=40) as http:
        yield Api(process, settings, http)


@contextmanager
def beside(api: Api, **more: str) -> Iterator[Api]:
    """Another API process on the same installation, with these settings beside its own."""
    settings = replace(api.settings, more={**api.settings.more, **more})
    with running_api(settings, "beside") as process, connected(process, settings) as other:
        yield other


def event(**members: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/tests",
        "type": "com.example.received",
        "datacontenttype": "text/plain",
        "data": "This Agreement is made between A Ltd and B Ltd.",
        **members,
    }


def control(event_type: str, data: object, **members: Any) -> dict[str, Any]:
    return event(type=event_type, datacontenttype="application/json", data=data, **members)


def declaration(uid: str, name: str, *, owner: str = "api", **spec: Any) -> dict[str, Any]:
    if "documents" not in spec:
        spec.setdefault("trigger", {})
    return control(DECLARED, {"uid": uid, "name": name, "owner": owner, "spec": spec})
