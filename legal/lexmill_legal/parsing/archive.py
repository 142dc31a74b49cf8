"""ZIP archives: each member becomes a document of its own."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import pyzipper

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.attached import attachment
from lexmill_legal.parsing.decoding import decode
from lexmill_legal.parsing.media import ZIP, ZIP_ERRORS
from lexmill_legal.results import Attachment, ParsedDocument
from lexmill_legal.results import Warning as Notice

_MAX_MEMBERS = 10_000
_MAX_BYTES = 256 * 1024**2
_CHUNK = 1024**2
# Text shrinks to a tenth; only above a size where a bomb would hurt.
_MAX_RATIO = 400
_RATIO_FROM_BYTES = 8 * 1024**2
_ENCRYPTED = 1
_UTF8 = 0x800
_AES = 99
# Trying a password costs a millisecond, and an archive may have many members for many of them.
_MOST_FAILURES = 2000
_ERRORS = (*ZIP_ERRORS, pyzipper.BadZipFile)
# pyzipper's have the same interface; it ships no types
_Archive: TypeAlias = zipfile.ZipFile | Any
_Info: TypeAlias = zipfile.ZipInfo | Any
# what archivers and file managers leave beside the documents
_LITTER = re.compile(
    r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|~\$)", re.IGNORECASE
)
_CORRUPT = "The archive is damaged or was cut off; ask for it again."
_TOO_LARGE = "The archive unpacks to far more than documents hold, so it was not opened."


def parse_zip(data: bytes, *, passwords: Sequence[str] = ()) -> ParsedDocument:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            reader = _Reader(data, archive, passwords)
            attachments = tuple(reader.members())
    except ZIP_ERRORS as error:
        raise DocumentError("corrupt", _CORRUPT) from error
    if not attachments and not reader.warnings:
        raise DocumentError("empty", "The archive is empty.")
    if not attachments:
        raise reader.refusal()
    return ParsedDocument(ZIP, "", warnings=tuple(reader.warnings), attachments=attachments)


class _Reader:
    def __init__(self, data: bytes, archive: zipfile.ZipFile, passwords: Sequence[str]) -> None:
        self._data = data
        self._archive = archive
        self._aes: pyzipper.AESZipFile | None = None
        self._aes_members: dict[int, _Info] = {}
        # the encoding that the archiver used is not recorded
        tried = [password.encode(name, "ignore") for password in passwords for name in _ENCODINGS]
        self._passwords = list(dict.fromkeys(filter(None, tried)))
        self._left = _MAX_BYTES
        self._failures = 0
        self._codes: set[str] = set()
        self.warnings: list[Notice] = []

    def members(self) -> Iterator[Attachment]:
        infos = [info for info in self._archive.infolist() if not info.filename.endswith("/")]
        infos = [info for info in infos if not _LITTER.search(info.filename)]
        if len(infos) > _MAX_MEMBERS or sum(info.file_size for info in infos) > _MAX_BYTES:
            raise DocumentError("too_large", _TOO_LARGE)
        for number, info in enumerate(infos, 1):
            try:
                yield attachment(_name(info), self._read(info))
            except DocumentError as error:
                if error.code == "too_large":
                    raise
                self._warn(error, number)

    def refusal(self) -> DocumentError:
        """Why no member could be read: the reason that all have, if they have one."""
        if self._codes == {"encrypted"}:
            return DocumentError(
                "encrypted",
                "The archive is protected with a password; give the password or unpack it.",
            )
        return DocumentError("corrupt", _CORRUPT)

    def _warn(self, error: DocumentError, number: int) -> None:
        self._codes.add(error.code)
        reason = {
            "encrypted": "is protected with a password that was not given",
            "unsupported_format": "is packed or encrypted in a way that Lexmill cannot read",
        }.get(error.code, "is damaged")
        self.warnings.append(
            Notice("part_unreadable", f"File {number} of the archive {reason}; it was left out.")
        )

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        if not info.flag_bits & _ENCRYPTED:
            return self._content(self._archive, info, None)
        if info.compress_type == _AES:
            return self._decrypted(*self._aes_member(info))
        return self._decrypted(self._archive, info)

    def _decrypted(self, archive: _Archive, info: _Info) -> bytes:
        for number, password in enumerate(self._passwords):
            if self._failures > _MOST_FAILURES:
                break
            # a wrong password passes the check one time in 256: only the checksum is sure
            try:
                content = self._content(archive, info, password)
            except DocumentError as error:
                if error.code in {"too_large", "unsupported_format"}:
                    raise
                self._failures += archive is self._aes
            else:
                # most archives have one password for all that is in them
                self._passwords.insert(0, self._passwords.pop(number))
                return content
        raise DocumentError("encrypted", "")

    def _aes_member(self, info: zipfile.ZipInfo) -> tuple[_Archive, _Info]:
        """The same member, as the library has it that can decrypt it."""
        if self._aes is None:
            try:
                self._aes = pyzipper.AESZipFile(io.BytesIO(self._data))
            except _ERRORS as error:
                raise DocumentError("corrupt", _CORRUPT) from error
            self._aes_members = {each.header_offset: each for each in self._aes.infolist()}
        if info.header_offset not in self._aes_members:
            raise DocumentError("corrupt", _CORRUPT)
        return self._aes, self._aes_members[info.header_offset]

    def _content(self, archive: _Archive, info: _Info, password: bytes | None) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            with archive.open(info, pwd=password) as member:
                while chunk := member.read(_CHUNK):
                    size += len(chunk)
                    dense = size > _RATIO_FROM_BYTES and size > _MAX_RATIO * info.compress_size
                    # what the header says about the size may be a lie
                    if size > self._left or dense:
                        raise DocumentError("too_large", _TOO_LARGE)
                    parts.append(chunk)
        except NotImplementedError as error:
            raise DocumentError("unsupported_format", "") from error
        except _ERRORS as error:
            raise DocumentError("corrupt", _CORRUPT) from error
        self._left -= size
        return b"".join(parts)


_ENCODINGS = ("utf-8", "cp1251", "cp866", "cp1252")


def _name(info: zipfile.ZipInfo) -> str:
    """Archivers without Unicode wrote names in the code page of their machine."""
    if info.flag_bits & _UTF8 or info.filename.isascii():
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    try:
        return raw.decode()
    except UnicodeDecodeError:
        found = decode(raw)
    return found.text if found else info.filename
