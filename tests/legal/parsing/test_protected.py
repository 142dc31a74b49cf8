"""Office files behind a password, made as Word 2010 and Word 2007 make them."""

import hashlib
import io
import struct
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.method.ecma376_agile import ECMA376Agile

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.parsing.protected import affordable
from tests.legal.parsing.making import docx, paragraph
from tests.legal.parsing.ole import compound_file
from tests.legal.parsing.test_archive import archive

CONTRACT = docx(paragraph("This Lease is made on 1 May 2024."))
SALT = bytes(range(16))


def agile(data: bytes, password: str, *, rounds: int = 1000) -> bytes:
    """Word 2010 and later. (The library's own writer spoils what is shorter than 4 KiB.)"""
    info, key = ECMA376Agile.generate_encryption_parameters(password, None, rounds)
    package = ECMA376Agile.encrypt_payload(
        io.BytesIO(data), info.encryptedKey, key, info.keyData.saltValue
    )
    description = ECMA376Agile.get_encryption_information(info, package, key)
    return compound_file({"EncryptionInfo": description, "EncryptedPackage": package})


def standard(data: bytes, password: str) -> bytes:
    """Word 2007: AES-128 in single blocks, the key from 50,000 rounds of SHA-1."""
    digest = hashlib.sha1(SALT + password.encode("utf-16-le")).digest()
    for number in range(50_000):
        digest = hashlib.sha1(struct.pack("<I", number) + digest).digest()
    digest = hashlib.sha1(digest + bytes(4)).digest()
    padded = bytes(a ^ 0x36 for a in digest.ljust(64, b"\0"))
    key = hashlib.sha1(padded).digest()[:16]

    def encrypt(block: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        return encryptor.update(block.ljust(-(-len(block) // 16) * 16, b"\0"))

    provider = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16-le")
    header = struct.pack("<8I", 0x24, 0, 0x660E, 0x8004, 128, 0x18, 0, 0) + provider
    verifier = bytes(range(16, 32))
    info = struct.pack("<HHII", 3, 2, 0x24, len(header)) + header
    info += struct.pack("<I", 16) + SALT + encrypt(verifier) + struct.pack("<I", 20)
    info += encrypt(hashlib.sha1(verifier).digest())
    package = struct.pack("<Q", len(data)) + encrypt(data)
    return compound_file({"EncryptionInfo": info, "EncryptedPackage": package})


def described(old: bytes, new: bytes) -> bytes:
    """A protected file whose own description of its protection was changed."""
    data = agile(CONTRACT, "hunter2")
    assert old in data
    assert len(old) == len(new)
    return data.replace(old, new)


def refused(data: bytes, *passwords: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(data, name="a.docx", passwords=passwords)
    return caught.value


@pytest.mark.parametrize("protect", [agile, standard])
@pytest.mark.parametrize("password", ["hunter2", "пароль №1"])
def test_it_is_read_with_its_password(
    protect: Callable[[bytes, str], bytes], password: str
) -> None:
    data = protect(CONTRACT, password)
    parsed = parse(data, name="a.docx", passwords=("wrong", password))
    assert parsed == parse(CONTRACT, name="a.docx")
    for error in (refused(data), refused(data, "wrong")):
        assert error.code == "encrypted"
        assert "give the password" in error.message


def test_what_is_inside_is_judged_like_any_other_file() -> None:
    workbook = archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"})
    assert "xlsx" in refused(agile(workbook, "a"), "a").message
    assert refused(agile(b"no archive at all", "a"), "a").code == "corrupt"
    # one protection within another would be an endless staircase
    assert refused(agile(agile(CONTRACT, "a"), "a"), "a").code == "corrupt"


def test_the_file_does_not_decide_how_long_a_password_takes() -> None:
    hostile = agile(CONTRACT, "hunter2", rounds=1_000_001)
    started = time.process_time()
    error = refused(hostile, *(f"wrong {n}" for n in range(200)))
    assert time.process_time() - started < 0.2
    assert error.code == "encrypted"
    assert "more computing than Office ever asks for" in error.message


def test_all_passwords_together_have_a_bound() -> None:
    """A million rounds for one password are let pass, for two hundred they would be minutes."""
    passwords = [f"wrong {n}" for n in range(200)]
    assert affordable(passwords, 100_000) == passwords  # as Office writes
    assert affordable(passwords, 1_000_000) == passwords[:20]
    assert affordable(passwords, 0) == passwords


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'spinCount="1000"', b'spinCount="-100"'),
        (b'spinCount="1000"', b'spinCount="many"'),
        (b'blockSize="16"', b'blockSize="99"'),
        (b'keyBits="256"', b'keyBits="999"'),
        (b'"SHA512"', b'"MD5MD5"'),
        (b'saltValue="', b"saltValue=!"),
        (b"encryptedKey ", b"encryptedLei "),
        (b"<?xml version=", b"<!DOCTYPE [<!E"),
    ],
)
def test_a_protection_that_nobody_writes_is_refused(old: bytes, new: bytes) -> None:
    assert refused(described(old, new), "hunter2").code in {"encrypted", "corrupt"}


def test_what_no_password_opens_is_said() -> None:
    rights = refused(compound_file({"EncryptedPackage": b"x" * 99}), "a")
    assert "rights management" in rights.message
    certificate = described(b"keyEncryptor/password", b"keyEncryptor/certific")
    assert "certificates" in refused(certificate, "hunter2").message


def test_a_protected_word_97_document_is_not_called_damaged() -> None:
    def doc(flags: int) -> bytes:
        return compound_file({"WordDocument": bytes(10) + struct.pack("<H", flags) + bytes(500)})

    assert refused(doc(0x0100), "hunter2").code == "encrypted"
    assert refused(doc(0x1000)).code == "needs_converter"
