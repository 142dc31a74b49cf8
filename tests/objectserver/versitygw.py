"""versitygw on a loopback port: a real S3 server over a folder, each bucket a folder in it.

``python -m tests.objectserver.versitygw`` builds it and prints the folder it is in.
"""

import datetime as dt
import hashlib
import hmac
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from lexmill_cli.local.processes import free_port
from tests.goprograms import CannotBuildError, GoPrograms
from tests.processes import Place, until

VERSITYGW = GoPrograms(
    name="objectserver",
    folder=Path(__file__).parent,
    packages={"versitygw": "github.com/versity/versitygw/cmd/versitygw"},
)
REGION = "eu-central-1"


@dataclass
class ObjectServer:
    """``stop`` and ``start`` keep port, credentials and buckets."""

    program: Path
    folder: Path
    port: int
    certificate: Path | None = None
    key: Path | None = None
    access_key: str = field(default_factory=lambda: secrets.token_hex(8))
    secret_key: str = field(default_factory=lambda: secrets.token_hex(16))
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"{'http' if self.certificate is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to use the server, as docs/storage.md says."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def bucket(self) -> Path:
        """A new one, empty, as the folder that it is; its name is the folder's."""
        folder = self.folder / "buckets" / f"b{secrets.token_hex(6)}"
        folder.mkdir()
        return folder

    def place(self) -> Place:
        """A new bucket."""
        bucket = self.bucket()
        return Place(f"s3://{bucket.name}", bucket, self.environment)

    def make_folder(self, bucket: str, path: str) -> None:
        """As consoles do: an empty object whose key ends in a slash, which obstore cannot write."""
        uri = f"/{bucket}/{path}/"
        now = dt.datetime.now(dt.UTC)
        headers = {
            "host": f"127.0.0.1:{self.port}",
            "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        }
        signed = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = f"PUT\n{uri}\n\n{lines}\n{signed}\n{headers['x-amz-content-sha256']}"
        scope = f"{now:%Y%m%d}/{REGION}/s3/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{digest}"
        key = f"AWS4{self.secret_key}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.digest(key, part.encode(), "sha256")
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope},"
            f"SignedHeaders={signed},Signature={key.hex()}"
        )
        httpx.put(f"{self.url}{uri}", headers=headers).raise_for_status()

    def start(self) -> None:
        tls = []
        if self.certificate is not None and self.key is not None:
            tls = ["--cert", str(self.certificate), "--key", str(self.key)]
        # What is known of objects lies beside them, not in extended attributes, which not every
        # file system for temporary files has.
        for name in ("buckets", "attributes"):
            (self.folder / name).mkdir(exist_ok=True)
        with (self.folder / "versitygw.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(self.program), "--port", f"127.0.0.1:{self.port}", "--region", REGION),
                    *("--health", "/healthz", "--quiet", *tls),
                    *("posix", "--sidecar", str(self.folder / "attributes")),
                    str(self.folder / "buckets"),
                ],
                env={
                    "ROOT_ACCESS_KEY_ID": self.access_key,
                    "ROOT_SECRET_ACCESS_KEY": self.secret_key,
                },
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._is_ready)

    def stop(self) -> None:
        """As if its machine had lost power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "versitygw has ended by itself: see versitygw.log"
        try:
            # Only whether it answers: who is tested checks certificates.
            return httpx.get(f"{self.url}/healthz", verify=False).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def running_object_server(
    binaries: Path, folder: Path, *, certificate: Path | None = None, key: Path | None = None
) -> Iterator[ObjectServer]:
    server = ObjectServer(binaries / "versitygw", folder, free_port(), certificate, key)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def main() -> None:
    try:
        print(VERSITYGW.binaries())  # noqa: T201 - the answer
    except CannotBuildError as error:
        sys.exit(f"versitygw: {error}")


if __name__ == "__main__":
    main()
