import io
import struct
import zipfile
import zlib

import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse

# Made with another program: the standard library reads ZipCrypto but does not write it.
_KEYS = (0x12345678, 0x23456789, 0x34567890)


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as container:
        for name, data in members.items():
            container.writestr(name, data)
    return buffer.getvalue()


def refused(data: bytes, *passwords: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(data, name="a.zip", passwords=passwords)
    return caught.value


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)  # noqa: PLW2901
        table.append(value)
    return table


def encrypted(data: bytes, name: str, password: bytes) -> bytes:
    """A stored member under the old ZIP encryption."""
    table = _table()
    keys = list(_KEYS)

    def update(byte: int) -> None:
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 0xFF]

    def encrypt(byte: int) -> int:
        mixed = keys[2] | 2
        out = byte ^ (mixed * (mixed ^ 1) >> 8 & 0xFF)
        update(byte)
        return out

    for byte in password:
        update(byte)
    crc = zlib.crc32(data)
    body = bytes(encrypt(byte) for byte in bytes(11) + bytes([crc >> 24]) + data)
    plain = archive({name: body}, zipfile.ZIP_STORED)
    local, central = plain.index(b"PK\3\4"), plain.index(b"PK\1\2")
    out = bytearray(plain)
    for at, flags, sums in ((local, 6, 14), (central, 8, 16)):
        struct.pack_into("<H", out, at + flags, 1)
        struct.pack_into("<III", out, at + sums, crc, len(body), len(data))
    return bytes(out)


def test_members_become_documents_without_their_paths() -> None:
    parsed = parse(
        archive(
            {
                "deal/contract.txt": b"a",
                "../../etc/passwd": b"b",
                "C:\\x\\nda.pdf": b"%PDF-",
                "empty/": b"",
                "__MACOSX/._contract.txt": b"x",
                ".DS_Store": b"x",
            }
        ),
        name="a.zip",
    )
    assert (parsed.media_type, parsed.text) == ("application/zip", "")
    assert [(file.name, file.data) for file in parsed.attachments] == [
        ("contract.txt", b"a"),
        ("passwd", b"b"),
        ("nda.pdf", b"%PDF-"),
    ]


def test_names_of_archivers_without_unicode() -> None:
    info = zipfile.ZipInfo("x" * 11)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as container:
        container.writestr(info, b"a")
    data = buffer.getvalue().replace(b"x" * 11, "Договор.txt".encode("cp866"))
    assert [file.name for file in parse(data, name="").attachments] == ["Договор.txt"]


def test_an_archive_in_an_archive_is_a_document_like_others() -> None:
    inner = archive({"b.txt": b"deep"})
    (member,) = parse(archive({"inner.zip": inner}), name="").attachments
    assert parse(member.data, name=member.name).attachments[0].data == b"deep"


def test_a_protected_member_is_read_with_its_password() -> None:
    data = encrypted("Договор".encode(), "a.txt", "пароль".encode("cp866"))
    parsed = parse(data, name="a.zip", passwords=("wrong", "пароль"))
    assert [file.data.decode() for file in parsed.attachments] == ["Договор"]
    assert refused(data).code == refused(data, "wrong").code == "encrypted"


def test_a_damaged_member_is_told_and_the_others_are_read() -> None:
    data = bytearray(archive({"a.txt": b"first", "b.txt": b"second"}, zipfile.ZIP_STORED))
    at = data.index(b"second")
    data[at : at + 6] = b"SECOND"
    parsed = parse(bytes(data), name="a.zip")
    assert [file.data for file in parsed.attachments] == [b"first"]
    assert [warning.code for warning in parsed.warnings] == ["part_unreadable"]


def test_a_member_that_is_packed_in_an_unknown_way() -> None:
    data = bytearray(archive({"a.txt": b"first", "b.txt": b"second"}, zipfile.ZIP_STORED))
    last = data.rindex(b"PK\1\2")
    struct.pack_into("<H", data, last + 10, 99)  # AES
    parsed = parse(bytes(data), name="a.zip")
    assert [file.data for file in parsed.attachments] == [b"first"]
    assert "cannot read" in parsed.warnings[0].message


def test_bombs_are_not_opened() -> None:
    assert refused(archive({"a.txt": bytes(300 * 1024**2)})).code == "too_large"
    assert refused(archive({f"{n}": bytes(40 * 1024**2) for n in range(3)})).code == "too_large"
    many = archive({f"{n}.txt": b"" for n in range(10_001)})
    assert refused(many).code == "too_large"


def test_a_header_that_lies_about_the_size() -> None:
    data = bytearray(archive({"a.txt": bytes(60 * 1024**2)}))
    struct.pack_into("<I", data, data.rindex(b"PK\1\2") + 24, 10)
    assert refused(bytes(data)).code in {"too_large", "corrupt"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (archive({}), "empty"),
        (archive({"a/": b""}), "empty"),
        (archive({"a": b"x" * 99})[:-30], "corrupt"),
        (b"PK\3\4" + bytes(100), "corrupt"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, code: str) -> None:
    assert refused(data).code == code
