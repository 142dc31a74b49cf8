"""Requests as senders write them."""

import json
from typing import Any, NamedTuple

from lexmill.events.cloudevents import CloudEvent, Limits, Received, parse_request
from lexmill.events.errors import EventError

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MINIMAL: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
MISSING = object()


class Request(NamedTuple):
    content_type: str | None
    headers: list[tuple[bytes, bytes]]
    body: bytes


def _event(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (MINIMAL | members).items() if value is not MISSING}


def structured(**members: Any) -> Request:
    return Request(STRUCTURED, [], json.dumps(_event(members)).encode())


def raw(members: str | bytes) -> Request:
    """The minimal event with more members, as JSON text; also where `json` would not write it."""
    text = members.encode() if isinstance(members, str) else members
    return Request(STRUCTURED, [], json.dumps(MINIMAL).encode()[:-1] + b"," + text + b"}")


def binary(
    body: bytes = b"",
    content_type: str | None = None,
    /,
    *more: tuple[bytes, bytes],
    **headers: Any,
) -> Request:
    pairs = [
        (f"ce-{name}".encode(), value.encode("latin-1")) for name, value in _event(headers).items()
    ]
    return Request(content_type, [(b"host", b"h"), *pairs, *more], body)


def batch(*events: Any) -> Request:
    return Request(BATCH, [], json.dumps(events).encode())


def receive(request: Request, limits: Limits | None = None) -> Received:
    return parse_request(*request, limits or Limits())


def parse(request: Request) -> CloudEvent:
    (event,) = receive(request).events
    return event


def refusal(request: Request, limits: Limits | None = None) -> EventError:
    try:
        receive(request, limits)
    except EventError as error:
        return error
    raise AssertionError("the event was taken")
