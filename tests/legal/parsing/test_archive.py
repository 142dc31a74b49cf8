import io
import struct
import time
import zipfile
import zlib

import pytest
import pyzipper

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


def aes(members: dict[str, bytes], password: str, bits: int = 256) -> bytes:
    """As 7-Zip, WinRAR and WinZip protect archives."""
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", pyzipper.ZIP_DEFLATED) as container:
        container.setpassword(password.encode())
        container.setencryption(pyzipper.WZ_AES, nbits=bits)
        for name, data in members.items():
            container.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("bits", [128, 256])
def test_members_under_aes_are_read_with_their_password(bits: int) -> None:
    data = aes({"Договор.txt": b"first", "b/c.txt": b"second" * 99}, "пароль", bits)
    parsed = parse(data, name="a.zip", passwords=("wrong", "пароль"))
    assert [(file.name, file.data) for file in parsed.attachments] == [
        ("Договор.txt", b"first"),
        ("c.txt", b"second" * 99),
    ]
    assert not parsed.warnings
    for none in (refused(data), refused(data, "wrong", "other")):
        assert none.code == "encrypted"
        assert "give the password" in none.message


def test_each_member_may_have_a_password_of_its_own() -> None:
    """And one that none opens is told, beside those that are open to all."""
    parts = (aes({"a.txt": b"a"}, "one"), aes({"b.txt": b"b"}, "two"), archive({"c.txt": b"c"}))
    parsed = parse(joined(*parts), name="a.zip", passwords=("two", "three"))
    assert [file.name for file in parsed.attachments] == ["b.txt", "c.txt"]
    assert [warning.message for warning in parsed.warnings] == [
        "File 1 of the archive is protected with a password that was not given; it was left out."
    ]


def joined(*archives: bytes) -> bytes:
    """One archive of the members of several."""
    local, central, members = b"", b"", 0
    for data in archives:
        at = data.index(b"PK\1\2")
        end = data.rindex(b"PK\5\6")
        record = bytearray(data[at:end])
        offset = struct.unpack_from("<I", record, 42)[0]
        struct.pack_into("<I", record, 42, offset + len(local))
        local, central, members = local + data[:at], central + bytes(record), members + 1
    ends = struct.pack("<HHHHIIH", 0, 0, members, members, len(central), len(local), 0)
    return local + central + b"PK\5\6" + ends


def test_thousands_of_members_under_many_passwords_are_given_up() -> None:
    """A password costs a millisecond of computing: twenty thousand would be fifteen seconds."""
    data = joined(*(aes({f"{n}.txt": b"x"}, "right") for n in range(100)))
    started = time.process_time()
    assert refused(data, *(f"wrong {n}" for n in range(200))).code == "encrypted"
    assert time.process_time() - started < 8


def test_aes_that_was_tampered_with_is_not_taken_for_the_document() -> None:
    data = bytearray(aes({"a.txt": b"first" * 20}, "right"))
    data[data.index(b"PK\1\2") - 30] ^= 1
    assert refused(bytes(data), "right").code in {"corrupt", "encrypted"}


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
    struct.pack_into("<H", data, last + 10, 98)  # PPMd
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
