"""Every code that a problem document can have: its status, its title, what to do about it.

docs/api.md has the same table; a test holds the two together.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from lexmill.errors import ErrorClass, LexmillError

PROBLEMS: Final = "/problems/"
"""Where the types are, on the installation itself: GET gives title and advice."""


class ProblemType(NamedTuple):
    status: int
    title: str
    advice: str


PROBLEM_TYPES: Final[Mapping[str, ProblemType]] = {
    "changed_meanwhile": ProblemType(
        412,
        "It has changed since it was read",
        "Read it again, look at what changed, and send the request with the new ETag.",
    ),
    "database_away": ProblemType(
        503, "The database does not answer", "Come again after Retry-After."
    ),
    "forbidden": ProblemType(
        403, "The caller may not do this here", "Ask an administrator of the namespace for a role."
    ),
    "identity_away": ProblemType(
        503,
        "Nobody can say whose the token is at the moment",
        "Come again after Retry-After; the token may be good.",
    ),
    "idempotency_key_reused": ProblemType(
        422,
        "The Idempotency-Key belongs to another request",
        "Use a new key for each new request; the same key only to send the same one again.",
    ),
    "invalid_cursor": ProblemType(
        422, "The cursor is none of this list", "Begin the list again without a cursor."
    ),
    "invalid_filter": ProblemType(
        422, "A filter has a value that it does not take", "The detail says what it takes."
    ),
    "invalid_idempotency_key": ProblemType(
        422,
        "The Idempotency-Key is none",
        "Give 1 to 255 visible ASCII characters, such as a UUID.",
    ),
    "invalid_if_match": ProblemType(
        422, "If-Match holds no entity tags", "Send the ETag of the answer as it came, or *."
    ),
    "invalid_limit": ProblemType(
        422, "The limit of a list is out of bounds", "Give a number from 1 to 500."
    ),
    "invalid_request": ProblemType(
        422, "The request is not as it has to be", "The detail names the place and what it takes."
    ),
    "invalid_sort": ProblemType(
        422, "There is no such order", "The detail names the orders of this list."
    ),
    "job_ended": ProblemType(
        409,
        "The job has ended",
        "Replay its documents, or declare a new job.",
    ),
    "job_exists": ProblemType(
        409,
        "A job of this name is there",
        "Choose another name, or delete that job first.",
    ),
    "method_not_allowed": ProblemType(
        405, "The address has no such method", "Allow names those that it has."
    ),
    "not_found": ProblemType(
        404,
        "There is no such thing in this namespace",
        "Look at the list; it may have been deleted, or be in another namespace.",
    ),
    "owned_by_command": ProblemType(
        409,
        "A lexmill command owns the job",
        "Stop the command that declared it, on its own machine.",
    ),
    "owned_by_kubernetes": ProblemType(
        409,
        "Kubernetes owns the job",
        "Change its LegalJob; the detail has the kubectl command.",
    ),
    "precondition_required": ProblemType(
        428, "The change needs If-Match", "Read it first and send its ETag as If-Match."
    ),
    "still_under_way": ProblemType(
        409,
        "The first request with this Idempotency-Key is under way",
        "Come again after Retry-After for its answer.",
    ),
    "too_many_requests": ProblemType(429, "This client asks too often", "Wait for Retry-After."),
    "unauthorised": ProblemType(
        401, "A bearer token that is good is needed", "docs/access.md says which tokens there are."
    ),
    "unknown_filter": ProblemType(
        422, "The list has no such parameter", "The detail names those that it has."
    ),
    "uri_not_allowed": ProblemType(
        409,
        "The namespace may not read or write there",
        "Use a URI beneath its prefixes (docs/tenancy.md), or ask whoever set them.",
    ),
}


def status_of(error: LexmillError) -> int:
    """What the table says; else by whose fault it is."""
    known = PROBLEM_TYPES.get(error.code)
    if known is not None:
        return known.status
    if error.error_class is ErrorClass.PASSING:
        return 503
    if error.error_class is ErrorClass.OURS:
        return 500
    return 422 if error.code.startswith("invalid_") else 409
