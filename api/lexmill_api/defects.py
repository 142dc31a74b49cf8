import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lexmill.telemetry.logs import raised_at
from lexmill_api.problems import internal_error

log = structlog.get_logger(__name__)


class Defects:
    """What nobody thought of: a problem for the caller, and for us where it happened.

    In front of the frameworks' own, who answer without a problem and log messages and tracebacks,
    which can quote what was sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:  # noqa: BLE001 - that is what it is for
            log.error("request_defect", error=type(error).__name__, places=raised_at(error))
            if scope["type"] == "http" and not begun:
                await internal_error()(scope, receive, send)
            # Else the server finds the answer unfinished and hangs up.
