"""What an S3 server that is away, or does not want to, is called: only one of them passes."""

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.objects import Objects
from lexmill.storage.sources import list_entries, read_bytes
from tests.objectserver.versitygw import ObjectServer, running_object_server
from tests.processes import Place

_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{}</Code><Message>No.</Message></Error>'
)


@contextmanager
def answering(status: int, code: str | None, *, cut: bool = False) -> Iterator[str]:
    """The address of a server that gives everybody this answer, or half of it and no more."""
    body = b"" if code is None else _ERROR.format(code).encode()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(503 if "Range" in self.headers else status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", "Sun, 22 Nov 2026 10:00:00 GMT")
            self.send_header("ETag", '"1"')
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = cut

        do_PUT = do_POST = do_HEAD = do_GET  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            pass

    with serving(Answering) as url:
        yield url


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], certificate: Path | None = None, key: Path | None = None
) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            scheme = "http" if certificate is None else "https"
            yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def bucket(object_server: ObjectServer) -> str:
    return object_server.bucket().name


def faults_of(bucket: str, name: str = "a.txt") -> list[LexmillError]:
    """Of writing and reading an object of our own, and of a source's listing and reading."""
    objects = Objects(f"s3://{bucket}/ours")
    folder = f"s3://{bucket}/in"
    asked: list[Callable[[], object]] = [
        lambda: objects.put(name, b"1"),
        lambda: objects.get(name),
        lambda: list(list_entries(f"{folder}/{name}/", include=(), roots=(), after=None)),
        lambda: read_bytes(f"{folder}/{quote(name)}", roots=(), limit=1_000),
    ]
    faults = []
    for ask in asked:
        with pytest.raises(LexmillError) as caught:
            ask()
        faults.append(caught.value)
    return faults


def codes(faults: list[LexmillError]) -> list[str]:
    return [fault.code for fault in faults]


def assert_refused(faults: list[LexmillError], says: str = "") -> None:
    assert codes(faults) == ["store_refused"] * 2 + ["source_refused"] * 2
    assert {fault.error_class for fault in faults} == {ErrorClass.OURS}
    for fault in faults:
        assert says in fault.message
        assert "docs/storage.md" in fault.message


def assert_away(faults: list[LexmillError]) -> None:
    assert codes(faults) == ["store_away"] * 2 + ["source_away"] * 2
    assert {fault.error_class for fault in faults} == {ErrorClass.OUTAGE}


def test_nobody_listens(object_server_binaries: Path, tmp_path: Path) -> None:
    with (
        running_object_server(object_server_binaries, tmp_path) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in server.environment.items():
            patch.setenv(name, value)
        bucket = server.bucket().name
        objects = Objects(f"s3://{bucket}/ours")
        objects.put("key", b"kept")
        server.stop()
        assert_away(faults_of(bucket))
        server.start()
        assert objects.get("key") == b"kept"


@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (502, None), (429, None)]
)
def test_a_server_that_cannot_now(
    bucket: str, monkeypatch: pytest.MonkeyPatch, status: int, code: str | None
) -> None:
    with answering(status, code) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert_away(faults_of(bucket))


def test_an_answer_that_breaks_off(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(200, "Text" * 100, cut=True) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(LexmillError) as caught:
            read_bytes(f"s3://{bucket}/in/a.txt", roots=(), limit=1_000)
    assert (caught.value.code, caught.value.error_class) == ("source_away", ErrorClass.OUTAGE)


@pytest.mark.parametrize(
    ("name", "says"),
    [("AWS_SECRET_ACCESS_KEY", "SignatureDoesNotMatch"), ("AWS_ACCESS_KEY_ID", "UserNotFound")],
)
def test_wrong_credentials(
    bucket: str, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    monkeypatch.setenv(name, "wrong")
    assert_refused(faults_of(bucket), says)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "ExpiredToken"), (403, "RequestTimeTooSkewed"), (301, None)]
)
def test_what_waiting_does_not_help(
    bucket: str, monkeypatch: pytest.MonkeyPatch, status: int, code: str | None
) -> None:
    with answering(status, code) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert_refused(faults_of(bucket), code or "")


def test_a_policy_that_does_not_allow_it(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a document, that is the document's own fault, as with a file that may not be read."""
    with answering(403, "AccessDenied") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        faults = faults_of(bucket)
    assert codes(faults) == ["store_refused"] * 2 + ["unreadable"] * 2
    assert "AccessDenied" in faults[0].message


def test_a_bucket_that_is_not_there(object_server: ObjectServer) -> None:
    faults = faults_of("there-is-no-such-bucket")
    assert codes(faults) == ["store_refused"] * 2 + ["source_missing"] * 2
    assert "NoSuchBucket" in faults[0].message
    assert "bucket" in faults[2].message


# What obstore says of other faults, and numbers of the system, as a document may be called.
TELLING = (
    "certificate",
    "Certificate of Incorporation.pdf",
    "builder error: certificate.pdf",
    "NDA-REDACTED.pdf",
    "169.254.169.254.log",
    "HTTP error, status code: 400.txt",
    "a: No space left on device (os error 28)",
    "<Code>InvalidAccessKeyId</Code>",
)


@pytest.mark.parametrize("name", TELLING)
def test_a_name_says_nothing_of_what_went_wrong(bucket: str, name: str) -> None:
    with pytest.raises(LexmillError, match="object_missing"):
        Objects(f"s3://{bucket}").get(name)
    with pytest.raises(LexmillError, match="source_missing"):
        read_bytes(f"s3://{bucket}/in/{quote(name)}", roots=(), limit=1_000)


@pytest.mark.parametrize("name", TELLING)
def test_a_name_changes_no_answer(bucket: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with answering(403, "AccessDenied") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        faults = faults_of(bucket, name)
    assert codes(faults) == ["store_refused"] * 2 + ["unreadable"] * 2
    assert "AccessDenied" in faults[0].message


@pytest.mark.parametrize("name", TELLING[:2])
def test_a_name_does_not_end_an_outage(
    bucket: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with answering(503, "SlowDown") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert_away(faults_of(bucket, name))


@pytest.mark.parametrize("name", TELLING)
def test_nor_does_a_path(tmp_path: Path, name: str) -> None:
    objects = Objects(f"file://{tmp_path}")
    with pytest.raises(LexmillError, match="object_missing"):
        objects.get(name)
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(LexmillError, match="store_refused"):
        objects.put(name, b"1")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LexmillError, match="store_refused"):
        objects.put(f"file/{name}", b"1")


def test_no_credentials_at_all(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks a machine of the cloud for some, and is none, would wait for ever."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/lexmill")
    assert_refused(faults_of(bucket))


_ASSUMED = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASSUMED</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_service_accounts_token_is_exchanged_for_credentials(
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_trusted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """As EKS has it; a role that is refused is not the document's fault."""
    seen: list[tuple[str, str, str]] = []

    class Both(BaseHTTPRequestHandler):
        """Gives credentials, and the object to who has them."""

        def do_POST(self) -> None:
            seen.append((self.command, self.path, ""))
            body = _ASSUMED if is_trusted else _ERROR.format("AccessDenied")
            self.answer(200 if is_trusted else 403, body)

        def do_GET(self) -> None:
            given = self.headers["Authorization"], self.headers["X-Amz-Security-Token"]
            seen.append((self.command, *given))
            self.answer(200, "Agreement")

        def answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", "Sun, 22 Nov 2026 10:00:00 GMT")
            self.send_header("ETag", '"1"')
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    crt, key = certificate(tmp_path)
    (tmp_path / "token").write_text("of.the.account")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with serving(Both, crt, key) as url:
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_CA_BUNDLE": str(crt),
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/lexmill",
        }.items():
            monkeypatch.setenv(name, value)
        read = partial(read_bytes, f"s3://{bucket}/in/a.txt", roots=(), limit=1_000)
        if not is_trusted:
            with pytest.raises(LexmillError, match="source_refused"):
                read()
            return
        assert read() == b"Agreement"
    (asked, got) = seen
    assert "WebIdentityToken=of.the.account" in asked[1]
    assert "Credential=ASSUMED/" in got[1]
    assert got[2] == "session"


def test_an_empty_place_is_not_a_missing_one(place: Place) -> None:
    """A folder that is filled tomorrow is no mistake."""
    assert list(list_entries(place.uri, include=(), roots=[place.folder], after=None)) == []


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1, that nobody else has signed; and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "tls.crt", folder / "tls.key"


def test_a_certificate_of_ones_own(
    object_server_binaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crt, key = certificate(tmp_path)
    with running_object_server(
        object_server_binaries, tmp_path, certificate=crt, key=key
    ) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        assert_refused(faults_of(server.bucket().name))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(crt))
        objects = Objects(f"s3://{server.bucket().name}")
        objects.put("key", b"1")
        assert objects.get("key") == b"1"
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "gone.crt"))
        with pytest.raises(LexmillError, match="AWS_CA_BUNDLE"):
            Objects(f"s3://{server.bucket().name}")


def test_a_folder_as_a_console_makes_it_is_no_document(
    bucket: str, object_server: ObjectServer
) -> None:
    objects = Objects(f"s3://{bucket}")
    object_server.make_folder(bucket, "in/sub")
    objects.put("in/sub/a.txt", b"1")
    objects.put("in/empty.txt", b"")
    listed = list_entries(f"s3://{bucket}/in", include=(), roots=(), after=None)
    assert [entry.path for entry in listed] == ["empty.txt", "sub/a.txt"]
