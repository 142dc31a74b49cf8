"""Addresses that a job names: whoever writes them must not reach into the cluster by us."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_api.egress import ForbiddenAddressError, GuardedTransport, Network, is_permitted

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_what_is_not_public_may_not_be_called(address: str) -> None:
    assert not is_permitted(ip_address(address), ())
    assert is_permitted(ip_address(address), [ip_network("0.0.0.0/0"), ip_network("::/0")])


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111"])
def test_what_is_public_may_be_called(address: str) -> None:
    assert is_permitted(ip_address(address), ())


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_as_itself(address: object) -> None:
    inside = ip_address(f"::ffff:{address}")
    assert is_permitted(inside, ()) == is_permitted(ip_address(str(address)), ())


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def fetch(url: str, allowed: Sequence[Network] = ()) -> httpx.Response:
    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=GuardedTransport(allowed)) as http:
            return await http.get(url)

    return asyncio.run(get())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]"]
)
def test_however_it_is_written_loopback_is_refused(port: int, host: str) -> None:
    with pytest.raises(httpx.ConnectError) as raised:
        fetch(f"http://{host}:{port}/")
    assert isinstance(raised.value, ForbiddenAddressError)


def test_an_allowed_network_is_reached_by_the_name_that_was_asked_for(port: int) -> None:
    answer = fetch(f"http://localhost:{port}/", LOOPBACK)
    assert answer.text == f"localhost:{port}"
    assert answer.request.url.host == "127.0.0.1"


def test_a_name_that_nobody_knows_is_no_defect() -> None:
    for host in ("no-such-host.invalid", f"{'a' * 64}.example", "a" * 300):
        with pytest.raises(httpx.TransportError):
            fetch(f"http://{host}/")
