"""OpenDocument files behind a password (ODF 1.2): each part is packed, then encrypted by itself.

As with Word's, the file says how much computing a password costs, so that is bounded here.
"""

import binascii
import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.xml import CORRUPT, PROTECTED, Element

_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_CONTENT = "content.xml"
_BLOCK = 16
_KEY_SIZES = frozenset({"16", "24", "32"})
_CHECKED_BYTES = 1024
# LibreOffice hashes a password 100,000 times for each part.
_MOST_ROUNDS = 1_000_000
_MOST_ROUNDS_IN_ALL = 50_000_000


@dataclass(frozen=True, slots=True)
class _Lock:
    salt: bytes
    vector: bytes
    rounds: int
    key_size: int
    start: str
    """The hash of the password from which the key is made."""
    checked: str
    checksum: bytes


class Locks:
    def __init__(self, manifest: Element, passwords: Sequence[str]) -> None:
        self._locks = {
            entry.get(f"{_MANIFEST}full-path", ""): _read_lock(found)
            for entry in manifest.iter(f"{_MANIFEST}file-entry")
            if (found := entry.find(f"{_MANIFEST}encryption-data")) is not None
        }
        self._passwords = passwords
        self._rounds_left = _MOST_ROUNDS_IN_ALL

    def __bool__(self) -> bool:
        return bool(self._locks)

    def choose(self, read: Callable[[str], bytes | None]) -> None:
        """Find the password that opens the text; raises DocumentError where none does."""
        lock, data = self._locks.get(_CONTENT), read(_CONTENT)
        if lock is None or data is None:
            raise DocumentError("corrupt", CORRUPT)
        for password in self._passwords:
            if self._decrypted(lock, data, password) is not None:
                self._passwords = (password,)
                return
        raise DocumentError("encrypted", PROTECTED)

    def opened(self, name: str, data: bytes, *, limit: int) -> bytes:
        """The part's content, one byte more than ``limit`` at most."""
        lock = self._locks.get(name)
        if lock is None:
            return data
        packed = self._decrypted(lock, data, self._passwords[0])
        try:
            return zlib.decompressobj(-15).decompress(packed or b"", limit + 1)
        except zlib.error as error:
            raise DocumentError("corrupt", CORRUPT) from error

    def _decrypted(self, lock: _Lock, data: bytes, password: str) -> bytes | None:
        self._rounds_left -= lock.rounds
        if self._rounds_left < 0 or not data or len(data) % _BLOCK:
            return None
        start = hashlib.new(lock.start, password.encode()).digest()
        key = hashlib.pbkdf2_hmac("sha1", start, lock.salt, lock.rounds, lock.key_size)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(lock.vector)).decryptor()
        packed = decryptor.update(data) + decryptor.finalize()
        packed = packed[: -packed[-1]] if 1 <= packed[-1] <= _BLOCK else packed
        checksum = hashlib.new(lock.checked, packed[:_CHECKED_BYTES]).digest()
        return packed if checksum == lock.checksum else None


def _read_lock(data: Element) -> _Lock:
    def said(element: str, attribute: str, default: str = "") -> str:
        found = data.find(f"{_MANIFEST}{element}")
        return default if found is None else found.get(f"{_MANIFEST}{attribute}", default)

    checked = _hash(data.get(f"{_MANIFEST}checksum-type", ""))
    start = _hash(said("start-key-generation", "start-key-generation-name", "sha1"))
    known = said("algorithm", "algorithm-name").lower().endswith(("aes128-cbc", "aes256-cbc"))
    derived = said("key-derivation", "key-derivation-name").lower().endswith("pbkdf2")
    size = said("key-derivation", "key-size", "16")
    if not (known and derived and checked and start and size in _KEY_SIZES):
        raise DocumentError(
            "encrypted",
            "The document is encrypted in a way that Lexmill does not know; save a copy without"
            " its password.",
        )
    try:
        rounds = int(said("key-derivation", "iteration-count"))
        salt, vector, checksum = (
            binascii.a2b_base64(text)
            for text in (
                said("key-derivation", "salt"),
                said("algorithm", "initialisation-vector"),
                data.get(f"{_MANIFEST}checksum", ""),
            )
        )
    except ValueError as error:
        raise DocumentError("corrupt", CORRUPT) from error
    if rounds < 1 or len(vector) != _BLOCK:
        raise DocumentError("corrupt", CORRUPT)
    if rounds > _MOST_ROUNDS:
        raise DocumentError(
            "encrypted",
            "Checking one password of this document takes more computing than LibreOffice ever"
            " asks for, so none was tried; save a copy without its password.",
        )
    return _Lock(salt, vector, rounds, int(size), start, checked, checksum)


def _hash(name: str) -> str:
    """SHA-1 or SHA-256, by one of the names that programs give them; "" for another."""
    name = name.lower()
    return "sha256" if "sha256" in name else "sha1" if "sha1" in name else ""
