"""Tokens that stand for values, and the sealed table that leads back from them.

A token is computed from the customer's key and the value alone: whoever has the key makes the same
token for the same value in any document, job and order. Without a key a token only says of what
kind the value was.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

SHORTEST_KEY: Final = 32
"""Bytes of a key: who can guess it finds names by trying them."""

TOKEN: Final = re.compile(r"\[([A-Z]{2,12})-([A-Z2-7]{8})\]")

_NAMES: Final = {
    "person": "PERSON",
    "identifier": "ID",
    "account": "ACCOUNT",
    "email": "EMAIL",
    "phone": "PHONE",
    "address": "ADDRESS",
    "term": "TERM",
}
_BLOCK: Final = 64
"""Sealed values are filled up to a multiple of it, so that their length does not tell them."""


class RedactionKeyError(ValueError):
    """The key cannot be used, or is not the one that a table was sealed with."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One line of the table: what a token stands for, readable only with the key."""

    token: str
    sealed: str


def derive(secret: bytes) -> bytes:
    """The working key of what a customer keeps. Slow on purpose, in case it is a pass phrase."""
    secret = secret.strip()
    if len(secret) < SHORTEST_KEY:
        raise RedactionKeyError(
            f"the key of pseudonyms has to have {SHORTEST_KEY} bytes at least; make one with"
            " `lexmill redaction key FILE`"
        )
    return hashlib.scrypt(secret, salt=b"lexmill pseudonyms", n=1 << 14, r=8, p=1, dklen=128)


def key_digest(derived: bytes) -> str:
    """Tells keys apart and may be stored: nothing is made with this part."""
    return derived[96:].hex()


class Pseudonyms:
    """By a working key: see ``derive``."""

    def __init__(self, derived: bytes) -> None:
        self._tokens = derived[:32]
        self._cipher = AESSIV(derived[32:96])

    def token(self, kind: str, subject: str) -> str:
        """``subject`` is the value in the one form that all ways to write it share."""
        digest = hmac.digest(self._tokens, f"{kind}\0{subject}".encode(), "sha256")
        return f"[{_NAMES[kind]}-{base64.b32encode(digest)[:8].decode()}]"

    def seal(self, token: str, value: str) -> Sealed:
        content = value.encode()
        content += b"\0" * (-len(content) % _BLOCK)
        sealed = self._cipher.encrypt(content, [token.encode()])
        return Sealed(token, base64.b64encode(sealed).decode())

    def open(self, entry: Sealed) -> str:
        """Raises RedactionKeyError where the table was sealed with another key, or was changed."""
        try:
            content = self._cipher.decrypt(base64.b64decode(entry.sealed), [entry.token.encode()])
        except (InvalidTag, ValueError) as error:
            raise RedactionKeyError(
                "this key does not open the table: it was made with another key, or was changed"
            ) from error
        return content.rstrip(b"\0").decode()


def plain_token(kind: str) -> str:
    """Without a key nothing tells whether two of them are the same."""
    return f"[{_NAMES[kind]}]"


def table_line(entry: Sealed) -> bytes:
    return json.dumps({"token": entry.token, "sealed": entry.sealed}).encode() + b"\n"


def read_table(data: bytes) -> tuple[Sealed, ...]:
    """Raises ValueError where a line is not of a table."""
    entries = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            record = json.loads(line)
            entries.append(Sealed(str(record["token"]), str(record["sealed"])))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} is no line of a table of pseudonyms") from error
    return tuple(entries)


def open_table(entries: Iterable[Sealed], pseudonyms: Pseudonyms) -> dict[str, tuple[str, ...]]:
    """The values of each token, the fullest first: documents write the same in several forms."""
    values: dict[str, set[str]] = {}
    for entry in entries:
        values.setdefault(entry.token, set()).add(pseudonyms.open(entry))
    return {
        token: tuple(sorted(found, key=lambda value: (-len(value), value)))
        for token, found in sorted(values.items())
    }


def revealed(text: str, values: Mapping[str, tuple[str, ...]]) -> str:
    """The text with the fullest value in the place of each token that the table knows."""
    return TOKEN.sub(lambda match: values.get(match[0], (match[0],))[0], text)
