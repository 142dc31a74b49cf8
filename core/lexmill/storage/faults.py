"""What went wrong with a store, told from what obstore says: mostly a sentence with the answer."""

import errno
import re
from enum import Enum
from typing import Final, Literal

from obstore.exceptions import BaseError, PermissionDeniedError

from lexmill.errors import ErrorClass, LexmillError

STORE_ERRORS: Final = (BaseError, OSError)
"""What obstore raises, besides ValueError for a key that no object can have."""

_ASKED: Final = re.compile(r"Error performing [A-Z]+ (\S+) in [^-]*- (.*)", re.DOTALL)
"""The address of a request, and what came of it."""
_DETAILS: Final = "\n\nDebug source"
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9.]{1,60})</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3})")
_SYSTEM: Final = re.compile(r"\(os error (\d+)\)$")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_PASSING_ERRNOS: Final = frozenset(
    {
        *(errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN),
        *(errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.EBUSY, errno.EREMOTEIO),
    }
)
_PASSING_STATUSES: Final = frozenset({408, 425, 429})
# Who has no credentials is taken for a machine of the cloud, which could ask for some here.
_MACHINES_CREDENTIALS: Final = "http://169.254.169.254/"
# In place of the address that a token was sent to for credentials.
_WHO_GIVES_CREDENTIALS: Final = "REDACTED"
_NO_ANSWER: Final = "HTTP error"
_UNSENT: Final = ("builder error", "certificate", "Certificate")
_BROKEN_OFF: Final = (_NO_ANSWER, "Server returned error response", "error decoding response")


class Fault(Enum):
    MISSING = "missing"
    DENIED = "denied"
    """The credentials are good, but not for this object."""
    REFUSED = "refused"
    """It will be as wrong the next time, until somebody changes settings."""
    FULL = "full"
    AWAY = "away"


def fault_of(error: Exception) -> Fault:
    """Only what is known to pass is `AWAY`: whoever waits for the rest would wait for ever."""
    address, reason = _told(error)
    if address.startswith(_MACHINES_CREDENTIALS) or _was_not_sent(error, reason):
        return Fault.REFUSED
    if isinstance(error, FileNotFoundError):
        return Fault.MISSING if code_of(error) in {None, "NoSuchKey"} else Fault.REFUSED
    if code_of(error) == "AccessDenied" and address != _WHO_GIVES_CREDENTIALS:
        return Fault.DENIED
    if status := _STATUS.search(reason):
        number = int(status[1])
        passes = number >= 500 or number in _PASSING_STATUSES
        return Fault.AWAY if passes else Fault.REFUSED
    if any(sign in reason for sign in _BROKEN_OFF):
        return Fault.AWAY
    return _of_the_system(error, reason)


def code_of(error: Exception) -> str | None:
    """The word that S3 has for it, such as `SignatureDoesNotMatch`."""
    _, reason = _told(error)
    found = _CODE.search(reason)
    return None if found is None else found[1]


def unreachable(error: Exception) -> Literal["name", "port"] | None:
    """Why nothing can be sent: nobody knows the host's name, or nothing listens at the port."""
    said, _, details = str(error).partition("\n\nDebug source")
    if _STATUS.search(said) or _WHO_GIVES_CREDENTIALS in said:
        return None
    if "dns error" in details:
        return "name"
    return "port" if "ConnectionRefused" in details else None


def own_error(verb: str, error: Exception) -> LexmillError:
    """For an object that Lexmill keeps; ``verb`` as in "could not write to its object store"."""
    fault = fault_of(error)
    if fault is Fault.MISSING:
        return LexmillError(
            "object_missing", "an object of Lexmill's own store is gone; run the job again"
        )
    if fault is Fault.FULL:
        return LexmillError(
            "no_space",
            "there is no space left to write to; free some and try again",
            ErrorClass.OUTAGE,
        )
    if fault is Fault.AWAY:
        return LexmillError(
            "store_away", f"Lexmill could not {verb} its object store", ErrorClass.OUTAGE
        )
    return LexmillError(
        "store_refused",
        f"Lexmill could not {verb} an object store, which refused it{_named(error)}: check the"
        " store's URI, address, region, credentials and policy (docs/storage.md)",
    )


def source_error(error: Exception) -> LexmillError:
    """For a document, or a folder or bucket of documents, that is somebody else's."""
    fault = fault_of(error)
    if isinstance(error, ValueError):
        return LexmillError(
            "bad_uri", "no object can have the key that this URI names", ErrorClass.DOCUMENT
        )
    if fault is Fault.MISSING:
        return LexmillError(
            "source_missing", "the document is no longer where it was listed", ErrorClass.DOCUMENT
        )
    if code_of(error) == "NoSuchBucket":
        return LexmillError(
            "source_missing", "the bucket that this URI names does not exist", ErrorClass.DOCUMENT
        )
    if fault is Fault.DENIED:
        return LexmillError(
            "unreadable",
            "Lexmill may not read this; check its permissions",
            ErrorClass.DOCUMENT,
        )
    if fault is Fault.REFUSED:
        return LexmillError(
            "source_refused",
            f"the document's storage refused to be read{_named(error)}: check its address, region,"
            " credentials and policy (docs/storage.md)",
        )
    return LexmillError("source_away", "the document's storage did not answer", ErrorClass.OUTAGE)


def _told(error: Exception) -> tuple[str, str]:
    """The address that was asked, if any, and the reason; without the key, where any words can be.

    A file's path is before its reason, with a colon between them.
    """
    said, _, _ = str(error).partition(_DETAILS)
    if asked := _ASKED.search(said):
        return asked[1], asked[2]
    if said.startswith("Generic S3 error"):
        return "", said
    if isinstance(error, OSError) and error.strerror:
        return "", error.strerror
    return "", said.rpartition(": ")[2]


def _was_not_sent(error: Exception, reason: str) -> bool:
    if not reason.startswith(_NO_ANSWER):
        return False
    cause = str(error).partition(_DETAILS)[2].rpartition("inner: ")[2]
    return any(sign in reason + cause for sign in _UNSENT)


def _of_the_system(error: Exception, reason: str) -> Fault:
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (found := _SYSTEM.search(reason)):
        number = int(found[1])
    if number in _FULL:
        return Fault.FULL
    if number in {errno.EACCES, errno.EPERM} or isinstance(error, PermissionDeniedError):
        return Fault.DENIED
    return Fault.AWAY if number in _PASSING_ERRNOS else Fault.REFUSED


def _named(error: Exception) -> str:
    code = code_of(error)
    return "" if code is None else f" ({code})"
