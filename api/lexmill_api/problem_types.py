"""Every code that a problem document can have: its status, its title, what to do about it.

docs/api.md has the same table; a test holds the two together.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.errors import PROBLEMS, TITLES, ErrorCode

__all__ = ["PROBLEMS", "PROBLEM_TYPES", "ProblemType", "status_of"]


class ProblemType(NamedTuple):
    status: int
    title: str
    advice: str


def _of_event(code: ErrorCode, advice: str, status: int = 400) -> dict[str, ProblemType]:
    return {code.value: ProblemType(status, TITLES[code], advice)}


PROBLEM_TYPES: Final[Mapping[str, ProblemType]] = {
    "bad_namespace": ProblemType(
        400, "The address has no namespace", "Name one as Kubernetes has them: a DNS label."
    ),
    "bad_uri": ProblemType(
        409, "A URI is not one that Lexmill reads", "Give s3://bucket/folder/ or file:///folder/."
    ),
    "changed_meanwhile": ProblemType(
        412,
        "It has changed since it was read",
        "Read it again, look at what changed, and send the request with the new ETag.",
    ),
    "checksum_mismatch": ProblemType(
        422, "Another file came than was announced", "Send it again, or ask for another address."
    ),
    "control_alone": ProblemType(
        400,
        "A control event is sent alone",
        "Send it by itself, to the address of its namespace.",
    ),
    "database_away": ProblemType(
        503, "The database does not answer", "Come again after Retry-After."
    ),
    "event_expired": ProblemType(
        410, "The event that carried the document is no longer kept", "Send the document again."
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
    "immutable": ProblemType(409, "A part of the spec cannot change", "Declare a new job with it."),
    "internal_error": ProblemType(
        500,
        "Lexmill failed on the request",
        "A defect of Lexmill: report it with the answer's X-Request-ID.",
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
    "invalid_period": ProblemType(
        422, "There is no such period", "Give `from` before `before`, 366 days apart at most."
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
    "name_taken": ProblemType(
        409, "Somebody else's job has this name", "Choose another name for the job."
    ),
    "never_ticks": ProblemType(
        409, "The schedule never ticks", "Give a cron expression that has a next time."
    ),
    "no_document": ProblemType(
        409, "The event carries no document", "Send it with the document as its data."
    ),
    "not_found": ProblemType(
        404,
        "There is no such thing in this namespace",
        "Look at the list; it may have been deleted, or be in another namespace.",
    ),
    "overloaded": ProblemType(
        429, "Too many events wait to be committed", "Send them again after Retry-After."
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
    "refused": ProblemType(400, "The request is refused", "The detail says why."),
    "request_too_large": ProblemType(413, "The request is too large", "Send it in smaller pieces."),
    "review_conflict": ProblemType(
        409,
        "Somebody else has decided meanwhile",
        "Each of `problems` says who and what; look at it, and send the decisions anew.",
    ),
    "review_invalid": ProblemType(
        422, "A decision cannot be taken", "Each of `problems` names the decision and the member."
    ),
    "still_under_way": ProblemType(
        409,
        "The first request with this Idempotency-Key is under way",
        "Come again after Retry-After for its answer.",
    ),
    "store_away": ProblemType(
        503, "Lexmill's object store does not answer", "Try again later; nothing was taken."
    ),
    "superseded": ProblemType(
        409,
        "The document is read no more",
        "Recheck the document of the newest run, or declare the job again.",
    ),
    "too_many_requests": ProblemType(429, "This client asks too often", "Wait for Retry-After."),
    "too_many_tokens": ProblemType(
        409, "The namespace has too many tokens", "Revoke those that are not needed."
    ),
    "uid_taken": ProblemType(409, "The uid is taken", "Declare the job with another uid."),
    "unauthorised": ProblemType(
        401, "A bearer token that is good is needed", "docs/access.md says which tokens there are."
    ),
    "unknown_filter": ProblemType(
        422, "The list has no such parameter", "The detail names those that it has."
    ),
    "unknown_control_type": ProblemType(
        400, "There is no such control event", "The detail names those that there are."
    ),
    "unknown_job": ProblemType(
        404,
        "No listening job of this name is in the namespace",
        "Declare it first; senders that try again reach it then.",
    ),
    "unknown_type": ProblemType(
        404, "Lexmill has no events of this type", "GET /events/types lists those that it has."
    ),
    "uri_not_allowed": ProblemType(
        409,
        "The namespace may not read or write there",
        "Use a URI beneath its prefixes (docs/tenancy.md), or ask whoever set them.",
    ),
    # files and records
    "foreign_object": ProblemType(
        404, "There is no such file in this namespace", "Look at the list of files."
    ),
    "drawing_away": ProblemType(
        503, "No page can be drawn at the moment", "Come again after Retry-After."
    ),
    "held": ProblemType(
        409,
        "A legal hold forbids it",
        "The detail names the cases; an administrator can release the holds.",
    ),
    "invalid_multipart": ProblemType(
        422, "The form brings no files", "Send them as a browser or curl -F file=@… does."
    ),
    "invalid_playbook": ProblemType(
        422, "The text is no playbook", "The detail says where it is wrong."
    ),
    "job_takes_no_documents": ProblemType(
        409, "The job takes no documents from people", "The detail says where documents go."
    ),
    "no_page_image": ProblemType(404, "The page has no picture", "The detail says why."),
    "no_text": ProblemType(404, "The document has no text", "Its result says why."),
    "not_ended": ProblemType(
        409, "The document has not ended", "Its progress says when it has ended."
    ),
    "nothing_uploaded": ProblemType(
        409, "Nothing was put at the address yet", "Put the file there and complete it then."
    ),
    "object_missing": ProblemType(
        410, "What was kept is gone", "Replay the document, or run its job again."
    ),
    "purged": ProblemType(
        410, "It was purged", "Its tombstone says when, why and by whom; it does not come back."
    ),
    "range_not_satisfiable": ProblemType(
        416, "The file has no such part", "Content-Range says how large it is."
    ),
    "result_too_large": ProblemType(
        409, "It is too large to be shown", "Take it from the job's result files."
    ),
    "result_unreadable": ProblemType(
        409, "What is kept of the document cannot be read", "Replay it, or run its job again."
    ),
    "source_away": ProblemType(503, "The document's storage does not answer", "Try again later."),
    "no_space": ProblemType(
        507, "There is no space left", "Nothing was taken; tell whoever runs Lexmill."
    ),
    "not_a_file": ProblemType(
        409, "What is there is no file", "Put the document back, as a regular file."
    ),
    "outside_roots": ProblemType(
        409,
        "The file is outside of the folders that Lexmill may use",
        "Ask whoever runs Lexmill for LEXMILL_STORAGE__FILE_ROOTS.",
    ),
    "source_refused": ProblemType(
        502,
        "The document's storage refuses Lexmill",
        "The detail says what whoever runs Lexmill has to check.",
    ),
    "store_refused": ProblemType(
        500,
        "Lexmill's own store refuses it",
        "The detail says what whoever runs Lexmill has to check.",
    ),
    "unreadable": ProblemType(
        409, "Lexmill may not read the file", "Give its user the right to, or fetch it yourself."
    ),
    "source_changed": ProblemType(
        409, "The file is not the one that was read", "Run the job again to read the new one."
    ),
    "source_elsewhere": ProblemType(
        409, "Lexmill may not fetch the file for you", "Fetch it from the document's uri."
    ),
    "source_missing": ProblemType(
        410, "The file is no longer where it was", "Put it back, or go by text and result."
    ),
    "too_large": ProblemType(
        413, "The file is too large", "Split it, or ask whoever runs Lexmill for a higher limit."
    ),
    "too_many_files": ProblemType(
        413, "The request brings too many files", "Send the rest in another one."
    ),
    "unsupported_content": ProblemType(
        415, "Lexmill reads no files of this kind", "The detail says what to do about it."
    ),
    "upload_used": ProblemType(
        409, "The file of this address has come already", "Ask for another address."
    ),
    # events: of those that are refused nothing is taken, and sending them again changes nothing
    **_of_event(ErrorCode.BAD_BATCH, "None was taken: `errors` says which are bad, and why."),
    **_of_event(ErrorCode.BATCH_TOO_LARGE, "Send fewer events at once.", 413),
    **_of_event(ErrorCode.DUPLICATE_ATTRIBUTE, "Send each attribute once."),
    **_of_event(
        ErrorCode.EVENT_TOO_LARGE, "Send the document's uri, or upload the file (docs/api.md).", 413
    ),
    **_of_event(ErrorCode.INVALID_ATTRIBUTE, "The detail names it and what it takes."),
    **_of_event(ErrorCode.INVALID_DATA, "The detail names the place."),
    **_of_event(
        ErrorCode.INVALID_HEADER, "Write it as the HTTP binding of CloudEvents 1.0 (3.1.3) does."
    ),
    **_of_event(ErrorCode.INVALID_NAME, "Names have lower-case letters and digits only."),
    **_of_event(ErrorCode.MISSING_ATTRIBUTE, "The detail names it."),
    **_of_event(ErrorCode.NOT_JSON, "The detail says what is none."),
    **_of_event(ErrorCode.NOT_UTF8, "Send it in UTF-8."),
    **_of_event(ErrorCode.TOO_DEEP, "Nest it less, or send it as the document's file."),
    **_of_event(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        "Send application/cloudevents+json in UTF-8, its batch, or ce- headers.",
        415,
    ),
    **_of_event(ErrorCode.UNSUPPORTED_VERSION, "Send specversion 1.0."),
}


def status_of(error: LexmillError) -> int:
    """What the table says; else by whose fault it is."""
    known = PROBLEM_TYPES.get(error.code)
    if known is not None:
        return known.status
    if error.error_class in {ErrorClass.PASSING, ErrorClass.OUTAGE}:
        return 503
    if error.error_class is ErrorClass.OURS:
        return 500
    return 422 if error.code.startswith("invalid_") else 409
