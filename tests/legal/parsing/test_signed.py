import base64

import pytest
from asn1crypto import cms

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from tests.legal.parsing.making import Pdf


def signed(content: bytes | None, kind: str = "signed_data") -> bytes:
    """A container without signers: enough to be opened, not to be trusted."""
    inner = (
        {"content_type": "data", "content": content}
        if content is not None
        else {"content_type": "data"}
    )
    value = cms.SignedData(
        {"version": "v1", "digest_algorithms": [], "encap_content_info": inner, "signer_infos": []}
    )
    return bytes(cms.ContentInfo({"content_type": kind, "content": value}).dump())


def enveloped() -> bytes:
    value = cms.EnvelopedData(
        {
            "version": "v0",
            "recipient_infos": [],
            "encrypted_content_info": {
                "content_type": "data",
                "content_encryption_algorithm": {"algorithm": "rc2", "parameters": None},
            },
        }
    )
    return bytes(cms.ContentInfo({"content_type": "enveloped_data", "content": value}).dump())


def in_pieces(content: bytes) -> bytes:
    """As programs write that sign while they read: BER without lengths."""
    half = len(content) // 2
    pieces = b"".join(
        b"\x04" + bytes([len(part)]) + part for part in (content[:half], content[half:])
    )
    oid = bytes.fromhex("06092a864886f70d0107")
    data = b"\x30\x80" + oid + b"\x01\xa0\x80\x24\x80" + pieces + bytes(6)
    body = b"\x30\x80\x02\x01\x01\x31\x00" + data + b"\x31\x00" + bytes(2)
    return b"\x30\x80" + oid + b"\x02\xa0\x80" + body + bytes(4)


def refused(data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        parse(data, name="a.p7m")
    return caught.value.code


DOCUMENT = "Договор поставки № 5".encode()


@pytest.mark.parametrize(
    "data",
    [
        signed(DOCUMENT),
        in_pieces(DOCUMENT),
        signed(signed(DOCUMENT)),
        base64.encodebytes(signed(DOCUMENT)),
        b"-----BEGIN PKCS7-----\n"
        + base64.encodebytes(signed(DOCUMENT))
        + b"-----END PKCS7-----\n",
    ],
    ids=["der", "ber", "twice", "base64", "pem"],
)
def test_the_signed_document_comes_out(data: bytes) -> None:
    parsed = parse(data, name="contract.md.p7m")
    assert parsed.text == DOCUMENT.decode()
    assert parsed.media_type == "text/markdown"
    assert [warning.code for warning in parsed.warnings] == ["signature_not_verified"]


def test_any_format_may_be_signed() -> None:
    parsed = parse(signed(Pdf().lines("A lease.").page().save()), name="a.pdf.sig")
    assert (parsed.media_type, parsed.text) == ("application/pdf", "A lease.\n")


def test_a_signed_mail_body() -> None:
    parsed = parse(signed(b"Content-Type: text/plain\r\n\r\nPlease sign.\r\n"), name="smime.p7m")
    assert parsed.text == "Please sign.\n"


def test_a_detached_signature_is_said_to_be_one() -> None:
    assert refused(signed(None)) == "detached_signature"


def test_what_is_encrypted_is_said_to_be() -> None:
    assert refused(enveloped()) == "encrypted"


@pytest.mark.parametrize("cut", [20, 30, 40, 50, 60])
def test_a_cut_container_is_corrupt(cut: int) -> None:
    assert refused(signed(DOCUMENT)[:cut]) == "corrupt"


def test_containers_nested_without_end() -> None:
    data = DOCUMENT
    for _ in range(30):
        data = signed(data)
    assert refused(data) == "too_large"


PGP = (
    b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nLease\n- - 100 EUR\n- -----Annex\n"
    b"-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAd\n=abcd\n-----END PGP SIGNATURE-----\n"
)


def test_a_text_that_pgp_signed_comes_out_without_its_signature() -> None:
    for data in (PGP, PGP.replace(b"\n", b"\r\n")):
        parsed = parse(data, name="lease.md.asc")
        assert parsed.text == "Lease\n- 100 EUR\n-----Annex\n"
        assert parsed.media_type == "text/markdown"
        assert [warning.code for warning in parsed.warnings] == ["signature_not_verified"]
    assert refused(PGP[:70]) == "corrupt"


@pytest.mark.parametrize(
    "data",
    [
        b"-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAd\n=abcd\n-----END PGP SIGNATURE-----\n",
        b"\x88\x5e\x04\x00" + bytes(92),
        b"\x89\x01\x33\x04\x00" + bytes(305),
        b"\xc2\x5e\x04\x00" + bytes(92),
        b"\xc2\xc0\x73\x04\x00" + bytes(305),
        b"-----BEGIN PKCS7-----\n" + base64.encodebytes(signed(None)) + b"-----END PKCS7-----\n",
    ],
)
def test_detached_signatures_of_all_kinds_are_named(data: bytes) -> None:
    assert refused(data) == "detached_signature"
