"""Office files behind a password: Word's own container, which holds the real file encrypted.

The file itself says how much computing one password costs, so that is bounded here: who made the
file must not decide how long we work on it.
"""

import io
from collections.abc import Sequence

from msoffcrypto import exceptions
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method.ecma376_agile import ECMA376Agile
from olefile import OleFileIO

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.media import OLE_ERRORS, refuse_endless_ole
from lexmill_legal.parsing.xml import CORRUPT, PROTECTED, Element, parse_xml

# Office and LibreOffice hash a password 100,000 times; a million takes half a second.
_MOST_ROUNDS = 1_000_000
_MOST_ROUNDS_IN_ALL = 20_000_000
_ROUNDS_OF_2007 = 50_000
_AGILE = b"\4\0\4\0"
_HASHES = frozenset({"SHA1", "SHA256", "SHA384", "SHA512"})
_KEY_BITS = frozenset({"128", "192", "256"})
_PASSWORD = "{http://schemas.microsoft.com/office/2006/keyEncryptor/password}encryptedKey"  # noqa: S105 - a tag
_KEY_DATA = "{http://schemas.microsoft.com/office/2006/encryption}keyData"
_MOST_INFO_BYTES = 65_536
# What the library raises on hostile bytes beside its own.
_ERRORS = (
    *OLE_ERRORS,
    exceptions.DecryptionError,
    exceptions.FileFormatError,
    exceptions.ParseError,
    ArithmeticError,
)


def office_content(data: bytes, passwords: Sequence[str]) -> bytes:
    """The file inside, for the first password that opens it; raises DocumentError for none."""
    try:
        rounds = _rounds(data)
        office = OOXMLFile(io.BytesIO(data))
        for password in affordable(passwords, rounds):
            if _opens(office, password):
                opened = io.BytesIO()
                office.decrypt(opened)
                return opened.getvalue()
    except _ERRORS as error:
        raise DocumentError("corrupt", CORRUPT) from error
    raise DocumentError("encrypted", PROTECTED)


def refuse_protected_doc(data: bytes) -> None:
    """A Word 97 document says in its first bytes that the rest is encrypted."""
    try:
        with OleFileIO(data) as container:
            refuse_endless_ole(container, len(data))
            flags = container.openstream("WordDocument").read(12)[10:]
    except OLE_ERRORS:
        return  # whoever converts it finds that it is damaged
    if len(flags) == 2 and flags[1] & 1:
        raise DocumentError(
            "encrypted",
            "This Word 97 document is protected with a password, which Lexmill cannot take off"
            " .doc files; save a copy without it, as .docx or PDF.",
        )


def affordable(passwords: Sequence[str], rounds: int) -> Sequence[str]:
    """Those that there is time for, where each is hashed so many times."""
    return passwords[: _MOST_ROUNDS_IN_ALL // max(1, rounds)]


def _opens(office: OOXMLFile, password: str) -> bool:
    """One round of hashing for a wrong password, where ``load_key`` alone would do two."""
    if office.type == "agile":
        info = office.info
        if not ECMA376Agile.verify_password(
            password,
            info["passwordSalt"],
            info["passwordHashAlgorithm"],
            info["encryptedVerifierHashInput"],
            info["encryptedVerifierHashValue"],
            info["spinValue"],
            info["passwordKeyBits"],
        ):
            return False
        office.load_key(password=password)
        return True
    try:
        office.load_key(password=password, verify_password=True)
    except exceptions.InvalidKeyError:
        return False
    return True


def _rounds(data: bytes) -> int:
    """How often each password is hashed; raises DocumentError for what cannot be opened here."""
    with OleFileIO(data) as container:
        refuse_endless_ole(container, len(data))
        if not container.exists("EncryptionInfo"):
            raise DocumentError(
                "encrypted",
                "The document is protected by rights management, which no password opens; ask its"
                " owner for a copy without it.",
            )
        info: bytes = container.openstream("EncryptionInfo").read(_MOST_INFO_BYTES)
    if not info.startswith(_AGILE):
        return _ROUNDS_OF_2007
    root = parse_xml(info[8:].rstrip(b"\0"))
    key, data_key = next(root.iter(_PASSWORD), None), next(root.iter(_KEY_DATA), None)
    if key is None or data_key is None:
        raise DocumentError(
            "encrypted",
            "The document is encrypted for certain certificates, which no password opens; ask its"
            " owner for a copy without it.",
        )
    if not (_is_known(key) and _is_known(data_key)):
        raise DocumentError(
            "encrypted",
            "The document is encrypted in a way that Lexmill does not know; save a copy without"
            " its password.",
        )
    rounds = int(key.get("spinCount", ""))
    if not 0 <= rounds <= _MOST_ROUNDS:
        raise DocumentError(
            "encrypted",
            "Checking one password of this document takes more computing than Office ever asks"
            " for, so none was tried; save a copy without its password.",
        )
    return rounds


def _is_known(key: Element) -> bool:
    return (
        key.get("cipherAlgorithm") == "AES"
        and key.get("cipherChaining") == "ChainingModeCBC"
        and key.get("blockSize") == "16"
        and key.get("keyBits") in _KEY_BITS
        and key.get("hashAlgorithm") in _HASHES
    )
