"""Keeps events that nobody could take: reasons go to the log, contents to a folder.

``serve`` answers 202 once an event is on the disk. ``resend URL`` posts what is there to the
address of a LegalJob or of the API and forgets what was taken; Lexmill sees that they are dead
letters, and takes up again what failed. Where senders need a token it is in ``TOKEN_FILE``, or on
stdin, which ``-`` stands for. Needs only Python 3.11.
"""
# ruff: noqa: T201, S310 - a program of its own; it talks on stdout; the URL is its user's

import base64
import binascii
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_TOLD = ("id", "source", "type", "knativeerrordest", "knativeerrorcode")
"""Attributes only: what an event holds is a document, and stays out of logs."""
_MOST_BYTES = 64 << 20


class _Handler(BaseHTTPRequestHandler):
    folder: Path

    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self._answer(413)
            return
        keep(self.folder, dict(self.headers.items()), body)
        self._answer(202)

    def _body(self) -> bytes | None:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            size = int(self.headers.get("content-length") or 0)
            return self.rfile.read(size) if size <= _MOST_BYTES else None
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            if len(body) + size > _MOST_BYTES:
                return None
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Probes would fill the log."""


def keep(folder: Path, headers: dict[str, str], body: bytes) -> None:
    """The same event twice is one file; a file is there as a whole or not at all."""
    kept = {
        name.lower(): value
        for name, value in headers.items()
        if name.lower() == "content-type" or name.lower().startswith("ce-")
    }
    attributes = _attributes(kept, body)
    identity = json.dumps([attributes.get("source"), attributes.get("id")])
    key = hashlib.sha256(identity.encode()).hexdigest()
    unfinished = folder / f".{key}"
    with unfinished.open("wb") as file:
        file.write(json.dumps(kept).encode() + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / f"{key}.event")
    told = {name: attributes[name] for name in _TOLD if name in attributes}
    print(json.dumps({**told, "reason": _reason(attributes.get("knativeerrordata", ""))}))


def _attributes(headers: dict[str, str], body: bytes) -> dict[str, str]:
    """Knative sends them as headers; whoever posts here by hand may not."""
    if not headers.get("content-type", "").startswith("application/cloudevents"):
        return {name.removeprefix("ce-"): value for name, value in headers.items()}
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reason(text: str) -> str:
    """What the receiver answered; Knative writes it in base64."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def resend(folder: Path, url: str, token: str | None) -> bool:
    """True when none is left."""
    done = True
    for file in sorted(folder.glob("*.event")):
        headers, _, body = file.read_bytes().partition(b"\n")
        request = urllib.request.Request(url, data=body, headers=json.loads(headers), method="POST")
        if token is not None:  # whoever is redirected to does not get it
            request.add_unredirected_header("authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                print(f"{file.stem}: {answer.status}")
            file.unlink()
        except urllib.error.HTTPError as error:
            done = False
            print(f"{file.stem}: {error.code} {error.read(500).decode(errors='replace')}")
        except OSError as error:
            done = False
            print(f"{file.stem}: {error}")
    return done


def _read_token(file: str) -> str:
    """Not on the command line, which everybody sees who lists processes."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        sys.exit(f"TOKEN_FILE {file}: {error.strerror}")
    match content.split():
        case [token] if token.isascii():
            return token.decode()
        case _:
            sys.exit(f"TOKEN_FILE {file}: it has to hold one token and nothing else")


def main() -> None:
    folder = Path(os.environ.get("FOLDER", "."))
    match sys.argv[1:]:
        case ["serve"]:
            _Handler.folder = folder
            ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), _Handler).serve_forever()
        case ["resend", url, *files] if len(files) <= 1:
            token = _read_token(files[0]) if files else None
            sys.exit(0 if resend(folder, url, token) else 1)
        case _:
            sys.exit(f"usage: {sys.argv[0]} serve | resend URL [TOKEN_FILE]")


if __name__ == "__main__":
    main()
