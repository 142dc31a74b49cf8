"""Ory Hydra on loopback ports: a real OpenID Connect provider, with its tables in PostgreSQL.

``python -m tests.identityserver.hydra`` builds it and prints the folder it is in.
"""

import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import msgspec

from lexmill_cli.local.processes import free_port
from tests.goprograms import CannotBuildError, GoPrograms
from tests.processes import until

HYDRA = GoPrograms(
    name="hydra", folder=Path(__file__).parent, packages={"hydra": "github.com/ory/hydra/v2"}
)
_http = httpx.Client(timeout=30)
ROLES_CLAIM = "lexmill_roles"


class _TokenRequest(msgspec.Struct):
    client_id: str


class _Hook(msgspec.Struct):
    request: _TokenRequest


@dataclass
class Hydra:
    """Programs get their tokens by the client credentials grant (RFC 6749, 4.4), as JWTs."""

    url: str
    admin_url: str
    process: "subprocess.Popen[bytes]"
    roles: dict[str, list[str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return self.url

    def token(self, *roles: str, audience: str = "lexmill", seconds: int = 3600) -> str:
        """Of a new client; ``roles`` are ``namespace:role`` words."""
        secret = secrets.token_hex(16)
        made = _http.post(
            f"{self.admin_url}/admin/clients",
            json={
                "client_secret": secret,
                "grant_types": ["client_credentials"],
                "audience": [audience],
                "access_token_strategy": "jwt",
                "client_credentials_grant_access_token_lifespan": f"{seconds}s",
            },
        ).raise_for_status()
        client = made.json()["client_id"]
        self.roles[client] = list(roles)
        answer = _http.post(
            f"{self.url}/oauth2/token",
            data={"grant_type": "client_credentials", "audience": audience},
            auth=(client, secret),
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def rotate_keys(self) -> None:
        """Tokens are signed with a new key from now on."""
        _http.post(
            f"{self.admin_url}/admin/keys/hydra.jwt.access-token",
            json={"alg": "RS256", "use": "sig", "kid": secrets.token_hex(8)},
        ).raise_for_status()


@contextmanager
def running_hydra(binaries: Path, folder: Path, database_url: str) -> Iterator[Hydra]:
    """``database_url`` is of an empty database."""
    public, admin = free_port(), free_port()
    roles: dict[str, list[str]] = {}
    with _hook(roles) as hook, (folder / "hydra.log").open("ab") as log:
        config = folder / "hydra.json"
        config.write_bytes(msgspec.json.encode(_config(public, admin, hook, database_url)))
        program = str(binaries / "hydra")
        subprocess.run(
            [program, "migrate", "sql", "up", "--config", str(config), "-e", "--yes"],
            stdout=log,
            stderr=log,
            check=True,
        )
        process = subprocess.Popen(
            [program, "serve", "all", "--dev", "--config", str(config)], stdout=log, stderr=log
        )
        hydra = Hydra(f"http://127.0.0.1:{public}", f"http://127.0.0.1:{admin}", process, roles)
        try:
            until(lambda: _is_ready(hydra))
            yield hydra
        finally:
            process.terminate()
            process.wait(20)


def _config(public: int, admin: int, hook: str, database_url: str) -> dict[str, Any]:
    return {
        "dsn": database_url,
        "secrets": {"system": [secrets.token_hex(16)]},
        "urls": {"self": {"issuer": f"http://127.0.0.1:{public}"}},
        "serve": {
            "public": {"host": "127.0.0.1", "port": public},
            "admin": {"host": "127.0.0.1", "port": admin},
        },
        "strategies": {"access_token": "jwt"},
        "oauth2": {
            "token_hook": hook,
            "allowed_top_level_claims": [ROLES_CLAIM],
            "mirror_top_level_claims": False,
        },
    }


def _is_ready(hydra: Hydra) -> bool:
    assert hydra.process.poll() is None, "hydra has ended by itself: see hydra.log"
    try:
        return _http.get(f"{hydra.admin_url}/health/ready").is_success
    except httpx.HTTPError:
        return False


@contextmanager
def _hook(roles: dict[str, list[str]]) -> Iterator[str]:
    """Hydra asks here which claims a token gets, as it asks a directory of people elsewhere."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = msgspec.json.decode(body, type=_Hook)
            claims = {ROLES_CLAIM: roles.get(asked.request.client_id, [])}
            answer = msgspec.json.encode({"session": {"access_token": claims}})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    try:
        print(HYDRA.binaries())  # noqa: T201 - the answer
    except CannotBuildError as error:
        sys.exit(f"hydra: {error}")


if __name__ == "__main__":
    main()
