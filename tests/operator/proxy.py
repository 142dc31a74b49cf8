"""Between the operator and the API server: passes everything on, refuses or cuts what a test says.

What an overloaded API server, a load balancer or a bad network does, for as long as the test wants.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.controlplane.control_plane import ControlPlane, kubeconfig, write_secret

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "host"}


@dataclass
class Refusal:
    """What requests of these methods get whose path ends so."""

    status: int
    reason: str
    methods: frozenset[str]
    path_ends: str
    headers: dict[str, str]
    count: int = 0
    """How many were refused."""

    def meets(self, request: web.BaseRequest) -> bool:
        return request.method in self.methods and request.path.endswith(self.path_ends)


@dataclass
class Proxy:
    control_plane: ControlPlane
    port: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    _open: set[asyncio.WriteTransport] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _upstream: aiohttp.ClientSession | None = None

    def kubeconfig_for(self, token: str) -> str:
        file = self.control_plane.folder / f"proxy-{self.port}.kubeconfig"
        cluster = kubeconfig(
            f"http://127.0.0.1:{self.port}", self.control_plane.ca_file, token, "default"
        )
        del cluster["clusters"][0]["cluster"]["certificate-authority"]
        write_secret(file, json.dumps(cluster))
        return str(file)

    @contextmanager
    def refusing(
        self,
        status: int,
        reason: str,
        *methods: str,
        path_ends: str = "",
        **headers: str,
    ) -> Iterator[Refusal]:
        """Without methods all of them."""
        asked = frozenset(methods or {"GET", "POST", "PUT", "PATCH", "DELETE"})
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        refusal = Refusal(status, reason, asked, path_ends, named)
        self.refusals.append(refusal)
        try:
            yield refusal
        finally:
            if refusal in self.refusals:
                self.refusals.remove(refusal)

    def cut(self) -> None:
        """All connections end in the middle of what they do, watches too."""
        for each in tuple(self._open):
            self._loop.call_soon_threadsafe(each.abort)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        for refusal in self.refusals:
            if refusal.meets(request):
                refusal.count += 1
                body = {"kind": "Status", "reason": refusal.reason, "message": "as the test wants"}
                return web.json_response(body, status=refusal.status, headers=refusal.headers)
        assert self._upstream is not None
        assert request.transport is not None
        transport = request.transport
        self._open.add(transport)
        try:
            async with self._upstream.request(
                request.method,
                request.raw_path,
                data=await request.read() or None,
                skip_auto_headers=["Content-Type"],
                headers={k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP},
            ) as answer:
                return await _pass_on(request, answer)
        except aiohttp.ClientError:
            return web.Response(status=502)
        finally:
            self._open.discard(transport)

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        connector = aiohttp.TCPConnector(ssl=self.control_plane.ssl_context, limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            self.control_plane.url, connector=connector, timeout=timeout
        ) as self._upstream:
            runner = web.ServerRunner(web.Server(self.handle), shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = runner.addresses[0][1]
            started.set()
            await stop.wait()
            self.cut()
            await runner.cleanup()


async def _pass_on(request: web.BaseRequest, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    headers = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
    passed = web.StreamResponse(status=answer.status, headers=headers)
    await passed.prepare(request)
    async for chunk in answer.content.iter_any():
        await passed.write(chunk)
    await passed.write_eof()
    return passed


@contextmanager
def running_proxy(control_plane: ControlPlane) -> Iterator[Proxy]:
    proxy = Proxy(control_plane)
    started, stop = threading.Event(), asyncio.Event()
    loop = proxy._loop

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:  # ends what is under way, too
            runner.run(proxy.serve(started, stop))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
