"""Signed documents (CMS and PKCS #7: .p7m, .p7s, .sig; PGP: .asc, .sig): what was signed comes out.

Whether the signature holds is not ours to say: that needs certificates and a clock.
"""

import binascii
import re
from dataclasses import replace

from asn1crypto import cms, core

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.media import PGP_TEXT, is_pgp_signature, is_signed
from lexmill_legal.results import Warning as Notice

UNVERIFIED = Notice(
    "signature_not_verified",
    "The document came in a signed container; whether the signature is valid was not checked.",
)
_ARMOUR = re.compile(rb"-----(?:BEGIN|END)[^-\n]*-----")
_CORRUPT = "The signed container is damaged or was cut off; ask for it again."
_BLANK = b"\xef\xbb\xbf \t\r\n\0"
_DEEPEST = 8
# what asn1crypto raises on hostile bytes
_ERRORS = (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError)
_MIME = re.compile(rb"(?:Content-|MIME-)[A-Za-z-]+:", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(?:p7m|p7s|p7|sig|sgn|pem|asc|gpg)$", re.IGNORECASE)
_DETACHED = DocumentError(
    "detached_signature",
    "This is a signature alone; the document that was signed is another file: add that.",
)
# the signed text stands between a blank line and the signature; PGP puts "- " before each dash
_PGP_SIGNED = re.compile(
    rb"[^\n]*\n(?:[A-Za-z-]+:[^\n]*\n)*\s*?\n(.*?)\r?\n-----BEGIN PGP SIGNATURE-----", re.DOTALL
)
_PGP_DASH = re.compile(rb"^- ", re.MULTILINE)


def signed_content(data: bytes) -> bytes:
    """The innermost document: some sign what is signed already."""
    for _ in range(_DEEPEST):
        data = data.lstrip(_BLANK)
        if data.startswith(b"-----BEGIN PGP SIGNATURE") or is_pgp_signature(data):
            raise replace(_DETACHED)
        data = _pgp_content(data) if data.startswith(PGP_TEXT) else _content(_binary(data))
        if not is_signed(data):
            return data
    raise DocumentError("too_large", "The document is signed too many times over to be read.")


def inner_name(name: str, content: bytes) -> str:
    """A name for what was in it: "contract.pdf.p7m" holds "contract.pdf"."""
    if _MIME.match(content):
        return "message.eml"  # a mail program signs the body with its headers
    return _SUFFIX.sub("", name)


def _binary(data: bytes) -> bytes:
    if data.startswith((b"-----", b"M")):
        try:
            return binascii.a2b_base64(_ARMOUR.sub(b"", data))
        except ValueError as error:
            raise DocumentError("corrupt", _CORRUPT) from error
    return data


def _pgp_content(data: bytes) -> bytes:
    found = _PGP_SIGNED.match(data)
    if found is None:
        raise DocumentError("corrupt", _CORRUPT)
    return _PGP_DASH.sub(b"", found[1]) + b"\n"


def _content(data: bytes) -> bytes:
    try:
        info = cms.ContentInfo.load(data)
        kind = info["content_type"].native
        if kind in {"signed_data", "authenticated_data", "digested_data", "compressed_data"}:
            content = info["content"]["encap_content_info"]["content"]
            found = None if kind == "compressed_data" else _octets(content)
        else:
            found = b""
    except _ERRORS as error:
        raise DocumentError("corrupt", _CORRUPT) from error
    if kind in {"enveloped_data", "encrypted_data", "authenticated_enveloped_data"}:
        raise DocumentError(
            "encrypted", "The document is encrypted for its recipients; save a copy that is not."
        )
    if found is None:
        raise replace(_DETACHED)
    if not found:
        raise DocumentError("empty", "The signed container has no document in it.")
    return found


def _octets(content: core.Asn1Value) -> bytes | None:
    """The signed bytes, also where they came in pieces (BER); None where they are elsewhere."""
    if isinstance(content, core.Void) or content is None:
        return None
    native = content.native
    if isinstance(native, bytes):
        return native
    parsed = content.parsed if isinstance(content, core.ParsableOctetString) else content
    return bytes(parsed.contents or b"")
