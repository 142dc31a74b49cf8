"""What a run writes of its redacted copies: `redacted/`, the log of places, the sealed table."""

import hashlib
import re
from collections import Counter
from dataclasses import replace
from typing import Any, Final

import msgspec

from lexmill.errors import LexmillError
from lexmill.storage.objects import Objects
from lexmill_legal.redaction import RedactedCopy
from lexmill_legal.redaction.pseudonyms import table_line
from lexmill_legal.results import DocumentResult, ErrorRecord, Redacted

FOLDER: Final = "redacted"
LOG: Final = f"{FOLDER}/redactions.jsonl"
TABLE: Final = f"{FOLDER}/pseudonyms.jsonl"

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f:*?\"<>|\\]")
_LONGEST: Final = 180
_NOT_READ: Final = ErrorRecord(
    "not_read", "The document could not be read, so nothing was redacted in it."
)


class RedactedFiles:
    """Takes one document after the other, sorted by uri; only what was verified is written."""

    def __init__(self, target: Objects, prefix: str) -> None:
        self._target = target
        self._prefix = prefix
        self._names = {LOG.lower(), TABLE.lower()}
        self._log: list[bytes] = []
        self._table: set[bytes] = set()
        self._before = self._written_before()

    def add(self, result: DocumentResult, copy: RedactedCopy | None) -> DocumentResult:
        """The result with the name of its copy, which is written."""
        if copy is None:
            redacted = result.redacted or Redacted(None, {}, _NOT_READ)
            self._log.append(_line(result, redacted, RedactedCopy()))
            return result
        redacted = Redacted(None, {}, copy.error) if result.redacted is None else result.redacted
        if copy.error is None:
            redacted = replace(redacted, file=self._name(result.uri, copy.suffix))
            self._target.put(f"{self._prefix}{redacted.file}", copy.data)
            self._table.update(map(table_line, copy.table))
        self._log.append(_line(result, redacted, copy))
        return replace(result, redacted=redacted)

    def finish(self) -> None:
        """The log comes last: what it names is there, and what it does not name is gone."""
        if self._table:
            self._target.put(f"{self._prefix}{TABLE}", b"".join(sorted(self._table)))
        for name in sorted(self._before - self._names):
            self._target.delete(f"{self._prefix}{name}")
        self._target.put(f"{self._prefix}{LOG}", b"".join(self._log))

    def _name(self, uri: str, suffix: str) -> str:
        """The document's path; two that differ only in what a file name cannot have stay two."""
        parts = [_part(part) for part in uri.split("/") if part not in {"", ".", ".."}]
        path = "/".join([FOLDER, *(parts or ["document"])])
        stem, extension = path, suffix
        if path.lower().endswith(suffix):
            stem, extension = path[: -len(suffix)], path[-len(suffix) :]
        number, name = 1, f"{stem}{extension}"
        while name.lower() in self._names:
            number += 1
            name = f"{stem}-{number}{extension}"
        self._names |= {name, name.lower()}
        return name

    def _written_before(self) -> set[str]:
        """A copy of an earlier run must not stay where this run says that there is none."""
        try:
            lines = self._target.get(f"{self._prefix}{LOG}").splitlines()
            names = {msgspec.json.decode(line)["file"] for line in lines}
        except LexmillError as error:
            if error.code != "object_missing":
                raise
            return set()
        except (msgspec.DecodeError, KeyError, TypeError):
            return set()
        return {
            name
            for name in names
            if isinstance(name, str) and name.startswith(f"{FOLDER}/") and ".." not in name
        }


def _part(written: str) -> str:
    safe = _UNSAFE.sub("_", written).strip(" .") or "_"
    if len(safe.encode()) > _LONGEST:
        digest = hashlib.sha256(written.encode()).hexdigest()[:8]
        stem, _, suffix = safe.rpartition(".")
        end = f".{suffix}" if stem and len(suffix) < 8 else ""
        safe = f"{safe.encode()[:_LONGEST].decode(errors='ignore')}-{digest}{end}"
    return safe


def _line(result: DocumentResult, redacted: Redacted, copy: RedactedCopy) -> bytes:
    """Places, kinds and reasons, never what stood there."""
    reasons = Counter(redaction.reason for redaction in copy.redactions)
    record: dict[str, Any] = {
        "uri": result.uri,
        "file": redacted.file,
        "error": None if redacted.error is None else msgspec.to_builtins(redacted.error),
        "media_type": copy.media_type or None,
        "text_sha256": result.text_sha256,
        "counts": redacted.counts,
        "reasons": dict(sorted(reasons.items())),
        "warnings": msgspec.to_builtins(copy.warnings),
        "places": [
            {
                "start": redaction.start,
                "end": redaction.end,
                "kind": redaction.kind,
                "reason": redaction.reason,
                "token": redaction.token,
            }
            for redaction in copy.redactions
        ],
    }
    return msgspec.json.encode(record) + b"\n"
