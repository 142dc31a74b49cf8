"""Why an event is refused: for machines a code, for people one short sentence.

A sentence names the attribute and the problem and never quotes what was sent.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

# Knative keeps the answer in the extension `knativeerrordata`: base64, cut at 1,024 characters.
PROBLEM_BYTES: Final = 1024 // 4 * 3

PROBLEMS: Final = "/problems/"
"""In front of a code it is the problem's `type`: an address on the installation itself."""


class ErrorCode(StrEnum):
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    DUPLICATE_ATTRIBUTE = "duplicate_attribute"
    INVALID_NAME = "invalid_name"
    INVALID_HEADER = "invalid_header"
    MISSING_ATTRIBUTE = "missing_attribute"
    INVALID_ATTRIBUTE = "invalid_attribute"
    UNSUPPORTED_VERSION = "unsupported_version"
    INVALID_DATA = "invalid_data"
    EVENT_TOO_LARGE = "event_too_large"
    BATCH_TOO_LARGE = "batch_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    BAD_BATCH = "bad_batch"


TITLES: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.NOT_UTF8: "The event is not UTF-8",
    ErrorCode.NOT_JSON: "The event is not JSON",
    ErrorCode.TOO_DEEP: "JSON is nested too deep",
    ErrorCode.DUPLICATE_ATTRIBUTE: "An attribute is there twice",
    ErrorCode.INVALID_NAME: "An attribute has no good name",
    ErrorCode.INVALID_HEADER: "A ce- header cannot be read",
    ErrorCode.MISSING_ATTRIBUTE: "An attribute is missing",
    ErrorCode.INVALID_ATTRIBUTE: "An attribute has no good value",
    ErrorCode.UNSUPPORTED_VERSION: "The event is not CloudEvents 1.0",
    ErrorCode.INVALID_DATA: "The data of an event is not as it has to be",
    ErrorCode.EVENT_TOO_LARGE: "The event is too large",
    ErrorCode.BATCH_TOO_LARGE: "The batch is too large",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "The request is no CloudEvent",
    ErrorCode.BAD_BATCH: "A batch has bad events",
}


class EventError(Exception):
    """One event, or the whole request, cannot be taken; sending it again changes nothing."""

    retryable: Final = False

    def __init__(
        self, code: ErrorCode, reason: str, *, status: int = 400, index: int | None = None
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.status = status
        self.reason = reason
        self.index = index

    def at(self, index: int) -> "EventError":
        """Name the event's place in its batch."""
        return EventError(self.code, self.reason, status=self.status, index=index)


class BatchError(Exception):
    """At least one event of a batch is bad, so none of it is taken."""

    retryable: Final = False
    code: Final = ErrorCode.BAD_BATCH

    def __init__(self, errors: Sequence[EventError], *, total: int) -> None:
        self.errors = tuple(errors)
        self.total = total
        self.status = 413 if all(error.status == 413 for error in self.errors) else 400
        self.reason = f"{len(self.errors)} of {total} events are bad; none was taken"
        super().__init__(f"{self.code}: {self.reason}")


class _Group(msgspec.Struct):
    code: str
    detail: str
    indexes: list[int | None]


class _Problem(msgspec.Struct, omit_defaults=True):
    type: str
    title: str
    status: int
    code: str
    detail: str
    count: int | None = None
    errors: list[_Group] | None = None


_encode = msgspec.json.Encoder().encode


def problem(error: EventError | BatchError) -> bytes:
    """The RFC 9457 document, short enough to reach Knative's dead-letter sink whole.

    Of a batch it gives the number of bad events and, grouped by what is wrong, the place of each
    as far as there is room.
    """
    document = _Problem(
        type=PROBLEMS + error.code,
        title=TITLES[error.code],
        status=error.status,
        code=error.code,
        detail=error.reason,
    )
    if isinstance(error, EventError):
        return _encode(document)
    document.count, document.errors = len(error.errors), []
    room = PROBLEM_BYTES - len(_encode(document))
    groups: dict[tuple[str, str], _Group] = {}
    for bad in error.errors:
        group = groups.get((bad.code, bad.reason))
        fresh = _Group(bad.code, bad.reason, [bad.index])
        # One byte more for the comma that separates it from its neighbour.
        room -= 1 + len(_encode(fresh) if group is None else _encode(bad.index))
        if room < 0:
            break
        if group is None:
            groups[bad.code, bad.reason] = fresh
            document.errors.append(fresh)
        else:
            group.indexes.append(bad.index)
    return _encode(document)
