"""The API process."""

import gc
import signal
import socket
import sys

import structlog
import uvicorn
from pydantic import ValidationError

from lexmill.bootstrap import start
from lexmill.errors import LexmillError
from lexmill.settings import Settings
from lexmill_api.app import create_app
from lexmill_api.heads import LimitedHeads
from lexmill_api.ingest import Ingest
from lexmill_api.lingering import Lingering
from lexmill_api.live.socket import MAX_MESSAGE_BYTES

log = structlog.get_logger(__name__)


def main() -> int:
    try:
        settings = Settings()
        api = settings.required_api
    except (ValidationError, ValueError) as error:
        sys.stderr.write(f"lexmill-api: the settings are incomplete: {error}\n")
        return 2
    # uvicorn ends in order and then sends itself the signal again, to die by it; we end with 0.
    signal.signal(signal.SIGTERM, lambda *_: None)
    process = start(settings, process="api")
    if settings.database.api_url is None:
        log.warning("rest_shares_login", set="LEXMILL_DATABASE__API_URL")
    try:
        app = create_app(process)
    except LexmillError as error:  # a store that cannot be opened
        sys.stderr.write(f"lexmill-api: {error}\n")
        return 2
    # What is there by now stays: a collection that walks it again and again under load holds every
    # request up for tens of milliseconds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    config = uvicorn.Config(
        Lingering(app),
        host=api.host,
        port=api.port,
        http=LimitedHeads,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        timeout_graceful_shutdown=20,
    )
    _Server(config, app).run()
    return 0


class _Server(uvicorn.Server):
    """Streams never end by themselves: they are told to go elsewhere when the process shall end."""

    def __init__(self, config: uvicorn.Config, app: Ingest) -> None:
        super().__init__(config)
        self._streams = app.runtime.hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.end()
        await super().shutdown(sockets)


if __name__ == "__main__":
    sys.exit(main())
