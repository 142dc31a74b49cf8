"""The API process."""

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
    app = create_app(start(settings, process="api"))
    uvicorn.run(
        app,
        host=api.host,
        port=api.port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=20,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
