"""The API process."""

import gc
import signal
import sys

import uvicorn
from pydantic import ValidationError

from lexmill.bootstrap import start
from lexmill.settings import Settings
from lexmill_api.app import create_app


def main() -> int:
    try:
        settings = Settings()
        api = settings.required_api
    except (ValidationError, ValueError) as error:
        sys.stderr.write(f"lexmill-api: the settings are incomplete: {error}\n")
        return 2
    # uvicorn ends in order and then sends itself the signal again, to die by it; we end with 0.
    signal.signal(signal.SIGTERM, lambda *_: None)
    app = create_app(start(settings, process="api"))
    # What is there by now stays: a collection that walks it again and again under load holds every
    # request up for tens of milliseconds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    uvicorn.run(
        app,
        host=api.host,
        port=api.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=20,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
