"""HTTP to addresses that a job names: never into a private network unless that is allowed.

A guard against server-side request forgery (OWASP A10:2021): the name is resolved once, all its
addresses are judged, and the connection goes to the one that was judged, so that a name which
resolves otherwise the next moment gains nothing. Redirects are not followed; where a caller follows
them, each comes through here again.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddressError(httpx.ConnectError):
    """The host is, or also is, at an address that Lexmill may not call."""


@dataclass
class GuardedTransport(httpx.AsyncBaseTransport):
    """``allowed`` are networks beside the public ones."""

    allowed: Sequence[Network] = ()
    _plain: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)
    # A connection is kept for an address, and its certificate was checked for one name: no other
    # name may be served on it.
    _secure: httpx.AsyncHTTPTransport = field(
        default_factory=lambda: httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_keepalive_connections=0)
        )
    )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        address = await self._judged(host, request.url.port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=str(address))  # the header Host keeps the name
        inner = self._secure if request.url.scheme == "https" else self._plain
        return await inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._plain.aclose()
        await self._secure.aclose()

    async def _judged(self, host: str, port: int | None) -> Address:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("the name of the host is not known") from error
        addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        if not all(is_permitted(address, self.allowed) for address in addresses):
            raise ForbiddenAddressError("the host is in a network that Lexmill may not call")
        return addresses[0]


def is_permitted(address: Address, allowed: Sequence[Network]) -> bool:
    """Public, or in one of the networks; an IPv4 address inside an IPv6 one is judged as such."""
    inner = _inner(address)
    if any(inner in network for network in allowed if network.version == inner.version):
        return True
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
