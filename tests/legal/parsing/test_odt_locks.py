"""OpenDocument files behind a password, made as LibreOffice makes them."""

import base64
import hashlib
import time
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import page_image, parse
from tests.legal.parsing.test_archive import archive
from tests.legal.parsing.test_odt import NAMESPACES, p
from tests.legal.parsing.test_shown import PAGE

SALT, VECTOR = bytes(range(16)), bytes(range(16, 32))


def body(content: str) -> bytes:
    return (
        f"<office:document-content {NAMESPACES}><office:body><office:text>{content}"
        "</office:text></office:body></office:document-content>"
    ).encode()


def locked(members: dict[str, bytes], password: str, *, rounds: int = 1000, **said: str) -> bytes:
    """Each member deflated, padded, encrypted; what is needed to open it in the manifest."""
    entries, packed = "", {"mimetype": b"application/vnd.oasis.opendocument.text"}
    start = hashlib.sha256(password.encode()).digest()
    key = hashlib.pbkdf2_hmac("sha1", start, SALT, rounds, 32)
    salt, vector = (base64.b64encode(data).decode() for data in (SALT, VECTOR))
    for name, data in members.items():
        deflate = zlib.compressobj(wbits=-15)
        content = deflate.compress(data) + deflate.flush()
        pad = 16 - len(content) % 16
        encryptor = Cipher(algorithms.AES(key), modes.CBC(VECTOR)).encryptor()
        packed[name] = encryptor.update(content + bytes(pad - 1) + bytes([pad]))
        checksum = base64.b64encode(hashlib.sha256(content[:1024]).digest()).decode()
        algorithm = said.get("algorithm", "http://www.w3.org/2001/04/xmlenc#aes256-cbc")
        entries += (
            f'<manifest:file-entry manifest:full-path="{name}" manifest:size="{len(data)}">'
            '<manifest:encryption-data manifest:checksum-type="urn:oasis:names:tc:opendocument:'
            f'xmlns:manifest:1.0#sha256-1k" manifest:checksum="{checksum}">'
            f'<manifest:algorithm manifest:algorithm-name="{algorithm}"'
            f' manifest:initialisation-vector="{said.get("vector", vector)}"/>'
            '<manifest:key-derivation manifest:key-derivation-name="PBKDF2" manifest:key-size="32"'
            f' manifest:iteration-count="{said.get("count", rounds)}" manifest:salt="{salt}"/>'
            '<manifest:start-key-generation manifest:key-size="32"'
            ' manifest:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256"/>'
            "</manifest:encryption-data></manifest:file-entry>"
        )
    packed["META-INF/manifest.xml"] = (
        f"<manifest:manifest {NAMESPACES}>{entries}</manifest:manifest>"
    ).encode()
    return archive(packed)


def refused(data: bytes, *passwords: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(data, name="a.odt", passwords=passwords)
    return caught.value


def test_it_is_read_with_its_password() -> None:
    data = locked({"content.xml": body(p("Договор аренды"))}, "пароль")
    parsed = parse(data, name="a.odt", passwords=("wrong", "пароль"))
    assert parsed.text == "Договор аренды\n"
    for error in (refused(data), refused(data, "wrong")):
        assert error.code == "encrypted"
        assert "give the password" in error.message


def test_its_pictures_are_read_too() -> None:
    frame = '<draw:frame><draw:image xlink:href="Pictures/1.png"/></draw:frame>'
    members = {"content.xml": body(p(frame)), "Pictures/1.png": PAGE}
    data = locked(members, "hunter2")
    parsed = parse(data, name="a.odt", passwords=("hunter2",), keep_scans=True)
    assert len(parsed.pictures) == 1
    assert page_image(data, page=1, passwords=("hunter2",)).data == PAGE


def test_the_file_does_not_decide_how_long_a_password_takes() -> None:
    data = locked({"content.xml": body(p("Lease"))}, "hunter2", count="99999999")
    started = time.process_time()
    assert "more computing" in refused(data, *map(str, range(200))).message
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"algorithm": "Blowfish CFB"}, "encrypted"),
        ({"vector": "AAAA"}, "corrupt"),
        ({"vector": "!"}, "corrupt"),
        ({"count": "-1"}, "corrupt"),
        ({"count": "many"}, "corrupt"),
    ],
)
def test_a_protection_that_nobody_writes_is_refused(said: dict[str, str], code: str) -> None:
    data = locked({"content.xml": body(p("Lease"))}, "hunter2", rounds=10, **said)
    assert refused(data, "hunter2").code == code


def test_a_bomb_under_a_password_is_not_opened() -> None:
    data = locked({"content.xml": bytes(200 * 1024**2)}, "hunter2")
    assert refused(data, "hunter2").code in {"too_large", "corrupt"}
